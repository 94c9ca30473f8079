package dev.adjoint.onnx;

import static dev.adjoint.onnx.ModelBuilder.attribute;
import static dev.adjoint.onnx.ModelBuilder.texts;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class ControlOperatorsTest {

  private static final Tensor X = Tensor.of(1f, 2, 3);

  private static ModelBuilder graph() {
    return new ModelBuilder(21);
  }

  /** A loop that doubles x, and gives it in each turn; it goes on as its body says. */
  private static ModelBuilder doubling(String condition) {
    ModelBuilder body =
        graph()
            .input("turn")
            .input("goes")
            .input("v")
            .node("Add", "v v -> next")
            .node("ReduceSum", "next -> sum", attribute("keepdims", 0L))
            .node("Less", "sum limit -> less")
            .node("Identity", condition + " -> on")
            .output("on")
            .output("next")
            .output("next");
    return graph()
        .input("x", 3)
        .integers("most", 4)
        .initializer("limit", Tensor.scalar(20))
        .node("Loop", "most  x -> last all", attribute("body", body));
  }

  @Test
  void aLoopTakesItsTurnsAndStacksWhatEachGives() throws IOException {
    OnnxModel model = OnnxModel.of(doubling("goes").output("last").output("all").build());
    Map<String, Tensor> y = model.forward(Map.of("x", X));
    assertThat(y.get("last")).isCloseTo(X.times(16));
    assertThat(y.get("all")).isCloseTo(Tensor.of(2f, 4, 8, 16).unsqueeze(1).times(X.unsqueeze(0)));
  }

  @Test
  void aLoopEndsWhenItsConditionDoes() throws IOException {
    OnnxModel model = OnnxModel.of(doubling("less").output("last").build());
    assertThat(model.forward(X)).isCloseTo(X.times(4)); // a sum of 12, then one of 24
  }

  @Test
  void aLoopThatDoesNotEndIsStopped() throws IOException {
    ModelBuilder body = graph().input("turn").input("goes").input("v").output("goes").output("v");
    OnnxModel model =
        OnnxModel.of(
            graph()
                .input("x", 3)
                .node("Loop", "  x -> y", attribute("body", body))
                .output("y")
                .build());
    assertThatThrownBy(() -> model.forwardAll(Map.of("x", Value.of(X)), 1000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Loop 'the Loop': the model takes more than 1000 nodes and turns of loops; expected"
                + " one that ends");
  }

  @Test
  void aFunctionThatCallsItselfIsRefused() {
    byte[] model =
        graph()
            .input("x", 3)
            .function("Around", "x -> y", graph().node("Around", "x -> y"))
            .node("Around", "x -> y")
            .output("y")
            .build();
    assertThatThrownBy(() -> OnnxModel.of(model))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContaining("the function 'Around' calls itself");
  }

  @Test
  void damagedLoopsAreRefusedOrEnd() {
    byte[] whole = doubling("goes").output("last").output("all").build();
    Random random = new Random(2);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = OnnxModelTest.damaged(whole, random);
      try {
        OnnxModel model = OnnxModel.of(bytes);
        if (model.inputs().equals(List.of("x"))) {
          model.forwardAll(Map.of("x", Value.of(X)), 1000);
        }
      } catch (TensorFormatException
          | UnsupportedOnnxException
          | IllegalArgumentException
          | IndexOutOfBoundsException _) {
        refused++;
      } catch (IOException | RuntimeException e) {
        throw new AssertionError("case " + i, e);
      }
    }
    Assertions.assertThat(refused).isBetween(500, 1999);
  }

  @Test
  void aScanIsDifferentiable() throws IOException {
    ModelBuilder body =
        graph()
            .input("state")
            .input("x")
            .node("Mul", "state w -> kept")
            .node("Add", "kept x -> sum")
            .node("Tanh", "sum -> next")
            .output("next")
            .output("next");
    OnnxModel model =
        OnnxModel.of(
            graph()
                .input("xs", 3, 4)
                .initializer("w", Tensor.of(0.5f, -0.3f, 0.8f))
                .initializer("start", Tensor.of(0f, 0.1f, 0.2f))
                .node(
                    "Scan",
                    "start xs -> last all",
                    attribute("num_scan_inputs", 1L),
                    attribute("scan_input_axes", new long[] {1}),
                    attribute("scan_input_directions", new long[] {1}),
                    attribute("body", body))
                .output("all", 4, 3)
                .build());
    model.to(DType.FLOAT64);
    Tensor xs = Generator.seeded(1).normal(3, 4).to(DType.FLOAT64);
    Tensor first = model.forward(xs).select(0, 0);
    Tensor w = Tensor.of(0.5f, -0.3f, 0.8f).to(DType.FLOAT64);
    Tensor start = Tensor.of(0f, 0.1f, 0.2f).to(DType.FLOAT64);
    assertThat(first).isCloseTo(start.times(w).plus(xs.select(1, 3)).tanh());
    GradientCheck.of(in -> model.forward(in[0]))
        .at(xs)
        .wrt(model.namedParameters())
        .run()
        .assertOk();
  }

  @Test
  void sequencesAreBuiltMappedAndJoined() throws IOException {
    ModelBuilder body = graph().input("e").node("Neg", "e -> n").output("n");
    OnnxModel model =
        OnnxModel.of(
            graph()
                .input("x", 3)
                .integers("one", 1)
                .node("SplitToSequence", "x -> parts")
                .node("SequenceInsert", "parts x one -> more")
                .node("SequenceErase", "more -> fewer")
                .node("SequenceMap", "fewer -> negative", attribute("body", body))
                .node("ConcatFromSequence", "negative -> y", attribute("axis", 0L))
                .node("SequenceLength", "negative -> n")
                .node("Optional", "negative -> some")
                .node("OptionalHasElement", "some -> is")
                .output("y")
                .output("n")
                .output("is")
                .output("fewer")
                .build());
    Map<String, Item> y = model.forwardAll(Map.of("x", Value.of(X)), 100);
    assertThat(((Value) y.get("y")).tensor()).isCloseTo(Tensor.of(-1f, -1, -2, -3, -2));
    assertThat(((Value) y.get("n")).tensor()).isCloseTo(Tensor.scalar(3, DType.FLOAT64));
    assertThat(((Value) y.get("is")).tensor()).isCloseTo(Tensor.scalar(1, DType.FLOAT64));
    assertThatThrownBy(() -> model.forward(Map.of("x", X)))
        .isInstanceOf(UnsupportedOnnxException.class)
        .hasMessage("forward: the output 'fewer' is a sequence of 3; expected a tensor");
  }

  @Test
  void aSequenceIsNoTensor() throws IOException {
    byte[] model =
        graph()
            .input("x", 3)
            .node("SplitToSequence", "x -> parts")
            .node("Relu", "parts -> y")
            .output("y")
            .build();
    OnnxModel refused = OnnxModel.of(model);
    assertThatThrownBy(() -> refused.forward(X))
        .hasMessage("Relu 'the Relu': a sequence of 3; expected a tensor");
    assertThatThrownBy(() -> OnnxModel.of(graph().anyInput("s").build()).forward(Map.of("s", X)))
        .isInstanceOf(UnsupportedOnnxException.class)
        .hasMessageStartingWith("input 's': elements of type that are no tensor's");
  }

  @Test
  void aModelMayAskForItsGradients() throws IOException {
    OnnxModel model =
        OnnxModel.of(
            graph()
                .input("a", 3)
                .input("b", 3)
                .node("Mul", "a b -> c")
                .node("Mul", "c a -> y")
                .node(
                    "ai.onnx.preview.training:Gradient",
                    "a b -> da db",
                    texts("xs", "a", "b"),
                    attribute("y", "y"))
                .output("da")
                .output("db")
                .build());
    Tensor b = Tensor.of(5f, 7, 9);
    Map<String, Tensor> gradients = model.forward(Map.of("a", X, "b", b));
    Assertions.assertThat(List.copyOf(gradients.keySet())).containsExactly("da", "db");
    assertThat(gradients.get("da")).isCloseTo(X.times(b).times(2));
    assertThat(gradients.get("db")).isCloseTo(X.square());
  }
}
