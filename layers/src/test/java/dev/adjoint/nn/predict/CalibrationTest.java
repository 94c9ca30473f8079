package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Linear;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {

  @TempDir private Path directory;

  private final Generator generator = Generator.seeded(4);

  /** Scores of so many examples in four classes, float64. */
  private Tensor scores(int examples) {
    return generator.normal(0, 2, Shape.of(examples, 4), DType.FLOAT64);
  }

  /** Draws the right classes from the softmax of the scores: the maximum of scores and Gumbels. */
  private IntTensor drawn(Tensor scores) {
    Tensor uniform = generator.uniform(0, 1, scores.shape(), DType.FLOAT64).clamp(1e-12, 1);
    return scores.minus(uniform.log().neg().clamp(1e-12, 1e12).log()).argmax(-1);
  }

  @Test
  void theTemperatureByWhichScoresWereMultipliedIsFound() {
    Tensor honest = scores(20_000);
    IntTensor classes = drawn(honest);
    double temperature = Calibration.temperature(honest.times(3.5), classes);
    assertThat(temperature).isCloseTo(3.5, within(0.1)); // 1 / sqrt(20,000), and a little more
    // Scores that are twice as high need twice the temperature.
    assertThat(Calibration.temperature(honest.times(7), classes))
        .isCloseTo(2 * temperature, within(1e-9));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 0.03, 1, 40, 1e6})
  void noOtherTemperatureHasALowerCrossEntropy(double scale) {
    Tensor honest = scores(50);
    IntTensor classes = drawn(honest);
    Tensor scores = honest.times(scale);
    double temperature = Calibration.temperature(scores, classes);
    double least = Losses.crossEntropy(scores.div(temperature), classes).item();
    for (double factor : new double[] {0.999, 1.001}) {
      assertThat(Losses.crossEntropy(scores.div(temperature * factor), classes).item())
          .isGreaterThan(least);
    }
  }

  @Test
  void whereNoTemperatureIsBestThatIsSaid() {
    Tensor scores = Tensor.of(new double[][] {{1, 0}, {0, 2}, {3, 0}});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Calibration.temperature(scores, IntTensor.of(0, 1, 0)))
        .withMessageContaining("the highest score in each of the 3 examples");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Calibration.temperature(scores, IntTensor.of(1, 0, 1)))
        .withMessageContaining("no higher than the mean");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Calibration.temperature(scores, IntTensor.of(1, 0)))
        .withMessage(
            "temperature: scores of shape (3, 2) and classes of shape (2); expected (..., C) and"
                + " (...), of at least one example");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> Calibration.temperature(scores, IntTensor.of(1, 2, 0)))
        .withMessage("temperature: class 2 at position 1; expected 0 to 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Calibration.temperature(scores.div(0), IntTensor.of(1, 0, 1)))
        .withMessageContaining("expected finite numbers");
  }

  @Test
  void aPredictorKeepsItsTemperature() throws IOException {
    Path file = directory.resolve("model.safetensors");
    Predictor predictor = Predictor.of(new Linear(3, 4, generator));
    predictor.temperature(2.5).save(file);
    Predictor loaded = Predictor.load(file);
    Tensor x = generator.normal(6, 3);
    assertThat(loaded.temperature()).isEqualTo(2.5);
    assertThat(loaded.predict(x).toFloatArray()).isEqualTo(predictor.predict(x).toFloatArray());
    assertThat(loaded.probabilities(x).toFloatArray())
        .isEqualTo(predictor.predict(x).div(2.5).softmax(1).toFloatArray());
    assertThat(loaded.labels("a", "b", "c", "d").temperature()).isEqualTo(2.5);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.temperature(0))
        .withMessage("temperature: 0.0; expected a finite number above 0");
    SealedFile saved = SealedFile.load(file);
    for (String wrong : new String[] {"NaN", "-1", "", "hot"}) {
      Map<String, String> texts = new HashMap<>(saved.metadata());
      texts.put("adjoint.temperature", wrong);
      new SealedFile(saved.tensors(), texts).save(file);
      assertThatExceptionOfType(TensorFormatException.class).isThrownBy(() -> Predictor.load(file));
    }
  }

  @Test
  void withoutATemperatureNothingChanges() {
    Tensor x = Tensors.ones(2, 3);
    Predictor predictor = Predictor.of(new Linear(3, 4, generator));
    assertThat(predictor.probabilities(x).toFloatArray())
        .isEqualTo(predictor.predict(x).softmax(1).toFloatArray());
  }
}
