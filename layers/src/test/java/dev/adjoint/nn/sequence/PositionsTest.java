package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Layer;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PositionsTest {

  private final Generator generator = Generator.seeded(43);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  /** Returns an attention with random biases, too. */
  private MultiHeadAttention attention(int width, int heads, int keyValueHeads) {
    MultiHeadAttention attention = new MultiHeadAttention(width, heads, keyValueHeads, generator);
    attention.to(DType.FLOAT64);
    attention.parameters().forEach(p -> p.assign(normal(p.shape().toArray())));
    return attention;
  }

  @Test
  void pairsOfFeaturesAreTurnedByTheirPositions() {
    Tensor x = normal(2, 3, 4, 6);
    Tensor halves = Positions.ROTARY.rotate(x, 5, 100);
    Tensor pairs = Positions.ROTARY_INTERLEAVED.rotate(x, 5, 100);
    for (int t = 0; t < 4; t++) {
      for (int i = 0; i < 3; i++) {
        double angle = (5 + t) * Math.pow(100, -2 * i / 6.0);
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        double a = x.get(1, 2, t, i);
        double b = x.get(1, 2, t, i + 3);
        assertThat(halves.get(1, 2, t, i)).isCloseTo(a * cos - b * sin, within(1e-12));
        assertThat(halves.get(1, 2, t, i + 3)).isCloseTo(a * sin + b * cos, within(1e-12));
        double c = x.get(1, 2, t, 2 * i);
        double d = x.get(1, 2, t, 2 * i + 1);
        assertThat(pairs.get(1, 2, t, 2 * i)).isCloseTo(c * cos - d * sin, within(1e-12));
        assertThat(pairs.get(1, 2, t, 2 * i + 1)).isCloseTo(c * sin + d * cos, within(1e-12));
      }
    }
    assertThat(Positions.NONE.rotate(x, 5, 100)).isSameAs(x);
  }

  @Test
  void productsOfTurnedFeaturesDependOnTheDistance() {
    Tensor q = normal(3, 8);
    Tensor k = normal(3, 8);
    Tensor near =
        Positions.ROTARY
            .rotate(q, 0, 10_000)
            .matmul(Positions.ROTARY.rotate(k, 2, 10_000).transpose());
    Tensor far =
        Positions.ROTARY
            .rotate(q, 50, 10_000)
            .matmul(Positions.ROTARY.rotate(k, 52, 10_000).transpose());
    assertClose(near, far);
  }

  @Test
  void interleavedPairsAreHalvesInAnotherOrder() {
    Tensor x = normal(2, 5, 6);
    IntTensor order = IntTensor.of(0, 2, 4, 1, 3, 5);
    assertClose(
        Positions.ROTARY.rotate(Indexing.indexSelect(x, 2, order), 3, 10_000),
        Indexing.indexSelect(Positions.ROTARY_INTERLEAVED.rotate(x, 3, 10_000), 2, order));
  }

  /** Those of 8 heads are in the paper; those of 12 as its authors' code makes them. */
  @Test
  void slopesFallByPowersOfTwo() {
    assertThat(Positions.slopes(8))
        .containsExactly(1 / 2., 1 / 4., 1 / 8., 1 / 16., 1 / 32., 1 / 64., 1 / 128., 1 / 256.);
    assertThat(Positions.slopes(12)).startsWith(Positions.slopes(8));
    assertThat(Arrays.copyOfRange(Positions.slopes(12), 8, 12))
        .containsExactly(
            new double[] {Math.sqrt(.5), Math.sqrt(.5) / 2, Math.sqrt(.5) / 4, Math.sqrt(.5) / 8},
            within(1e-15));
    assertThat(Positions.slopes(1)).containsExactly(1 / 256.);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Positions.slopes(-1))
        .withMessage("slopes: of -1 heads; expected at least 1");
  }

  @Test
  void scoresFallWithTheDistance() {
    MultiHeadAttention plain = attention(6, 3, 3);
    MultiHeadAttention alibi = Layer.copyOf(plain).positions(Positions.ALIBI);
    Tensor x = normal(2, 5, 6);
    Tensor weights = plain.attend(x, x, x, null).weights();
    Tensor at = Tensors.arange(5);
    Tensor distance = at.unsqueeze(1).minus(at).abs().to(DType.FLOAT64);
    Tensor slopes = Tensor.of(Positions.slopes(3), 3, 1, 1);
    Tensor near = weights.times(slopes.times(distance).neg().exp());
    assertClose(alibi.attend(x, x, x, null).weights(), near.div(near.sum(Keep.AXES, -1)));
    assertClose(alibi.forward(x), alibi.attend(x, x, x, null).output());
  }

  @Test
  void headsThatShareKeysAreHeadsWithEqualKeys() {
    MultiHeadAttention grouped = attention(8, 4, 2);
    MultiHeadAttention full = attention(8, 4, 4);
    // Rows of one head, 2 wide: those of keys and values are given to 2 heads each.
    IntTensor rows =
        IntTensor.of(
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11, 12, 13, 12, 13, 14, 15, 14, 15);
    for (String name : new String[] {"in_proj_weight", "in_proj_bias"}) {
      full.weight(name).assign(Indexing.indexSelect(grouped.weight(name).value(), 0, rows));
    }
    full.children().get("out_proj").load(grouped.children().get("out_proj").state());
    Tensor x = normal(2, 5, 8);
    Tensor memory = normal(2, 3, 8);
    assertClose(grouped.forward(x), full.forward(x));
    assertClose(grouped.forward(x, memory, memory, null), full.forward(x, memory, memory, null));
    assertClose(
        grouped.attend(x, memory, memory, null).weights(),
        full.attend(x, memory, memory, null).weights());
    assertClose(
        grouped.attend(x, memory, memory, null).output(), full.forward(x, memory, memory, null));
    assertThat(grouped).hasToString("MultiHeadAttention(8, 4, key value heads 2)");
    assertThat(grouped.weight("in_proj_weight").shape()).isEqualTo(Shape.of(16, 8));
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAreRight(Positions positions) {
    MultiHeadAttention attention = attention(4, 2, 1).positions(positions).causal();
    assertGradients(
        attention,
        GradientCheck.of(x -> attention.forward(x[0])).at(normal(1, 3, 4)).directional(2).order(2));
  }

  @ParameterizedTest
  @EnumSource
  void copiesComputeTheSame(Positions positions) {
    MultiHeadAttention attention = attention(8, 2, 1).positions(positions).rotaryBase(50);
    Tensor x = normal(2, 3, 8);
    assertThat(Layer.copyOf(attention).forward(x).toDoubleArray())
        .isEqualTo(attention.forward(x).toDoubleArray());
    assertThat(Layer.forInference(attention).forward(x).toDoubleArray())
        .isEqualTo(attention.forward(x).toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void orderCounts(Positions positions) {
    MultiHeadAttention attention = attention(8, 2, 2).positions(positions);
    Tensor x = normal(1, 3, 8);
    Tensor reversed = Joining.concat(1, x.slice(1, 2, 3), x.slice(1, 1, 2), x.slice(1, 0, 1));
    // What is last attends to the same keys at other distances, but for ALiBi's middle.
    assertThat(attention.forward(reversed).select(1, 0).toDoubleArray())
        .isNotEqualTo(attention.forward(x).select(1, 1).toDoubleArray());
    Tensor swapped = Joining.concat(1, x.slice(1, 1, 2), x.slice(1, 0, 1), x.slice(1, 2, 3));
    Tensor difference =
        attention.forward(swapped).select(1, 2).minus(attention.forward(x).select(1, 2));
    assertThat(difference.abs().max().item()).isGreaterThan(1e-6);
  }

  @Test
  void misuseIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MultiHeadAttention(8, 4, 3, generator))
        .withMessage(
            "MultiHeadAttention: 4 heads and 3 of keys and values; expected that as many heads"
                + " share each");
    MultiHeadAttention odd = new MultiHeadAttention(6, 2, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> odd.positions(Positions.ROTARY))
        .withMessage(
            "MultiHeadAttention(6, 2): positions rotary; expected none or alibi for heads of odd"
                + " widths");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Positions.ROTARY.rotate(normal(2, 3), 0, 10_000))
        .withMessage("rotate: input of shape (2, 3); expected (..., T, width) of an even width");
  }
}
