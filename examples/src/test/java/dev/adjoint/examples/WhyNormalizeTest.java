package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WhyNormalizeTest {

  @TempDir private Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Examples.commandLine(new PrintStream(out, true, StandardCharsets.UTF_8), false)
        .setErr(new PrintWriter(err, true))
        .execute(Stream.concat(Stream.of("why-normalize"), Stream.of(args)).toArray(String[]::new));
  }

  @Test
  void theChosenExperimentsAreOnThePage() throws IOException {
    Path page = directory.resolve("new/page.html");
    assertThat(run("--only", "f", "--seeds", "5", "--report", page.toString())).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("f  What does a norm not see?", "holds", page.toString())
        .doesNotContain("a  ");
    assertThat(Files.readString(page))
        .startsWith("<!DOCTYPE html>")
        .contains("f. What does a norm not see?", "Seeds: 5;")
        .doesNotContain("a. Does it learn faster?");
  }

  @Test
  void lettersOfNoExperimentAreRefused() {
    assertThat(run("--only", "a,z")).isEqualTo(2);
    assertThat(err.toString())
        .contains("expected one of [A, B, C, D, E, F, G, H, I, J] (case-insensitive) but was 'z'");
  }

  @Test
  void seedsAreNumbers() {
    assertThat(run("--seeds", "1,x")).isEqualTo(2);
    assertThat(err.toString()).contains("'x' is not a long");
  }
}
