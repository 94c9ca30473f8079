package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Autodiff.TernaryOperator;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.TensorFunction;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ElementwiseFunctionTest {

  private static final UnaryOperator<Tensor> MISH =
      Autodiff.elementwise("mish", ElementwiseFunctionTest::mish);
  private static final BinaryOperator<Tensor> HUBER =
      Autodiff.elementwise("huber", (x, t) -> huber(x, t));
  private static final TernaryOperator BLEND =
      Autodiff.elementwise("blend", (a, x, y) -> blend(a, x, y));

  private static Tensor mish(Tensor x) {
    return x.times(Activations.softplus(x).tanh());
  }

  private static Tensor huber(Tensor x, Tensor t) {
    Tensor d = x.minus(t).abs();
    return Where.where(d.less(0.7), d.square().times(0.5), d.minus(0.35).times(0.7));
  }

  private static Tensor blend(Tensor a, Tensor x, Tensor y) {
    Tensor share = a.sigmoid();
    return share.times(x.exp()).plus(share.neg().plus(1).times(y.clamp(-1, 1)));
  }

  private static Tensor random(long seed, DType dtype, int... sizes) {
    Random random = new Random(seed);
    double[] values = new double[Shape.of(sizes).size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextGaussian();
    }
    return Tensor.of(values, sizes).to(dtype);
  }

  // ---- bits ------------------------------------------------------------------------------------

  @Test
  void valuesAndGradientsHaveTheBitsOfTheComposition() {
    for (DType dtype : DType.values()) {
      for (int n : new int[] {0, 1, 5, 300, 70_001}) {
        sameBits(x -> MISH.apply(x[0]), x -> mish(x[0]), random(1, dtype, n));
        sameBits(
            x -> HUBER.apply(x[0], x[1]),
            x -> huber(x[0], x[1]),
            random(1, dtype, n),
            random(2, dtype, n));
      }
    }
  }

  @Test
  void inputsBroadcastAsInTheComposition() {
    int[][][] shapes = {
      {{7, 300}, {300}, {7, 1}},
      {{300}, {7, 300}, {}},
      {{1, 3}, {4, 1, 1}, {5, 1}},
      {{}, {}, {}},
      {{9, 4000}, {1, 4000}, {9, 4000}},
    };
    for (int[][] shape : shapes) {
      for (DType dtype : DType.values()) {
        Tensor[] at = new Tensor[3];
        Tensor[] same = new Tensor[3];
        for (int i = 0; i < 3; i++) {
          at[i] = random(i, dtype, shape[i]).tracked();
          same[i] = at[i].tracked();
        }
        Tensor y = BLEND.apply(at[0], at[1], at[2]);
        Tensor expected = blend(same[0], same[1], same[2]);
        assertThat(describe(y)).isEqualTo(describe(expected));
        Tensor seed = random(9, dtype, y.shape().toArray());
        var gradients = y.backward(seed);
        var wanted = expected.backward(seed);
        for (int i = 0; i < 3; i++) { // sums over broadcast axes come earlier in the composition
          assertThat(gradients.of(at[i]).shape()).isEqualTo(at[i].shape());
          assertThat(gradients.of(at[i]).toDoubleArray())
              .usingComparatorWithPrecision(dtype == DType.FLOAT32 ? 1e-3 : 1e-11)
              .containsExactly(wanted.of(same[i]).toDoubleArray());
        }
      }
    }
  }

  @Test
  void viewsOfAnyLayoutAreInputs() {
    Tensor x = random(1, DType.FLOAT32, 40, 30);
    Tensor y = random(2, DType.FLOAT32, 30, 80);
    sameBits(
        in -> HUBER.apply(in[0].transpose(0, 1), in[1].slice(1, 20, 60)),
        in -> huber(in[0].transpose(0, 1), in[1].slice(1, 20, 60)),
        x,
        y);
  }

  private static void sameBits(TensorFunction fused, TensorFunction composed, Tensor... at) {
    assertThat(results(fused, at)).isEqualTo(results(composed, at));
    assertThat(Parallel.withThreads(3, () -> results(fused, at))).isEqualTo(results(composed, at));
  }

  /** Returns the output and all gradients. */
  private static List<String> results(TensorFunction function, Tensor... at) {
    Tensor[] x = new Tensor[at.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = at[i].tracked();
    }
    Tensor y = function.apply(x);
    var gradients = y.backward(random(9, y.dtype(), y.shape().toArray()));
    List<String> results = new ArrayList<>();
    results.add(describe(y));
    for (Tensor each : x) {
      results.add(describe(gradients.of(each)));
    }
    return results;
  }

  private static String describe(Tensor x) {
    return x.dtype() + " " + x.shape() + " " + Arrays.hashCode(x.toDoubleArray());
  }

  @Test
  void typesArePromoted() {
    Tensor y = HUBER.apply(Tensor.of(0.5f, 2f), Tensor.of(0.0, 0.0));
    assertThat(y.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(y.toDoubleArray()).containsExactly(0.125, (2 - 0.35) * 0.7);
  }

  // ---- gradients -------------------------------------------------------------------------------

  @Test
  void gradientsAreRightToOrderTwo() {
    GradientCheck.of(x -> MISH.apply(x[0]))
        .at(random(1, DType.FLOAT64, 3, 2))
        .order(2)
        .run()
        .assertOk();
    GradientCheck.of(x -> HUBER.apply(x[0], x[1]))
        .at(random(1, DType.FLOAT64, 3, 2), random(2, DType.FLOAT64, 2))
        .order(2)
        .run()
        .assertOk();
    GradientCheck.of(x -> BLEND.apply(x[0], x[1], x[2]))
        .at(
            random(1, DType.FLOAT64, 3, 1),
            random(2, DType.FLOAT64, 2),
            random(4, DType.FLOAT64, 3, 2).times(0.3))
        .order(2)
        .run()
        .assertOk();
  }

  @Test
  void oneTensorMayBeSeveralInputs() {
    Tensor x = Tensor.of(0.3, -0.4).tracked();
    BinaryOperator<Tensor> product = Autodiff.elementwise("product", (a, b) -> a.times(b).exp());
    Tensor once = Backward.wrt(x).createGraph().of(product.apply(x, x).sum()).of(x);
    Tensor expected = Backward.wrt(x).createGraph().of(x.times(x).exp().sum()).of(x);
    assertThat(once.toDoubleArray()).containsExactly(expected.toDoubleArray());
    assertThat(once.sum().backward().of(x).toDoubleArray())
        .containsExactly(expected.sum().backward().of(x).toDoubleArray());
  }

  @Test
  void anInputWithoutInfluenceHasGradientZero() {
    Tensor x = Tensor.of(1.0, 2.0).tracked();
    Tensor t = Tensor.of(1.0, 2.0).tracked();
    BinaryOperator<Tensor> first = Autodiff.elementwise("first", (a, b) -> a.square());
    var gradients = first.apply(x, t).sum().backward();
    assertThat(gradients.of(x).toDoubleArray()).containsExactly(2, 4);
    assertThat(gradients.of(t).toDoubleArray()).containsExactly(0, 0);
    UnaryOperator<Tensor> mask = Autodiff.elementwise("mask", a -> a.greater(1.5));
    assertThat(mask.apply(x).sum().backward().of(x).toDoubleArray()).containsExactly(0, 0);
    assertThat(Backward.wrt(x).createGraph().of(mask.apply(x).sum()).of(x).toDoubleArray())
        .containsExactly(0, 0);
  }

  @Test
  void onlyTheCotangentsThatAreNeededAreComputed() {
    Tensor x = random(1, DType.FLOAT64, 500).tracked();
    Tensor t = random(2, DType.FLOAT64, 500);
    Tensor expected = huber(x, t).sum().backward().of(x);
    assertThat(HUBER.apply(x, t).sum().backward().of(x).toDoubleArray())
        .containsExactly(expected.toDoubleArray());
  }

  // ---- what a definition may be ----------------------------------------------------------------

  @Test
  void definitionsMayUseOneAnother() {
    UnaryOperator<Tensor> outer = Autodiff.elementwise("outer", x -> MISH.apply(x.times(2)));
    sameBits(in -> outer.apply(in[0]), in -> mish(in[0].times(2)), random(1, DType.FLOAT32, 99));
  }

  @Test
  void theIdentityAndUnusedStepsAreNoSteps() {
    UnaryOperator<Tensor> identity =
        Autodiff.elementwise(
            "identity",
            x -> {
              Tensor _ = x.exp();
              return x;
            });
    Tensor x = Tensor.of(1.0, 2.0).tracked();
    assertThat(identity.apply(x).toDoubleArray()).containsExactly(1, 2);
    assertThat(identity.apply(x).sum().backward().of(x).toDoubleArray()).containsExactly(1, 1);
  }

  @Test
  void aStaleParameterRefusesToBeRead() {
    Parameter p = new Parameter("p", Tensor.of(1f, 2f));
    Tensor loss = MISH.apply(p.value()).sum();
    p.assign(Tensor.of(3f, 4f));
    assertThatThrownBy(loss::backward)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("parameter 'p' was updated");
  }

  @Test
  void whatIsNotElementwiseIsRefused() {
    refuses(x -> x.minus(x.mean()), "f: 'sum' is not elementwise");
    refuses(x -> x.matmul(x.transpose(0, 1)), "is not elementwise");
    refuses(x -> x.reshape(x.size()), "is not elementwise");
    refuses(x -> x.softmax(-1), "is not elementwise");
    refuses(x -> x.to(DType.FLOAT64), "'to float64' is not elementwise");
    refuses(x -> Autodiff.checkpoint(() -> x.cumsum(0)), "is not elementwise");
  }

  @Test
  void readOutsAreRefused() {
    refuses(x -> x.times(x.item()), "f: reads out a tensor");
    refuses(x -> x.get(0, 0) > 0 ? x : x.neg(), "f: reads out a tensor");
    refuses(x -> x.plus(x.exp().toFloatArray()[0]), "f: reads out a tensor");
    refuses(x -> x.toString().isEmpty() ? x : x.neg(), "f: reads out a tensor");
  }

  @Test
  void tensorsFromElsewhereAreRefusedUnlessTheyAreOneValue() {
    Tensor tracked = Tensor.scalar(2).tracked();
    Tensor several = Tensor.of(1f, 2f, 3f);
    Generator generator = Generator.seeded(1);
    refuses(x -> x.times(tracked), "f: uses a tracked tensor of shape ()");
    refuses(x -> x.times(several), "f: uses a tensor of shape (3)");
    refuses(x -> several.sum(), "f: the function does not depend on its inputs");
    refuses(x -> Tensors.ones(2, 3), "f: the function does not depend on its inputs");
    refuses(x -> x.times(generator.uniform(1)), "f: draws random numbers or stops a gradient");
    refuses(x -> x.times(Autodiff.stopGradient(x)), "f: draws random numbers or stops a gradient");
    Tensor two = Tensor.scalar(2);
    assertThat(Autodiff.elementwise("twice", x -> x.times(two)).apply(several).toFloatArray())
        .containsExactly(2, 4, 6);
  }

  @Test
  void nullIsRefused() {
    refuses(x -> nothing(), "f: the function returned null");
  }

  @SuppressWarnings("NullAway") // on purpose
  private static Tensor nothing() {
    return null;
  }

  private static void refuses(UnaryOperator<Tensor> function, String message) {
    assertThatThrownBy(() -> Autodiff.elementwise("f", function))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void whatDoesNotFitTheSamplesIsSaidToBeNoInput() {
    Tensor captured = Tensors.ones(8, 4);
    assertThatThrownBy(() -> Autodiff.elementwise("scaled", (Tensor x) -> x.times(captured)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("scaled: run on samples of shape (2, 3), to learn its steps, fails")
        .hasMessageContaining("times: shapes (2, 3) and (8, 4) do not broadcast");
  }
}
