package dev.adjoint.nn;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.reparam.WeightStandardization;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.Interpolation;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConvLayersTest {

  private final Generator generator = Generator.seeded(17);

  @Test
  void aConvolutionHasTheShapesAndTheRangeOfPyTorch() {
    Conv2d conv =
        new Conv2d(4, 6, 3, 5, ConvOptions.DEFAULT.stride(2).padding(1).groups(2), generator);
    assertThat(conv.weight("weight").shape()).isEqualTo(Shape.of(6, 2, 3, 5));
    assertThat(conv.forward(generator.normal(2, 4, 9, 9)).shape()).isEqualTo(Shape.of(2, 6, 5, 4));
    assertThat(conv.weight("weight").value().abs().max().item())
        .isBetween(0.9 / Math.sqrt(30), 1 / Math.sqrt(30));
    assertThat(new Conv1d(3, 2, 4, generator).forward(generator.normal(5, 3, 10)).shape())
        .isEqualTo(Shape.of(5, 2, 7));
  }

  @Test
  void aConvolutionIsTheOperationAndTheBias() {
    ConvOptions options = ConvOptions.DEFAULT.padding(1);
    Conv2d conv = new Conv2d(2, 3, 3, options, generator);
    Tensor x = generator.normal(2, 2, 5, 5);
    Tensor product = Convolution.conv2d(x, conv.weight("weight").value(), options);
    Tensor expected = product.plus(conv.weight("bias").value().reshape(3, 1, 1));
    assertThat(conv.forward(x).toDoubleArray())
        .containsExactly(expected.toDoubleArray(), within(1e-6));
    assertThat(conv.withoutBias().forward(x).toFloatArray()).isEqualTo(product.toFloatArray());
    assertThat(conv.namedParameters()).containsOnlyKeys("weight");
  }

  @Test
  void aTransposedConvolutionHasTheShapesAndTheRangeOfPyTorch() {
    ConvOptions options = ConvOptions.DEFAULT.stride(2).padding(1).outputPadding(1).groups(2);
    ConvTranspose2d conv = new ConvTranspose2d(4, 6, 3, 5, options, generator);
    assertThat(conv.weight("weight").shape()).isEqualTo(Shape.of(4, 3, 3, 5));
    assertThat(conv.weight("bias").shape()).isEqualTo(Shape.of(6));
    assertThat(conv.forward(generator.normal(2, 4, 5, 5)).shape())
        .isEqualTo(Shape.of(2, 6, 10, 12));
    assertThat(conv.weight("weight").value().abs().max().item())
        .isBetween(0.9 / Math.sqrt(45), 1 / Math.sqrt(45));
    assertThat(conv)
        .hasToString("ConvTranspose2d(4, 6, 3x5, stride 2, padding 1, groups 2, output padding 1)");
  }

  @Test
  void aBatchNormIsFoldedIntoATransposedConvolutionOfGroups() {
    ConvOptions options = ConvOptions.DEFAULT.stride(2).groups(2);
    Sequential model =
        new Sequential(new ConvTranspose1d(4, 6, 3, options, generator), new BatchNorm(6));
    Tensor x = generator.normal(8, 4, 5);
    model.parameters().forEach(p -> p.assign(generator.normal(p.shape().toArray())));
    model.forward(x);
    Sequential fast = Layer.forInference(model);
    assertThat(fast.children()).hasSize(1);
    Tensor expected = model.inEval(() -> model.forward(x));
    assertThat(fast.forward(x).toDoubleArray())
        .containsExactly(expected.toDoubleArray(), within(1e-4));
  }

  @Test
  void reparametrizationsTakeTheOutputsOfATransposedConvolutionFromAxis1() {
    ConvTranspose2d weightNorm = WeightNorm.on(new ConvTranspose2d(3, 5, 2, generator));
    assertThat(weightNorm.namedParameters().get("weight.g").shape())
        .isEqualTo(Shape.of(1, 5, 1, 1));
    ConvTranspose2d spectral = SpectralNorm.on(new ConvTranspose2d(3, 5, 2, generator), generator);
    assertThat(spectral.namedBuffers().get("weight.u").value().shape()).isEqualTo(Shape.of(5));
    ConvTranspose2d standard = WeightStandardization.on(new ConvTranspose2d(3, 5, 2, generator));
    assertThat(standard.weight("weight").value().mean(0, 2, 3).toDoubleArray())
        .containsExactly(new double[5], within(1e-6));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CosineNorm.of(new ConvTranspose2d(3, 5, 2, generator)))
        .withMessage(
            "CosineNorm: ConvTranspose2d(3, 5, 2x2); expected a convolution that is not transposed,"
                + " whose outputs each see a patch");
  }

  @Test
  void gradientsAreRight() {
    Map<Transform, Tensor> cases =
        Map.of(
            float64(new Conv1d(2, 2, 3, ConvOptions.DEFAULT.dilation(2), generator)),
            normal(generator, 2, 2, 7),
            float64(
                new Conv2d(2, 2, 2, ConvOptions.DEFAULT.padding(1).stride(2), generator)
                    .withoutBias()),
            normal(generator, 1, 2, 4, 4),
            new AvgPool1d(2),
            normal(generator, 2, 3, 6),
            new AvgPool2d(2, 1, 1),
            normal(generator, 1, 2, 3, 3),
            new MaxPool1d(2),
            normal(generator, 2, 3, 6),
            new MaxPool2d(2, 1, 0),
            normal(generator, 1, 2, 3, 3),
            new GlobalAvgPool(),
            normal(generator, 2, 2, 3, 2),
            new Flatten(),
            normal(generator, 2, 2, 3),
            float64(new Residual(new Linear(3, 3, generator), new Linear(3, 3, generator))),
            normal(generator, 2, 3),
            float64(new Embedded(generator)),
            normal(generator, 2, 3));
    assertAllGradients(cases);
  }

  @Test
  void gradientsOfVolumesAndOfWhatMakesImagesLargerAreRight() {
    PoolOptions windows = new PoolOptions(2, 3, 2).stride(1, 2, 2).padding(1).ceilMode(true);
    assertAllGradients(
        Map.of(
            float64(new Conv3d(2, 2, 2, ConvOptions.DEFAULT.padding(1, 0, 1), generator)),
            normal(generator, 1, 2, 2, 3, 2),
            new MaxPool3d(windows),
            normal(generator, 1, 2, 2, 3, 3),
            new AvgPool3d(windows.countIncludePad(false)),
            normal(generator, 1, 2, 2, 3, 3),
            new AdaptiveAvgPool(2, 3),
            normal(generator, 2, 3, 4),
            new AdaptiveMaxPool(2, 3),
            normal(generator, 2, 3, 4),
            new GlobalMaxPool(),
            normal(generator, 2, 3, 4),
            new Upsample(1.5, Interpolation.LINEAR),
            normal(generator, 1, 2, 2, 3),
            new Sequential(new PixelShuffle(2), new PixelUnshuffle(2)),
            normal(generator, 1, 4, 1, 2),
            float64(
                new ConvTranspose2d(2, 2, 2, ConvOptions.DEFAULT.padding(1).stride(2), generator)),
            normal(generator, 1, 2, 3, 3)));
  }

  private static void assertAllGradients(Map<Transform, Tensor> cases) {
    cases.forEach((layer, x) ->
        assertGradients(
            new Sequential(layer, Tensor::sin),
            GradientCheck.of(in -> new Sequential(layer, Tensor::sin).forward(in[0]))
                .at(x)
                .order(2)));
  }

  @Test
  void channelsGoBehindTheAxesOfTheImage() {
    Tensor x = generator.normal(2, 3, 4, 5);
    Tensor y = new ChannelsLast().forward(x);
    assertThat(y.shape()).isEqualTo(Shape.of(2, 4, 5, 3));
    assertThat(y.toFloatArray()).isEqualTo(x.permute(0, 2, 3, 1).toFloatArray());
    assertThat(new ChannelsLast().forward(generator.normal(2, 3)).shape())
        .isEqualTo(Shape.of(2, 3));
  }

  @Test
  void poolingReducesWindows() {
    Tensor x = Tensor.of(new double[][][][] {{{{1, 2, 5, 6}, {3, 4, 7, 8}}}});
    assertThat(new MaxPool2d(2).forward(x).toDoubleArray()).containsExactly(4, 8);
    assertThat(new AvgPool2d(2).forward(x).toDoubleArray()).containsExactly(2.5, 6.5);
    assertThat(new GlobalAvgPool().forward(x).toDoubleArray()).containsExactly(4.5);
    Tensor signal = x.reshape(1, 1, 8);
    assertThat(new MaxPool1d(2).forward(signal).toDoubleArray()).containsExactly(2, 6, 4, 8);
    assertThat(new AvgPool1d(4).forward(signal).toDoubleArray()).containsExactly(3.5, 5.5);
    assertThat(new Flatten().forward(x).shape()).isEqualTo(Shape.of(1, 8));
  }

  @Test
  void aMaximumOverAllPositionsIsOneWindow() {
    Tensor x = generator.normal(2, 3, 4, 5);
    assertThat(new GlobalMaxPool().forward(x).toDoubleArray())
        .isEqualTo(x.max(2, 3).toDoubleArray());
  }

  @Test
  void aVolumeIsConvolvedAsItsSlicesAre() {
    Conv3d conv = new Conv3d(2, 3, 1, 3, 3, ConvOptions.DEFAULT.padding(0, 1, 1), generator);
    assertThat(conv.weight("weight").shape()).isEqualTo(Shape.of(3, 2, 1, 3, 3));
    Weight flat = Weight.constant(conv.weight("weight").value().untracked().squeeze(2));
    Conv2d slices = new Conv2d(flat, conv.weight("bias"), ConvOptions.DEFAULT.padding(1));
    Tensor x = generator.normal(2, 2, 4, 5, 5);
    assertThat(conv.forward(x).select(2, 3).toDoubleArray())
        .containsExactly(slices.forward(x.select(2, 3)).toDoubleArray(), within(1e-6));
  }

  @Test
  void pixelsAreShuffledIntoBlocksAndBack() {
    Tensor x = Tensors.arange(0, 8, 1, DType.FLOAT32).reshape(1, 4, 1, 2);
    Tensor y = new PixelShuffle(2).forward(x);
    assertThat(y.shape()).isEqualTo(Shape.of(1, 1, 2, 4));
    assertThat(y.toFloatArray()).containsExactly(0, 2, 1, 3, 4, 6, 5, 7);
    assertThat(new PixelUnshuffle(2).forward(y).toFloatArray()).isEqualTo(x.toFloatArray());
  }

  @Test
  void whatSpatialLayersPrintSaysTheirOptions() {
    PoolOptions windows = new PoolOptions(3, 2).stride(2).padding(1, 0).ceilMode(true);
    assertThat(new MaxPool2d(windows.dilation(2)))
        .hasToString("MaxPool2d(3x2, stride 2, padding 1x0, dilation 2, ceil mode)");
    assertThat(new AvgPool3d(new PoolOptions(2).countIncludePad(false)))
        .hasToString("AvgPool3d(2, padding not counted)");
    assertThat(new AdaptiveAvgPool(3, 4)).hasToString("AdaptiveAvgPool(3x4)");
    assertThat(Upsample.to(Interpolation.LINEAR_ALIGNED, 3, 4))
        .hasToString("Upsample(to 3x4, linear_aligned)");
    assertThat(new Conv3d(2, 4, 3, ConvOptions.DEFAULT.padding(1), generator))
        .hasToString("Conv3d(2, 4, 3x3x3, padding 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Upsample(0))
        .withMessage("Upsample: factor 0.0 and sizes []; expected a factor above 0, or sizes");
  }

  @Test
  void aResidualAddsItsBody() {
    Tensor x = Tensor.of(1.0, 2);
    assertThat(new Residual(y -> y.times(10)).forward(x).toDoubleArray()).containsExactly(11, 22);
    assertThat(new Residual(y -> y.times(10), y -> y.neg()).forward(x).toDoubleArray())
        .containsExactly(9, 18);
  }

  @Test
  void misuseIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Conv2d(2, 3, 3, generator).forward(generator.normal(1, 3, 5, 5)))
        .withMessage("Conv2d(2, 3, 3x3): input of shape (1, 3, 5, 5); expected (N, 2, H, W)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Conv1d(2, 3, 3, generator).forward(generator.normal(2, 5)))
        .withMessage("Conv1d(2, 3, 3): input of shape (2, 5); expected (N, 2, L)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Conv2d(3, 4, 1, ConvOptions.DEFAULT.groups(2), generator))
        .withMessage("Conv2d: 3 inputs, 4 outputs and 2 groups; expected groups that divide both");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new ConvTranspose2d(2, 3, 3, generator).forward(generator.normal(1, 3, 5, 5)))
        .withMessage(
            "ConvTranspose2d(2, 3, 3x3): input of shape (1, 3, 5, 5); expected (N, 2, H, W)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Conv1d(2, 3, 1, ConvOptions.DEFAULT.outputPadding(1), generator))
        .withMessage(
            "Conv1d: an output padding; expected none, as this is no transposed convolution");
    ConvOptions same = ConvOptions.DEFAULT.padding("same");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ConvTranspose1d(2, 3, 1, same, generator))
        .withMessageContaining("ConvTranspose1d: padding of a mode, or to the same length");
    Weight weight = new ConvTranspose1d(2, 3, 4, generator).weight("weight");
    assertThat(new ConvTranspose1d(weight, null, ConvOptions.DEFAULT).outputs()).isEqualTo(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ConvTranspose2d(weight, null, ConvOptions.DEFAULT))
        .withMessage(
            "ConvTranspose2d: weight of shape (2, 3, 4) and bias of shape none; expected (in, out /"
                + " groups, kernel...) of 4 axes, and (out)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Conv1d(3, 4, 0, generator))
        .withMessage("Conv1d: kernel of sizes [0]; expected 1, each at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Residual(new Linear(2, 3, generator)).forward(generator.normal(4, 2)))
        .withMessage(
            "Residual: the body makes (4, 3) of an input of shape (4, 2), the shortcut (4, 2);"
                + " expected equal shapes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GlobalAvgPool().forward(generator.normal(2, 3)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Flatten().forward(generator.normal(2)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ChannelsLast().forward(generator.normal(2)))
        .withMessage("ChannelsLast: input of shape (2); expected (N, C, ...) of at least 2 axes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MaxPool2d(5).forward(generator.normal(1, 1, 3, 3)));
  }

  /** A model of a user: an activation of each kind that is smooth. */
  private static final class Embedded extends Layer implements Transform {
    private final Linear linear;

    Embedded(Generator generator) {
      linear = child("linear", new Linear(3, 3, generator));
    }

    @Override
    public Tensor forward(Tensor x) {
      Tensor y = linear.forward(x);
      Tensor sum = y;
      for (Activation activation : Activation.values()) {
        sum = sum.plus(activation.forward(y));
      }
      return sum;
    }
  }
}
