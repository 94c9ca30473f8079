package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks norms whose weight is the gain minus 1. */
class ZeroCenteredGainTest {

  private static final Generator G = Generator.seeded(23);

  static Stream<Normalization<?>> norms() {
    return Stream.of(
        new LayerNorm(4),
        new RMSNorm(4),
        new RMSNorm(4).partial(0.5),
        new ScaleNorm(4),
        new GroupNorm(2, 4),
        new BatchNorm(4),
        new BatchRenorm(4).limits(1.5, 0.5),
        new DecorrelatedBatchNorm(2, 4));
  }

  @ParameterizedTest
  @MethodSource("norms")
  void theSameIsComputedInBothModesWithTheSameGradients(Normalization<?> norm) {
    Normalization<?> plain = scrambled(float64(norm), G);
    Normalization<?> centered = Layer.copyOf(plain).zeroCenteredGain();
    assertClose(centered.weight("weight").value(), plain.weight("weight").value().minus(1));
    for (boolean training : new boolean[] {true, false}) {
      for (Normalization<?> one : List.of(plain, centered)) {
        if (!training) {
          one.eval();
        }
      }
      Tensor x = normal(G, 9, 4).tracked();
      Tensor expected = plain.forward(x);
      Tensor y = centered.forward(x);
      assertClose(y, expected);
      assertClose(
          y.square().sum().backward().of(centered.weight("weight").parameter()),
          expected.square().sum().backward().of(plain.weight("weight").parameter()),
          1e-10);
    }
  }

  @Test
  void gradientsAreRightToOrder2InBothModes() {
    for (Normalization<?> norm :
        new Normalization<?>[] {
          new LayerNorm(4).zeroCenteredGain(), new BatchNorm(4).zeroCenteredGain()
        }) {
      scrambled(float64(norm), G);
      assertGradients(
          norm,
          GradientCheck.of(in -> ((Transform) norm).forward(in[0])).at(normal(G, 5, 4)).order(2));
    }
  }

  @Test
  void weightDecayPullsTheGainToOne() {
    LayerNorm norm = new LayerNorm(3).zeroCenteredGain();
    norm.weight("weight").assign(Tensor.of(1.0f, 0.5f, -0.5f)); // gains of 2, 1.5 and 0.5
    AdamW adamW = new AdamW(norm.namedParameters()).learningRate(0.1).weightDecay(1);
    Tensor x = normal(G, 2, 3).to(norm.weight("weight").dtype());
    for (int step = 0; step < 100; step++) {
      adamW.step(norm.forward(x).times(0).sum().backward());
    }
    assertThat(norm.gain(x.dtype()).toDoubleArray())
        .containsExactly(new double[] {1, 1, 1}, within(1e-4));
  }

  @Test
  void theOrderOfOptionsDoesNotMatter() {
    assertThat(new InstanceNorm(2).zeroCenteredGain().withAffine())
        .hasToString("InstanceNorm(2, zero centered gain)");
    Tensor x = normal(G, 2, 2, 3).to(DType.FLOAT32);
    Tensor expected = new InstanceNorm(2).forward(x);
    assertClose(new InstanceNorm(2).zeroCenteredGain().withAffine().forward(x), expected, 1e-6);
    assertClose(new InstanceNorm(2).withAffine().zeroCenteredGain().forward(x), expected, 1e-6);
    LayerNorm twice = new LayerNorm(2).zeroCenteredGain().zeroCenteredGain();
    assertThat(twice.weight("weight").value().toDoubleArray()).containsExactly(0, 0);
  }
}
