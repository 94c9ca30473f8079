package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.examples.search.SearchIndex;
import dev.adjoint.examples.search.SearchIndexTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SearchTest {

  @TempDir private Path directory;

  private final Program program = new Program("search");

  @Test
  void withoutTheProfileALineSaysWhatIsMissing() {
    assertThat(program.run()).isEqualTo(2);
    assertThat(program.err())
        .isEqualToNormalizingNewlines(
            "search: no pretrained encoder; expected -P run,search, a profile that gets it (83 MB),"
                + " Lucene and ONNX Runtime\n");
  }

  @Test
  void whatWasSavedIsSearchedWithoutTheProfile() throws IOException {
    Path file = directory.resolve("search.safetensors");
    SearchIndex index = SearchIndexTest.index();
    index.save(file);
    assertThat(program.run("--open", file.toString(), "--ask", "a list")).isZero();
    SearchIndex.Hit best = index.find("a list", 1).getFirst();
    assertThat(program.out())
        .startsWith("a list%n".formatted())
        .contains("  %.2f  %s".formatted(best.cosine(), best.method().signature()))
        .hasLineCount(1 + 2 * 3);
    byte[] damaged = Files.readAllBytes(file);
    damaged[damaged.length / 2] ^= 4;
    Files.write(file, damaged);
    assertThat(program.run("--open", file.toString())).isEqualTo(2);
    assertThat(program.err()).hasLineCount(1).contains("does not match its seal");
  }
}
