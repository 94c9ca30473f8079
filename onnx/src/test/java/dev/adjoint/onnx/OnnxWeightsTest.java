package dev.adjoint.onnx;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.StateMapping;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxWeightsTest {

  private final Generator generator = Generator.seeded(1);

  /** Two linear layers, as PyTorch exports them, and some of what is none. */
  private ModelBuilder model() {
    return new ModelBuilder(17)
        .input("x", "n", 3)
        .initializer("enc.first.bias", generator.normal(2))
        .initializer("enc.second.bias", generator.normal(3))
        .initializer("alone", Tensors.ones(3))
        .initializer("onnx::MatMul_7", generator.normal(3, 2))
        .initializer("onnx::MatMul_8", generator.normal(2, 3))
        .initializer("onnx::MatMul_9", generator.normal(3, 3))
        .integers("shape", 1, 2)
        .node("MatMul", "x onnx::MatMul_7 -> a")
        .node("Add", "enc.first.bias a -> b")
        .node("Relu", "b -> r")
        .node("MatMul", "r onnx::MatMul_8 -> c")
        .node("Add", "c enc.second.bias -> d")
        .node("MatMul", "d onnx::MatMul_9 -> e")
        .node("Add", "e alone -> y")
        .output("y", "n", 3);
  }

  @Test
  void theWeightOfALinearLayerHasTheNameOfItsBias() throws IOException {
    byte[] file = model().build();
    Map<String, Tensor> weights = OnnxWeights.of(file);
    Assertions.assertThat(weights)
        .containsOnlyKeys(
            "enc.first.bias",
            "enc.second.bias",
            "alone",
            "enc.first.weight",
            "enc.second.weight",
            "onnx::MatMul_9");
    Assertions.assertThat(weights.get("enc.first.weight").shape()).isEqualTo(Shape.of(2, 3));
    Sequential ours =
        new Sequential(new Linear(3, 2, generator), Tensor::relu, new Linear(2, 3, generator));
    StateMapping mapping =
        new StateMapping()
            .rename("enc.first.*", "0.*")
            .rename("enc.second.*", "2.*")
            .drop("alone")
            .drop("onnx::MatMul_9");
    Assertions.assertThat(ours.loadFitting(mapping.of(weights)).isComplete()).isTrue();
    Tensor x = generator.normal(4, 3);
    Tensor last = ours.forward(x).matmul(weights.get("onnx::MatMul_9")).plus(weights.get("alone"));
    assertThat(OnnxModel.of(file).forward(x)).isCloseTo(last, 1e-6, 1e-6);
  }

  @Test
  void aNameThatIsTakenIsNotGivenAgain() throws IOException {
    ModelBuilder taken = model().initializer("enc.first.weight", Tensors.ones(1));
    Assertions.assertThat(OnnxWeights.of(taken.build()))
        .containsKeys("enc.first.weight", "onnx::MatMul_7")
        .hasSize(7);
  }

  @Test
  void anotherFileIsRefusedByHowItBegins(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("model.onnx");
    Map<String, String> others =
        Map.of(
            "sepal,petal\n5.1,1.4\n", "it begins with 'sepal,petal\\n5.1,'",
            "PK\u0003\u0004\u0014\0\u0008\0", "it is a zip file",
            "\u0089PNG\r\n\u001a\n", "it is an image",
            "", "it is empty");
    for (Map.Entry<String, String> other : others.entrySet()) {
      Files.write(file, other.getKey().getBytes(StandardCharsets.ISO_8859_1));
      assertThatThrownBy(() -> OnnxModel.load(file))
          .isInstanceOf(TensorFormatException.class)
          .hasMessageStartingWith(file + ": no ONNX model: ")
          .hasMessageContaining(other.getValue());
    }
  }

  @Test
  void aDamagedFileIsRefusedByItsName(@TempDir Path directory) throws IOException {
    byte[] whole = model().build();
    Path file = directory.resolve("model.onnx");
    Files.write(file, whole);
    Assertions.assertThat(OnnxWeights.load(file)).hasSize(6);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    assertThatThrownBy(() -> OnnxWeights.load(file))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageStartingWith(file + ": no ONNX model: ");
  }
}
