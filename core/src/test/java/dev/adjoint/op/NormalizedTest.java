package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static dev.adjoint.op.FiniteDifferences.normal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalizedTest {

  private static final Normalized NORMALIZED = new Normalized();

  /** Columns, channels before and after positions, groups, a gain of every element, one of all. */
  @ParameterizedTest(name = "{0} statistics {1} gain {2}")
  @CsvSource({
    "5x3, 3, 3",
    "5x3, 1x3, 1x3",
    "1x3, 1x3, 3",
    "5x1, 1x1, 1",
    "5x3, 5x1, 3",
    "4x3x2x5, 1x3x1x1, 1x3x1x1",
    "4x2x5x3, 1x1x1x3, 3",
    "4x3x35, 4x3x1, 1x3x1",
    "4x3x35, 4x3x1, 1x3x35",
    "4x3x5, 1x3x1, 4x3x5",
    "4x3x5, 1x3x1, 1x1x1"
  })
  void aGradientIsThatOfTheFormula(String shape, String statistics, String features) {
    Tensor[] x = {
      normal(1, sizes(shape)).plus(3),
      normal(2, sizes(statistics)).plus(3),
      normal(3, sizes(statistics)).abs().plus(0.5),
      normal(4, sizes(features)),
      normal(5, sizes(features))
    };
    Tensor g = normal(6, sizes(shape));
    for (int needed = 1; needed < 1 << x.length; needed++) {
      Tensor[] tracked = x.clone();
      for (int i = 0; i < x.length; i++) {
        tracked[i] = (needed >> i & 1) == 0 ? x[i] : x[i].tracked();
      }
      Gradients actual = gradients(NORMALIZED.apply(tracked), g, tracked);
      Tensor formula =
          tracked[0].minus(tracked[1]).times(tracked[2]).times(tracked[3]).plus(tracked[4]);
      Gradients expected = gradients(formula, g, tracked);
      for (Tensor input : tracked) {
        if (input.isTracked()) {
          assertClose("gradient", actual.of(input), expected.of(input), 1e-12);
        }
      }
    }
    FiniteDifferences.check(NORMALIZED::apply, x);
  }

  @Test
  void forwardModeIsThatOfTheFormula() {
    List<Tensor> x =
        List.of(normal(1, 4, 3), normal(2, 3), normal(3, 3), normal(4, 3), normal(5, 3));
    List<Tensor> along = x.stream().map(each -> normal(6, each.shape().toArray())).toList();
    Function<List<Tensor>, Tensor> formula =
        in -> in.get(0).minus(in.get(1)).times(in.get(2)).times(in.get(3)).plus(in.get(4));
    assertClose(
        "jvp",
        Derivatives.jvp(in -> NORMALIZED.apply(in.toArray(Tensor[]::new)), x, along),
        Derivatives.jvp(formula, x, along),
        1e-12);
  }

  /** Elements that a sum of float32 numbers would lose count in the gradient of a gain. */
  @Test
  void theSumsOfManyElementsAreAccurate() {
    int n = 1 << 18;
    Tensor x = Tensors.full(Shape.of(n, 2), 0.1, DType.FLOAT32);
    Tensor gain = Tensors.ones(2).tracked();
    Tensor y = NORMALIZED.apply(x, Tensors.zeros(2), Tensors.ones(2), gain, Tensors.zeros(2));
    double[] sums = y.sum().backward().of(gain).toDoubleArray();
    assertThat(sums[0] / (n * (double) 0.1f)).isBetween(1 - 1e-6, 1 + 1e-6);
    assertThat(sums[1]).isEqualTo(sums[0]);
  }

  /** An infinite element has an output that is infinite, too; what it passes back is known. */
  @Test
  void anInfiniteElementHasTheGradientOfTheOthers() {
    Tensor x = Tensor.of(new double[] {1, Double.POSITIVE_INFINITY}, 2, 1).to(DType.FLOAT32);
    Tensor leaf = x.tracked();
    Tensor gain = Tensors.full(Shape.of(1), 2, DType.FLOAT32).tracked();
    Tensor inverse = Tensors.full(Shape.of(1), 3, DType.FLOAT32);
    Tensor y = NORMALIZED.apply(leaf, Tensors.zeros(1), inverse, gain, Tensors.zeros(1));
    assertThat(y.sum().backward().of(leaf).toFloatArray()).containsExactly(6, 6);
  }

  private static Gradients gradients(Tensor y, Tensor g, Tensor... x) {
    Tensor[] leaves = Arrays.stream(x).filter(Tensor::isTracked).toArray(Tensor[]::new);
    return Backward.wrt(leaves).of(y.times(g).sum());
  }

  private static int[] sizes(String shape) {
    return Arrays.stream(shape.split("x")).mapToInt(Integer::parseInt).toArray();
  }
}
