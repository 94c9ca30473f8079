package dev.adjoint.onnx;

import static dev.adjoint.onnx.ModelBuilder.attribute;
import static dev.adjoint.testing.AdjointAssertions.assertThat;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.onnx.ModelBuilder.Message;
import dev.adjoint.optim.Adagrad;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * The steps that ONNX defines, which its cases check, beside those of our optimizers: five of each,
 * on the same gradients.
 */
class TrainingOperatorsTest {

  private static final float RATE = 0.1f;

  private static void compare(
      String op,
      int remembered,
      int first,
      Function<List<Parameter>, Optimizer> ours,
      Message... attributes)
      throws IOException {
    ModelBuilder builder =
        new ModelBuilder(22).input("rate").input("step").input("x").input("g").output("y");
    String inputs = "rate step x g";
    String outputs = "y";
    for (int i = 0; i < remembered; i++) {
      builder.input("s" + i).output("t" + i);
      inputs += " s" + i;
      outputs += " t" + i;
    }
    String node = "ai.onnx.preview.training:" + op;
    OnnxModel model =
        OnnxModel.of(builder.node(node, inputs + " -> " + outputs, attributes).build());
    Generator generator = Generator.seeded(3);
    Parameter parameter = new Parameter("x", generator.normal(4));
    Optimizer optimizer = ours.apply(List.of(parameter));
    Tensor x = parameter.value().copy();
    List<Tensor> state = new ArrayList<>();
    for (int i = 0; i < remembered; i++) {
      state.add(Tensors.zeros(4));
    }
    for (int step = 0; step < 5; step++) {
      Tensor g = generator.normal(4);
      Map<String, Tensor> given =
          new HashMap<>(
              Map.of(
                  "rate",
                  Tensor.scalar(RATE),
                  "step",
                  Tensor.scalar(step + first),
                  "x",
                  x,
                  "g",
                  g));
      for (int i = 0; i < remembered; i++) {
        given.put("s" + i, state.get(i));
      }
      Map<String, Tensor> results = model.forward(given);
      x = results.get("y");
      for (int i = 0; i < remembered; i++) {
        state.set(i, results.get("t" + i));
      }
      optimizer.step(parameter.value().times(g).sum().backward());
      assertThat(x).as("%s, step %d", op, step).isCloseTo(parameter.value());
    }
  }

  @Test
  void adamIsOurs() throws IOException {
    compare(
        "Adam",
        2,
        1,
        p -> new Adam(p).betas(0.8, 0.95).epsilon(1e-12).learningRate(RATE).weightDecay(0.1),
        attribute("alpha", 0.8f),
        attribute("beta", 0.95f),
        attribute("epsilon", 1e-12f), // which the two add in different places
        attribute("norm_coefficient", 0.1f));
  }

  @Test
  void adagradIsOurs() throws IOException {
    compare(
        "Adagrad",
        1,
        0,
        p -> new Adagrad(p).learningRateDecay(0.2).epsilon(1e-3).learningRate(RATE),
        attribute("decay_factor", 0.2f),
        attribute("epsilon", 1e-3f));
  }

  @Test
  void momentumIsOurs() throws IOException {
    compare(
        "Momentum",
        1,
        0,
        p -> new SGD(p).momentum(0.9).dampening(0.3).learningRate(RATE).weightDecay(0.1),
        attribute("alpha", 0.9f),
        attribute("beta", 0.7f),
        attribute("mode", "standard"),
        attribute("norm_coefficient", 0.1f));
    compare(
        "Momentum",
        1,
        0,
        p -> new SGD(p).momentum(0.9).nesterov().learningRate(RATE),
        attribute("alpha", 0.9f),
        attribute("beta", 1f),
        attribute("mode", "nesterov"),
        attribute("norm_coefficient", 0f));
  }
}
