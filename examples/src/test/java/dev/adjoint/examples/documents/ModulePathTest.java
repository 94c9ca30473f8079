package dev.adjoint.examples.documents;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Draws and writes pages where modules are kept apart, and may not read one another's files; all
 * other tests run on the class path.
 */
class ModulePathTest {

  private static final String PROGRAM =
      """
      import dev.adjoint.explain.Explain;
      import dev.adjoint.explain.GradientStory;
      import dev.adjoint.explain.Graph;
      import dev.adjoint.tensor.Tensor;

      void main() {
        Tensor x = Tensor.of(1.0, 2).tracked();
        GradientStory story = Explain.backward(x.square().sum()).named("x", x);
        IO.println(GradientStory.class.getModule());
        IO.println(story.page().html().contains("<script"));
        IO.println(Graph.of(x.square().sum()).svg().contains("<svg"));
      }
      """;

  @TempDir private Path directory;

  @Test
  void pagesAndPicturesAreMadeOnTheModulePath() throws IOException, InterruptedException {
    Path source = Files.writeString(directory.resolve("Pages.java"), PROGRAM);
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--module-path",
                Program.modulePath(),
                "--class-path", // what automatic modules read without saying so
                System.getProperty("java.class.path"),
                "--add-modules",
                "dev.adjoint,dev.adjoint.explain",
                source.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT) // which kernels there are
            .start();
    String printed = new String(java.getInputStream().readAllBytes(), UTF_8);
    assertThat(java.waitFor()).as(printed).isZero();
    assertThat(printed.lines()).containsExactly("module dev.adjoint.explain", "true", "true");
  }
}
