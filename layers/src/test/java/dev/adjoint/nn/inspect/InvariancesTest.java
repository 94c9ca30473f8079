package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.scrambled;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.Iterables;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.AdaIN;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.BatchRenorm;
import dev.adjoint.nn.norm.ConditionalNorm;
import dev.adjoint.nn.norm.ConditionalResidual;
import dev.adjoint.nn.norm.Derf;
import dev.adjoint.nn.norm.DivisiveNorm;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.FilterResponseNorm;
import dev.adjoint.nn.norm.GhostBatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.L1BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.MeanOnlyBatchNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.ScaleNorm;
import dev.adjoint.nn.norm.UnitNorm;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;

/**
 * Proves Table 1 of Ba, Kiros and Hinton 2016 cell by cell, and the columns and rows beyond it: at
 * epsilon 0, in float64.
 */
class InvariancesTest {

  private static final int OUT = 12;

  private final Generator generator = Generator.seeded(5);

  // ---- x of shape (N, 10), W of shape (12, 10) -------------------------------------------------
  //
  // The columns: W d, W + 1g', W + c, row d, row + g, x d, x + 1g', x + c, case d.
  // Of gradients: <W, dW> = 0, <w, dw> = 0, W d: dW / d, W d: dx, x d: dW, x d: dx / d.

  @Test
  void nothingIsInvariantWithoutNormalizationButAllIsEquivariant() {
    assertRow(rows(Activation.IDENTITY), "~ ~ ~  ~ ~  ~ ~ ~  ~", "- -  - -  - -");
  }

  @Test
  void batchNorm() {
    assertRow(rows(new BatchNorm(OUT).epsilon(0)), "Y - -  Y -  Y Y Y  -", "Y Y  Y Y  Y Y");
  }

  @Test
  void batchNormInEvalModeIsAFixedAffineMap() {
    Sequential model = rows(new BatchNorm(OUT).epsilon(0));
    model.forward(generator.normal(0.5, 1, Shape.of(64, 10), DType.FLOAT64));
    model.eval();
    assertRow(model, "- - -  - ~  - ~ ~  -", "- -  - -  - -");
  }

  @Test
  void layerNorm() {
    assertRow(rows(new LayerNorm(OUT).epsilon(0)), "Y Y Y  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void groupNorm() {
    assertRow(rows(new GroupNorm(3, OUT).epsilon(0)), "Y Y Y  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void rmsNorm() {
    assertRow(rows(new RMSNorm(OUT).epsilon(0)), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void scaleNorm() {
    assertRow(rows(new ScaleNorm(OUT).epsilon(0)), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  // ---- relatives -------------------------------------------------------------------------------

  @Test
  void relativesOfBatchNormHaveItsInvariances() {
    assertRow(rows(new L1BatchNorm(OUT).epsilon(0)), "Y - -  Y -  Y Y Y  -", "Y Y  Y Y  Y Y");
    assertRow(
        rows(new GhostBatchNorm(16, OUT).epsilon(0)), "Y - -  Y -  Y Y Y  -", "Y Y  Y Y  Y Y");
    assertRow(
        rows(new BatchRenorm(OUT).limits(1, 0).epsilon(0)),
        "Y - -  Y -  Y Y Y  -",
        "Y Y  Y Y  Y Y");
  }

  @Test
  void subtractingTheMeanAloneMakesInvariantToShiftsAlone() {
    assertRow(rows(new MeanOnlyBatchNorm(OUT)), "~ ~ ~  ~ ~  ~ Y Y  -", "- -  - -  - -");
  }

  @Test
  void batchRenormWithinItsLimitsIsAFixedMapButItsGradientsAreThoseOfABatchNorm() {
    assertRow(
        rows(new BatchRenorm(OUT).limits(1e9, 1e9).epsilon(0)),
        "~ ~ ~  ~ ~  ~ ~ ~  ~",
        "Y Y  - -  - -");
  }

  @Test
  void unitNormIsThatOfOneCase() {
    assertRow(rows(new UnitNorm()), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void functionsInPlaceOfNormsHaveNoInvariance() {
    assertRow(rows(new DyT(OUT)), "- - -  - -  - - -  -", "- -  - -  - -");
    assertRow(rows(new Derf(OUT)), "- - -  - -  - - -  -", "- -  - -  - -");
  }

  // ---- images: x of shape (N, 6, 5, 5), a 1 x 1 convolution ------------------------------------

  @Test
  void batchNormOfImages() {
    assertRow(images(new BatchNorm(OUT).epsilon(0)), "Y - -  Y -  Y Y Y  -", "Y Y  Y Y  Y Y");
  }

  @Test
  void layerNormOverChannelsIsThatOfRows() {
    assertRow(
        images(new LayerNorm(OUT).channelsFirst().epsilon(0)),
        "Y Y Y  - -  Y - -  Y",
        "Y -  Y Y  Y Y");
  }

  @Test
  void layerNormOverChannelsAndPositionsIsNotInvariantToRecentering() {
    assertRow(images(new LayerNorm(OUT, 5, 5).epsilon(0)), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
    assertRow(images(new GroupNorm(1, OUT).epsilon(0)), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void groupNormOfImages() {
    assertRow(images(new GroupNorm(3, OUT).epsilon(0)), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
  }

  @Test
  void instanceNorm() {
    assertRow(images(new InstanceNorm(OUT).epsilon(0)), "Y - -  Y -  Y Y Y  Y", "Y Y  Y Y  Y Y");
  }

  @Test
  void filterResponseNormIsInstanceNormWithoutTheMean() {
    assertRow(
        images(new FilterResponseNorm(OUT).epsilon(0)), "Y - -  Y -  Y - -  Y", "Y Y  Y Y  Y Y");
  }

  @Test
  void divisiveNormHasOfItsNeighborhoodOnlyWhatALayerNormOfImagesHas() {
    assertRow(images(new DivisiveNorm(OUT, 3).epsilon(0)), "Y - -  - -  Y - -  Y", "Y -  Y Y  Y Y");
    // A window of one position is the layer norm over channels there.
    assertRow(images(new DivisiveNorm(OUT, 1).epsilon(0)), "Y Y Y  - -  Y - -  Y", "Y -  Y Y  Y Y");
    assertRow(images(new DivisiveNorm(OUT, 3)), "- - -  - -  - - -  -", "- -  - -  - -");
  }

  @Test
  void conditionalNormsHaveTheInvariancesOfTheirNormForAFixedCondition() {
    ConditionalNorm norm = new ConditionalNorm(new LayerNorm(OUT).epsilon(0), 3, generator);
    scrambled(float64(norm), generator);
    Tensor c = generator.normal(0, 1, Shape.of(3), DType.FLOAT64);
    assertRow(
        rows(x -> norm.forward(x, c.expand(x.size(0), 3))),
        "Y Y Y  - -  Y - -  Y",
        "Y -  Y Y  Y Y");
    AdaIN adaIN = new AdaIN(new InstanceNorm(OUT).epsilon(0));
    Tensor style = generator.normal(0, 1, Shape.of(1, OUT, 4, 7), DType.FLOAT64);
    assertRow(
        images(x -> adaIN.forward(x, style.expand(x.size(0), OUT, 4, 7))),
        "Y - -  Y -  Y Y Y  Y",
        "Y Y  Y Y  Y Y");
  }

  @Test
  void aResidualBlockHasNoneOfTheInvariancesOfItsNorm() {
    ConditionalResidual block =
        new ConditionalResidual(new LayerNorm(OUT).epsilon(0), Tensor::tanh, 3, generator);
    scrambled(float64(block), generator);
    Tensor c = generator.normal(0, 1, Shape.of(3), DType.FLOAT64);
    assertRow(
        rows(x -> block.forward(x, c.expand(x.size(0), 3))),
        "- ~ ~  - -  - - -  -",
        "- -  - -  - -");
  }

  @Test
  void aZeroCenteredGainChangesNoInvariance() {
    assertRow(
        rows(new RMSNorm(OUT).epsilon(0).zeroCenteredGain()),
        "Y - -  - -  Y - -  Y",
        "Y -  Y Y  Y Y");
  }

  @Test
  void zeroPaddingEndsTheInvarianceToShiftsOfTheData() {
    assertRow(convolution(0), "Y - -  Y -  Y Y Y  -", "Y Y  Y Y  Y Y");
    assertRow(convolution(1), "Y - -  Y -  Y - -  -", "Y Y  Y Y  Y Y");
  }

  // ----------------------------------------------------------------------------------------------

  private Sequential rows(Transform norm) {
    return float64(new Sequential(new Linear(10, OUT, generator).withoutBias(), norm));
  }

  private Sequential images(Transform norm) {
    return float64(new Sequential(new Conv2d(6, OUT, 1, generator).withoutBias(), norm));
  }

  private Sequential convolution(int padding) {
    ConvOptions options = ConvOptions.DEFAULT.padding(padding);
    Conv2d convolution = new Conv2d(3, 4, 3, options, generator).withoutBias();
    return float64(new Sequential(convolution, new BatchNorm(4).epsilon(0)));
  }

  /** Checks a row, and its gradients: what is true is so to 1e-9, what is not by more than 5 %. */
  private static void assertRow(Sequential layer, String expected, String ofGradients) {
    InvarianceTable.Row row = Invariances.of(layer).measure();
    assertThat(Verdicts.of(row)).as("%s", row).isEqualTo(expected.replace("  ", " "));
    assertThat(Verdicts.ofGradients(row)).as("%s", row).isEqualTo(ofGradients.replace("  ", " "));
    assertThat(Iterables.concat(row.cells().values(), row.gradientFacts().values()))
        .allSatisfy(
            cell -> assertThat(cell.deviation() < 1e-9 || cell.deviation() > 0.05).isTrue());
  }
}
