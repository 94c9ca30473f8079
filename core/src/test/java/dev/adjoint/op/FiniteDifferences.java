package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.TensorFunction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Says in one line what these tests ask of a function or a tensor. */
final class FiniteDifferences {

  private FiniteDifferences() {}

  /** Checks first and second derivatives, element by element, recorded and unrecorded. */
  static void check(TensorFunction f, Tensor... inputs) {
    GradientCheck.of(f).at(inputs).order(2).run().assertOk();
  }

  static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
    assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
    double[] a = actual.toDoubleArray();
    double[] e = expected.toDoubleArray();
    for (int i = 0; i < e.length; i++) {
      assertThat(a[i])
          .as("%s at %d", what, i)
          .isCloseTo(e[i], within(tolerance * Math.max(1, Math.abs(e[i]))));
    }
  }

  /** Returns distinct, harmless numbers around 0. */
  static Tensor normal(int seed, int... sizes) {
    return Generator.seeded(seed).normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }
}
