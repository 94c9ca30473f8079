package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.LayerScale;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.TLU;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checks the relatives of the common norms by what they must be of these, by their papers' formulas
 * in plain operations, and by their gradients.
 */
class NormVariantsTest {

  private static final Generator G = Generator.seeded(31);

  private final Generator generator = Generator.seeded(7);
  private final Tensor images = normal(generator, 6, 4, 3, 2).times(2).plus(1);

  // ---- gradients -------------------------------------------------------------------------------

  static Stream<Layer> all() {
    return Stream.of(
        new GhostBatchNorm(3, 4),
        new L1BatchNorm(4),
        new MeanOnlyBatchNorm(4),
        new SwitchableNorm(4),
        new FilterResponseNorm(4),
        new EvoNormS0(2, 4),
        new EvoNormB0(4),
        new GlobalResponseNorm(4),
        new LocalResponseNorm(3).alpha(0.5),
        new UnitNorm().channelsFirst(),
        new DivisiveNorm(4, 2, 3),
        new TLU(4));
  }

  @ParameterizedTest
  @MethodSource("all")
  void gradientsAreRightToOrder2InBothModes(Layer layer) {
    scrambled(float64(layer), G);
    Tensor x = normal(G, 5, 4, 2, 2);
    assertGradients(
        layer, GradientCheck.of(in -> ((Transform) layer).forward(in[0])).at(x).order(2));
  }

  @Test
  void gradientsOfFunctionsInPlaceOfNormsAreRightToOrder2() {
    Tensor x = normal(generator, 5, 4);
    for (Layer layer : new Layer[] {new DyT(4), new Derf(4), new LayerScale(4), new UnitNorm()}) {
      scrambled(float64(layer), generator);
      assertGradients(
          layer, GradientCheck.of(in -> ((Transform) layer).forward(in[0])).at(x).order(2));
    }
  }

  // ---- what one norm must be of another --------------------------------------------------------

  @Test
  void batchRenormWithoutCorrectionAndGhostOfTheWholeBatchAreBatchNorm() {
    BatchNorm expected = scrambled(float64(new BatchNorm(4)), generator);
    for (MomentNorm<?> norm :
        new MomentNorm<?>[] {new BatchRenorm(4).limits(1, 0), new GhostBatchNorm(6, 4)}) {
      BatchNorm plain = Layer.copyOf(expected);
      float64(norm).load(plain.state());
      for (int step = 0; step < 3; step++) {
        Tensor x = images.times(step + 1).tracked();
        Tensor y = norm.forward(x);
        Tensor right = plain.forward(x);
        assertClose(y, right);
        assertClose(y.square().sum().backward().of(x), right.square().sum().backward().of(x), 1e-9);
      }
      assertClose(norm.runningMean(), plain.runningMean());
      assertClose(norm.runningVariance(), plain.runningVariance());
      norm.eval();
      plain.eval();
      assertClose(norm.forward(images), plain.forward(images));
      assertClose(norm.inferenceAffine().scale(), plain.inferenceAffine().scale());
    }
  }

  @Test
  void ghostBatchNormIsBatchNormOfEachPart() {
    GhostBatchNorm norm = float64(new GhostBatchNorm(4, 4)); // of 6: two parts of 3
    Tensor y = norm.forward(images);
    BatchNorm part = float64(new BatchNorm(4));
    assertClose(y.slice(0, 0, 3), part.forward(images.slice(0, 0, 3)));
    assertClose(y.slice(0, 3, 6), part.forward(images.slice(0, 3, 6)));
    assertClose(norm.runningMean(), part.runningMean());
    assertClose(norm.runningVariance(), part.runningVariance());
  }

  @Test
  void batchRenormMovesABatchTowardsTheRunningStatistics() {
    BatchRenorm norm = float64(new BatchRenorm(4).epsilon(0));
    Tensor mean = images.mean(Keep.AXES, 0, 2, 3);
    Tensor sigma = images.biasedVariance(Keep.AXES, 0, 2, 3).sqrt();
    // Running statistics are 0 and 1: within the limits the output is x itself.
    assertClose(norm.forward(images), images);
    BatchRenorm limited = float64(new BatchRenorm(4).epsilon(0).limits(1.5, 0.25));
    Tensor r = sigma.clamp(1 / 1.5, 1.5);
    Tensor d = mean.clamp(-0.25, 0.25);
    Tensor x = images.tracked();
    Tensor y = limited.forward(x);
    assertClose(y, images.minus(mean).div(sigma).times(r).plus(d));
    // No gradient flows through r and d.
    Tensor plain = float64(new BatchNorm(4).epsilon(0)).forward(x).times(r).plus(d);
    assertClose(y.pow(3).sum().backward().of(x), plain.pow(3).sum().backward().of(x), 1e-9);
  }

  /**
   * The input of Keras 3's test of its batch norm with {@code renorm=True}, and the output by the
   * formula there, {@code ((x - mu) / sigma * r + d) * gamma + beta}: epsilon is part of both
   * sigmas.
   */
  @Test
  void batchRenormIsThatOfKeras() {
    double epsilon = 1e-3;
    BatchRenorm norm = float64(new BatchRenorm(3).epsilon(epsilon).limits(1.5, 1.85));
    Map<String, Tensor> state = new HashMap<>(norm.state());
    state.put("running_mean", Tensor.of(0.5, -1, 2));
    state.put("running_var", Tensor.of(1.2, 2, 0.7).square().minus(epsilon)); // sigma's square
    state.put("weight", Tensor.of(0.9, 1.1, 1.2));
    state.put("bias", Tensor.of(0.1, -0.2, 0.3));
    norm.load(state);
    Tensor x = Tensor.of(new double[][] {{4, 6, 2}, {8, -2, 5}, {6, 4, 3}});
    double[][] expected = {
      {0.265, 3.434554778297, 0.596337279050}, // r is limited everywhere but in the first column,
      {3.265, -0.448376689616, 4.924578401188}, // d everywhere but in the second
      {1.765, 2.463821911319, 2.039084319762}
    };
    assertClose(norm.forward(x), Tensor.of(expected), 1e-11);
  }

  @Test
  void limitsOfBatchRenormGrowAlongTheirRamp() {
    BatchRenorm ramped = float64(new BatchRenorm(4).limits(3, 5).ramp(2, 4, 6));
    BatchRenorm fixed = float64(new BatchRenorm(4));
    double[][] limits = {{1, 0}, {1, 0}, {1, 0}, {2, 1.25}, {3, 2.5}, {3, 3.75}, {3, 5}, {3, 5}};
    for (double[] limit : limits) {
      fixed.limits(limit[0], limit[1]);
      assertClose(ramped.forward(images), fixed.forward(images));
    }
  }

  @Test
  void switchableNormWithOneShareIsInstanceLayerOrBatchNorm() {
    Normalization<?>[] norms = {new InstanceNorm(4), new GroupNorm(1, 4), new BatchNorm(4)};
    for (int i = 0; i < norms.length; i++) {
      SwitchableNorm norm = float64(new SwitchableNorm(4));
      double[] shares = {-1e3, -1e3, -1e3};
      shares[i] = 1e3;
      norm.weight("mean_weight").assign(Tensor.of(shares));
      norm.weight("var_weight").assign(Tensor.of(shares));
      assertClose(norm.forward(images), float64(norms[i]).forward(images));
    }
  }

  @Test
  void maskedPositionsTakeNoPart() {
    Tensor x = normal(generator, 3, 4, 5);
    Tensor known = x.slice(2, 0, 3);
    Tensor mask = Tensor.of(1.0, 1, 1, 0, 0).expand(3, 5);
    for (ChannelNorm<?> norm :
        new ChannelNorm<?>[] {
          new BatchRenorm(4).limits(1.5, 0.5),
          new GhostBatchNorm(3, 4),
          new L1BatchNorm(4),
          new MeanOnlyBatchNorm(4),
          new SwitchableNorm(4),
          new FilterResponseNorm(4),
          new DivisiveNorm(4, 9),
          new EvoNormS0(2, 4),
          new GlobalResponseNorm(4),
          new EvoNormB0(4)
        }) {
      scrambled(float64(norm), generator);
      Layer other = Layer.copyOf(norm);
      Tensor y = norm.forward(x, mask);
      assertClose(y.slice(2, 0, 3), ((Transform) other).forward(known));
      assertThat(y.slice(2, 3, 5).abs().sum().item()).isZero();
      norm.namedBuffers()
          .forEach((name, buffer) ->
              assertClose(buffer.value(), other.namedBuffers().get(name).value()));
    }
  }

  // ---- formulas --------------------------------------------------------------------------------

  @Test
  void normsOfTheBatchAreTheirPapersFormulas() {
    Tensor mean = images.mean(Keep.AXES, 0, 2, 3);
    Tensor sigma = images.minus(mean).abs().mean(Keep.AXES, 0, 2, 3).times(1.2533141373155003);
    L1BatchNorm l1 = float64(new L1BatchNorm(4).epsilon(0).updateRate(1));
    assertClose(l1.forward(images), images.minus(mean).div(sigma));
    assertClose(l1.runningVariance().times(35 / 36.0), sigma.square().reshape(4));
    MeanOnlyBatchNorm meanOnly = float64(new MeanOnlyBatchNorm(4).updateRate(1));
    assertClose(meanOnly.forward(images), images.minus(mean));
    meanOnly.eval();
    assertClose(meanOnly.forward(images.times(3)), images.times(3).minus(mean));
  }

  @Test
  void normsOfExamplesAreTheirPapersFormulas() {
    FilterResponseNorm frn = scrambled(float64(new FilterResponseNorm(4)), generator);
    Tensor g = frn.weight("weight").value().reshape(4, 1, 1);
    Tensor b = frn.weight("bias").value().reshape(4, 1, 1);
    Tensor square = images.square().mean(Keep.AXES, 2, 3);
    assertClose(frn.forward(images), images.div(square.plus(1e-6).sqrt()).times(g).plus(b));
    TLU tlu = scrambled(float64(new TLU(4)), generator);
    assertClose(tlu.forward(images), images.max(tlu.weight("tau").value().reshape(4, 1, 1)));
    GlobalResponseNorm grn = float64(new GlobalResponseNorm(4));
    assertClose(grn.forward(images), images);
    scrambled(grn, generator);
    Tensor length = images.norm(2, Keep.AXES, 2, 3);
    Tensor n = length.div(length.mean(Keep.AXES, 1).plus(1e-6));
    Tensor gained = images.times(n).times(grn.weight("weight").value().reshape(4, 1, 1));
    assertClose(
        grn.forward(images), gained.plus(grn.weight("bias").value().reshape(4, 1, 1)).plus(images));
  }

  @Test
  void evoNormsAreTheirPapersFormulas() {
    EvoNormS0 s0 = scrambled(float64(new EvoNormS0(2, 4)), generator);
    Tensor gate = images.times(s0.weight("v").value().reshape(4, 1, 1)).sigmoid();
    Tensor groups = images.reshape(6, 2, 2, 3, 2).biasedVariance(Keep.AXES, 2, 3, 4);
    Tensor sigma = groups.plus(1e-5).sqrt().expand(6, 2, 2, 1, 1).reshape(6, 4, 1, 1);
    assertClose(s0.forward(images), affine(s0, images.times(gate).div(sigma)));
    EvoNormB0 b0 = scrambled(float64(new EvoNormB0(4)), generator);
    Tensor batch = images.biasedVariance(Keep.AXES, 0, 2, 3).plus(1e-5).sqrt();
    Tensor instance = images.biasedVariance(Keep.AXES, 2, 3).plus(1e-5).sqrt();
    Tensor other = images.times(b0.weight("v").value().reshape(4, 1, 1)).plus(instance);
    assertClose(b0.forward(images), affine(b0, images.div(batch.max(other))));
  }

  private static Tensor affine(Layer layer, Tensor y) {
    return y.times(layer.weight("weight").value().reshape(4, 1, 1))
        .plus(layer.weight("bias").value().reshape(4, 1, 1));
  }

  @Test
  void localResponseNormCountsNeighborsAsPyTorchDoes() {
    // torch.nn.LocalResponseNorm pads size / 2 channels before and (size - 1) / 2 behind.
    for (int size : new int[] {1, 2, 3, 4}) {
      Tensor y = new LocalResponseNorm(size).alpha(0.5).k(2).beta(0.75).forward(images);
      for (int c = 0; c < 4; c++) {
        Tensor sum = Tensors.zeros(Shape.of(6, 3, 2), DType.FLOAT64);
        for (int other = c - size / 2; other <= c + (size - 1) / 2; other++) {
          sum = other >= 0 && other < 4 ? sum.plus(images.select(1, other).square()) : sum;
        }
        Tensor divisor = sum.times(0.5 / size).plus(2).pow(0.75);
        assertClose(y.select(1, c), images.select(1, c).div(divisor));
      }
    }
  }

  @Test
  void divisiveNormIsItsPapersFormula() {
    DivisiveNorm norm = scrambled(float64(new DivisiveNorm(4, 3, 2).epsilon(0.25)), generator);
    Tensor signals = normal(generator, 2, 4, 5).plus(3);
    Tensor v = signals.minus(meansAround(signals, 1, 1));
    Tensor square = meansAround(v.square(), 1, 0);
    Tensor g = norm.weight("weight").value().reshape(4, 1);
    Tensor b = norm.weight("bias").value().reshape(4, 1);
    assertClose(norm.forward(signals), v.div(square.plus(0.25).sqrt()).times(g).plus(b));
  }

  /** Returns means over channels and the positions from some before to some after each. */
  private static Tensor meansAround(Tensor x, int before, int after) {
    int last = x.size(2) - 1;
    Tensor[] means = new Tensor[x.size(2)];
    for (int i = 0; i <= last; i++) {
      Tensor window = x.slice(2, Math.max(0, i - before), Math.min(last, i + after) + 1);
      means[i] = window.mean(Keep.AXES, 1, 2);
    }
    return Joining.concat(2, means);
  }

  @Test
  void divisiveNormOfWindowsOverEverythingIsGroupNormOfOneGroup() {
    GroupNorm expected = scrambled(float64(new GroupNorm(1, 4).epsilon(1)), generator);
    DivisiveNorm norm = float64(new DivisiveNorm(4, 5));
    norm.load(expected.state());
    assertClose(norm.forward(images), expected.forward(images));
    // Of one channel and along the units of a layer, it is layer norm without gains of the units.
    Tensor units = normal(generator, 3, 1, 7);
    LayerNorm plain = float64(new LayerNorm(7).epsilon(1));
    assertClose(float64(new DivisiveNorm(1, 13)).forward(units), plain.forward(units));
  }

  @Test
  void unitNormHasLengthOneAndLeavesZerosAsTheyAre() {
    Tensor x = normal(generator, 3, 4);
    assertClose(new UnitNorm().forward(x).norm(2, 1), Tensor.of(1.0, 1, 1));
    Tensor zero = Tensor.of(0.0, 0).tracked();
    Tensor y = new UnitNorm().forward(zero);
    assertThat(y.toDoubleArray()).containsExactly(0, 0);
    assertThat(y.sum().backward().of(zero).isFinite().all().item()).isEqualTo(1);
  }

  @Test
  void functionsInPlaceOfNormsAreTheirPapersFormulas() {
    Tensor x = normal(generator, 3, 4);
    DyT dyt = float64(new DyT(4));
    assertClose(dyt.forward(x), x.times(0.5).tanh());
    Derf derf = float64(new Derf(4));
    assertClose(derf.forward(x), x.times(0.5).erf());
    derf.weight("shift").assign(Tensor.scalar(0.3, DType.FLOAT64));
    derf.weight("weight").assign(Tensor.of(1.0, 2, 3, 4));
    derf.weight("bias").assign(Tensor.of(0.1, 0.2, 0.3, 0.4));
    Tensor expected =
        x.times(0.5)
            .plus(0.3)
            .erf()
            .times(Tensor.of(1.0, 2, 3, 4))
            .plus(Tensor.of(0.1, 0.2, 0.3, 0.4));
    assertClose(derf.forward(x), expected);
    assertThat(new DyT(4, 0.8).weight("alpha").value().item()).isCloseTo(0.8, within(1e-7));
    assertClose(
        new LayerScale(4).forward(Tensors.ones(3, 4)),
        Tensors.full(Shape.of(3, 4), 1e-5, DType.FLOAT32));
  }

  // ---- all norms of a model --------------------------------------------------------------------

  @Test
  void recalibrationAveragesWhatTheNormsOfAModelSee() {
    BatchNorm first = new BatchNorm(4);
    BatchNorm frozen = new BatchNorm(4).freezeStatistics();
    Sequential model = float64(new Sequential(first, new Dropout(0.5, generator), frozen));
    model.forward(images.times(100)); // statistics that are no longer true
    Tensor kept = frozen.runningMean().copy();
    model.eval();
    Tensor other = images.times(-3);
    RunningNorm.recalibrate(
        model,
        () -> {
          assertThat(model.forward(images).isTracked()).isFalse();
          model.forward(other);
        });
    Tensor mean = images.mean(0, 2, 3);
    assertClose(first.runningMean(), mean.minus(mean.times(3)).div(2));
    Tensor variance = images.unbiasedVariance(0, 2, 3);
    assertClose(first.runningVariance(), variance.plus(variance.times(9)).div(2), 1e-10);
    assertClose(frozen.runningMean(), kept);
    assertThat(model.namedLayers().values()).noneMatch(Layer::isTraining);
    first.train();
    first.forward(images); // moves by the update rate of 0.1 again
    assertClose(first.runningMean(), mean.times(-0.9).plus(mean.times(0.1)));
  }

  @Test
  void recalibrationForgetsStatisticsThatWereSpoiled() {
    BatchNorm norm = new BatchNorm(4);
    norm.forward(images.to(DType.FLOAT32).times(Float.MAX_VALUE));
    assertThat(norm.runningVariance().isFinite().min().item()).isZero();
    RunningNorm.recalibrate(norm, () -> norm.forward(images.to(DType.FLOAT32)));
    assertClose(norm.runningVariance(), images.unbiasedVariance(0, 2, 3).to(DType.FLOAT32), 1e-5);
  }

  @Test
  void statisticsOfAllNormsOfAModelAreFrozenAtOnce() {
    BatchNorm inner = new BatchNorm(4);
    Sequential model = float64(new Sequential(new Sequential(inner)));
    RunningNorm.freezeStatistics(model);
    model.forward(images);
    assertThat(inner.runningMean().abs().sum().item()).isZero();
    RunningNorm.unfreezeStatistics(model);
    model.forward(images);
    assertThat(inner.runningMean().abs().sum().item()).isPositive();
  }
}
