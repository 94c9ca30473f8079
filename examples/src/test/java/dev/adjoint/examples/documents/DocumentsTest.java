package dev.adjoint.examples.documents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs what the documents show, and compares what it prints with what they say it prints.
 *
 * <p>{@code -Ddocuments.update=true} writes what is printed into the documents.
 */
class DocumentsTest {

  private static final boolean UPDATE = Boolean.getBoolean("documents.update");

  @TempDir private Path directory;

  @TestFactory
  Stream<DynamicTest> everyDocumentShowsWhatItsProgramsPrint() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("../docs"))) {
      return files.filter(file -> file.toString().endsWith(".md")).sorted().toList().stream()
          .map(file ->
              DynamicTest.dynamicTest(
                  file.getFileName().toString(),
                  () -> DocumentCheck.of(Document.read(file)).run(UPDATE)));
    }
  }

  private static final String TRUE =
      """
      # A document

      ```java
      var x = Tensor.of(1, 2, 3).tracked();
      System.out.println(x.square().sum().item());
      ```

      The sum of squares is

      ```text
      14.0
      ```
      """;

  @Test
  void anotherNumberIsSeen() {
    assertThatThrownBy(() -> check(TRUE.replace("14.0", "14.1")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("what is shown after document.md:4")
        .hasMessageContaining("14.1");
  }

  @Test
  void whatIsPrintedAndNotShownIsSeen() {
    assertThatThrownBy(() -> check(TRUE.replace("```text", "```sh")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("which is not shown");
  }

  @Test
  void whatDoesNotCompileIsNamedByItsLineInTheDocument() {
    assertThatThrownBy(() -> check(TRUE.replace("square()", "squared()")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("line 5: cannot find symbol");
  }

  @Test
  void anUpdateWritesWhatIsPrinted() throws Exception {
    Path file = write(TRUE.replace("14.0", "14.1"));
    DocumentCheck.of(Document.read(file)).run(true);
    assertThat(file).hasContent(TRUE);
    check(TRUE);
  }

  @Test
  void anExcerptThatIsNotInItsFileIsSeen() throws Exception {
    Files.writeString(directory.resolve("Two.java"), "void main() {\n  IO.println(1 + 1);\n}\n");
    String excerpt = "```java Two.java\nIO.println(1 + 1);\n```\n\n```text\n2\n```\n";
    check(excerpt);
    assertThatThrownBy(() -> check(excerpt.replace("1 + 1", "2 + 1")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Two.java");
    assertThatThrownBy(() -> check(excerpt.replace("\n2\n", "\n3\n")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Two.java");
  }

  private void check(String text) throws Exception {
    DocumentCheck.of(Document.read(write(text))).run(false);
  }

  private Path write(String text) throws IOException {
    return Files.writeString(directory.resolve("document.md"), text);
  }
}
