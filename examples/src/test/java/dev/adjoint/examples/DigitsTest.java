package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.examples.digits.Handwriting;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Idx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitsTest {

  @TempDir private Path directory;

  private final Program program = new Program("digits");

  /** What the program says after the training, which does not depend on the time it took. */
  private String result() {
    return program.out().substring(program.out().indexOf("Read right:"));
  }

  private void write(String part, String suffix, int n, long seed) throws IOException {
    Batch<Tensor, IntTensor> all = Handwriting.digits(n, Generator.seeded(seed)).all();
    Tensor bytes = all.inputs().times(255).plus(0.5).floor().reshape(n, 28, 28);
    Idx.writeBytes(directory.resolve(part + "-images-idx3-ubyte" + suffix), bytes);
    Idx.writeBytes(directory.resolve(part + "-labels-idx1-ubyte" + suffix), all.targets());
  }

  @Test
  void digitsInMnistsFilesAreLearned() throws IOException {
    write("train", ".gz", 768, 1);
    write("t10k", "", 200, 2);
    int exit = program.run("--data", directory.toString());
    assertThat(program.err()).isEmpty();
    assertThat(exit).isZero();
    assertThat(program.out())
        .contains("Digits: 768 to learn from, 200 to be judged by, such as")
        .contains("Training 20,538 parameters, 18 steps of 128 digits:");
    String right = result().replaceFirst("(?s)Read right: ([0-9.]+) %.*", "$1");
    assertThat(Double.parseDouble(right)).isGreaterThan(60);
  }

  @Test
  void theSameSeedMakesTheSameMistakes() throws IOException {
    write("train", "", 130, 1);
    write("t10k", "", 50, 2);
    program.run("--data", directory.toString(), "--epochs", "1");
    String first = result();
    program.run("--data", directory.toString(), "--epochs", "1");
    assertThat(result()).isEqualTo(first).contains("The mistakes of which it was surest:");
    program.run("--data", directory.toString(), "--epochs", "1", "--seed", "2");
    assertThat(result()).isNotEqualTo(first);
  }

  @Test
  void aReportHasPlotsAndTheConfusion() throws IOException {
    write("train", "", 10, 1);
    write("t10k", "", 10, 2);
    Path report = directory.resolve("digits.html");
    int exit = program.run("--data", directory.toString(), "--report", report.toString());
    assertThat(exit).isZero();
    assertThat(program.out()).endsWith("The report is %s%n".formatted(report));
    assertThat(report).content().contains("<svg", "Conv2d", "read right, of", "recall");
  }

  @Test
  void filesOfNoUseGiveOneLineAndExitCode2() throws IOException {
    assertThat(program.run("--data", directory.toString())).isEqualTo(2);
    Path labels = directory.resolve("train-labels-idx1-ubyte");
    Path images = directory.resolve("train-images-idx3-ubyte");
    write("train", "", 3, 1);
    Idx.writeBytes(labels, IntTensor.of(1, 2));
    assertThat(program.run("--data", directory.toString())).isEqualTo(2);
    Idx.writeBytes(labels, IntTensor.of(1, 2, 10));
    assertThat(program.run("--data", directory.toString())).isEqualTo(2);
    Files.write(images, new byte[] {0, 0, 8});
    assertThat(program.run("--data", directory.toString())).isEqualTo(2);
    assertThat(program.err())
        .hasLineCount(4)
        .isEqualToNormalizingNewlines(
            """
            digits: %s: no such file, nor one with .gz
            digits: %s, train-labels-idx1-ubyte: images of shape (3, 28, 28) and labels of shape (2); expected (n, 28, 28) and (n)
            digits: %s: a label beyond 0 to 9
            digits: %s, byte 0: the magic number takes 4 bytes, but the file ends after 3
            """
                .formatted(images, images, labels, images));
  }

  @Test
  void anArgumentOfNoUseGivesExitCode2() {
    assertThat(program.run("--epochs", "0")).isEqualTo(2);
    assertThat(program.err()).contains("digits: --epochs 0: expected at least 1");
  }
}
