package dev.adjoint.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.golden.Golden.Role;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares layers, losses and functions with PyTorch: outputs, the gradients of all inputs and
 * parameters, and what training changes. The names of parameters and buffers are compared, too.
 */
class AgreementTest {

  private static final double TOLERANCE = 1e-10;

  static Stream<String> files() {
    return Golden.names("").filter(name -> !name.startsWith("optim"));
  }

  @ParameterizedTest
  @MethodSource("files")
  void agreesWithPyTorch(String file) {
    Golden golden = Golden.read(file);
    Subject subject = Subjects.of(golden);
    Layer layer = subject.layer();
    if (layer != null) {
      prepare(layer, subject, golden);
    }
    Map<String, Tensor> inputs = new LinkedHashMap<>();
    golden.all(Role.INPUT).forEach((name, x) -> inputs.put(name, x.tracked()));

    Map<String, Tensor> outputs = subject.forward().apply(inputs);
    Tensor loss = Tensor.scalar(0, DType.FLOAT64);
    for (Map.Entry<String, Tensor> output : golden.all(Role.OUTPUT).entrySet()) {
      Tensor actual = outputs.get(output.getKey());
      assertThat(actual).as("output %s", output.getKey()).isNotNull();
      assertClose("output " + output.getKey(), actual, output.getValue());
      if (golden.all(Role.SEED).containsKey(output.getKey())) {
        loss = loss.plus(actual.times(golden.get(Role.SEED, output.getKey())).sum());
      }
    }

    if (!golden.all(Role.GRAD).isEmpty()) {
      Gradients gradients = loss.backward();
      golden
          .all(Role.GRAD)
          .forEach((name, expected) ->
              assertClose(
                  "gradient of " + name, gradient(subject, gradients, inputs, name), expected));
    }
    if (layer != null) {
      Map<String, Tensor> state = layer.state();
      golden
          .all(Role.AFTER)
          .forEach((name, expected) ->
              assertClose(name + " afterwards", state.get(subject.nameOf().apply(name)), expected));
    }
  }

  private static void prepare(Layer layer, Subject subject, Golden golden) {
    layer.to(DType.FLOAT64);
    Map<String, Tensor> state = new LinkedHashMap<>();
    golden.all(Role.STATE).forEach((name, value) -> state.put(subject.nameOf().apply(name), value));
    layer.load(state);
    if (golden.has("training") && golden.option("training").equals("false")) {
      layer.eval();
    }
  }

  private static Tensor gradient(
      Subject subject, Gradients gradients, Map<String, Tensor> inputs, String name) {
    Tensor input = inputs.get(name);
    if (input != null) {
      return gradients.of(input);
    }
    assertThat(subject.layer()).isNotNull();
    return gradients.orZeros(subject.layer().namedParameters().get(subject.nameOf().apply(name)));
  }

  private static void assertClose(String what, Tensor actual, Tensor expected) {
    assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
    double scale = Math.max(1, expected.size() == 0 ? 0 : expected.abs().max().item());
    assertThat(actual.toDoubleArray())
        .as(what)
        .containsExactly(expected.toDoubleArray(), within(TOLERANCE * scale));
  }
}
