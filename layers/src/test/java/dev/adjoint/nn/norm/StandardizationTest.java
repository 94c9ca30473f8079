package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

class StandardizationTest {

  private final Generator generator = Generator.seeded(12);
  private final Tensor scales = Tensor.of(1.0, 1e-6, 1e6);
  private final Tensor x = normal(generator, 50, 3).plus(4).times(scales);

  @Test
  void theTrainingDataGetMeanZeroAndDeviationOne() {
    Tensor y = Standardization.fit(x).forward(x);
    assertThat(y.mean(0).toDoubleArray()).containsExactly(new double[3], within(1e-13));
    assertThat(y.square().mean(0).toDoubleArray())
        .containsExactly(new double[] {1, 1, 1}, within(1e-12));
  }

  @Test
  void otherDataAreShiftedAndScaledAlike() {
    Standardization standardization =
        Standardization.fit(Tensor.of(new double[][] {{1, 0}, {5, 8}}));
    assertThat(standardization.mean().toDoubleArray()).containsExactly(3, 4);
    assertThat(standardization.deviation().toDoubleArray()).containsExactly(2, 4);
    Tensor other = Tensor.of(new double[][][] {{{5, 0}, {3, 12}}});
    Tensor y = standardization.forward(other);
    assertThat(y.shape()).isEqualTo(other.shape());
    assertThat(y.toDoubleArray()).containsExactly(1, -1, 0, 2);
    assertThat(standardization.inverse(y).toDoubleArray()).containsExactly(5, 0, 3, 12);
  }

  @Test
  void aConstantFeatureIsOnlyShifted() {
    Tensor constant = Tensors.full(Tensor.of(new double[7], 7, 1).shape(), 0.1, DType.FLOAT64);
    Standardization standardization = Standardization.fit(constant);
    assertThat(standardization.forward(constant).toDoubleArray()).containsOnly(0);
    assertThat(standardization.forward(constant.plus(2)).toDoubleArray()).containsOnly(2);
  }

  @Test
  void statisticsOfFloatsAreComputedInDoublePrecision() {
    // In float32 the variance of these cancels.
    Tensor large = x.slice(1, 0, 1).plus(1e5).to(DType.FLOAT32);
    Tensor expected = large.to(DType.FLOAT64).biasedVariance(0).sqrt();
    assertThat(Standardization.fit(large).deviation().item())
        .isCloseTo(expected.item(), within(1e-7));
    assertThat(Standardization.fit(large).deviation().dtype()).isEqualTo(DType.FLOAT32);
  }

  @Test
  void aCopyForInferenceComputesTheSame() {
    Standardization standardization = Standardization.fit(x);
    assertThat(standardization.parameters()).isEmpty();
    assertThat(standardization.state()).containsOnlyKeys("mean", "deviation");
    assertThat(Layer.forInference(standardization).forward(x).toDoubleArray())
        .isEqualTo(standardization.forward(x).toDoubleArray());
  }

  @Test
  void dataThatDoNotFitAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Standardization.fit(Tensors.zeros(0, 3)))
        .withMessage(
            "Standardization: data of shape (0, 3); expected (m, n), at least 1 example of at least"
                + " 1 feature");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Standardization.fit(Tensor.of(new double[][] {{1, 2}, {3, Double.NaN}})))
        .withMessage(
            "Standardization: feature 1 is NaN in 1 of 2 examples; expected numbers, as in"
                + " fit(imputation.forward(data)) if some are missing");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Standardization.fit(Tensor.of(new double[][] {{1, 1e300}, {3, -1e300}})))
        .withMessageStartingWith("Standardization: feature 1 has mean 0.0 and deviation ");
    Standardization standardization = Standardization.fit(x);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> standardization.forward(Tensors.zeros(3, 2)))
        .withMessage("Standardization(3): input of shape (3, 2); expected (..., 3)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> standardization.inverse(Tensors.zeros(3, 2)))
        .withMessage("Standardization(3): inverse: input of shape (3, 2); expected (..., 3)");
  }
}
