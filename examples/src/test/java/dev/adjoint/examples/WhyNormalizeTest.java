package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WhyNormalizeTest {

  @TempDir private Path directory;

  private final Program program = new Program("why-normalize");

  @Test
  void theChosenExperimentsAreOnThePage() throws IOException {
    Path page = directory.resolve("new/page.html");
    assertThat(program.run("--only", "f", "--seeds", "5", "--report", page.toString())).isZero();
    assertThat(program.out())
        .contains("f  What does a norm not see?", "holds", page.toString())
        .doesNotContain("a  ");
    assertThat(Files.readString(page))
        .startsWith("<!DOCTYPE html>")
        .contains("f. What does a norm not see?", "<dt>seeds</dt>\n<dd>5</dd>")
        .doesNotContain("a. Does it learn faster?");
  }

  @Test
  void lettersOfNoExperimentAreRefused() {
    assertThat(program.run("--only", "a,z")).isEqualTo(2);
    assertThat(program.err())
        .contains(
            "expected one of [A, B, C, D, E, F, G, H, I, J, K, L, M] (case-insensitive) but was"
                + " 'z'");
  }

  @Test
  void seedsAreNumbers() {
    assertThat(program.run("--seeds", "1,x")).isEqualTo(2);
    assertThat(program.err()).contains("'x' is not a long");
  }
}
