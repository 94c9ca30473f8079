package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/** Compares gradients to order 2 with central differences, element by element, in float64. */
final class FiniteDifferences {

  private static final double STEP = 1e-6;

  private FiniteDifferences() {}

  /** Computes a tensor from tensors. */
  interface Function {
    Tensor of(Tensor... x);
  }

  /** Checks first and second derivatives; the first by recorded and by unrecorded pullbacks. */
  static void check(Function f, Tensor... inputs) {
    Tensor[] recorded = gradients(f, true, inputs);
    Tensor[] unrecorded = gradients(f, false, inputs);
    for (int i = 0; i < inputs.length; i++) {
      assertClose("unrecorded gradient of input " + i, unrecorded[i], recorded[i], 1e-10);
    }
    checkOnce("gradient", f, inputs);
    checkOnce("second gradient", x -> weigh(gradients(f, true, x)), inputs);
  }

  private static void checkOnce(String what, Function f, Tensor... inputs) {
    Tensor[] analytic = gradients(f, false, inputs);
    for (int i = 0; i < inputs.length; i++) {
      double[] values = inputs[i].toDoubleArray();
      double[] numeric = new double[values.length];
      for (int j = 0; j < values.length; j++) {
        numeric[j] = (moved(f, inputs, i, j, STEP) - moved(f, inputs, i, j, -STEP)) / (2 * STEP);
      }
      Tensor expected = Tensor.of(numeric, inputs[i].shape().toArray());
      assertClose(what + " of input " + i, analytic[i], expected, 1e-6);
    }
  }

  private static double moved(Function f, Tensor[] inputs, int input, int element, double step) {
    Tensor[] x = inputs.clone();
    double[] values = x[input].toDoubleArray();
    values[element] += step;
    x[input] = Tensor.of(values, x[input].shape().toArray());
    return weigh(f.of(x)).item();
  }

  /** Returns the gradients of a weighted sum of all outputs; zeros where there is none. */
  private static Tensor[] gradients(Function f, boolean createGraph, Tensor... inputs) {
    Tensor[] x = new Tensor[inputs.length];
    Tensor[] result = new Tensor[inputs.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = inputs[i].isTracked() ? inputs[i] : inputs[i].tracked();
      result[i] = Tensors.zeros(x[i].shape(), x[i].dtype());
    }
    Tensor y = weigh(f.of(x));
    if (y.isTracked()) {
      Backward backward = Backward.wrt(x);
      Gradients g = (createGraph ? backward.createGraph() : backward).of(y);
      for (int i = 0; i < x.length; i++) {
        result[i] = g.contains(x[i]) ? g.of(x[i]) : result[i];
      }
    }
    return result;
  }

  /** Returns a sum of all elements with fixed random weights. */
  private static Tensor weigh(Tensor... parts) {
    Generator generator = Generator.seeded(11);
    Tensor sum = Tensor.scalar(0, DType.FLOAT64);
    for (Tensor part : parts) {
      sum = sum.plus(part.times(generator.uniform(0.5, 1.5, part.shape(), DType.FLOAT64)).sum());
    }
    return sum;
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
