package dev.adjoint.onnx;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.adjoint.nn.MaxPool1d;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.onnx.ExportedSequences.Case;
import dev.adjoint.op.Scattering;
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

class DynamicAxisTest {

  private final Generator generator = Generator.seeded(1);

  static List<Case> models() {
    return ExportedSequences.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void aFileTakesSequencesOfAnyLength(Case each) throws IOException {
    OnnxModel model = OnnxModel.of(each.export().toBytes());
    for (int[] sizes : List.of(new int[] {1, 5}, new int[] {4, 40}, new int[] {3, 16})) {
      Map<String, Object> inputs = each.inputs().apply(sizes[0], sizes[1]);
      Map<String, Tensor> given = new LinkedHashMap<>();
      inputs.forEach((name, value) ->
          given.put(
              name, value instanceof IntTensor i ? i.toTensor(DType.FLOAT64) : (Tensor) value));
      Map<String, Tensor> outputs = model.forward(given);
      each.outputs(inputs)
          .forEach((name, expected) ->
              assertThat(outputs.get(name)).isCloseTo(expected.untracked(), 1e-5, 1e-5));
    }
  }

  @Test
  void freeSizesHaveNamesInTheFile() throws IOException {
    Sequential model = new Sequential(x -> x.times(2).slice(1, 1, x.size(1)));
    byte[] file =
        OnnxExport.of(model, generator.normal(2, 7, 3)).dynamicAxis("input", 1, "length").toBytes();
    Proto.Graph graph = ProtoReader.model(ByteString.copyFrom(file)).graph();
    Assertions.assertThat(graph.inputs().getFirst().shape()).containsExactly("batch", "length", 3L);
    Assertions.assertThat(graph.outputs().getFirst().shape())
        .containsExactly("batch", "length_1", 3L);
  }

  @Test
  void withoutABatchAnAxisMayStillBeFree() throws IOException {
    Sequential model = new Sequential(x -> x.minus(x.mean(0)));
    byte[] file =
        OnnxExport.of(model, generator.normal(6, 3))
            .fixedBatch()
            .dynamicAxis("input", 0, "rows")
            .toBytes();
    Tensor x = generator.normal(11, 3);
    assertThat(OnnxModel.of(file).forward(x)).isCloseTo(model.forward(x));
  }

  @Test
  void aModelThatDoesSomethingElseForAnotherSizeIsRefused() {
    refuses(
        x -> {
          Tensor y = x.select(1, 0);
          for (int t = 1; t < x.size(1); t++) {
            y = y.times(0.5).plus(x.select(1, t));
          }
          return y;
        },
        "with length 6 instead of 7",
        "expected the same steps for any size");
    refuses(x -> x.sum().expand(x.size(0) + x.size(1)), "a size is [9, 10, 8] in the runs");
    refuses(
        x -> x.slice(1, 0, x.size(1) / 2),
        "output 'output' has shape (5, 3, 3) where the model has (5, 1, 3)");
    refuses(
        x -> new MaxPool1d(x.size(1)).forward(x.transpose(1, 2)),
        "'maxPool' of an input of shape (2, 3, 7): options is");
    refuses(
        x -> Scattering.indexAdd(x, 1, IntTensor.of(0, 2), x.slice(1, 0, 2)),
        "size is [7, 7, 6] in the runs");
    refuses(
        x -> x.times(Math.sqrt(x.size(1))),
        "a constant of shape () differs from one run to the next");
    refuses(x -> x.size(1) < 5 ? x : x.neg(), "output 'output' has");
  }

  private void refuses(Transform function, String... messages) {
    OnnxExport export =
        OnnxExport.of(new Sequential(function), generator.normal(2, 7, 3))
            .dynamicAxis("input", 1, "length");
    assertThatThrownBy(export::toBytes).hasMessageContainingAll(messages);
  }

  @Test
  void anAxisThatIsNotThereIsNamed() {
    OnnxExport export =
        OnnxExport.of(new Sequential(x -> x), generator.normal(2, 7))
            .dynamicAxis("input", 2, "length");
    assertThatThrownBy(export::toBytes)
        .hasMessage(
            "dynamicAxis: axis 2 of input 'input' of shape (2, 7); expected an axis of one of"
                + " [input]");
    assertThatThrownBy(() -> export.dynamicAxis("input", 1, "batch"))
        .hasMessageContaining("the name 'batch'");
    OnnxExport two =
        OnnxExport.of(new Sequential(x -> x), generator.normal(2, 7))
            .input("mask", generator.normal(2, 6))
            .dynamicAxis("input", 1, "length")
            .dynamicAxis("mask", 1, "length");
    assertThatThrownBy(two::toBytes)
        .hasMessageContaining("has size 7 in input 'input' and 6 in input 'mask'");
  }
}
