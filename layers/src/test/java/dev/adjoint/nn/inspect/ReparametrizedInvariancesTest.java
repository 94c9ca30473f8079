package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.Iterables;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.DecorrelatedBatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.reparam.WeightStandardization;
import dev.adjoint.tensor.Generator;
import org.junit.jupiter.api.Test;

/** Continues {@link InvariancesTest} with norms of weights, cosines and whitening. */
class ReparametrizedInvariancesTest {

  private final Generator generator = Generator.seeded(16);

  // The columns: W d, W + 1g', W + c, row d, row + g, x d, x + 1g', x + c, case d.

  @Test
  void weightNorm() {
    assertRow(WeightNorm.on(linear()), "Y - -  Y -  ~ ~ ~  ~", "Y Y  Y Y  - -");
    assertRow(WeightNorm.on(convolution()), "Y - -  Y -  ~ ~ ~  ~", "Y Y  Y Y  - -");
  }

  @Test
  void weightNormOfTheWholeMatrixIsNotInvariantToTheScaleOfARow() {
    Linear linear = linear();
    linear.reparametrize("weight", w -> new WeightNorm(w).overAll());
    assertRow(linear, "Y - -  - -  ~ ~ ~  ~", "Y -  Y Y  - -");
  }

  @Test
  void weightStandardization() {
    Linear linear = linear();
    linear.reparametrize("weight", w -> new WeightStandardization(w).epsilon(0));
    assertRow(linear, "Y - Y  Y -  ~ ~ Y  ~", "Y Y  Y Y  - -");
  }

  @Test
  void weightStandardizationBeforeGroupNormIsInvariantToWhatEitherIs() {
    Linear linear = linear();
    linear.reparametrize("weight", w -> new WeightStandardization(w).epsilon(0));
    assertRow(
        new Sequential(linear, new GroupNorm(3, 12).epsilon(0)),
        "Y - Y  Y -  Y - Y  Y",
        "Y Y  Y Y  Y Y");
  }

  @Test
  void spectralNorm() {
    Linear linear = SpectralNorm.on(linear(), generator);
    assertRow(linear, "Y - -  - -  ~ ~ ~  ~", "Y -  Y Y  - -");
    linear.eval();
    assertRow(linear, "Y - -  - -  ~ ~ ~  ~", "Y -  Y Y  - -");
  }

  @Test
  void cosineNorm() {
    assertRow(CosineNorm.of(linear()).epsilon(0), "Y - -  Y -  Y - -  Y", "Y Y  Y Y  Y Y");
    assertRow(CosineNorm.of(convolution()).epsilon(0), "Y - -  Y -  Y - -  Y", "Y Y  Y Y  Y Y");
  }

  @Test
  void centeredCosineNorm() {
    assertRow(CosineNorm.centered(linear()).epsilon(0), "Y - Y  Y -  Y - Y  Y", "Y Y  Y Y  Y Y");
    assertRow(
        CosineNorm.centered(convolution()).epsilon(0), "Y - Y  Y -  Y - Y  Y", "Y Y  Y Y  Y Y");
  }

  @Test
  void whitening() {
    Linear narrow = new Linear(10, 6, generator).withoutBias(); // 12 outputs of 10 inputs depend
    assertRow(
        new Sequential(narrow, new DecorrelatedBatchNorm(6).epsilon(0)),
        "Y - -  - -  Y Y Y  -",
        "Y -  Y Y  Y Y");
    assertRow(
        new Sequential(narrow, new IterNorm(6).epsilon(0)),
        "Y - -  - -  Y Y Y  -",
        "Y -  Y Y  Y Y");
  }

  private Linear linear() {
    return new Linear(10, 12, generator).withoutBias();
  }

  private Conv2d convolution() {
    return new Conv2d(3, 4, 3, generator).withoutBias();
  }

  /** Checks a row, and its gradients: what is true is so to 1e-9, what is not by more than 5 %. */
  private static <L extends Layer & Transform> void assertRow(
      L layer, String expected, String ofGradients) {
    InvarianceTable.Row row = Invariances.of(float64(layer)).measure();
    assertThat(Verdicts.of(row)).as("%s", row).isEqualTo(expected.replace("  ", " "));
    assertThat(Verdicts.ofGradients(row)).as("%s", row).isEqualTo(ofGradients.replace("  ", " "));
    assertThat(Iterables.concat(row.cells().values(), row.gradientFacts().values()))
        .allSatisfy(
            cell -> assertThat(cell.deviation() < 1e-9 || cell.deviation() > 0.05).isTrue());
  }
}
