package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Assertions for the tests of layers: those of the module testing are built on layers. */
public final class LayerAssertions {

  private LayerAssertions() {}

  /** Checks a function of its inputs and of the layer's parameters, in both modes of the layer. */
  public static void assertGradients(Layer layer, GradientCheck function) {
    GradientCheck check = function.wrt(layer.namedParameters());
    GradientReport training = layer.inTraining(check::run);
    assertThat(training.isOk()).as("%s in training mode: %s", layer, training).isTrue();
    GradientReport eval = layer.inEval(check::run);
    assertThat(eval.isOk()).as("%s in eval mode: %s", layer, eval).isTrue();
  }

  /** Compares shapes, and elements within 1e-12. */
  public static void assertClose(Tensor actual, Tensor expected) {
    assertClose(actual, expected, 1e-12);
  }

  /** Compares shapes, and elements within an absolute tolerance. */
  public static void assertClose(Tensor actual, Tensor expected, double tolerance) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.toDoubleArray()).containsExactly(expected.toDoubleArray(), within(tolerance));
  }

  /** Compares shapes, types and bits. */
  public static void assertSameBits(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.dtype()).isEqualTo(expected.dtype());
    assertThat(actual.toDoubleArray()).isEqualTo(expected.toDoubleArray());
  }

  /** Finds that no element is NaN or infinite. */
  public static void assertFinite(Tensor actual) {
    assertThat(actual.toDoubleArray())
        .matches(all -> Arrays.stream(all).allMatch(Double::isFinite));
  }
}
