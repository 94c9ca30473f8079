package dev.adjoint.onnx;

import static dev.adjoint.testing.AdjointAssertions.assertThat;

import com.google.protobuf.ByteString;
import dev.adjoint.nn.ExportedLayers;
import dev.adjoint.nn.ExportedLayers.Case;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxExportTest {

  private final Generator generator = Generator.seeded(1);

  static List<Case> layers() {
    return ExportedLayers.all();
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
    Proto.Graph graph = graph(OnnxExport.of(model, generator.normal(2, 4)).toBytes());
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

  private static Proto.Graph graph(byte[] bytes) throws IOException {
    return ProtoReader.model(ByteString.copyFrom(bytes)).graph();
  }
}
