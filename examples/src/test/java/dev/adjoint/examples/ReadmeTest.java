package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Keeps the first screen of the README true: its programs are the lines between the marks. */
class ReadmeTest {

  @Test
  void theFirstProgramLearns() throws IOException {
    // begin training
    var generator = Generator.seeded(1);
    var x = generator.normal(256, 2); // points of a plane,
    var y = x.square().sum(Keep.AXES, 1).sqrt(); // and how far from the origin they are
    var hidden = new Linear(2, 32, generator);
    var model =
        new Sequential(hidden, new LayerNorm(32), Tensor::tanh, new Linear(32, 1, generator));
    var adam = new Adam(model.namedParameters()).learningRate(0.01);
    for (int step = 0; step < 500; step++) {
      adam.step(Losses.mse(model.forward(x), y).backward());
    }
    // end training
    assertThat(Losses.mse(model.forward(x), y).item()).isLessThan(0.01);
    assertThatTheReadmeHasTheLines("training");
  }

  @Test
  void theFirstCheckPrintsItsTable() throws IOException {
    Generator generator = Generator.seeded(1);
    Tensor x = generator.normal(2, 3).to(DType.FLOAT64);
    Tensor w = generator.normal(3, 2).to(DType.FLOAT64);
    // begin check
    GradientReport report =
        GradientCheck.of(in -> in[0].matmul(in[1]).tanh()).at(x, w).named("x", "w").order(2).run();
    System.out.println(report);
    // end check
    report.assertOk();
    assertThatTheReadmeHasTheLines("check");
    assertThat(readme()).contains("```text\n" + report + "\n```");
  }

  private static void assertThatTheReadmeHasTheLines(String name) throws IOException {
    String source = Files.readString(Path.of("src/test/java/dev/adjoint/examples/ReadmeTest.java"));
    String begin = "// begin " + name + "\n";
    String lines =
        source.substring(
            source.indexOf(begin) + begin.length(), source.indexOf("    // end " + name));
    assertThat(readme()).contains("```java\n" + lines.indent(-4) + "```");
  }

  private static String readme() throws IOException {
    return Files.readString(Path.of("../README.md")).replace("\r\n", "\n");
  }
}
