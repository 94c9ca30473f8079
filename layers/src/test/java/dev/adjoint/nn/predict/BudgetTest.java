package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.adjoint.io.SealedFile;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loads small files that cost much. */
class BudgetTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  @TempDir private Path directory;

  private Path file() {
    return directory.resolve("model.safetensors");
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  private Path write(String architecture, Map<String, Tensor> tensors) throws IOException {
    Map<String, String> texts =
        Map.of("adjoint.architecture", architecture, "adjoint.features", "", "adjoint.labels", "");
    new SealedFile(tensors, texts).save(file());
    return file();
  }

  @Test
  void aSmallFileThatWouldFillTheMemoryIsRefusedBeforeItDoes() throws IOException {
    write(
        "Conv1d in=1 out=1 kernel=1 stride=1 padding=100000000 dilation=1 groups=1",
        Map.of("weight", Tensors.ones(1, 1, 1)));
    assertThat(Files.size(file())).isLessThan(500);
    Predictor predictor = Predictor.load(file()).within(Duration.ofDays(1), 1 << 20);
    long before = allocated();
    assertThatIllegalStateException()
        .isThrownBy(() -> predictor.predict(Tensors.ones(1, 1, 4)))
        .withMessage(
            "predict: the computation allocates more than 1,048,576 bytes; expected it to be within"
                + " its budget");
    assertThat(allocated() - before).isLessThan(4 << 20);
  }

  @Test
  void aSmallFileThatWouldWorkForLongIsRefusedBeforeItDoes() throws IOException {
    write(
        """
        Sequential
          0: Conv1d in=1 out=1 kernel=1 stride=1 padding=1000000 dilation=1 groups=1
          1: MaxPool1d kernel=1000000 stride=1 padding=0
        """,
        Map.of("0.weight", Tensors.ones(1, 1, 1)));
    Predictor predictor = Predictor.load(file()).within(SECOND, 1L << 40);
    long start = System.nanoTime();
    assertThatIllegalStateException()
        .isThrownBy(() -> predictor.predict(Tensors.ones(1, 1, 4)))
        .withMessage(
            "predict: the computation works for more than PT1S; expected it to be within its"
                + " budget");
    assertThat(System.nanoTime() - start).isLessThan(60 * SECOND.toNanos()); // not half an hour
  }

  @Test
  void aBudgetIsForEachPredictionAndChangesNoBit() throws IOException {
    for (Models.Case one : Models.all()) {
      Predictor plain = Predictor.of((Transform) one.model());
      Predictor limited = plain.within(SECOND, 1 << 22);
      for (int i = 0; i < 3; i++) {
        assertThat(limited.predict(one.x()).toFloatArray())
            .isEqualTo(plain.predict(one.x()).toFloatArray());
      }
      assertThatIllegalStateException()
          .as("%s", one)
          .isThrownBy(() -> plain.within(SECOND, 100).predict(one.x()));
      assertThatIllegalStateException()
          .as("%s", one)
          .isThrownBy(() -> plain.within(Duration.ofNanos(10), 1 << 22).predict(one.x()));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.of(new PReLU()).within(SECOND, -1));
  }

  // ---- loading ---------------------------------------------------------------------------------

  /** Reads a text, and tells how many bytes that takes for each of its own. */
  private static double allocatedFor(String text, ThrowingCallable reading) {
    long before = allocated();
    Throwable thrown = catchThrowable(reading);
    double perByte = (allocated() - before) / (double) text.length();
    if (thrown != null) {
      assertThat(thrown).isInstanceOf(IllegalArgumentException.class);
      assertThat(thrown.getMessage()).hasSizeLessThan(1000);
    }
    return perByte;
  }

  @Test
  void textsThatAreLargeTakeASmallMultipleOfTheirSize() throws IOException {
    int many = 300_000;
    StringBuilder settings = new StringBuilder("Linear");
    StringBuilder layers = new StringBuilder("Sequential\n");
    StringBuilder values = new StringBuilder("category " + "c".repeat(1000) + "\n");
    StringBuilder columns = new StringBuilder();
    for (int i = 0; i < many; i++) {
      settings.append(" a").append(i).append("=1");
      layers.append("  ").append(i).append(": Flatten\n");
      values.append("  value ").append(i).append("\n");
      columns.append("numeric ").append(i).append("\n");
    }
    for (String text : List.of(settings.toString(), layers.toString(), "Linear".repeat(many))) {
      assertThat(allocatedFor(text, () -> new Architecture(text, Map.of()).make(Map.of())))
          .isLessThan(12);
    }
    for (String text : List.of(values.toString(), columns.toString())) {
      assertThat(allocatedFor(text, () -> Columns.read(text)))
          .isLessThan(80); // in all, not at once
    }
  }
}
