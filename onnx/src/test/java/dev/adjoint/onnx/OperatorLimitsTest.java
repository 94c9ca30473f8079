package dev.adjoint.onnx;

import static dev.adjoint.onnx.OperatorTest.floats;
import static dev.adjoint.onnx.OperatorTest.run;
import static dev.adjoint.testing.AdjointAssertions.assertThat;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Single nodes where a formula overflows, cancels or has no slope. */
class OperatorLimitsTest {

  @Test
  void inverseHyperbolicFunctionsKeepTheirDigits() throws IOException {
    for (double x : new double[] {1e-30, 1e-6, 1e-3, 0.5, 3, 1e6, 1e30}) {
      double asinh = Math.log1p(x + x * (x / (1 + Math.hypot(x, 1))));
      assertRelativelyClose("Asinh", x, asinh);
      assertRelativelyClose("Asinh", -x, -asinh);
      double above = (float) (1 + x); // which is what the operator gets
      double over = above - 1;
      assertRelativelyClose(
          "Acosh", above, Math.log1p(over + Math.sqrt(over) * Math.sqrt(over + 2)));
    }
    Tensor zero = Tensor.of(0.0).tracked();
    assertThat(run("Asinh", List.of(floats(zero))).sum().backward().of(zero))
        .isCloseTo(Tensor.of(1.0));
  }

  private static void assertRelativelyClose(String op, double x, double expected)
      throws IOException {
    Assertions.assertThat(run(op, List.of(floats(Tensor.of((float) x)))).get(0))
        .isCloseTo(expected, Assertions.withinPercentage(1e-4));
  }

  @Test
  void whatAThresholdCutsOffMayBeInfinite() throws IOException {
    Value ends = floats(Tensor.of(Float.NEGATIVE_INFINITY, 0.1f, Float.POSITIVE_INFINITY));
    Assertions.assertThat(run("ThresholdedRelu", List.of(ends)).toFloatArray())
        .containsExactly(0, 0, Float.POSITIVE_INFINITY);
    Assertions.assertThat(run("Shrink", List.of(ends)).toFloatArray())
        .containsExactly(Float.NEGATIVE_INFINITY, 0, Float.POSITIVE_INFINITY);
  }

  @Test
  void gradientsHoldWhereAPartOverflowsOrVanishes() throws IOException {
    Tensor large = Tensor.of(1000f, -2f).tracked();
    assertThat(run("Celu", List.of(floats(large))).sum().backward().of(large))
        .isCloseTo(Tensor.of(1f, (float) Math.exp(-2)));
    Tensor none = Tensors.zeros(1, 1, 3).tracked();
    for (String op : List.of("ReduceL2", "GlobalLpPool")) {
      assertThat(run(op, List.of(floats(none))).sum().backward().of(none))
          .isCloseTo(Tensors.zeros(1, 1, 3));
      Tensor huge = Tensors.full(none.shape(), 1e30, DType.FLOAT32);
      assertThat(run(op, List.of(floats(huge))).div(1e30).sum())
          .isCloseTo(Tensor.scalar(Math.sqrt(3)));
    }
  }

  @Test
  void zerosAreQuantizedAsZeros() throws IOException {
    List<Value> inputs = List.of(floats(Tensors.zeros(3)));
    List<Value> results = run(22, "DynamicQuantizeLinear", inputs, 3);
    Assertions.assertThat(results.get(0).tensor().toDoubleArray()).containsOnly(0);
    Assertions.assertThat(results.get(1).tensor().item()).isEqualTo(1);
    Assertions.assertThat(results.get(2).tensor().item()).isEqualTo(0);
  }
}
