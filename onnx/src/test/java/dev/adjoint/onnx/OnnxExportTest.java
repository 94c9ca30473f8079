package dev.adjoint.onnx;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.google.protobuf.ByteString;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.ExportedLayers;
import dev.adjoint.nn.ExportedLayers.Case;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Linalg;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxExportTest {

  private final Generator generator = Generator.seeded(1);

  static List<Case> layers() {
    List<Case> cases = new ArrayList<>(ExportedLayers.all());
    cases.addAll(ExportedLayers.models());
    return cases;
  }

  @ParameterizedTest
  @MethodSource("layers")
  void aFileComputesWhatItsLayerDoesForAnyNumberOfExamples(Case layer) throws IOException {
    OnnxModel model = OnnxModel.of(layer.export().toBytes());
    for (int n : List.of(1, 5)) {
      Map<String, Object> inputs = layer.inputs(n);
      Map<String, Tensor> given = new LinkedHashMap<>();
      inputs.forEach((name, value) ->
          given.put(
              name, value instanceof IntTensor i ? i.toTensor(DType.FLOAT64) : (Tensor) value));
      Map<String, Tensor> outputs = model.forward(given);
      layer
          .outputs(inputs)
          .forEach((name, expected) ->
              assertThat(outputs.get(name)).isCloseTo(expected.untracked(), 1e-5, 1e-5));
    }
  }

  @Test
  void weightsAndValuesHaveTheNamesOfTheModel() throws IOException {
    Sequential model =
        new Sequential(
            new Linear(4, 8, generator),
            new BatchNorm(8),
            Tensor::relu,
            new Linear(8, 3, generator));
    OnnxExport export = OnnxExport.of(model, generator.normal(2, 4));
    Assertions.assertThat(export).hasToString("OnnxExport of Sequential(4) with [input], opset 21");
    Proto.Graph graph = graph(export.toBytes());
    Assertions.assertThat(graph.initializers())
        .extracting(Proto.TensorData::name)
        .containsExactlyInAnyOrder(
            "0.weight",
            "0.bias",
            "1.weight",
            "1.bias",
            "1.running_mean",
            "1.running_var",
            "3.weight",
            "3.bias");
    Assertions.assertThat(graph.nodes())
        .extracting(node ->
            "%s %s -> %s".formatted(node.op(), String.join(" ", node.inputs()), node.name()))
        .containsExactly(
            "Gemm input 0.weight 0.bias -> 0",
            "BatchNormalization 0 1.weight 1.bias 1.running_mean 1.running_var -> 1",
            "Relu 1 -> 2",
            "Gemm 2 3.weight 3.bias -> output");
    Assertions.assertThat(graph.inputs().getFirst().shape()).containsExactly("batch", 4L);
    Assertions.assertThat(graph.outputs().getFirst().shape()).containsExactly("batch", 3L);
  }

  @Test
  void aPredictorTakesItsPreprocessingAndItsNamesAlong() throws IOException {
    Tensor data = generator.normal(20, 3);
    Predictor predictor =
        Predictor.of(
                Imputation.fit(data),
                Standardization.fit(data),
                new Linear(3, 8, generator),
                Activation.RELU,
                new Linear(8, 2, generator))
            .features("age", "height", "weight")
            .labels("stays", "leaves")
            .metadata("date", "2026-11-28");
    byte[] file = OnnxExport.of(predictor, data).toBytes();
    Assertions.assertThat(ProtoReader.model(ByteString.copyFrom(file)).metadata())
        .containsOnly(
            entry("features", "age\nheight\nweight"),
            entry("labels", "stays\nleaves"),
            entry("buffers", "0.median\n1.mean\n1.deviation"),
            entry("date", "2026-11-28"));
    OnnxModel read = OnnxModel.of(file);
    Assertions.assertThat(read.namedBuffers())
        .containsOnlyKeys("0_median", "1_mean", "1_deviation");
    Assertions.assertThat(read.namedParameters())
        .containsOnlyKeys("2_weight", "2_bias", "4_weight", "4_bias");
    Tensor rows = Tensor.of(new float[] {1, Float.NaN, 2, 0, 1, -1}, 2, 3);
    Map<String, Tensor> outputs = read.forward(Map.of("input", rows));
    assertThat(outputs.get("scores")).isCloseTo(predictor.predict(rows));
    assertThat(outputs.get("probabilities")).isCloseTo(predictor.probabilities(rows));
    Assertions.assertThat(graph(file).nodes())
        .extracting(Proto.Node::op)
        .containsOnlyOnce("Relu", "IsNaN", "Softmax");
  }

  @Test
  void anImportedModelWithAnotherLastLayerIsTrainedAndExportedAgain() throws IOException {
    Sequential elsewhere =
        new Sequential(
            new Conv2d(1, 4, 3, generator),
            new BatchNorm(4),
            Activation.RELU,
            new GlobalAvgPool(),
            new Linear(4, 10, generator));
    Tensor images = generator.normal(6, 1, 8, 8);
    byte[] file = OnnxExport.of(elsewhere, images).toBytes();

    OnnxModel features = OnnxModel.of(file, "3");
    Sequential model = new Sequential(features, new Linear(4, 2, generator));
    IntTensor classes = IntTensor.of(0, 1, 0, 1, 1, 0);
    double before = Losses.crossEntropy(model.forward(images), classes).item();
    for (int step = 0; step < 30; step++) {
      var gradients = Losses.crossEntropy(model.forward(images), classes).backward();
      model
          .parameters()
          .forEach(p -> p.assign(p.value().minus(gradients.of(p).times(0.1)).untracked()));
    }
    Assertions.assertThat(Losses.crossEntropy(model.forward(images), classes).item())
        .isLessThan(before);

    OnnxModel again = OnnxModel.of(OnnxExport.of(model, images).toBytes());
    Tensor others = generator.normal(3, 1, 8, 8);
    assertThat(again.forward(others)).isCloseTo(model.forward(others).untracked());
    Assertions.assertThat(again.state().keySet()).contains("0_0_weight", "1_weight", "1_bias");
  }

  @Test
  void anImportedNormOfConstantsIsOneNodeAgain() throws IOException {
    ModelBuilder builder = new ModelBuilder(22).input("x", "n", 3, 4);
    Map<String, long[]> constants = new LinkedHashMap<>();
    constants.put("gain", new long[] {3, -1, 2});
    constants.put("bias", new long[] {1, -1, 0});
    constants.put("mean", new long[] {0, 2, -1});
    constants.put("variance", new long[] {2, 0, 4});
    constants.forEach((name, values) -> builder.integers("i" + name, values));
    constants
        .keySet()
        .forEach(name ->
            builder.node(
                "Cast", "i%s -> %s".formatted(name, name), ModelBuilder.attribute("to", 1)));
    builder.node(
        "BatchNormalization",
        "x gain bias mean variance -> y",
        ModelBuilder.attribute("epsilon", 0.5f));
    OnnxModel model = OnnxModel.of(builder.output("y", "n", 3, 4).build());
    Tensor x = generator.normal(2, 3, 4);
    byte[] file = OnnxExport.of(model, x).toBytes();
    Assertions.assertThat(graph(file).nodes())
        .extracting(Proto.Node::op)
        .containsOnlyOnce("BatchNormalization")
        .containsOnly("BatchNormalization", "Constant");
    Tensor expected =
        x.minus(Tensor.of(0, 2, -1).reshape(3, 1))
            .div(Tensor.of(2.5f, 0.5f, 4.5f).reshape(3, 1).sqrt())
            .times(Tensor.of(3, -1, 2).reshape(3, 1))
            .plus(Tensor.of(1, -1, 0).reshape(3, 1));
    assertThat(OnnxModel.of(file).forward(x)).isCloseTo(expected, 1e-5, 1e-5);
  }

  @Test
  void aFileWithoutTheNanOfItsModelIsRefused() {
    AtomicInteger runs = new AtomicInteger();
    Sequential model = new Sequential(y -> y.clamp(-runs.getAndIncrement(), 2).sqrt());
    refuses(model, generator.uniform(4, 3).minus(3), "has 0.0 where the model has NaN, at [0, 0]");
  }

  @Test
  void whatOnlyJavaKnowsIsRefused() {
    Tensor x = generator.normal(4, 3);
    refuses(new Sequential(y -> y.item() > 0 ? y : y.neg()), x, "Sequential: reads out a tensor");
    refuses(
        new Sequential(y -> y.times(generator.normal(3))),
        x,
        "export of Sequential: a constant of shape (3) differs from one run to the next");
    refuses(
        new Sequential(y -> Indexing.gather(y, 1, y.argmax(1).reshape(-1, 1))),
        x,
        "Sequential: reads out a tensor");
    refuses(
        new Sequential(y -> y.times(Math.sqrt(y.size(0)))),
        x,
        "a constant of shape () differs from one run to the next");
    refuses(
        new Sequential(y -> Linalg.qr(y.transpose().matmul(y)).q()),
        x,
        "export of Sequential: 'QR' of an input of shape (3, 3); expected operations that ONNX"
            + " has");
  }

  @Test
  void aNumberThatOnlyLooksLikeASizeIsRefused() {
    AtomicInteger runs = new AtomicInteger(5);
    refuses(
        new Sequential(y -> y.times(runs.getAndIncrement())),
        generator.normal(4, 3),
        "output 'output' has");
  }

  private static void refuses(Sequential model, Tensor x, String message) {
    assertThatThrownBy(() -> OnnxExport.of(model, x).toBytes()).hasMessageContaining(message);
  }

  @Test
  void oneNumberOfExamplesMayBeAllThatAFileTakes() throws IOException {
    Tensor x = generator.normal(4, 3);
    Sequential model = new Sequential(y -> y.minus(y.mean(0)));
    byte[] file = OnnxExport.of(model, x).fixedBatch().toBytes();
    Assertions.assertThat(graph(file).inputs().getFirst().shape()).containsExactly(4L, 3L);
    assertThat(OnnxModel.of(file).forward(x)).isCloseTo(model.forward(x));
  }

  @Test
  void doublesStayDoubles() throws IOException {
    Sequential model = new Sequential(new Linear(3, 2, generator), Tensor::tanh);
    model.to(DType.FLOAT64);
    Tensor x = generator.normal(4, 3).to(DType.FLOAT64);
    byte[] file = OnnxExport.of(model, x).toBytes();
    Assertions.assertThat(graph(file).initializers())
        .extracting(Proto.TensorData::type)
        .containsOnly((long) ElementType.DOUBLE.number);
    assertThat(OnnxModel.of(file).forward(x)).isCloseTo(model.forward(x).untracked());
  }

  @Test
  void anRmsNormIsAnOperatorFromOpset23On() throws IOException {
    Sequential model = new Sequential(new RMSNorm(4));
    OnnxExport export = OnnxExport.of(model, generator.normal(2, 4)).opset(23);
    Assertions.assertThat(graph(export.toBytes()).nodes())
        .extracting(Proto.Node::op)
        .containsExactly("RMSNormalization");
  }

  private static Proto.Graph graph(byte[] bytes) throws IOException {
    return ProtoReader.model(ByteString.copyFrom(bytes)).graph();
  }
}
