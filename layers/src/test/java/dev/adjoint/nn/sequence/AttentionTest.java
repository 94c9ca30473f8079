package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AttentionTest {

  private final Generator generator = Generator.seeded(41);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  /** Returns an attention with random biases, too. */
  private MultiHeadAttention attention(int width, int heads) {
    MultiHeadAttention attention = new MultiHeadAttention(width, heads, generator);
    attention.to(DType.FLOAT64);
    attention.parameters().forEach(p -> p.assign(normal(p.shape().toArray())));
    return attention;
  }

  // ---- the function ----------------------------------------------------------------------------

  @Test
  void valuesAreMixedByTheSoftmaxOfScaledProducts() {
    Tensor query = Tensor.of(new double[][] {{2, 0, 0, 0}});
    Tensor key = Tensor.of(new double[][] {{1, 5, 5, 5}, {3, -5, 5, 0}});
    Tensor value = Tensor.of(new double[][] {{10}, {20}});
    double second = 1 / (1 + Math.exp(1 - 3)); // scores 2 / sqrt(4) and 6 / sqrt(4)
    assertThat(Attention.weights(query, key, null).toDoubleArray())
        .containsExactly(new double[] {1 - second, second}, within(1e-14));
    assertThat(Attention.scaledDotProduct(query, key, value).item())
        .isCloseTo(10 + 10 * second, within(1e-13));
  }

  @Test
  void oneInAMaskMeansThatAQueryMayAttend() {
    Tensor query = normal(2, 3, 4);
    Tensor key = normal(2, 5, 4);
    Tensor value = normal(2, 5, 6);
    Tensor mask = Tensor.of(1f, 1, 0, 1, 0).reshape(1, 1, 5);
    IntTensor allowed = IntTensor.of(0, 1, 3);
    assertClose(
        Attention.scaledDotProduct(query, key, value, mask),
        Attention.scaledDotProduct(
            query, Indexing.indexSelect(key, 1, allowed), Indexing.indexSelect(value, 1, allowed)));
  }

  @Test
  void whoMayAttendToNothingGetsZeros() {
    Tensor query = normal(2, 3).tracked();
    Tensor key = normal(4, 3).tracked();
    Tensor value = normal(4, 3).tracked();
    Tensor mask = Tensor.of(new float[][] {{0, 0, 0, 0}, {0, 1, 0, 0}});
    Tensor mixed =
        Autodiff.detectAnomalies(() -> Attention.scaledDotProduct(query, key, value, mask));
    assertThat(mixed.select(0, 0).toDoubleArray()).containsOnly(0);
    assertClose(mixed.select(0, 1), value.select(0, 1));
    var gradients = mixed.square().sum().backward();
    assertThat(gradients.of(query).abs().max().item()).isZero();
    assertThat(gradients.of(key).abs().max().item()).isZero();
    assertThat(gradients.of(value).select(0, 0).abs().max().item()).isZero();
    Tensor single = Attention.weights(query.to(DType.FLOAT32), key.to(DType.FLOAT32), mask);
    assertThat(single.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(single.toFloatArray()).containsExactly(0, 0, 0, 0, 0, 1, 0, 0);
  }

  @Test
  void gradientsOfAttentionAreRight() {
    Tensor mask = Tensor.of(new double[][] {{1, 0, 1, 1}, {0, 0, 0, 0}, {1, 1, 0, 1}});
    GradientCheck.of(x -> Attention.scaledDotProduct(x[0], x[1], x[2], mask.unsqueeze(0)))
        .at(normal(2, 3, 2), normal(2, 4, 2), normal(4, 3))
        .order(2)
        .run()
        .assertOk();
    GradientCheck.of(x -> Attention.scaledDotProduct(x[0], x[1], x[2]))
        .at(normal(2, 2), normal(3, 2), normal(3, 2))
        .order(2)
        .run()
        .assertOk();
  }

  // ---- masks -----------------------------------------------------------------------------------

  @Test
  void aCausalMaskLetsEachPositionSeeItselfAndWhatIsBefore() {
    assertThat(Masks.causal(3).toNestedArray(float[][][].class))
        .isDeepEqualTo(new float[][][] {{{1, 0, 0}, {1, 1, 0}, {1, 1, 1}}});
  }

  @Test
  void aMaskOfLengthsMarksWhatIsBeforeTheEnds() {
    assertThat(Masks.lengths(IntTensor.of(2, 0, 3), 3).toNestedArray(float[][].class))
        .isDeepEqualTo(new float[][] {{1, 1, 0}, {0, 0, 0}, {1, 1, 1}});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Masks.lengths(IntTensor.of(2, -1), 3))
        .withMessage("lengths: length -1 of sequence 1; expected 0 to 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Masks.lengths(IntTensor.of(1, 2).reshape(1, 2), 3))
        .withMessage("lengths: lengths of shape (1, 2); expected one axis");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Masks.lengths(IntTensor.of(1, 2), -1))
        .withMessage("lengths: -1 steps; expected at least 0");
  }

  @Test
  void causalAttentionDoesNotDependOnWhatComesLater() {
    MultiHeadAttention attention = attention(6, 2);
    Tensor x = normal(2, 5, 6);
    Tensor changed = Joining.concat(1, x.slice(1, 0, 3), normal(2, 2, 6));
    Tensor before = attention.forward(x, Masks.causal(5));
    Tensor after = attention.forward(changed, Masks.causal(5));
    assertThat(after.slice(1, 0, 3).toDoubleArray())
        .isEqualTo(before.slice(1, 0, 3).toDoubleArray());
    assertThat(after.slice(1, 3, 5).toDoubleArray())
        .isNotEqualTo(before.slice(1, 3, 5).toDoubleArray());
  }

  @Test
  void causalAttentionNeedsNoMask() {
    Tensor x = normal(2, 5, 6);
    MultiHeadAttention masked = attention(6, 2);
    MultiHeadAttention causal = Layer.copyOf(masked).causal();
    Tensor padding = Masks.lengths(IntTensor.of(3, 5), 5).unsqueeze(1);
    assertClose(causal.forward(x), masked.forward(x, Masks.causal(5)));
    assertClose(causal.forward(x, padding), masked.forward(x, padding.times(Masks.causal(5))));
    assertClose(
        causal.attend(x, x, x, padding).weights(),
        masked.attend(x, x, x, padding.times(Masks.causal(5))).weights());
    assertClose(Layer.copyOf(causal).forward(x), causal.forward(x));
    assertThat(causal).hasToString("MultiHeadAttention(6, 2, causal)");
    assertThat(causal.description().flag("causal")).isTrue();
  }

  @Test
  void headsInARowMayShareKeysAndValues() {
    Tensor query = normal(2, 6, 3, 4);
    Tensor key = normal(2, 2, 5, 4);
    Tensor value = normal(2, 2, 5, 4);
    IntTensor shared = IntTensor.of(0, 0, 0, 1, 1, 1);
    assertClose(
        Attention.scaledDotProduct(query, key, value, Tensors.ones(1, 1, 3, 5), true),
        Attention.scaledDotProduct(
            query,
            Indexing.indexSelect(key, 1, shared),
            Indexing.indexSelect(value, 1, shared),
            null,
            true));
  }

  @Test
  void aMaskedKeyIsAsGoodAsNone() {
    MultiHeadAttention attention = attention(6, 3);
    Tensor x = normal(2, 5, 6);
    Tensor padding = Masks.lengths(IntTensor.of(3, 5), 5).unsqueeze(1);
    Tensor y = attention.forward(x, padding);
    Tensor alone = x.slice(0, 0, 1).slice(1, 0, 3);
    assertClose(y.slice(0, 0, 1).slice(1, 0, 3), attention.forward(alone));
    assertClose(y.slice(0, 1, 2), attention.forward(x.slice(0, 1, 2)));
    Tensor both = attention.forward(x, padding.times(Masks.causal(5)));
    assertClose(both.slice(0, 0, 1).slice(1, 0, 3), attention.forward(alone, Masks.causal(3)));
  }

  // ---- several heads ---------------------------------------------------------------------------

  @Test
  void eachHeadAttendsWithItsShareOfTheFeatures() {
    for (int heads : new int[] {1, 2}) {
      MultiHeadAttention attention = attention(4, heads);
      Tensor query = normal(2, 3, 4);
      Tensor key = normal(2, 5, 4);
      Tensor value = normal(2, 5, 4);
      Tensor mask = generator.bernoulli(0.7, Shape.of(2, 3, 5), DType.FLOAT64);
      Tensor weight = attention.weight("in_proj_weight").value();
      Tensor bias = attention.weight("in_proj_bias").value();
      Tensor q = query.matmul(weight.slice(0, 0, 4).transpose()).plus(bias.slice(0, 0, 4));
      Tensor k = key.matmul(weight.slice(0, 4, 8).transpose()).plus(bias.slice(0, 4, 8));
      Tensor v = value.matmul(weight.slice(0, 8, 12).transpose()).plus(bias.slice(0, 8, 12));
      Tensor[] mixed = new Tensor[heads];
      Tensor[] weights = new Tensor[heads];
      for (int head = 0; head < heads; head++) {
        int from = head * 4 / heads;
        int to = from + 4 / heads;
        Tensor headQ = q.slice(2, from, to);
        Tensor headK = k.slice(2, from, to);
        mixed[head] = Attention.scaledDotProduct(headQ, headK, v.slice(2, from, to), mask);
        weights[head] = Attention.weights(headQ, headK, mask);
      }
      Layer outProj = attention.children().get("out_proj");
      Tensor expected =
          Joining.concat(2, mixed)
              .matmul(outProj.weight("weight").value().transpose())
              .plus(outProj.weight("bias").value());
      MultiHeadAttention.Attended attended = attention.attend(query, key, value, mask);
      assertClose(attended.output(), expected);
      assertClose(attended.weights(), Joining.stack(1, weights));
      assertClose(attention.forward(query, key, value, mask), expected);
    }
  }

  @Test
  void withoutPositionsTheOrderOfASequenceDoesNotMatter() {
    MultiHeadAttention attention = attention(6, 2);
    Tensor x = normal(2, 5, 6);
    IntTensor order = generator.permutation(5);
    assertClose(
        attention.forward(Indexing.indexSelect(x, 1, order)),
        Indexing.indexSelect(attention.forward(x), 1, order));
  }

  @Test
  void gradientsOfSeveralHeadsAreRight() {
    MultiHeadAttention attention = attention(4, 2);
    assertGradients(
        attention,
        GradientCheck.of(x -> attention.forward(x[0], Masks.causal(3)))
            .at(normal(2, 3, 4))
            .order(2));
    attention.dropout(0.4);
    assertGradients(
        attention,
        GradientCheck.of(x -> attention.forward(x[0], x[1], x[2], null))
            .at(normal(2, 2, 4), normal(2, 3, 4), normal(2, 3, 4))
            .directional(2)
            .order(2));
  }

  @Test
  void weightsHaveThePytorchNamesAndFirstValues() {
    MultiHeadAttention attention = new MultiHeadAttention(64, 4, generator);
    Map<String, Shape> shapes = new LinkedHashMap<>();
    attention.namedParameters().forEach((name, p) -> shapes.put(name, p.shape()));
    assertThat(shapes)
        .containsExactly(
            Map.entry("in_proj_weight", Shape.of(192, 64)),
            Map.entry("in_proj_bias", Shape.of(192)),
            Map.entry("out_proj.weight", Shape.of(64, 64)),
            Map.entry("out_proj.bias", Shape.of(64)));
    double glorot = Math.sqrt(6.0 / (192 + 64));
    assertThat(attention.weight("in_proj_weight").value().abs().max().item())
        .isBetween(0.98 * glorot, glorot);
    Layer outProj = attention.children().get("out_proj");
    assertThat(outProj.weight("weight").value().abs().max().item()).isBetween(0.98 / 8, 1.0 / 8);
    assertThat(attention.weight("in_proj_bias").value().toFloatArray()).containsOnly(0);
    assertThat(outProj.weight("bias").value().toFloatArray()).containsOnly(0);
  }

  @Test
  void dropoutActsOnTheWeightsInTrainingOnly() {
    MultiHeadAttention attention = attention(4, 2).dropout(1);
    Tensor x = normal(2, 3, 4);
    Tensor bias = attention.children().get("out_proj").weight("bias").value();
    assertClose(attention.forward(x), bias.expand(2, 3, 4));
    Tensor weights = attention.attend(x, x, x, null).weights();
    assertClose(weights.sum(-1), Tensors.ones(Shape.of(2, 2, 3), DType.FLOAT64));
    attention.eval();
    assertThat(attention.forward(x).minus(bias).abs().min().item()).isPositive();
  }

  @Test
  void copiesComputeTheSame() {
    MultiHeadAttention attention = attention(4, 2).dropout(0.5);
    Tensor x = normal(2, 3, 4);
    MultiHeadAttention copy = Layer.copyOf(attention);
    assertThat(copy.forward(x).toDoubleArray()).isEqualTo(attention.forward(x).toDoubleArray());
    MultiHeadAttention fixed = Layer.forInference(attention);
    assertThat(fixed.parameters()).isEmpty();
    attention.eval();
    assertThat(fixed.forward(x).toDoubleArray()).isEqualTo(attention.forward(x).toDoubleArray());
  }

  @Test
  void misuseIsNamed() {
    Tensor x = generator.normal(2, 3, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Attention.scaledDotProduct(x, generator.normal(2, 3, 5), x))
        .withMessage(
            "attention: queries of shape (2, 3, 4) and keys of shape (2, 3, 5); expected (..., T,"
                + " width) and (..., S, width)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Attention.scaledDotProduct(x, x, generator.normal(2, 2, 4)))
        .withMessage(
            "attention: keys of shape (2, 3, 4) and values of shape (2, 2, 4); expected (..., S,"
                + " width) and (..., S, any)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Attention.scaledDotProduct(x, x, x, Masks.causal(2)))
        .withMessage(
            "attention: mask of shape (1, 2, 2); expected (2, 3, 3), where each size may be 1");
    MultiHeadAttention attention = new MultiHeadAttention(4, 2, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> attention.forward(x, x, generator.normal(2, 2, 4), null))
        .withMessage(
            "MultiHeadAttention(4, 2): query of shape (2, 3, 4), key of shape (2, 3, 4) and value"
                + " of shape (2, 2, 4); expected (N, T, 4), (N, S, 4) and (N, S, 4)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> attention.forward(generator.normal(3, 4)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> attention.forward(x, generator.normal(2, 2, 3, 3)))
        .withMessage(
            "MultiHeadAttention(4, 2): mask of shape (2, 2, 3, 3); expected (N, T, S) = (2, 3, 3),"
                + " where each size may be 1: unsqueeze(1) of a mask (N, S), unsqueeze(0) of a mask"
                + " (T, S)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MultiHeadAttention(4, 3, generator))
        .withMessage(
            "MultiHeadAttention: width 4 and 3 heads; expected a width that the heads share"
                + " equally");
  }

  @Test
  void aReparametrizedWeightIsComputedOnce() {
    AtomicInteger times = new AtomicInteger();
    MultiHeadAttention attention = attention(4, 2);
    attention.reparametrize("in_proj_weight", w -> new Counted(w, times));
    attention.forward(normal(2, 3, 4));
    assertThat(times.get()).isEqualTo(1);
  }

  private static final class Counted extends Reparametrization {
    private final Weight original;
    private final AtomicInteger times;

    Counted(Weight original, AtomicInteger times) {
      this.original = weight("original", original);
      this.times = times;
    }

    @Override
    protected Tensor compute() {
      times.incrementAndGet();
      return original.value();
    }
  }
}
