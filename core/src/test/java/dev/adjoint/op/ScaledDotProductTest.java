package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.kernel.Budget;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ScaledDotProductTest {

  private static final double SCALE = 0.3;

  private final Generator generator = Generator.seeded(11);

  private Tensor normal(DType dtype, int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), dtype);
  }

  private record Result(Tensor y, Gradients gradients, Tensor[] inputs) {
    Tensor gradient(int input) {
      return gradients.of(inputs[input]);
    }
  }

  private static Result run(
      boolean fused, @Nullable Tensor mask, boolean causal, Tensor seed, Tensor... x) {
    AttentionOptions options = AttentionOptions.DEFAULT.scale(SCALE).causal(causal);
    return run(fused, mask, options, seed, x);
  }

  private static Result run(
      boolean fused, @Nullable Tensor mask, AttentionOptions options, Tensor seed, Tensor... x) {
    Tensor[] in = Arrays.stream(x).map(Tensor::tracked).toArray(Tensor[]::new);
    Tensor y =
        fused
            ? ScaledDotProduct.attention(in[0], in[1], in[2], mask, options)
            : ScaledDotProduct.weights(in[0], in[1], mask, options).matmul(in[2]);
    return new Result(y, y.backward(seed), in);
  }

  /** Queries and keys: of one block and several. */
  static Stream<Arguments> sizes() {
    return Stream.of(DType.values())
        .flatMap(dtype ->
            Stream.of(new int[] {1, 1}, new int[] {7, 33}, new int[] {67, 131})
                .flatMap(size ->
                    Stream.of(true, false)
                        .map(causal -> Arguments.of(dtype, size[0], size[1], causal))));
  }

  @ParameterizedTest(name = "{0} {1} x {2} causal {3}")
  @MethodSource("sizes")
  void theBlocksDoWhatTheDefinitionSays(DType dtype, int t, int s, boolean causal) {
    Tensor q = normal(dtype, 2, t, 5);
    Tensor k = normal(dtype, 2, 5, s).transpose();
    Tensor v = normal(dtype, s, 3);
    Tensor seed = normal(dtype, 2, 3, t).transpose();
    Tensor mask = generator.bernoulli(0.7, Shape.of(2, t, s), DType.FLOAT32);
    Tensor hidesAll = mask.times(Tensors.arange(t).greater(0).unsqueeze(1));
    for (Tensor allowed : new Tensor[] {null, hidesAll}) {
      Result blocks = run(true, allowed, causal, seed, q, k, v);
      Result composed = run(false, allowed, causal, seed, q, k, v);
      double tolerance = dtype == DType.FLOAT32 ? 2e-5 : 1e-13;
      assertClose("y", blocks.y, composed.y, tolerance);
      for (int input = 0; input < 3; input++) {
        assertClose("gradient", blocks.gradient(input), composed.gradient(input), tolerance);
      }
      if (allowed != null) {
        assertThat(blocks.y.select(1, 0).toDoubleArray()).containsOnly(0);
        assertThat(blocks.gradient(0).select(1, 0).toDoubleArray()).containsOnly(0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBiasIsAddedInBlocksAsTheDefinitionSays(DType dtype) {
    Tensor q = normal(dtype, 2, 6, 67, 5);
    Tensor k = normal(dtype, 2, 1, 131, 5);
    Tensor v = normal(dtype, 2, 1, 131, 3);
    Tensor seed = normal(dtype, 2, 6, 67, 3);
    Tensor zero = Tensor.scalar(0, dtype);
    Tensor shown = generator.bernoulli(0.9, Shape.of(67, 131), dtype);
    Tensor hides = Where.where(shown, zero, Tensor.scalar(Double.NEGATIVE_INFINITY, dtype));
    Tensor mask = generator.bernoulli(0.7, Shape.of(2, 1, 1, 131), DType.FLOAT32);
    for (boolean causal : new boolean[] {false, true}) {
      for (Tensor bias :
          new Tensor[] {
            normal(dtype, 6, 131, 67).transpose(), normal(dtype, 2, 1, 1, 131), hides
          }) {
        for (boolean tracked : new boolean[] {false, true}) {
          Tensor added = tracked ? bias.tracked() : bias;
          AttentionOptions options = AttentionOptions.DEFAULT.causal(causal).first(9).bias(added);
          Result blocks = run(true, mask, options, seed, q, k, v);
          Result composed = run(false, mask, options, seed, q, k, v);
          double tolerance = dtype == DType.FLOAT32 ? 2e-5 : 1e-13;
          assertClose("y", blocks.y, composed.y, tolerance);
          for (int input = 0; input < 3; input++) {
            assertClose("gradient", blocks.gradient(input), composed.gradient(input), tolerance);
          }
          if (tracked) {
            Tensor expected = composed.gradients.of(added);
            assertClose("gradient", blocks.gradients.of(added), expected, tolerance);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBiasOfMinusInfinityIsAMaskAndOneByDistanceIsASlope(DType dtype) {
    Tensor q = normal(dtype, 2, 3, 19, 5);
    Tensor k = normal(dtype, 2, 3, 35, 5);
    Tensor v = normal(dtype, 2, 3, 35, 4);
    Tensor seed = normal(dtype, 2, 3, 19, 4);
    Tensor mask = generator.bernoulli(0.7, Shape.of(19, 35), dtype);
    mask = mask.times(Tensors.arange(19).notEqual(4).to(dtype).unsqueeze(1)); // a row of nothing
    Tensor ahead =
        Tensors.arange(0, 35, 1, dtype).minus(Tensors.arange(0, 19, 1, dtype).unsqueeze(1));
    Tensor zero = Tensor.scalar(0, dtype);
    Tensor hides = Tensor.scalar(Double.NEGATIVE_INFINITY, dtype);
    Tensor lowest = Tensor.scalar(-Double.MAX_VALUE, DType.FLOAT64);
    Tensor slopes = Tensor.of(0.5, 0.25, 2.0).to(dtype).reshape(3, 1, 1);
    AttentionOptions any = AttentionOptions.DEFAULT;
    assertSame(
        run(true, null, any.bias(Where.where(mask, zero, hides)), seed, q, k, v),
        run(true, mask, any, seed, q, k, v));
    assertSame(
        run(true, null, any.bias(Where.where(mask, zero, lowest.to(dtype))), seed, q, k, v),
        run(true, mask, any, seed, q, k, v));
    assertSame(
        run(true, null, any.bias(Where.where(ahead.lessEqual(0), zero, hides)), seed, q, k, v),
        run(true, null, any.causal(true), seed, q, k, v));
    for (boolean causal : new boolean[] {false, true}) {
      AttentionOptions options = any.causal(causal);
      assertSame(
          run(true, mask, options.bias(ahead.abs().times(slopes).neg()), seed, q, k, v),
          run(true, mask, options.slopes(0.5, 0.25, 2), seed, q, k, v));
    }
  }

  private static void assertSame(Result actual, Result expected) {
    double tolerance = actual.y.dtype() == DType.FLOAT32 ? 2e-6 : 1e-14;
    assertClose("y", actual.y, expected.y, tolerance);
    for (int input = 0; input < 3; input++) {
      assertClose("gradient", actual.gradient(input), expected.gradient(input), tolerance);
    }
  }

  @Test
  void aQueryThatABiasHidesFromAllHasZerosAndGradientsZeroToAnyOrder() {
    Tensor x = normal(DType.FLOAT64, 2, 3, 4).tracked();
    double hidden = Double.NEGATIVE_INFINITY;
    Tensor bias = Tensor.of(new double[] {0.5, hidden, 1, hidden, hidden, hidden}, 2, 3).tracked();
    Tensor y =
        ScaledDotProduct.attention(
            x.slice(1, 0, 2), x, x, null, AttentionOptions.DEFAULT.bias(bias));
    assertThat(y.select(1, 1).toDoubleArray()).containsOnly(0);
    List<Tensor> first = Backward.wrt(x, bias).createGraph().gradients(y.square().sum());
    List<Tensor> second =
        Backward.wrt(x, bias)
            .gradients(first.get(0).square().sum().plus(first.get(1).square().sum()));
    for (Tensor g : List.of(first.get(1), second.get(1))) {
      assertThat(g.get(0, 0)).isNotZero();
      assertThat(g.get(0, 1)).isZero();
      assertThat(g.select(0, 1).abs().toDoubleArray()).containsOnly(0);
    }
    assertThat(second.get(0).isFinite().all().item()).isEqualTo(1);
  }

  @Test
  void oneNumberMayBeAMaskOrABiasAndValuesMayHaveAnAxisMore() {
    Tensor q = normal(DType.FLOAT64, 1, 4, 3, 5);
    Tensor k = normal(DType.FLOAT64, 1, 2, 3, 5);
    Tensor v = normal(DType.FLOAT64, 2, 1, 2, 3, 5);
    AttentionOptions shifted = AttentionOptions.DEFAULT.bias(Tensor.scalar(3));
    Tensor y = ScaledDotProduct.attention(q, k, v, Tensor.scalar(1), shifted);
    for (int i = 0; i < 2; i++) {
      Tensor one = ScaledDotProduct.attention(q, k, v.select(0, i), null, AttentionOptions.DEFAULT);
      assertClose("y", y.select(0, i), one, 1e-13);
    }
  }

  @Test
  void aBiasThatIsNoNumberIsNotHidden() {
    Tensor x = Tensors.ones(1, 2, 2);
    Tensor bias = Tensor.of(Double.NaN, 0.0);
    AttentionOptions options = AttentionOptions.DEFAULT.bias(bias);
    assertThat(ScaledDotProduct.attention(x, x, x, null, options).isNaN().all().item())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void laterQueriesPreferWhatIsNearAsTheDefinitionSays(DType dtype) {
    Tensor q = normal(dtype, 2, 3, 67, 5);
    Tensor k = normal(dtype, 2, 1, 131, 5);
    Tensor v = normal(dtype, 131, 3);
    Tensor seed = normal(dtype, 2, 3, 67, 3);
    for (boolean causal : new boolean[] {false, true}) {
      AttentionOptions options =
          AttentionOptions.DEFAULT.causal(causal).first(64).slopes(0.5, 0.25, 2);
      Result blocks = run(true, null, options, seed, q, k, v);
      Result composed = run(false, null, options, seed, q, k, v);
      double tolerance = dtype == DType.FLOAT32 ? 2e-5 : 1e-13;
      assertClose("y", blocks.y, composed.y, tolerance);
      for (int input = 0; input < 3; input++) {
        assertClose("gradient", blocks.gradient(input), composed.gradient(input), tolerance);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCausalQueryHasTheSameBitsAloneAndAmongOthers(DType dtype) {
    int t = 149; // several blocks, the last of them no multiple of the lanes
    Tensor q = normal(dtype, 4, t, 8);
    Tensor k = normal(dtype, 2, t, 8);
    Tensor v = normal(dtype, 2, t, 6);
    AttentionOptions options = AttentionOptions.DEFAULT.causal(true).slopes(0.5, 0.3, 0.2, 0.1);
    Tensor all = ScaledDotProduct.attention(q, k, v, null, options);
    for (int i : new int[] {0, 1, 30, 31, 32, 63, 64, 100, 127, 148}) {
      Tensor one =
          ScaledDotProduct.attention(
              q.slice(1, i, i + 1),
              k.slice(1, 0, i + 1),
              v.slice(1, 0, i + 1),
              null,
              options.first(i));
      assertThat(one.toDoubleArray()).isEqualTo(all.slice(1, i, i + 1).toDoubleArray());
    }
  }

  @ParameterizedTest
  @EnumSource
  void heldWeightsAndThreadsChangeNoBit(DType dtype) {
    Tensor q = normal(dtype, 6, 130, 8);
    Tensor k = normal(dtype, 2, 70, 8);
    Tensor v = normal(dtype, 2, 70, 4);
    Tensor seed = normal(dtype, 6, 130, 4);
    Result one = Parallel.withThreads(1, () -> run(true, null, false, seed, q, k, v));
    Result four = Parallel.withThreads(4, () -> run(true, null, false, seed, q, k, v));
    AttentionBlocks again =
        new AttentionBlocks(
            AttentionOptions.DEFAULT.scale(SCALE),
            new Tensor[] {q.reshape(2, 3, 130, 8), k.unsqueeze(1), v.unsqueeze(1)});
    Tensor[] computed =
        again.pullbacks(new boolean[] {true, true, true}, seed.reshape(2, 3, 130, 4), null);
    assertThat(four.y.toDoubleArray()).isEqualTo(one.y.toDoubleArray());
    for (int input = 0; input < 3; input++) {
      double[] expected = one.gradient(input).toDoubleArray();
      assertThat(four.gradient(input).toDoubleArray()).isEqualTo(expected);
      assertThat(computed[input].toDoubleArray()).isEqualTo(expected);
    }
  }

  @Test
  void memoryDoesNotGrowWithTheSquareOfTheLength() {
    int t = 750;
    Tensor x = normal(DType.FLOAT32, 2, t, 4);
    Budget budget = new Budget(Duration.ofHours(1), 2L * t * t * Float.BYTES / 2);
    Result result = budget.limit("attention", () -> run(true, null, true, x, x, x, x));
    assertThat(result.gradient(1).isNaN().any().item()).isZero();
  }

  @Test
  void infiniteScoresHaveTheWeightsOfTheLimit() {
    Tensor q = Tensor.of(new float[] {Float.POSITIVE_INFINITY}, 1, 1);
    Tensor k = Tensor.of(new float[] {1, 2, -1}, 3, 1);
    Tensor v = Tensor.of(new float[] {1, 3, 100}, 3, 1);
    assertThat(ScaledDotProduct.attention(q, k, v, null, AttentionOptions.DEFAULT.scale(1)).item())
        .isEqualTo(2);
  }

  @Test
  void misuseIsNamed() {
    Tensor x = Tensors.zeros(2, 3, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            ScaledDotProduct.attention(
                x, x, x, Tensors.ones(2, 2), AttentionOptions.DEFAULT.scale(1)))
        .withMessage("attention: mask of shape (2, 2); expected one that broadcasts to (2, 3, 3)");
    AttentionOptions slopes = AttentionOptions.DEFAULT.slopes(1, 2, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ScaledDotProduct.attention(x, x, x, null, slopes))
        .withMessage(
            "attention: 3 slopes and queries of shape (2, 3, 4); expected one slope for each head"
                + " of (..., heads, T, width)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> AttentionOptions.DEFAULT.first(-1))
        .withMessage("first: position -1; expected at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            ScaledDotProduct.weights(x, Tensors.zeros(4), null, AttentionOptions.DEFAULT.scale(1)))
        .withMessage(
            "attention: queries of shape (2, 3, 4) and keys of shape (4); expected (..., T, width)"
                + " and (..., S, width)");
  }
}
