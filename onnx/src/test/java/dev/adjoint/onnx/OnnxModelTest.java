package dev.adjoint.onnx;

import static dev.adjoint.onnx.ModelBuilder.attribute;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.sun.management.ThreadMXBean;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.GlobalAvgPool;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.onnx.ModelBuilder.Message;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxModelTest {

  private final Generator generator = Generator.seeded(1);
  private final Conv2d conv =
      new Conv2d(3, 4, 3, ConvOptions.DEFAULT.padding(1).stride(2), generator);
  private final BatchNorm norm = new BatchNorm(4);
  private final Linear head = new Linear(4, 5, generator);
  private final Tensor images = generator.normal(2, 3, 8, 8);

  /** A small network, as PyTorch exports it. */
  private ModelBuilder network() {
    return new ModelBuilder(21)
        .input("images", "n", 3, 8, 8)
        .initializer("conv.weight", conv.weight("weight").value())
        .initializer("conv.bias", conv.weight("bias").value())
        .initializer("gain", norm.weight("weight").value())
        .initializer("bias", norm.weight("bias").value())
        .initializer("mean", Tensor.of(0.1f, -0.2f, 0.3f, 0))
        .initializer("variance", Tensor.of(1f, 0.5f, 2, 1))
        .initializer("head.weight", head.weight("weight").value())
        .initializer("head.bias", head.weight("bias").value())
        .node(
            "Conv",
            "images conv.weight conv.bias -> c",
            attribute("pads", 1, 1, 1, 1),
            attribute("strides", 2, 2))
        .node("BatchNormalization", "c gain bias mean variance -> b")
        .node("Relu", "b -> r")
        .node("GlobalAveragePool", "r -> p")
        .node("Flatten", "p -> f")
        .node("Gemm", "f head.weight head.bias -> scores", attribute("transB", 1))
        .output("scores", "n", 5);
  }

  @Test
  void aNetworkComputesWhatItsLayersDo() throws IOException {
    norm.load(
        Map.of(
            "weight", norm.weight("weight").value().copy(),
            "bias", norm.weight("bias").value().copy(),
            "running_mean", Tensor.of(0.1f, -0.2f, 0.3f, 0),
            "running_var", Tensor.of(1f, 0.5f, 2, 1)),
        _ -> true);
    Sequential ours = new Sequential(conv, norm, Tensor::relu, new GlobalAvgPool(), head);
    ours.eval();
    OnnxModel model = OnnxModel.of(network().build());
    Assertions.assertThat(model.inputs()).containsExactly("images");
    Assertions.assertThat(model.outputs()).containsExactly("scores");
    assertThat(model.forward(images)).isCloseTo(ours.forward(images).reshape(2, 5));
  }

  @Test
  void itsGradientsAreRightAndItLearns() throws IOException {
    OnnxModel model = OnnxModel.of(network().build());
    model.to(DType.FLOAT64);
    GradientCheck.of(in -> model.forward(in[0]))
        .at(images.to(DType.FLOAT64))
        .wrt(model.namedParameters())
        .directional(2)
        .run()
        .assertOk();

    OnnxModel trained = OnnxModel.of(network().build());
    IntTensor classes = IntTensor.of(1, 3);
    double before = Losses.crossEntropy(trained.forward(images), classes).item();
    for (int step = 0; step < 20; step++) {
      var gradients = Losses.crossEntropy(trained.forward(images), classes).backward();
      trained
          .parameters()
          .forEach(p -> p.assign(p.value().minus(gradients.of(p).times(0.1)).untracked()));
    }
    Assertions.assertThat(Losses.crossEntropy(trained.forward(images), classes).item())
        .isLessThan(before / 2);
  }

  @Test
  void whatSaysHowAnOperatorWorksIsABufferAndNotTrained() throws IOException {
    Tensor four = Tensor.of(1f, 2, 3, 4);
    OnnxModel model =
        OnnxModel.of(
            new ModelBuilder(21)
                .input("x", "n", 4)
                .initializer("weight", four)
                .initializer("bias", four)
                .initializer("mean", four)
                .initializer("variance", four.reshape(1, 4))
                .initializer("low", Tensor.scalar(-1))
                .initializer("high", Tensor.scalar(1))
                .initializer("pad", Tensor.scalar(7))
                .integers("pads", 0, 0, 0, 1)
                .integers("four", 4)
                .node("Reshape", "variance four -> flat")
                .node("Identity", "flat -> same")
                .node("BatchNormalization", "x weight bias mean same -> b")
                .function(
                    "Limited", "v least -> w", new ModelBuilder(21).node("Clip", "v least -> w"))
                .node("Limited", "b low -> c")
                .node("Clip", "c  high -> d")
                .node("Pad", "d pads pad -> y")
                .output("y", "n", 5)
                .build());
    Assertions.assertThat(model.namedParameters()).containsOnlyKeys("weight", "bias");
    Assertions.assertThat(model.namedBuffers())
        .containsOnlyKeys("mean", "variance", "low", "high", "pad");
    model.unfreeze();
    Tensor x = Tensor.of(new float[][] {{1, 2, 3, 4}});
    Tensor y = model.forward(x);
    assertThat(y.untracked()).isCloseTo(Tensor.of(new float[][] {{1, 1, 1, 1, 7}}));
    Assertions.assertThat(model.parameters()).allMatch(p -> !p.isFrozen());
    model.to(DType.FLOAT64);
    Assertions.assertThat(model.forward(x).dtype()).isEqualTo(DType.FLOAT64);
  }

  @Test
  void shapesAreComputedByIntegers() throws IOException {
    OnnxModel model =
        OnnxModel.of(
            new ModelBuilder(21)
                .input("x", "n", 2, 3)
                .integers("first", 0)
                .integers("rest", -1)
                .node("Shape", "x -> sizes")
                .node("Gather", "sizes first -> n")
                .node("Concat", "n rest -> to", attribute("axis", 0L))
                .node("Reshape", "x to -> y")
                .output("y", "n", 6)
                .build());
    Tensor x = generator.normal(4, 2, 3);
    assertThat(model.forward(x)).isCloseTo(x.reshape(4, 6));
  }

  @Test
  void largeTensorsMayBeInFilesBesideTheModel(@TempDir Path directory) throws IOException {
    Path model = external(directory, "weights.bin");
    byte[] weights = new byte[20];
    weights[4 + 3] = 0x3f;
    weights[4 + 2] = (byte) 0x80; // 1 in float32
    Files.write(directory.resolve("weights.bin"), weights);
    assertThat(OnnxModel.load(model).forward(Tensor.of(1f, 2, 3, 4)))
        .isCloseTo(Tensor.of(1f, 0, 0, 0));
  }

  @Test
  void filesElsewhereAreNotRead(@TempDir Path directory) throws IOException {
    Path inside = Files.createDirectory(directory.resolve("model"));
    Files.write(directory.resolve("secret.bin"), new byte[20]);
    Path model = external(inside, "../secret.bin");
    assertThatThrownBy(() -> OnnxModel.load(model))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContaining("expected a file beside the model");
  }

  private static Path external(Path directory, String location) throws IOException {
    Message tensor =
        new Message()
            .number(1, 4)
            .number(2, 1)
            .text(8, "w")
            .number(14, 1)
            .message(13, new Message().text(1, "location").text(2, location))
            .message(13, new Message().text(1, "offset").text(2, "4"))
            .message(13, new Message().text(1, "length").text(2, "16"));
    return Files.write(
        directory.resolve("model.onnx"),
        new ModelBuilder(21)
            .input("x", 4)
            .raw(5, tensor)
            .node("Mul", "x w -> y")
            .output("y", 4)
            .build());
  }

  // ---- what is refused -------------------------------------------------------------------------

  @Test
  void operatorsThatAreMissingAreNamedWithTheirPlace() {
    byte[] model =
        new ModelBuilder(21)
            .input("x", 4)
            .node("Bernoulli", "x -> a")
            .node("Relu", "a -> b")
            .node("TfIdfVectorizer", "b -> y")
            .output("y", 4)
            .build();
    assertThatThrownBy(() -> OnnxModel.of(model))
        .isInstanceOf(UnsupportedOnnxException.class)
        .hasMessage(
            "the model needs operators that are not supported: Bernoulli 'the Bernoulli',"
                + " TfIdfVectorizer 'the TfIdfVectorizer'");
    Assertions.assertThat(OnnxModel.operators()).contains("Relu").doesNotContain("Bernoulli");
  }

  @Test
  void whatDoesNotFitNamesTheNode() throws IOException {
    OnnxModel model = OnnxModel.of(network().build());
    assertThatThrownBy(() -> model.forward(generator.normal(2, 4, 8, 8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Conv 'the Conv': conv2d")
        .hasMessageContaining("(2, 4, 8, 8)");
    assertThatThrownBy(() -> model.forward(Map.of("pictures", images)))
        .hasMessage("forward: inputs ['pictures']; expected ['images']");
  }

  @Test
  void aTensorWithoutItsElementsIsRefusedBeforeMemoryIsAllocated() {
    Message tensor = new Message().number(1, 1 << 20).number(1, 1 << 10).number(2, 1).text(8, "w");
    byte[] model = new ModelBuilder(21).raw(5, tensor).build();
    assertThatThrownBy(() -> OnnxModel.of(model))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContaining("tensor 'w'")
        .hasMessageContaining("expected 1073741824");
  }

  @Test
  void elementsInTheFieldOfAnotherTypeAreRefused() {
    Message integer = new Message().number(1, 1).number(2, 7).decimal(4, 1).text(8, "w");
    Message real = new Message().number(1, 1).number(2, 1).number(7, 1).text(8, "w");
    for (Message tensor : List.of(integer, real)) {
      byte[] model = new ModelBuilder(21).raw(5, tensor).build();
      assertThatThrownBy(() -> OnnxModel.of(model))
          .isInstanceOf(TensorFormatException.class)
          .hasMessageContaining("elements in the field of another");
    }
  }

  @Test
  void anAttributeOfZeroNamesItsNode() throws IOException {
    OnnxModel model =
        OnnxModel.of(
            new ModelBuilder(21)
                .input("x", 1, 4, 2, 2)
                .node("DepthToSpace", "x -> y", attribute("blocksize", 0L))
                .output("y")
                .build());
    assertThatThrownBy(() -> model.forward(Tensors.ones(1, 4, 2, 2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("DepthToSpace 'the DepthToSpace': ");
  }

  @Test
  void functionsThatCallOneAnotherTwiceAreReadOnce() {
    ModelBuilder model = new ModelBuilder(21);
    for (int i = 0; i < 50; i++) {
      ModelBuilder next = new ModelBuilder(21).node("f" + (i + 1), "x -> z").output("z");
      ModelBuilder body =
          new ModelBuilder(21)
              .node("If", "x -> y", attribute("then_branch", next), attribute("else_branch", next));
      model.function("f" + i, "x -> y", body);
    }
    byte[] bytes = model.input("x").node("f0", "x -> y").output("y").build();
    assertTimeoutPreemptively(
        Duration.ofSeconds(30),
        () ->
            assertThatThrownBy(() -> OnnxModel.of(bytes))
                .isInstanceOf(UnsupportedOnnxException.class)
                .hasMessageContaining("f50"));
  }

  @Test
  void damagedFilesAreReadOrRefusedAndTakeLittleMemory() {
    byte[] whole = network().build();
    Random random = new Random(1);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long most = 0;
    int refused = 0;
    for (int i = 0; i < 10_000; i++) {
      byte[] bytes = damaged(whole, random);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        OnnxModel.of(bytes);
      } catch (TensorFormatException | UnsupportedOnnxException _) {
        refused++;
      } catch (IOException | RuntimeException e) {
        throw new AssertionError("case " + i, e);
      }
      most = Math.max(most, threads.getCurrentThreadAllocatedBytes() - before);
    }
    Assertions.assertThat(refused).isBetween(1000, 9999);
    Assertions.assertThat(most).isLessThan(200_000 + 4L * whole.length);
  }

  /** Returns a file with a few bytes changed, or cut off. */
  static byte[] damaged(byte[] whole, Random random) {
    byte[] bytes = whole.clone();
    int changes = 1 + random.nextInt(4);
    for (int k = 0; k < changes; k++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        default -> {
          if (random.nextBoolean()) {
            bytes = Arrays.copyOf(bytes, Math.max(1, at));
          } else {
            bytes[at] = (byte) 0xff;
          }
        }
      }
    }
    return bytes;
  }

  // ---- operators, beside what they are defined by ---------------------------------------------

  /** An operator with inputs, and what it gives. */
  private record Case(String op, List<Message> attributes, List<Tensor> inputs, Tensor expected) {}

  @Test
  void operatorsGiveTheirResults() throws IOException {
    Tensor x = Tensor.of(new float[][] {{1, -2, 3}, {-4, 5, -6}});
    Tensor line = Tensor.of(1f, 2, 3, 4, 5);
    List<Case> cases =
        List.of(
            new Case("Relu", List.of(), List.of(x), x.relu()),
            new Case(
                "LeakyRelu",
                List.of(attribute("alpha", 0.5f)),
                List.of(x),
                Tensor.of(new float[][] {{1, -1, 3}, {-2, 5, -3}})),
            new Case(
                "Transpose",
                List.of(),
                List.of(x),
                Tensor.of(new float[][] {{1, -4}, {-2, 5}, {3, -6}})),
            new Case(
                "ReduceMean", List.of(attribute("keepdims", 0L)), List.of(x), Tensor.scalar(-0.5)),
            new Case(
                "ArgMax",
                List.of(attribute("axis", 1L), attribute("keepdims", 0L)),
                List.of(x),
                Tensor.of(2.0, 1)),
            new Case("Softmax", List.of(), List.of(x), x.softmax(1)),
            new Case("Where", List.of(), List.of(x.greater(0), x, Tensor.scalar(0)), x.relu()),
            new Case(
                "CumSum",
                List.of(attribute("exclusive", 1L), attribute("reverse", 1L)),
                List.of(line, Tensor.scalar(0)),
                Tensor.of(14f, 12, 9, 5, 0)),
            new Case(
                "LayerNormalization",
                List.of(attribute("epsilon", 0f)),
                List.of(Tensor.of(new float[][] {{1, 2, 3}}), Tensors.ones(3)),
                Tensor.of(new float[][] {{-1.2247449f, 0, 1.2247449f}})),
            new Case(
                "RMSNormalization",
                List.of(attribute("epsilon", 0f)),
                List.of(Tensor.of(new float[][] {{3, 4}}), Tensors.ones(2)),
                Tensor.of(new float[][] {{0.8485281f, 1.1313708f}})));
    for (Case each : cases) {
      ModelBuilder builder = new ModelBuilder(23);
      StringBuilder names = new StringBuilder();
      for (int i = 0; i < each.inputs.size(); i++) {
        builder.input("in" + i);
        names.append("in").append(i).append(' ');
      }
      builder.node(each.op, names + "-> y", each.attributes.toArray(Message[]::new)).output("y");
      OnnxModel model = OnnxModel.of(builder.build());
      Map<String, Tensor> given = new HashMap<>();
      for (int i = 0; i < each.inputs.size(); i++) {
        given.put("in" + i, each.inputs.get(i));
      }
      assertThat(model.forward(given).get("y").to(each.expected.dtype()))
          .as(each.op)
          .isCloseTo(each.expected);
    }
  }
}
