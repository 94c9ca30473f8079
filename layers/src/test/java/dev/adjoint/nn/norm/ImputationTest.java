package dev.adjoint.nn.norm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

class ImputationTest {

  private static final double NONE = Double.NaN;

  private final Tensor train =
      Tensor.of(new double[][] {{5, 1, NONE}, {1, 1, 40}, {NONE, 1, 10}, {3, 2, NONE}});

  @Test
  void theMedianOfTheTrainingDataStandsForWhatIsMissing() {
    Imputation imputation = Imputation.fit(train);
    assertThat(imputation.median().toDoubleArray()).containsExactly(3, 1, 25);
    assertThat(imputation.forward(train).toNestedArray(double[][].class))
        .isDeepEqualTo(new double[][] {{5, 1, 25}, {1, 1, 40}, {3, 1, 10}, {3, 2, 25}});
    // Also where none was missing in training, and in any shape.
    assertThat(imputation.forward(Tensor.of(NONE, NONE, 7.0)).toDoubleArray())
        .containsExactly(3, 1, 7);
  }

  @Test
  void indicatorsTellWhereSomethingIsMissingThatCouldBe() {
    Imputation imputation = Imputation.fit(train).withIndicators();
    assertThat(imputation).hasToString("Imputation(3, indicators)");
    assertThat(imputation.forward(train).toNestedArray(double[][].class))
        .isDeepEqualTo(
            new double[][] {
              {5, 1, 25, 0, 1}, {1, 1, 40, 0, 0}, {3, 1, 10, 1, 0}, {3, 2, 25, 0, 1}
            });
    Imputation none = Imputation.fit(train.slice(1, 1, 2)).withIndicators();
    assertThat(none.forward(train.slice(1, 1, 2)).toDoubleArray()).containsExactly(1, 1, 1, 2);
  }

  @Test
  void theMedianOfLargeNumbersDoesNotOverflow() {
    Tensor large = Tensor.of(new double[][] {{0x1p1023}, {0x1.8p1023}});
    assertThat(Imputation.fit(large).median().item()).isEqualTo(0x1.4p1023);
  }

  @Test
  void gradientsFlowToWhatIsThere() {
    Tensor x = train.tracked();
    Tensor gradient = Imputation.fit(train).forward(x).square().sum().backward().of(x);
    assertThat(gradient.select(0, 0).toDoubleArray()).containsExactly(10, 2, 0);
  }

  @Test
  void copiesAndOtherTypesComputeTheSame() {
    Imputation imputation = Imputation.fit(train).withIndicators();
    double[] expected = imputation.forward(train).toDoubleArray();
    assertThat(Layer.forInference(imputation).forward(train).toDoubleArray()).isEqualTo(expected);
    imputation.to(DType.FLOAT32);
    Tensor single = imputation.forward(train.to(DType.FLOAT32));
    assertThat(single.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(single.toDoubleArray()).isEqualTo(expected);
  }

  @Test
  void dataThatDoNotFitAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Imputation.fit(Tensors.zeros(0, 3)))
        .withMessage(
            "Imputation: data of shape (0, 3); expected (m, n), at least 1 example of at least 1"
                + " feature");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Imputation.fit(Tensor.of(new double[][] {{1, NONE}, {2, NONE}})))
        .withMessage(
            "Imputation: feature 1 is missing in all 2 examples; expected it in one at least");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Imputation.fit(Tensor.of(new double[][] {{1}, {-1 / 0.0}})))
        .withMessageStartingWith("Imputation: feature 0 is -Infinity in an example");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Imputation.fit(train).forward(Tensors.zeros(3, 2)))
        .withMessage("Imputation(3): input of shape (3, 2); expected (..., 3)");
  }
}
