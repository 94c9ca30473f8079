package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StandardizeTest {

  private static final double EPSILON = 1e-3;

  /** Shapes and reduction axes: kept axes before, among, after, apart, of size 1, or none. */
  static Stream<Arguments> layouts() {
    return Stream.of(
            row(Shape.of(3, 4), 0),
            row(Shape.of(3, 4), 1),
            row(Shape.of(3, 4)),
            row(Shape.of(3, 4, 2), 0, 2),
            row(Shape.of(3, 4, 2), 1),
            row(Shape.of(2, 3, 2, 2), 0, 2, 3),
            row(Shape.of(2, 3, 2, 2), 2, 3),
            row(Shape.of(2, 2, 3, 2), 0, 2),
            row(Shape.of(1, 3, 4), 1),
            row(Shape.of(2, 3, 97), 1),
            row(Shape.of(1, 2, 3, 12, 9), 2),
            row(Shape.of(5, 1), 0))
        .flatMap(r -> Stream.of(true, false).map(c -> Arguments.of(r.shape, r.axes, c)));
  }

  private record Row(Shape shape, int[] axes) {}

  private static Row row(Shape shape, int... axes) {
    return new Row(shape, axes);
  }

  @ParameterizedTest(name = "{0} centered {2}")
  @MethodSource("layouts")
  void theKernelsDoWhatTheDefinitionSays(Shape shape, int[] axes, boolean centered) {
    Tensor x = normal(1, shape.toArray()).plus(0.7);
    Standardize.Rule rule = new Standardize.Rule(centered, EPSILON, false);
    int[] resolved = x.shape().axes("standardize", axes);
    Standardized fused = Standardize.standardize(x, centered, EPSILON, axes);
    assertClose("y", fused.y(), rule.composed(x, resolved), 1e-12);
    Tensor mean = centered ? x.mean(axes) : Tensors.zeros(x.mean(axes).shape(), x.dtype());
    assertClose("mean", fused.mean(), mean, 1e-12);
    Tensor variance = centered ? x.biasedVariance(axes) : x.square().mean(axes);
    assertClose("variance", fused.variance(), variance, 1e-12);

    UnaryOperator<Tensor> composed = v -> rule.composed(v, resolved);
    UnaryOperator<Tensor> kernels = v -> Standardize.standardize(v, centered, EPSILON, axes).y();
    for (int order = 0; order <= 3; order++) {
      assertClose(
          "derivative " + order,
          derivative(kernels, order, x),
          derivative(composed, order, x),
          1e-12);
    }
    FiniteDifferences.check(v -> kernels.apply(v[0]), x);
  }

  /** Differentiates a weighted sum again and again; the last time unrecorded. */
  private static Tensor derivative(UnaryOperator<Tensor> f, int order, Tensor x) {
    Generator generator = Generator.seeded(17);
    Tensor leaf = x.tracked();
    Tensor result = f.apply(leaf);
    for (int i = 1; i <= order; i++) {
      Tensor sum = result.times(generator.uniform(0.5, 1.5, x.shape(), x.dtype())).sum();
      Backward backward = Backward.wrt(leaf);
      result = (i < order ? backward.createGraph() : backward).of(sum).of(leaf);
    }
    return result;
  }

  @ParameterizedTest(name = "{0} centered {2}")
  @MethodSource("layouts")
  void viewsAndFloatsGiveTheSame(Shape shape, int[] axes, boolean centered) {
    Tensor x = normal(2, shape.toArray());
    int[] resolved = x.shape().axes("standardize", axes);
    Tensor expected = new Standardize.Rule(centered, EPSILON, false).composed(x, resolved);
    Tensor reversed = x.flip(0).contiguous().flip(0);
    Tensor sliced = Joining.concat(0, x, x).slice(0, x.size(0), 2 * x.size(0));
    Tensor turned = x.transpose(0, -1).contiguous().transpose(0, -1);
    for (Tensor view : new Tensor[] {reversed, sliced, turned}) {
      assertClose("y", Standardize.standardize(view, centered, EPSILON, axes).y(), expected, 1e-12);
      UnaryOperator<Tensor> kernels = v -> Standardize.standardize(v, centered, EPSILON, axes).y();
      assertClose("gradient", derivative(kernels, 1, view), derivative(kernels, 1, x), 1e-12);
    }
    Standardized floats = Standardize.standardize(x.to(DType.FLOAT32), centered, EPSILON, axes);
    assertThat(floats.y().dtype()).isEqualTo(DType.FLOAT32);
    assertClose("float32", floats.y(), expected, 1e-5);
  }

  @ParameterizedTest(name = "{0} centered {2}")
  @MethodSource("layouts")
  void gainAndBiasOfAnyShapeDoWhatTheDefinitionSays(Shape shape, int[] axes, boolean centered) {
    for (int kept = 0; kept < 1 << shape.rank(); kept++) {
      int[] sizes = shape.toArray();
      for (int axis = 0; axis < sizes.length; axis++) {
        sizes[axis] = (kept >> axis & 1) == 1 ? sizes[axis] : 1;
      }
      Tensor x = normal(1, shape.toArray()).tracked();
      Tensor gain = normal(2, sizes).tracked();
      Tensor bias = normal(3, sizes).tracked();
      Tensor seed = normal(4, shape.toArray());
      for (boolean outside : new boolean[] {false, true}) {
        Standardize.Rule rule = new Standardize.Rule(centered, EPSILON, outside);
        Tensor fused = Standardize.normalize(x, gain, bias, rule, axes).y();
        int[] resolved = shape.axes("test", axes);
        Tensor composed = rule.composed(x, resolved).times(gain).plus(bias);
        assertClose("h", fused, composed, 1e-12);
        for (Tensor input : new Tensor[] {x, gain, bias}) {
          Tensor slope = fused.backward(seed).of(input);
          assertThat(slope.shape()).isEqualTo(input.shape());
          assertClose("gradient", slope, composed.backward(seed).of(input), 1e-11);
        }
        Backward recorded = Backward.wrt(x, gain).createGraph().seed(seed);
        Tensor ofFused = recorded.of(fused).of(x).square().sum();
        Tensor ofComposed = recorded.of(composed).of(x).square().sum();
        for (Tensor input : new Tensor[] {x, gain}) {
          assertClose(
              "second", ofFused.backward().of(input), ofComposed.backward().of(input), 1e-10);
        }
      }
    }
  }

  @Test
  void gainsOfAWiderTypeWiden() {
    Tensor x = normal(1, 3, 4).to(DType.FLOAT32);
    Standardize.Rule rule = new Standardize.Rule(true, EPSILON, false);
    Tensor gain = normal(2, 4);
    assertThat(Standardize.normalize(x, gain, null, rule, 1).y().dtype()).isEqualTo(DType.FLOAT64);
    Tensor narrow = gain.to(DType.FLOAT32).tracked();
    Tensor h = Standardize.normalize(x.to(DType.FLOAT64), narrow, null, rule, 1).y();
    assertThat(h.dtype()).isEqualTo(DType.FLOAT64);
    assertThat(h.sum().backward().of(narrow).dtype()).isEqualTo(DType.FLOAT32);
  }

  @Test
  void statisticsAreNotTracked() {
    Standardized result = Standardize.standardize(normal(1, 3, 4).tracked(), true, EPSILON, 0);
    assertThat(result.y().isTracked()).isTrue();
    assertThat(result.mean().isTracked()).isFalse();
    assertThat(result.variance().isTracked()).isFalse();
  }

  @Test
  void aConstantSetBecomesZeros() {
    Tensor x = Tensors.full(Shape.of(2, 3), 5, DType.FLOAT64).tracked();
    for (double epsilon : new double[] {0, EPSILON}) {
      Tensor y = Standardize.standardize(x, true, epsilon, 1).y();
      assertThat(y.toDoubleArray()).containsOnly(0);
      assertThat(
              new Standardize.Rule(true, epsilon, false).composed(x, new int[] {1}).toDoubleArray())
          .containsOnly(0);
      Tensor gradient = y.times(Tensor.of(1.0, 2, 3)).sum().backward().of(x);
      assertThat(gradient.isFinite().all().item()).isEqualTo(1);
    }
  }

  @Test
  void setsWithoutElementsHaveNoStatistics() {
    Standardized empty = Standardize.standardize(Tensors.zeros(0, 3), true, EPSILON, 0);
    assertThat(empty.y().shape()).isEqualTo(Shape.of(0, 3));
    assertThat(empty.variance().isNaN().toFloatArray()).containsExactly(1, 1, 1);
    Standardized none = Standardize.standardize(Tensors.zeros(0, 3), true, EPSILON, 1);
    assertThat(none.mean().shape()).isEqualTo(Shape.of(0));
    Tensor gain = Tensors.ones(3, 1).tracked();
    Standardize.Rule rule = new Standardize.Rule(true, EPSILON, false);
    Tensor h = Standardize.normalize(Tensors.zeros(2, 3, 0), gain, null, rule, 1, 2).y();
    assertThat(h.sum().backward().of(gain).toFloatArray()).containsExactly(0, 0, 0);
  }

  @Test
  void resultsAreTheSameOnAnyNumberOfThreads() {
    Tensor x = Generator.seeded(4).normal(64, 300).tracked();
    Tensor seed = Generator.seeded(5).normal(64, 300);
    for (int axis = 0; axis < 2; axis++) {
      int reduced = axis;
      float[] one = Parallel.withThreads(1, () -> gradient(x, seed, reduced));
      float[] four = Parallel.withThreads(4, () -> gradient(x, seed, reduced));
      assertThat(four).isEqualTo(one);
    }
  }

  private static float[] gradient(Tensor x, Tensor seed, int axis) {
    return Standardize.standardize(x, true, EPSILON, axis).y().backward(seed).of(x).toFloatArray();
  }

  @Test
  void badArgumentsAreNamed() {
    Tensor x = Tensors.zeros(2, 3);
    assertThatThrownBy(() -> Standardize.standardize(x, true, -1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("standardize: epsilon -1.0 for shape (2, 3); expected at least 0");
    assertThatThrownBy(() -> Standardize.standardize(x, true, 1, 2))
        .hasMessageStartingWith("standardize: there is no axis 2 in shape (2, 3)");
  }
}
