package dev.adjoint.onnx;

import static dev.adjoint.onnx.ModelBuilder.attribute;
import static dev.adjoint.testing.AdjointAssertions.assertThat;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.onnx.ModelBuilder.Message;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.Interpolation;
import dev.adjoint.op.Sampling;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

/** Single nodes, beside what is known of them. */
class OperatorTest {

  private static final Generator GENERATOR = Generator.seeded(1);

  /** An input of a node: a tensor of a type. */
  private static Value in(ElementType type, double... values) {
    return new Value(Tensor.of(values).to(type.dtype()), type);
  }

  static Value floats(Tensor x) {
    return Value.of(x);
  }

  /** Runs a node. */
  static List<Value> run(
      int opset, String op, List<Value> inputs, int outputs, Message... attributes)
      throws IOException {
    ModelBuilder builder = new ModelBuilder(opset);
    StringBuilder names = new StringBuilder();
    Map<String, Item> given = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).tensor().size() > 0) { // nothing: left out
        builder.anyInput("in" + i);
        names.append("in").append(i);
        given.put("in" + i, inputs.get(i));
      }
      names.append(' ');
    }
    names.append("->");
    for (int i = 0; i < outputs; i++) {
      names.append(" out").append(i);
      builder.output("out" + i);
    }
    builder.node(op, names.toString().replace(" ->", " -> ").replace("->  ", "-> "), attributes);
    OnnxModel model = OnnxModel.of(builder.build());
    List<Value> results = new ArrayList<>();
    model.forwardAll(given, 10).values().forEach(item -> results.add((Value) item));
    return results;
  }

  static Tensor run(String op, List<Value> inputs, Message... attributes) throws IOException {
    return run(22, op, inputs, 1, attributes).getFirst().tensor();
  }

  private static final Value NOTHING = floats(Tensors.zeros(0));

  // ---- images ----------------------------------------------------------------------------------

  @Test
  void imagesAreResizedAsInterpolationDoes() throws IOException {
    Value x = floats(GENERATOR.normal(1, 2, 4, 6));
    Value sizes = in(ElementType.INT64, 1, 2, 3, 9);
    List<Value> inputs = List.of(x, NOTHING, NOTHING, sizes);
    assertThat(run("Resize", inputs, attribute("mode", "cubic")))
        .isCloseTo(Interpolation.CUBIC.resize(x.tensor(), 3, 9));
    assertThat(
            run(
                "Resize",
                inputs,
                attribute("mode", "linear"),
                attribute("coordinate_transformation_mode", "align_corners")))
        .isCloseTo(Interpolation.LINEAR_ALIGNED.resize(x.tensor(), 3, 9));
    assertThat(
            run(
                "Resize",
                inputs,
                attribute("mode", "linear"),
                attribute("antialias", 1L),
                attribute("exclude_outside", 1L)))
        .isCloseTo(Interpolation.LINEAR_SMOOTH.resize(x.tensor(), 3, 9));
    Value twice = in(ElementType.FLOAT, 1, 1, 2, 2);
    assertThat(run(9, "Upsample", List.of(x, twice), 1).getFirst().tensor())
        .isCloseTo(Interpolation.NEAREST.rescale(x.tensor(), 2));
  }

  @Test
  void aSizeByPolicyKeepsTheRatioOfTheAxes() throws IOException {
    Value x = floats(GENERATOR.normal(1, 1, 4, 8));
    List<Value> inputs = List.of(x, NOTHING, NOTHING, in(ElementType.INT64, 8, 8));
    Tensor smaller =
        run(
            "Resize",
            inputs,
            attribute("axes", 2, 3),
            attribute("keep_aspect_ratio_policy", "not_larger"));
    Assertions.assertThat(smaller.shape().toArray()).containsExactly(1, 1, 4, 8);
  }

  @Test
  void gridsAreReadAsSamplingDoes() throws IOException {
    Value x = floats(GENERATOR.normal(1, 2, 4, 6));
    Value theta = floats(Tensor.of(new float[][][] {{{0.5f, 0.1f, 0}, {0, 0.7f, 0.2f}}}));
    Tensor grid = run("AffineGrid", List.of(theta, in(ElementType.INT64, 1, 2, 3, 3)));
    assertThat(grid).isCloseTo(Sampling.affineGrid(theta.tensor(), false, 3, 3));
    assertThat(
            run(
                "GridSample",
                List.of(x, floats(grid)),
                attribute("mode", "cubic"),
                attribute("padding_mode", "reflection")))
        .isCloseTo(
            Sampling.BICUBIC.gridSample(
                x.tensor(), grid, Sampling.Outside.REFLECTION, /* aligned= */ false));
  }

  @Test
  void aConvolutionThatIsDeformedByNothingIsAConvolution() throws IOException {
    Value x = floats(GENERATOR.normal(2, 4, 5, 6));
    Value w = floats(GENERATOR.normal(6, 2, 3, 3));
    Value none = floats(Tensors.zeros(2, 36, 5, 6));
    Value bias = floats(GENERATOR.normal(6));
    assertThat(
            run(
                "DeformConv",
                List.of(x, w, none, bias),
                attribute("pads", 1, 1, 1, 1),
                attribute("group", 2L),
                attribute("offset_group", 2L)))
        .isCloseTo(
            Convolution.conv2d(
                x.tensor(), w.tensor(), bias.tensor(), ConvOptions.DEFAULT.padding(1).groups(2)));
  }

  @Test
  void theOffsetsOfAConvolutionAreLearned() throws IOException {
    OnnxModel model =
        OnnxModel.of(
            new ModelBuilder(22)
                .input("x")
                .initializer("w", GENERATOR.normal(1, 1, 2, 2))
                .initializer("offset", GENERATOR.uniform(1, 8, 2, 2).times(0.8).plus(0.1))
                .node("DeformConv", "x w offset -> y")
                .output("y")
                .build());
    model.to(DType.FLOAT64);
    GradientCheck.of(in -> model.forward(in[0]))
        .at(GENERATOR.normal(1, 1, 3, 3).to(DType.FLOAT64))
        .wrt(model.namedParameters())
        .run()
        .assertOk();
  }

  @Test
  void regionsAreAveraged() throws IOException {
    Tensor ramp = Tensors.arange(16).reshape(1, 1, 4, 4);
    Tensor y =
        run(
            "RoiAlign",
            List.of(
                floats(ramp),
                floats(Tensor.of(new float[][] {{0, 0, 4, 4}})),
                in(ElementType.INT64, 0)),
            attribute("output_height", 2L),
            attribute("output_width", 2L),
            attribute("sampling_ratio", 2L));
    assertThat(y.reshape(4)).isCloseTo(Tensor.of(2.5f, 4.5f, 10.5f, 12.5f));
  }

  @Test
  void windowsAreAddedUpAsFoldDoes() throws IOException {
    Value x = floats(GENERATOR.normal(2, 3 * 4, 16));
    assertThat(run("Col2Im", List.of(x, in(ElementType.INT64, 5, 5), in(ElementType.INT64, 2, 2))))
        .isCloseTo(Convolution.fold(x.tensor(), 5, 5, 2, 2, ConvOptions.DEFAULT));
  }

  @Test
  void boxesThatShareMuchAreDropped() throws IOException {
    Value boxes =
        floats(Tensor.of(new float[][][] {{{0, 0, 2, 2}, {0, 0, 2, 1.9f}, {5, 5, 6, 6}}}));
    Value scores = floats(Tensor.of(new float[][][] {{{0.5f, 0.9f, 0.7f}}}));
    Tensor picked =
        run(
            "NonMaxSuppression",
            List.of(
                boxes,
                scores,
                in(ElementType.INT64, 9),
                in(ElementType.FLOAT, 0.5),
                in(ElementType.FLOAT, 0.1)));
    Assertions.assertThat(picked.toDoubleArray()).containsExactly(0, 0, 1, 0, 0, 2);
  }

  // ---- integers --------------------------------------------------------------------------------

  @Test
  void numbersAreQuantizedAndBack() throws IOException {
    Value x = in(ElementType.FLOAT, -1, 0.25, 0.3, 700);
    Value scale = in(ElementType.FLOAT, 0.5);
    Value zero = in(ElementType.UINT8, 10);
    Tensor y = run("QuantizeLinear", List.of(x, scale, zero));
    Assertions.assertThat(y.toDoubleArray()).containsExactly(8, 10, 11, 255);
    Tensor back = run("DequantizeLinear", List.of(new Value(y, ElementType.UINT8), scale, zero));
    assertThat(back).isCloseTo(Tensor.of(-1f, 0, 0.5f, 122.5f));
  }

  @Test
  void quantizedProductsAreThoseOfWhatNumbersStandFor() throws IOException {
    Value a = new Value(Tensor.of(new double[][] {{1, 2}, {3, 4}}), ElementType.UINT8);
    Value scale = in(ElementType.FLOAT, 0.5);
    Value zero = in(ElementType.UINT8, 1);
    Tensor integers = run("MatMulInteger", List.of(a, a, zero, zero));
    Assertions.assertThat(integers.toDoubleArray()).containsExactly(2, 3, 6, 11);
    Tensor y = run("QLinearMatMul", List.of(a, scale, zero, a, scale, zero, scale, zero));
    Assertions.assertThat(y.toDoubleArray()).containsExactly(2, 3, 4, 7); // of two, the even one
    Value image = new Value(Tensor.of(new double[] {1, 2, 3, 4}, 1, 1, 4), ElementType.UINT8);
    Value kernel = new Value(Tensor.of(new double[] {1, 2}, 1, 1, 2), ElementType.UINT8);
    Tensor sums = run("ConvInteger", List.of(image, kernel, zero), attribute("pads", 1, 0));
    Assertions.assertThat(sums.toDoubleArray()).containsExactly(0, 2, 5, 8);
  }

  @Test
  void bitsAreThoseOfTheIntegers() throws IOException {
    Value a = in(ElementType.INT8, 12, -1);
    Value b = in(ElementType.INT8, 10, 6);
    Assertions.assertThat(run("BitwiseAnd", List.of(a, b)).toDoubleArray()).containsExactly(8, 6);
    Assertions.assertThat(run("BitwiseXor", List.of(a, b)).toDoubleArray()).containsExactly(6, -7);
    Assertions.assertThat(run("BitwiseNot", List.of(a)).toDoubleArray()).containsExactly(-13, 0);
    Value bytes = in(ElementType.UINT8, 129, 3);
    Value by = in(ElementType.UINT8, 1, 1);
    Assertions.assertThat(
            run("BitShift", List.of(bytes, by), attribute("direction", "LEFT")).toDoubleArray())
        .containsExactly(2, 6);
  }

  @Test
  void smallFloatsHaveTheValuesOfTheirFormats() throws IOException {
    Value x = in(ElementType.FLOAT, 0.3, 17, 1000, -0.001, Double.POSITIVE_INFINITY);
    assertThat(run("Cast", List.of(x), attribute("to", 17L)))
        .isCloseTo(Tensor.of(0.3125f, 16, 448, -0.001953125f, 448));
    assertThat(run("Cast", List.of(x), attribute("to", 19L), attribute("saturate", 0L)))
        .isCloseTo(Tensor.of(0.3125f, 16, 1024, -0.0009765625f, Float.POSITIVE_INFINITY));
    assertThat(run("Cast", List.of(x), attribute("to", 23L)))
        .isCloseTo(Tensor.of(0.5f, 6, 6, 0, 6));
    Assertions.assertThat(ElementType.FLOAT8E4M3FN.small.value(0x7f)).isNaN();
    Assertions.assertThat(ElementType.FLOAT8E5M2.small.value(0xfc)).isEqualTo(-1 / 0.0);
    Assertions.assertThat(ElementType.FLOAT8E4M3FNUZ.small.value(0x80)).isNaN();
  }

  @Test
  void elementsOfFourBitsShareBytes() throws IOException {
    Message tensor =
        new Message().number(1, 3).number(2, 22).text(8, "w").bytes(9, new byte[] {0x2f, 0x08});
    OnnxModel model =
        OnnxModel.of(
            new ModelBuilder(22)
                .raw(5, tensor)
                .initializer("scale", Tensor.scalar(0.5))
                .node("DequantizeLinear", "w scale -> y")
                .output("y")
                .build());
    assertThat(model.forward(Map.of()).get("y")).isCloseTo(Tensor.of(-0.5f, 1, -4));
  }

  @Test
  void slicesThatDifferAreFound() throws IOException {
    Value x = floats(Tensor.of(new float[][] {{2, 1}, {0, 3}, {2, 1}}));
    List<Value> found = run(22, "Unique", List.of(x), 4, attribute("axis", 0L));
    assertThat(found.get(0).tensor()).isCloseTo(Tensor.of(new float[][] {{0, 3}, {2, 1}}));
    Assertions.assertThat(found.get(1).toInts()).containsExactly(1, 0);
    Assertions.assertThat(found.get(2).toInts()).containsExactly(1, 0, 1);
    Assertions.assertThat(found.get(3).toInts()).containsExactly(1, 2);
  }

  // ---- signals ---------------------------------------------------------------------------------

  @Test
  void aSpectrumIsTheSumOfWavesAndLeadsBack() throws IOException {
    Value x = floats(Tensor.of(1f, 2, 3, 4, 5).reshape(1, 5, 1));
    Tensor half = run("DFT", List.of(x), attribute("onesided", 1L));
    Assertions.assertThat(half.shape().toArray()).containsExactly(1, 3, 2);
    assertThat(half.select(0, 0).select(0, 0)).isCloseTo(Tensor.of(15f, 0));
    assertThat(half.select(0, 0).select(0, 1)).isCloseTo(Tensor.of(-2.5f, 3.4409549f));
    Tensor back =
        run(
            "DFT",
            List.of(floats(half), in(ElementType.INT64, 5)),
            attribute("onesided", 1L),
            attribute("inverse", 1L));
    assertThat(back.reshape(5)).isCloseTo(x.tensor().reshape(5));
    Tensor whole = run("DFT", List.of(floats(run("DFT", List.of(x)))), attribute("inverse", 1L));
    assertThat(whole.select(2, 0)).isCloseTo(x.tensor().reshape(1, 5));
  }

  @Test
  void theSpectraOfWindowsAreThoseOfTheirParts() throws IOException {
    Tensor x = GENERATOR.normal(2, 10, 1);
    Tensor window = run("HannWindow", List.of(in(ElementType.INT64, 4)));
    assertThat(window).isCloseTo(Tensor.of(0f, 0.5f, 1, 0.5f));
    Tensor spectra = run("STFT", List.of(floats(x), in(ElementType.INT64, 3), floats(window)));
    Tensor third = x.slice(1, 6, 10).times(window.unsqueeze(1));
    assertThat(spectra.select(1, 2))
        .isCloseTo(run("DFT", List.of(floats(third)), attribute("onesided", 1L)));
  }

  // ---- indices ---------------------------------------------------------------------------------

  @Test
  void whatIsWrittenTwiceIsCombined() throws IOException {
    List<Value> inputs =
        List.of(
            floats(Tensor.of(1f, 5, 3)),
            in(ElementType.INT64, 1, -3, 1),
            floats(Tensor.of(4f, 2, 3)));
    assertThat(run("ScatterElements", inputs, attribute("reduction", "mul")))
        .isCloseTo(Tensor.of(2f, 60, 3));
    assertThat(run("ScatterElements", inputs, attribute("reduction", "min")))
        .isCloseTo(Tensor.of(1f, 3, 3));
    List<Value> rows =
        List.of(
            floats(Tensor.of(new float[][] {{1, 2}, {3, 4}})),
            new Value(Tensor.of(new double[][] {{1}, {1}}), ElementType.INT64),
            floats(Tensor.of(new float[][] {{0, 9}, {5, 1}})));
    assertThat(run("ScatterND", rows, attribute("reduction", "max")))
        .isCloseTo(Tensor.of(new float[][] {{1, 2}, {5, 9}}));
  }

  @Test
  void theLargestElementsGoBackToTheirPlaces() throws IOException {
    Value x = floats(GENERATOR.normal(2, 3, 4, 6).exp()); // more than the zeros between
    Message kernel = attribute("kernel_shape", 2, 3);
    Message strides = attribute("strides", 2, 3);
    List<Value> pooled = run(22, "MaxPool", List.of(x), 2, kernel, strides);
    Tensor back = run("MaxUnpool", pooled, kernel, strides);
    Tensor kept = x.tensor().times(back.notEqual(0));
    assertThat(back).isCloseTo(kept);
    Assertions.assertThat(back.notEqual(0).sum().item()).isEqualTo(2 * 3 * 2 * 2);
    assertThat(run("MaxPool", List.of(floats(back.max(x.tensor()))), kernel, strides))
        .isCloseTo(pooled.getFirst().tensor());
  }

  @Test
  void aCacheGoesAround() throws IOException {
    Tensor y =
        run(
            "TensorScatter",
            List.of(
                floats(Tensors.zeros(1, 3, 1)),
                floats(Tensor.of(new float[][][] {{{1}, {2}}})),
                in(ElementType.INT64, 2)),
            attribute("mode", "circular"));
    assertThat(y.reshape(3)).isCloseTo(Tensor.of(2f, 0, 1));
  }

  // ---- sequences -------------------------------------------------------------------------------

  @Test
  void aShortSequenceIsComputedAsIfItWereAlone() throws IOException {
    Tensor x = GENERATOR.normal(4, 2, 3);
    List<Value> weights =
        List.of(floats(GENERATOR.normal(2, 20, 3)), floats(GENERATOR.normal(2, 20, 5)), NOTHING);
    Message[] attributes = {
      attribute("hidden_size", 5L),
      attribute("direction", "bidirectional"),
      attribute("clip", 2f),
      ModelBuilder.texts(
          "activations", "Sigmoid", "Tanh", "Softsign", "HardSigmoid", "Tanh", "Relu")
    };
    List<Value> inputs = new ArrayList<>(List.of(floats(x)));
    inputs.addAll(weights);
    inputs.add(in(ElementType.INT32, 2, 4));
    List<Value> both = run(22, "LSTM", inputs, 3, attributes);
    inputs.set(0, floats(x.slice(1, 0, 1).slice(0, 0, 2)));
    List<Value> alone = run(22, "LSTM", inputs.subList(0, 4), 3, attributes);
    Tensor first = both.get(0).tensor().slice(2, 0, 1);
    assertThat(first.slice(0, 0, 2)).isCloseTo(alone.get(0).tensor());
    assertThat(first.slice(0, 2, 4)).isCloseTo(Tensors.zeros(2, 2, 1, 5));
    assertThat(both.get(1).tensor().slice(1, 0, 1)).isCloseTo(alone.get(1).tensor());
    assertThat(both.get(2).tensor().slice(1, 0, 1)).isCloseTo(alone.get(2).tensor());
  }

  @Test
  void keysThatArePaddingAreNotSeen() throws IOException {
    Value q = floats(GENERATOR.normal(1, 2, 3, 4));
    Tensor k = GENERATOR.normal(1, 2, 6, 4);
    List<Value> padded =
        List.of(q, floats(k), floats(k), NOTHING, NOTHING, NOTHING, in(ElementType.INT64, 5));
    Value cut = floats(k.slice(2, 0, 5));
    assertThat(run(24, "Attention", padded, 1).getFirst().tensor())
        .isCloseTo(run(24, "Attention", List.of(q, cut, cut), 1).getFirst().tensor());
  }
}
