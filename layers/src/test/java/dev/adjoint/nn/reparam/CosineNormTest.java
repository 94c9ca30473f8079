package dev.adjoint.nn.reparam;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Linear;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

class CosineNormTest {

  private final Generator generator = Generator.seeded(43);

  private static Tensor weight(CosineNorm norm) {
    return norm.namedParameters().get("weight.original").value();
  }

  /** Computes one cosine from two vectors by the definition. */
  private static double cosine(double[] w, double[] x, boolean centered) {
    double meanW = centered ? mean(w) : 0;
    double meanX = centered ? mean(x) : 0;
    double product = 0;
    double ww = 0;
    double xx = 0;
    for (int i = 0; i < w.length; i++) {
      product += (w[i] - meanW) * (x[i] - meanX);
      ww += (w[i] - meanW) * (w[i] - meanW);
      xx += (x[i] - meanX) * (x[i] - meanX);
    }
    return product / Math.sqrt(ww * xx);
  }

  private static double mean(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value;
    }
    return sum / x.length;
  }

  @Test
  void theCosineAndItsGradientsAreThoseComputedByHand() {
    Linear linear = float64(new Linear(2, 1, generator));
    linear.weight("weight").assign(Tensor.of(new double[][] {{3, 4}}));
    CosineNorm norm = CosineNorm.of(linear).epsilon(0);
    Tensor x = Tensor.of(new double[][] {{1, 0}}).tracked();
    Tensor y = norm.forward(x);
    assertThat(y.item()).isCloseTo(.6, within(1e-15));
    Gradients gradients = y.backward(Tensor.of(new double[][] {{1}}));
    assertThat(gradients.of(x).toDoubleArray())
        .containsExactly(new double[] {0, .8}, within(1e-15));
    assertThat(gradients.of(weight(norm)).toDoubleArray())
        .containsExactly(new double[] {.128, -.096}, within(1e-15));
  }

  /** dc/dx = (w/|w| - c x/|x|) / |x|, and the same with w and x exchanged. */
  @Test
  void theGradientsAreOrthogonalToTheirVectors() {
    CosineNorm norm = float64(CosineNorm.of(new Linear(5, 1, generator))).epsilon(0);
    Tensor x = normal(generator, 1, 5).tracked();
    Tensor y = norm.forward(x);
    Tensor w = weight(norm);
    Gradients gradients = y.backward(Tensors.ones(Shape.of(1, 1), DType.FLOAT64));
    Tensor unitX = x.div(x.norm(2));
    Tensor unitW = w.div(w.norm(2));
    assertClose(gradients.of(x), unitW.minus(unitX.times(y)).div(x.norm(2)), 1e-14);
    assertClose(gradients.of(w), unitX.minus(unitW.times(y)).div(w.norm(2)), 1e-14);
    assertThat(gradients.of(x).times(x).sum().item()).isCloseTo(0, within(1e-14));
    assertThat(gradients.of(w).times(w).sum().item()).isCloseTo(0, within(1e-14));
  }

  @Test
  void rowsAgreeWithTheDefinition() {
    for (boolean centered : new boolean[] {false, true}) {
      Linear linear = float64(new Linear(4, 3, generator));
      CosineNorm norm = (centered ? CosineNorm.centered(linear) : CosineNorm.of(linear)).epsilon(0);
      Tensor x = normal(generator, 2, 5, 4).plus(1);
      Tensor y = norm.forward(x);
      assertThat(y.shape()).isEqualTo(Shape.of(2, 5, 3));
      double[] row = x.select(0, 1).select(0, 4).toDoubleArray();
      double[] w = weight(norm).select(0, 2).toDoubleArray();
      assertThat(y.get(1, 4, 2)).isCloseTo(cosine(w, row, centered), within(1e-14));
    }
  }

  @Test
  void patchesAgreeWithTheDefinition() {
    List<ConvOptions> ways =
        List.of(
            ConvOptions.DEFAULT,
            ConvOptions.DEFAULT.stride(2, 1).padding(1),
            ConvOptions.DEFAULT.dilation(2).padding(2, 1),
            ConvOptions.DEFAULT.groups(2).padding(1));
    for (ConvOptions options : ways) {
      for (boolean centered : new boolean[] {false, true}) {
        Conv2d conv = float64(new Conv2d(4, 6, 2, 3, options, generator));
        CosineNorm norm = (centered ? CosineNorm.centered(conv) : CosineNorm.of(conv)).epsilon(0);
        Tensor x = normal(generator, 2, 4, 5, 6).plus(0.5);
        assertClose(norm.forward(x), byDefinition(x, weight(norm), options, centered), 1e-13);
      }
    }
  }

  /** Takes the cosine of each column of unfold with each filter. */
  private static Tensor byDefinition(Tensor x, Tensor w, ConvOptions options, boolean centered) {
    Shape shape = Convolution.conv2d(x, w, options).shape();
    Tensor columns = Convolution.unfold(x, w.size(2), w.size(3), options);
    int n = w.size() / w.size(0);
    int perGroup = w.size(0) / options.groups();
    double[] y = new double[shape.size()];
    int places = columns.size(2);
    for (int i = 0; i < y.length; i++) {
      int filter = i / places % w.size(0);
      int group = filter / perGroup;
      Tensor column =
          columns.select(0, i / places / w.size(0)).slice(0, group * n, (group + 1) * n);
      y[i] =
          cosine(
              w.select(0, filter).toDoubleArray(),
              column.select(1, i % places).toDoubleArray(),
              centered);
    }
    return Tensor.of(y, shape.toArray());
  }

  @Test
  void patchesWhoseSquaresOverflowHaveTheCosinesOfSmallOnes() {
    Conv2d conv = new Conv2d(2, 3, 2, 3, ConvOptions.DEFAULT.padding(1), generator);
    CosineNorm norm = CosineNorm.of(conv).epsilon(0);
    Tensor x = generator.normal(2, 2, 4, 5).tracked();
    Tensor large = x.untracked().times(1e25).tracked();
    Tensor y = norm.forward(large);
    assertThat(y.toDoubleArray()).containsExactly(norm.forward(x).toDoubleArray(), within(1e-6));
    assertThat(y.sum().backward().of(large).times(1e25).toDoubleArray())
        .containsExactly(norm.forward(x).sum().backward().of(x).toDoubleArray(), within(1e-5));
  }

  @Test
  void signalsAreImagesOfHeightOne() {
    for (boolean centered : new boolean[] {false, true}) {
      Conv1d signals = float64(new Conv1d(2, 3, 3, ConvOptions.DEFAULT.padding(1), generator));
      Conv2d images = float64(new Conv2d(2, 3, 1, 3, ConvOptions.DEFAULT.padding(0, 1), generator));
      images.weight("weight").assign(signals.weight("weight").value().unsqueeze(2));
      Tensor x = normal(generator, 2, 2, 5);
      CosineNorm of1d = centered ? CosineNorm.centered(signals) : CosineNorm.of(signals);
      CosineNorm of2d = centered ? CosineNorm.centered(images) : CosineNorm.of(images);
      assertClose(of1d.forward(x), of2d.forward(x.unsqueeze(2)).squeeze(2), 1e-14);
    }
  }

  // ---- where there is no direction --------------------------------------------------------------

  @Test
  void zerosAndConstantPatchesGiveZeroAndFiniteGradients() {
    Conv2d plain = float64(new Conv2d(2, 3, 2, generator));
    Conv2d other = float64(new Conv2d(2, 3, 2, generator));
    for (CosineNorm norm :
        List.of(
            CosineNorm.of(plain),
            CosineNorm.centered(other),
            CosineNorm.of(float64(new Linear(4, 3, generator))))) {
      Tensor x = Tensors.zeros(Shape.of(2, 2, 4, 4), DType.FLOAT64).tracked();
      Tensor y = norm.forward(x);
      assertThat(y.abs().max().item()).isZero();
      Gradients gradients = y.sin().sum().backward();
      assertThat(gradients.of(x).isFinite().all().item()).isEqualTo(1);
      assertThat(gradients.of(weight(norm)).isFinite().all().item()).isEqualTo(1);
    }
    Tensor constant = Tensors.full(Shape.of(1, 2, 3, 3), 0.7, DType.FLOAT32);
    CosineNorm centered = CosineNorm.centered(new Conv2d(2, 3, 2, generator));
    assertThat(centered.forward(constant).abs().max().item()).isLessThan(1e-4);
  }

  @Test
  void weightsOfZerosGiveZeros() {
    Linear linear = float64(new Linear(3, 2, generator));
    linear.weight("weight").assign(Tensors.zeros(2, 3));
    CosineNorm norm = CosineNorm.of(linear);
    Tensor y = norm.forward(normal(generator, 4, 3));
    assertThat(y.abs().max().item()).isZero();
    assertThat(y.sum().backward().of(weight(norm)).isFinite().all().item()).isEqualTo(1);
  }

  @Test
  void epsilonIsAddedToTheSumOfSquares() {
    Linear linear = float64(new Linear(2, 1, generator));
    linear.weight("weight").assign(Tensor.of(new double[][] {{3, 4}}));
    CosineNorm norm = CosineNorm.of(linear).epsilon(3);
    assertThat(norm.forward(Tensor.of(1.0, 0)).item()).isCloseTo(.6 / 2, within(1e-15));
  }

  // ---- invariance and precision -----------------------------------------------------------------

  @Test
  void scaleDoesNotMatterAndShiftNotWhereCentered() {
    Conv2d conv = float64(new Conv2d(2, 3, 2, generator));
    CosineNorm norm = CosineNorm.centered(conv).epsilon(0);
    Tensor x = normal(generator, 2, 2, 4, 4);
    Tensor y = norm.forward(x);
    assertClose(norm.forward(x.times(1000).plus(5)), y, 1e-12);
    assertThat(y.abs().max().item()).isLessThanOrEqualTo(1 + 1e-12).isGreaterThan(0.3);
    Tensor w = weight(norm).copy();
    norm.namedParameters().get("weight.original").assign(w.times(7).minus(3));
    assertClose(norm.forward(x), y, 1e-12);
  }

  @Test
  void aLargeMeanDoesNotCancelInFloat32() {
    Tensor x = generator.normal(2, 2, 5, 5).plus(10_000);
    Conv2d conv = new Conv2d(2, 3, 3, generator);
    Linear linear = new Linear(5, 3, generator);
    for (CosineNorm norm : List.of(CosineNorm.centered(conv), CosineNorm.centered(linear))) {
      Tensor narrow = norm.forward(x);
      norm.to(DType.FLOAT64);
      Tensor wide = norm.forward(x.to(DType.FLOAT64));
      assertThat(narrow.toDoubleArray()).containsExactly(wide.toDoubleArray(), within(1e-3));
      assertThat(wide.abs().max().item()).isGreaterThan(0.3);
    }
  }

  // ---- the rest ---------------------------------------------------------------------------------

  @Test
  void aLearnedScaleMultipliesTheCosines() {
    Linear linear = float64(new Linear(3, 2, generator));
    CosineNorm norm = CosineNorm.of(linear);
    Tensor x = normal(generator, 4, 3);
    Tensor cosines = norm.forward(x);
    assertThat(norm.namedParameters()).containsOnlyKeys("weight.original");
    assertClose(float64(norm.scaled(10)).forward(x), cosines.times(10), 1e-14);
    assertThat(norm.namedParameters()).containsOnlyKeys("weight.original", "scale");
    assertGradients(norm, GradientCheck.of(in -> norm.forward(in[0])).at(x));
  }

  @Test
  void badInputsAreNamed() {
    CosineNorm rows = CosineNorm.of(new Linear(3, 4, generator));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rows.forward(generator.normal(4, 5)))
        .withMessage("CosineNorm(Linear(3, 4)): input of shape (4, 5); expected (..., 3)");
    CosineNorm images =
        CosineNorm.centered(new Conv2d(4, 6, 3, ConvOptions.DEFAULT.groups(2), generator));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> images.forward(generator.normal(1, 2, 5, 5)))
        .withMessage(
            "CosineNorm(Conv2d(4, 6, 3x3, groups 2), centered): input of shape (1, 2, 5, 5);"
                + " expected (N, 4, H, W)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rows.epsilon(-1))
        .withMessage("CosineNorm(Linear(3, 4)): epsilon -1.0; expected a number of at least 0");
  }
}
