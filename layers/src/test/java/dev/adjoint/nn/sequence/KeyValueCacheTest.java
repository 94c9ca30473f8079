package dev.adjoint.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.nn.Layer;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeyValueCacheTest {

  private final Generator generator = Generator.seeded(47);

  private MultiHeadAttention attention() {
    return new MultiHeadAttention(16, 4, 2, generator).causal();
  }

  private Tensor normal(DType dtype, int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), dtype);
  }

  @ParameterizedTest
  @EnumSource
  void stepsHaveTheBitsOfTheWhole(Positions positions) {
    for (DType dtype : DType.values()) {
      MultiHeadAttention attention = attention().positions(positions);
      attention.to(dtype);
      Tensor x = normal(dtype, 2, 90, 16);
      double[] whole = attention.forward(x).toDoubleArray();
      KeyValueCache cache = new KeyValueCache(90);
      Tensor y = normal(dtype, 2, 90, 16).times(0);
      for (int from = 0, to; from < 90; from = to) { // many at first, then one, then a few
        to = from == 0 ? 37 : from < 70 ? from + 1 : Math.min(90, from + 6);
        Tensor part = x.slice(1, from, to);
        Tensor next =
            Memory.step(() -> Autodiff.noGrad(() -> attention.extend(part, cache).times(1)));
        y = Joining.concat(1, y.slice(1, 0, from), next, y.slice(1, to, 90));
        assertThat(cache.length()).isEqualTo(to);
      }
      assertThat(y.toDoubleArray()).isEqualTo(whole);
    }
  }

  @Test
  void anotherSequenceIsProjectedOnce() {
    MultiHeadAttention attention = new MultiHeadAttention(16, 4, 2, generator);
    Tensor memory = normal(DType.FLOAT32, 2, 7, 16);
    Tensor mask = generator.bernoulli(0.7, Shape.of(2, 1, 7), DType.FLOAT32);
    KeyValueCache cache = new KeyValueCache(3);
    for (int i = 0; i < 3; i++) {
      Tensor query = normal(DType.FLOAT32, 2, 1, 16);
      Tensor y = Autodiff.noGrad(() -> attention.extend(query, memory, mask, cache));
      assertThat(y.toFloatArray())
          .isEqualTo(attention.forward(query, memory, memory, mask).toFloatArray());
    }
    assertThat(cache.length()).isZero();
    assertThatIllegalStateException()
        .isThrownBy(
            () -> Autodiff.noGrad(() -> attention.extend(memory, memory.times(1), null, cache)))
        .withMessageContaining("another memory than in the first call");
  }

  @Test
  void aFullCacheRefuses() {
    MultiHeadAttention attention = Layer.forInference(attention());
    KeyValueCache cache = new KeyValueCache(3);
    attention.extend(normal(DType.FLOAT32, 1, 2, 16), cache); // constants need no noGrad
    assertThatIllegalStateException()
        .isThrownBy(() -> attention.extend(normal(DType.FLOAT32, 1, 2, 16), cache))
        .withMessage(
            "KeyValueCache: 2 more after 2; expected a capacity of at least 4, which is 3");
    assertThat(cache.length()).isEqualTo(2);
    attention.extend(normal(DType.FLOAT32, 1, 1, 16), cache);
    assertThat(cache.length()).isEqualTo(cache.capacity());
  }

  @Test
  void gradientsCannotFlowThroughACache() {
    MultiHeadAttention attention = attention();
    KeyValueCache cache = new KeyValueCache(3);
    assertThatIllegalStateException()
        .isThrownBy(() -> attention.extend(normal(DType.FLOAT32, 1, 2, 16), cache))
        .withMessage(
            "KeyValueCache: a tensor of shape (1, 2, 4, 2) to which gradients could flow; expected"
                + " Autodiff.noGrad around the computation, or constant parameters");
  }

  @Test
  void misuseIsNamed() {
    MultiHeadAttention attention = new MultiHeadAttention(16, 4, generator);
    Tensor x = normal(DType.FLOAT32, 1, 2, 16);
    KeyValueCache cache = new KeyValueCache(3);
    assertThatIllegalStateException()
        .isThrownBy(() -> attention.extend(x, cache))
        .withMessage(
            "MultiHeadAttention(16, 4): positions so far cannot attend to those to come; expected"
                + " causal()");
    attention.positions(Positions.ROTARY);
    assertThatIllegalStateException()
        .isThrownBy(() -> attention.extend(x, x, null, cache))
        .withMessageContaining("positions of another sequence; expected Positions.NONE");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new KeyValueCache(0))
        .withMessage("KeyValueCache: capacity 0; expected at least 1");
  }
}
