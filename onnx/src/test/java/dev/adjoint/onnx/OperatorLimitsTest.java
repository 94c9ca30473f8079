package dev.adjoint.onnx;

import static dev.adjoint.onnx.ModelBuilder.attribute;
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
  void valuesMayBeInfinite() throws IOException {
    Value ends = floats(Tensor.of(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY));
    Assertions.assertThat(run("Asinh", List.of(ends)).toFloatArray())
        .containsExactly(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);
    List<Value> mask =
        List.of(
            new Value(Tensor.of(0.0, 1), ElementType.INT64),
            new Value(Tensor.scalar(2.0, DType.FLOAT64), ElementType.INT64),
            floats(Tensor.of(Float.NEGATIVE_INFINITY, 0)));
    Assertions.assertThat(run("OneHot", mask).toFloatArray())
        .containsExactly(0, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY, 0);
  }

  @Test
  void noExamplesKeepTheirFeatures() throws IOException {
    OnnxModel flatten =
        OnnxModel.of(
            new ModelBuilder(13)
                .input("x", "n", 3, 4)
                .output("y")
                .node("Flatten", "x -> y")
                .build());
    assertThat(flatten.forward(Tensors.zeros(0, 3, 4))).hasShape(0, 12);
    OnnxModel sums =
        OnnxModel.of(
            new ModelBuilder(13)
                .input("x", "n")
                .output("y")
                .integers("axis", 0)
                .node("CumSum", "x axis -> y", attribute("exclusive", 1))
                .build());
    assertThat(sums.forward(Tensors.zeros(0))).hasShape(0);
  }

  @Test
  void aNumberIsReducedAsAListOfOneIs() throws IOException {
    Value x = floats(Tensor.scalar(-2));
    Assertions.assertThat(run("ReduceL1", List.of(x)).item()).isEqualTo(2);
    Assertions.assertThat(run("ReduceL2", List.of(x)).item()).isEqualTo(2);
    Assertions.assertThat(run("ReduceSumSquare", List.of(x)).item()).isEqualTo(4);
    Value e = floats(Tensor.scalar((float) Math.E));
    Assertions.assertThat(run("ReduceLogSum", List.of(e)).item())
        .isCloseTo(1, Assertions.within(1e-6));
  }

  @Test
  void whatIsMadeOfIntegersIsOne() throws IOException {
    Value x = new Value(Tensor.of(-3.0, -2), ElementType.INT64);
    Assertions.assertThat(run("ReduceMean", List.of(x)).item()).isEqualTo(-2);
    Assertions.assertThat(run("ReduceL2", List.of(x)).item()).isEqualTo(3);
    Value image = new Value(Tensor.of(new double[] {0, 255}, 2), ElementType.UINT8);
    List<Value> inputs =
        List.of(
            image,
            floats(Tensors.zeros(0)),
            floats(Tensors.zeros(0)),
            new Value(Tensor.of(4.0), ElementType.INT64));
    Assertions.assertThat(run("Resize", inputs, attribute("mode", "linear")).toDoubleArray())
        .containsExactly(0, 63, 191, 255);
  }

  @Test
  void aScaledLengthIsThatOfFloats() throws IOException {
    List<Value> inputs =
        List.of(
            floats(Tensors.ones(20)),
            floats(Tensors.zeros(0)),
            floats(Tensor.of(new float[] {0.7f})));
    assertThat(run("Resize", inputs)).hasShape(14); // though 0.7f is below 0.7
  }

  @Test
  void anOutputShapeCutsMoreOffTheBeginning() throws IOException {
    List<Value> inputs =
        List.of(
            floats(Tensor.of(new float[] {1, 2}, 1, 1, 2)),
            floats(Tensor.of(new float[] {1, 10}, 1, 1, 2)));
    assertThat(run("ConvTranspose", inputs, attribute("output_shape", new long[] {2})))
        .isCloseTo(12, 20);
    assertThat(run("ConvTranspose", inputs, attribute("output_shape", new long[] {4})))
        .isCloseTo(1, 12, 20, 0);
  }

  @Test
  void aSliceBackwardsBeginsInTheTensor() throws IOException {
    List<Value> inputs =
        List.of(
            floats(Tensor.of(1f, 2, 3)),
            new Value(Tensor.of(-9.0), ElementType.INT64),
            new Value(Tensor.of(-9.0), ElementType.INT64),
            new Value(Tensor.of(0.0), ElementType.INT64),
            new Value(Tensor.of(-1.0), ElementType.INT64));
    assertThat(run("Slice", inputs)).isCloseTo(1);
  }

  @Test
  void theLargestOfAllAxesBehindOneIsFoundInOlderVersions() throws IOException {
    Value x = floats(Tensor.of(new float[] {1, 5, 2, 3, 4, 9, 0, 0}, 2, 2, 2));
    Assertions.assertThat(run(11, "Hardmax", List.of(x), 1).getFirst().tensor().toFloatArray())
        .containsExactly(0, 1, 0, 0, 0, 1, 0, 0);
    Assertions.assertThat(run("Hardmax", List.of(x)).toFloatArray())
        .containsExactly(0, 1, 0, 1, 0, 1, 1, 0);
  }

  @Test
  void anIndexOfOneAxisIsNotOneOfTheNext() {
    Value x = floats(Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    Value outside = new Value(Tensor.of(new double[] {0, 5}, 1, 2), ElementType.INT64);
    Assertions.assertThatIllegalArgumentException()
        .isThrownBy(() -> run("GatherND", List.of(x, outside)))
        .withMessageContaining("index 5; expected one below 3");
  }

  @Test
  void whatIsBehindTheEndOfASequenceMayBeAnything() throws IOException {
    List<Value> inputs =
        List.of(
            floats(Tensor.of(new float[] {1, Float.NaN}, 2, 1, 1)),
            floats(Tensors.ones(1, 1, 1)),
            floats(Tensors.ones(1, 1, 1)),
            floats(Tensors.zeros(1, 2)),
            new Value(Tensor.of(1.0), ElementType.INT32));
    Assertions.assertThat(run("RNN", inputs).toFloatArray())
        .containsExactly((float) Math.tanh(1), 0);
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
