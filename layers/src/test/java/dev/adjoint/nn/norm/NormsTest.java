package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Checks the norms by values computed by hand, by what one must be of another, and at the edges.
 */
class NormsTest {

  private static final Tensor ONE_TO_FOUR = Tensor.of(new double[][] {{1, 2, 3, 4}});

  private final Generator generator = Generator.seeded(3);

  // ---- values computed by hand -----------------------------------------------------------------

  @Test
  void layerNormOfOneToFour() {
    LayerNorm norm = float64(new LayerNorm(4));
    assertThat(norm.forward(ONE_TO_FOUR).toDoubleArray())
        .containsExactly(
            new double[] {-1.341635419969, -.447211806656, .447211806656, 1.341635419969},
            within(1e-12));
    assertThat(gradientOfFirst(norm))
        .containsExactly(
            new double[] {.268330303893, -.357768372025, -.089443434631, .178881502763},
            within(1e-12));
  }

  @Test
  void rmsNormOfOneToFour() {
    RMSNorm norm = float64(new RMSNorm(4).epsilon(1e-5));
    assertThat(norm.forward(ONE_TO_FOUR).toDoubleArray())
        .containsExactly(
            new double[] {.365148128238, .730296256476, 1.095444384714, 1.460592512952},
            within(1e-12));
    assertThat(gradientOfFirst(norm))
        .containsExactly(
            new double[] {.352976540192, -.024343176092, -.036514764137, -.048686352183},
            within(1e-12));
  }

  @Test
  void batchNormOfThreeRows() {
    BatchNorm norm = float64(new BatchNorm(2));
    Tensor x = Tensor.of(new double[][] {{1, 10}, {2, 20}, {3, 60}}).tracked();
    Tensor y = norm.forward(x);
    Tensor seed = Tensor.of(new double[][] {{1, 0}, {0, 0}, {0, 0}});
    assertThat(y.backward(seed).of(x).toDoubleArray())
        .containsExactly(
            new double[] {.204131799698, 0, -.408245228636, 0, .204113428938, 0}, within(1e-12));
  }

  @Test
  void theRunningVarianceIsUnbiasedOrByNameBiased() {
    Tensor x = Tensor.of(new double[][] {{1, 10}, {2, 20}, {3, 60}});
    BatchNorm unbiased = float64(new BatchNorm(2));
    BatchNorm biased = float64(new BatchNorm(2).biasedRunningVariance());
    unbiased.forward(x);
    biased.forward(x);
    assertThat(unbiased.runningVariance().toDoubleArray())
        .containsExactly(new double[] {1, 70.9}, within(1e-12));
    assertThat(biased.runningVariance().toDoubleArray())
        .containsExactly(new double[] {.966666666667, 47.566666666667}, within(1e-12));
  }

  @Test
  void groupNormOfTwoGroups() {
    Tensor x = Tensors.arange(0, 8, 1, DType.FLOAT64).reshape(1, 4, 2);
    double[] group = {-1.341635419969, -.447211806656, .447211806656, 1.341635419969};
    Tensor expected = Tensor.of(new double[][] {group, group});
    Tensor y = float64(new GroupNorm(2, 4)).forward(x).reshape(2, 4);
    assertThat(y.toDoubleArray()).containsExactly(expected.toDoubleArray(), within(1e-12));
  }

  @Test
  void instanceNormOfTheOnnxExample() {
    Tensor x = Tensor.of(new double[][][] {{{-1, 0, 1}, {2, 3, 4}}});
    InstanceNorm norm = float64(new InstanceNorm(2).withAffine());
    norm.weight("weight").assign(Tensor.of(1.0, 1.5));
    norm.weight("bias").assign(Tensor.of(0.0, 1));
    assertThat(norm.forward(x).toDoubleArray())
        .containsExactly(
            new double[] {-1.224735685908, 0, 1.224735685908, -.837103528862, 1, 2.837103528862},
            within(1e-12));
  }

  @Test
  void layerNormOfKerasExample() {
    LayerNorm norm = float64(new LayerNorm(5).epsilon(1e-3));
    norm.weight("bias").assign(Tensors.ones(Shape.of(5), DType.FLOAT64));
    assertThat(norm.forward(Tensors.arange(0, 5, 1, DType.FLOAT64)).toDoubleArray())
        .containsExactly(new double[] {-.41386, .29307, 1, 1.70693, 2.41386}, within(1e-5));
  }

  private static double[] gradientOfFirst(Layer layer) {
    Tensor x = ONE_TO_FOUR.tracked();
    Tensor y = ((Transform) layer).forward(x);
    return y.backward(Tensor.of(new double[][] {{1, 0, 0, 0}})).of(x).toDoubleArray();
  }

  // ---- what one norm must be of another --------------------------------------------------------

  @Test
  void groupNormOfOneGroupIsLayerNormAndOfAllInstanceNorm() {
    Tensor x = normal(generator, 2, 3, 4, 5);
    assertClose(
        float64(new GroupNorm(1, 3)).forward(x), float64(new LayerNorm(3, 4, 5)).forward(x));
    assertClose(float64(new GroupNorm(3, 3)).forward(x), float64(new InstanceNorm(3)).forward(x));
  }

  @Test
  void batchNormOfOneExampleIsInstanceNorm() {
    Tensor x = normal(generator, 1, 3, 4, 5);
    assertClose(float64(new BatchNorm(3)).forward(x), float64(new InstanceNorm(3)).forward(x));
  }

  @Test
  void layerNormIsRmsNormOfCenteredFeatures() {
    Tensor x = normal(generator, 6, 5);
    Tensor centered = x.minus(x.mean(Keep.AXES, 1));
    LayerNorm layerNorm = float64(new LayerNorm(5));
    RMSNorm rmsNorm = float64(new RMSNorm(5).epsilon(1e-5));
    assertClose(layerNorm.forward(x), rmsNorm.forward(centered));
    assertClose(layerNorm.forward(centered), rmsNorm.forward(centered));
  }

  @Test
  void scaleNormIsRmsNormWithTiedGains() {
    Tensor x = normal(generator, 6, 5);
    ScaleNorm scaleNorm = float64(new ScaleNorm(5));
    RMSNorm rmsNorm = float64(new RMSNorm(5).epsilon(1e-5));
    assertThat(scaleNorm.weight("weight").value().item()).isCloseTo(Math.sqrt(5), within(1e-7));
    scaleNorm.weight("weight").assign(Tensor.scalar(Math.sqrt(5), DType.FLOAT64));
    assertClose(scaleNorm.forward(x), rmsNorm.forward(x));
    scaleNorm.epsilon(0).weight("weight").assign(Tensor.scalar(3, DType.FLOAT64));
    assertClose(scaleNorm.forward(x), x.times(3).div(x.norm(2, Keep.AXES, 1)));
  }

  @Test
  void partialRmsNormOfAllIsRmsNorm() {
    Tensor x = normal(generator, 6, 8);
    RMSNorm whole = scrambled(float64(new RMSNorm(8)), Generator.seeded(1));
    RMSNorm part = scrambled(float64(new RMSNorm(8).partial(1 - 1e-9)), Generator.seeded(1));
    assertClose(part.forward(x), whole.forward(x));
    Tensor firstTwo = x.slice(1, 0, 2).square().mean(Keep.AXES, 1);
    assertClose(float64(new RMSNorm(8).partial(0.2)).epsilon(0).forward(x), x.div(firstTwo.sqrt()));
  }

  @Test
  void layerNormOverChannelsIsLayerNormOfTheLastAxis() {
    Tensor x = normal(generator, 2, 3, 4, 5);
    LayerNorm last = scrambled(float64(new LayerNorm(3)), Generator.seeded(2));
    LayerNorm first = scrambled(float64(new LayerNorm(3).channelsFirst()), Generator.seeded(2));
    assertClose(first.forward(x), last.forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2));
  }

  // ---- options ---------------------------------------------------------------------------------

  @Test
  void epsilonStandsUnderTheRootOrByNameOutside() {
    Tensor x = normal(generator, 4, 6);
    Tensor deviation = x.minus(x.mean(Keep.AXES, 1));
    Tensor variance = x.biasedVariance(Keep.AXES, 1);
    assertClose(
        float64(new LayerNorm(6).epsilon(0.3)).forward(x),
        deviation.div(variance.plus(0.3).sqrt()));
    assertClose(
        float64(new LayerNorm(6).epsilonOutsideRoot(0.3)).forward(x),
        deviation.div(variance.sqrt().plus(0.3)));
  }

  @Test
  void aCumulativeAverageIsTheMeanOfAllBatches() {
    BatchNorm norm = float64(new BatchNorm(2).cumulativeAverage());
    Tensor a = normal(generator, 5, 2);
    Tensor b = normal(generator, 7, 2).times(3).plus(1);
    norm.forward(a);
    norm.forward(b);
    assertClose(norm.runningMean(), a.mean(0).plus(b.mean(0)).div(2));
    assertClose(norm.runningVariance(), a.unbiasedVariance(0).plus(b.unbiasedVariance(0)).div(2));
  }

  @Test
  void frozenStatisticsAreUsedInTrainingAndStay() {
    BatchNorm norm = float64(new BatchNorm(2));
    norm.forward(normal(generator, 5, 2));
    Tensor mean = norm.runningMean();
    Tensor x = normal(generator, 5, 2);
    Tensor inEval = norm.inEval(() -> norm.forward(x));
    norm.freezeStatistics();
    assertClose(norm.forward(x), inEval);
    assertClose(norm.runningMean(), mean);
    norm.unfreezeStatistics();
    norm.forward(x);
    assertThat(norm.runningMean().toDoubleArray()).isNotEqualTo(mean.toDoubleArray());
  }

  @Test
  void affineParametersAreOptional() {
    assertThat(new LayerNorm(3).namedParameters()).containsOnlyKeys("weight", "bias");
    assertThat(new LayerNorm(3).withoutBias().namedParameters()).containsOnlyKeys("weight");
    assertThat(new BatchNorm(3).withoutAffine().namedParameters()).isEmpty();
    assertThat(new RMSNorm(3).namedParameters()).containsOnlyKeys("weight");
    assertThat(new ScaleNorm(3).namedParameters()).containsOnlyKeys("weight");
    assertThat(new InstanceNorm(3).namedParameters()).isEmpty();
    assertThat(new InstanceNorm(3).withAffine().namedParameters())
        .containsOnlyKeys("weight", "bias");
    assertThat(new BatchNorm(3).namedBuffers())
        .containsOnlyKeys("running_mean", "running_var", "num_batches_tracked");
  }

  // ---- padding ---------------------------------------------------------------------------------

  @Test
  void paddingTakesNoPartInStatistics() {
    Tensor a = normal(generator, 1, 4, 3);
    Tensor b = normal(generator, 1, 4, 5);
    Tensor garbage = Tensors.full(Shape.of(1, 4, 2), Double.NaN, DType.FLOAT64);
    Tensor padded = Joining.concat(0, Joining.concat(2, a, garbage), b);
    Tensor mask = Tensor.of(new double[][] {{1, 1, 1, 0, 0}, {1, 1, 1, 1, 1}});

    for (ChannelNorm<?> norm :
        List.of(float64(new InstanceNorm(4).withAffine()), float64(new GroupNorm(2, 4)))) {
      scrambled(norm, generator);
      Tensor y = norm.forward(padded, mask);
      assertClose(y.slice(0, 0, 1).slice(2, 0, 3), norm.forward(a));
      assertClose(y.slice(0, 1, 2), norm.forward(b));
    }

    BatchNorm masked = float64(new BatchNorm(4));
    BatchNorm dense = float64(new BatchNorm(4));
    Tensor all = Joining.concat(2, a, b);
    Tensor y = masked.forward(padded, mask);
    Tensor expected = dense.forward(all);
    assertClose(y.slice(0, 0, 1).slice(2, 0, 3), expected.slice(2, 0, 3));
    assertClose(y.slice(0, 1, 2), expected.slice(2, 3, 8));
    assertClose(masked.runningMean(), dense.runningMean());
    assertClose(masked.runningVariance(), dense.runningVariance());
  }

  @Test
  void theMaskedStatisticsOfKerasExample() {
    // [1, 5] and [2, 5] with padding: the mean is [1.5, 5], the biased variance [0.25, 0].
    Tensor x = Tensor.of(new double[][][] {{{1, 9}, {5, 9}}, {{2, 9}, {5, 9}}});
    BatchNorm norm = float64(new BatchNorm(2).updateRate(1).biasedRunningVariance());
    norm.forward(x, Tensor.of(new double[][] {{1, 0}, {1, 0}}));
    assertThat(norm.runningMean().toDoubleArray()).containsExactly(1.5, 5);
    assertThat(norm.runningVariance().toDoubleArray()).containsExactly(0.25, 0);
  }

  // ---- the edges -------------------------------------------------------------------------------

  @Test
  void rowsWithoutVarianceBecomeTheShift() {
    Tensor x = Tensors.full(Shape.of(2, 4), 7, DType.FLOAT64);
    for (double epsilon : new double[] {0, 1e-5}) {
      LayerNorm norm = float64(new LayerNorm(4).epsilon(epsilon));
      norm.weight("bias").assign(Tensor.of(1.0, 2, 3, 4));
      Tensor tracked = x.tracked();
      Tensor y = norm.forward(tracked);
      assertClose(y, norm.weight("bias").value().expand(2, 4));
      assertThat(y.square().sum().backward().of(tracked).isFinite().all().item()).isEqualTo(1);
    }
    Tensor zeros = Tensors.zeros(Shape.of(2, 4), DType.FLOAT64);
    assertClose(float64(new RMSNorm(4).epsilon(0)).forward(zeros), zeros);
    Tensor outside = float64(new LayerNorm(4).epsilonOutsideRoot(1e-9)).forward(x);
    assertClose(outside, zeros);
  }

  @Test
  void anOffsetOfAMillionKeepsTheVarianceInFloat32() {
    Tensor small = generator.normal(8, 4096);
    Tensor large = small.plus(1e6);
    Tensor exact = large.to(DType.FLOAT64);
    Tensor expected = float64(new LayerNorm(4096)).forward(exact);
    Tensor y = new LayerNorm(4096).forward(large);
    assertThat(y.to(DType.FLOAT64).minus(expected).abs().max().item()).isLessThan(2e-3);
    BatchNorm batch = new BatchNorm(8);
    Tensor columns = batch.forward(large.transpose());
    assertThat(columns.transpose().to(DType.FLOAT64).minus(expected).abs().max().item())
        .isLessThan(2e-3);
  }

  @Test
  void twoExamplesLoseTheirInformationInBatchNorm() {
    Tensor y = float64(new BatchNorm(2)).forward(Tensor.of(new double[][] {{1, 5}, {3, 4.9}}));
    assertThat(y.toDoubleArray()).containsExactly(new double[] {-1, .998, 1, -.998}, within(1e-3));
  }

  @Test
  void gradientsAreRight() {
    Tensor x = normal(generator, 3, 4, 2, 2);
    Tensor mask =
        Tensor.of(new double[][][] {{{1, 1}, {1, 0}}, {{1, 1}, {1, 1}}, {{0, 1}, {1, 1}}});
    for (Normalization<?> norm :
        List.of(
            new BatchNorm(4),
            new InstanceNorm(4).withAffine(),
            new GroupNorm(2, 4),
            new LayerNorm(4, 2, 2),
            new LayerNorm(4).channelsFirst(),
            new LayerNorm(2).epsilonOutsideRoot(0.1),
            new RMSNorm(2, 2),
            new RMSNorm(2).partial(0.5),
            new ScaleNorm(2))) {
      scrambled(float64(norm), generator);
      assertGradients(norm, GradientCheck.of(in -> norm.forward(in[0])).at(x).order(2));
      if (norm instanceof ChannelNorm<?> channelNorm) {
        assertGradients(
            norm, GradientCheck.of(in -> channelNorm.forward(in[0], mask)).at(x).order(2));
      }
    }
  }

  @Test
  void misuseIsNamed() {
    Tensor x = generator.normal(2, 3, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LayerNorm(3).forward(x))
        .withMessage("LayerNorm(3): input of shape (2, 3, 4); expected (..., 3)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LayerNorm(5, 4).forward(x))
        .withMessage("LayerNorm(5, 4): input of shape (2, 3, 4); expected (..., 5, 4)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RMSNorm(3).forward(x))
        .withMessage("RMSNorm(3): input of shape (2, 3, 4); expected (..., 3)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ScaleNorm(3).forward(x))
        .withMessage("ScaleNorm(3): input of shape (2, 3, 4); expected (..., 3)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GroupNorm(2, 4).forward(x))
        .withMessage(
            "GroupNorm(4, groups 2): input of shape (2, 3, 4); expected (N, 4) or (N, 4, ...)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InstanceNorm(3).forward(generator.normal(2, 3)))
        .withMessage(
            "InstanceNorm(3, no weight, no bias): input of shape (2, 3); expected (N, 3, ...)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new InstanceNorm(3).forward(generator.normal(2, 3, 1)))
        .withMessageContaining("has 1 value in each set to normalize");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BatchNorm(3).forward(x, Tensors.ones(2, 3)))
        .withMessage(
            "BatchNorm(3): mask of shape (2, 3) for input of shape (2, 3, 4); expected (2, 4)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BatchNorm(3).forward(x, Tensors.zeros(2, 4)))
        .withMessageContaining("has 0 value");
    assertThatIllegalArgumentException().isThrownBy(() -> new GroupNorm(2, 3));
    assertThatIllegalArgumentException().isThrownBy(() -> new LayerNorm());
    assertThatIllegalArgumentException().isThrownBy(() -> new LayerNorm(0));
    assertThatIllegalArgumentException().isThrownBy(() -> new RMSNorm(4).partial(0));
    assertThatIllegalStateException().isThrownBy(() -> new LayerNorm(4, 4).channelsFirst());
    assertThatIllegalArgumentException().isThrownBy(() -> new BatchNorm(4).epsilon(Double.NaN));
  }
}
