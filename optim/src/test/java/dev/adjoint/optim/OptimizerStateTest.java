package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OptimizerStateTest {

  private final Generator generator = Generator.seeded(7);
  private final Tensor x = generator.normal(6, 5);

  /** Returns the parameters of a small network, under paths, each with the same name. */
  private static Map<String, Parameter> network() {
    Generator weights = Generator.seeded(1);
    Map<String, Parameter> network = new LinkedHashMap<>();
    network.put("0.weight", new Parameter("Linear.weight", weights.normal(5, 4)));
    network.put("0.bias", new Parameter("Linear.bias", weights.normal(4)));
    network.put("1.weight", new Parameter("Linear.weight", weights.normal(4, 3)));
    return network;
  }

  private void train(Map<String, Parameter> network, Optimizer optimizer, int steps) {
    for (int step = 0; step < steps; step++) {
      Tensor hidden =
          x.matmul(network.get("0.weight").value()).plus(network.get("0.bias").value()).tanh();
      Tensor loss = hidden.matmul(network.get("1.weight").value()).minus(1).square().mean();
      optimizer.step(loss.backward());
    }
  }

  private static Map<String, Parameter> copy(Map<String, Parameter> network) {
    Map<String, Parameter> copy = new LinkedHashMap<>();
    network.forEach((path, p) -> copy.put(path, new Parameter(p.name(), p.value())));
    return copy;
  }

  private static Map<String, List<Double>> values(Map<String, Parameter> network) {
    Map<String, List<Double>> values = new LinkedHashMap<>();
    network.forEach(
        (path, p) -> values.put(path, Arrays.stream(p.value().toDoubleArray()).boxed().toList()));
    return values;
  }

  @ParameterizedTest
  @EnumSource
  void fiftyStepsAndFiftyMoreAreAHundred(Recipes recipe) {
    Schedule schedule = Schedule.cosine(90).warmup(10);
    Map<String, Parameter> network = network();
    Optimizer optimizer = scheduled(recipe.of(network), schedule);
    train(network, optimizer, 50);
    Map<String, Tensor> state = optimizer.state();
    Map<String, Parameter> resumed = copy(network);

    train(network, optimizer, 50);
    Optimizer fresh = scheduled(recipe.of(resumed), schedule);
    fresh.load(state);
    train(resumed, fresh, 50);

    assertThat(values(resumed)).isEqualTo(values(network));
    assertThat(fresh.state().keySet()).isEqualTo(optimizer.state().keySet());
  }

  private static Optimizer scheduled(Optimizer optimizer, Schedule schedule) {
    return ((FluentOptimizer<?>) optimizer).schedule(schedule);
  }

  @Test
  void entriesAreCalledByThePathOfTheParameterAndPyTorchsName() {
    Map<String, Parameter> network = network();
    Optimizer adam = new Adam(network).amsgrad();
    assertThat(adam.state().keySet())
        .containsExactly("step", "0.weight.step", "0.bias.step", "1.weight.step");
    train(network, adam, 2);
    Map<String, Tensor> state = adam.state();
    assertThat(state.keySet())
        .hasSize(13)
        .contains("1.weight.exp_avg", "1.weight.exp_avg_sq", "1.weight.max_exp_avg_sq");
    assertThat(state.get("step").item()).isEqualTo(2);
    assertThat(state.get("0.bias.step").item()).isEqualTo(2);
    assertThat(state.get("1.weight.exp_avg").shape()).isEqualTo(Shape.of(4, 3));
  }

  @Test
  void aSavedStateDoesNotChangeWithTheOptimizer() {
    Map<String, Parameter> network = network();
    Optimizer adam = new Adam(network);
    train(network, adam, 1);
    Tensor saved = adam.state().get("0.bias.exp_avg");
    double[] before = saved.toDoubleArray();
    train(network, adam, 1);
    assertThat(saved.toDoubleArray()).isEqualTo(before);
    assertThat(adam.state().get("0.bias.exp_avg").toDoubleArray()).isNotEqualTo(before);
  }

  @Test
  void whatDoesNotFitIsNamedAndNothingIsLoaded() {
    Map<String, Parameter> network = network();
    Optimizer adam = new Adam(network);
    train(network, adam, 3);
    Map<String, Tensor> before = adam.state();
    Map<String, Tensor> state = new HashMap<>(before);
    state.put("step", Tensor.scalar(9, DType.FLOAT64));
    state.put("0.weight.exp_avg", Tensors.zeros(5, 4));
    state.remove("0.weight.exp_avg_sq");
    state.put("0.bias.exp_avg", Tensors.zeros(3));
    state.put("1.weight.step", Tensor.scalar(0.5, DType.FLOAT64));
    state.put("2.weight.exp_avg", Tensors.zeros(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adam.load(state))
        .withMessageStartingWith("load: this state does not fit Adam: ")
        .withMessageContaining("'0.weight.exp_avg_sq' of shape (5, 4) is missing")
        .withMessageContaining("'0.bias.exp_avg' has shape (3), expected (4)")
        .withMessageContaining("'1.weight.step' is 0.5, expected a whole number of at least 0")
        .withMessageContaining("'2.weight.exp_avg' is unknown");
    Map<String, Tensor> after = adam.state();
    assertThat(after.keySet()).isEqualTo(before.keySet());
    before.forEach((name, tensor) ->
        assertThat(after.get(name).toDoubleArray()).as(name).isEqualTo(tensor.toDoubleArray()));
  }

  @Test
  void theStateOfOtherSettingsDoesNotFit() {
    Map<String, Parameter> network = network();
    Optimizer adam = new Adam(network);
    train(network, adam, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Adam(network()).amsgrad().load(adam.state()))
        .withMessageContaining("'0.weight.max_exp_avg_sq' of shape (5, 4) is missing");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RMSProp(network()).load(adam.state()))
        .withMessageContaining("'0.bias.square_avg' of shape (4) is missing")
        .withMessageContaining("'0.bias.exp_avg' is unknown");
  }

  @Test
  void whatASettingAddsLaterIsEmptyUntilItIsUsed() {
    Map<String, Parameter> network = network();
    SGD sgd = new SGD(network);
    train(network, sgd, 2);
    sgd.momentum(0.9);
    Map<String, Parameter> copy = network();
    Optimizer other = new SGD(copy).momentum(0.9);
    other.load(sgd.state());
    assertThat(other.state().get("0.bias.momentum_buffer").shape()).isEqualTo(Shape.of(0));
    train(copy, other, 1);
    assertThat(other.state().get("0.bias.momentum_buffer").shape()).isEqualTo(Shape.of(4));
  }

  @Test
  void momentumThatWasSetBeforeAStateWasSavedBeginsUndampenedAfterwards() {
    Map<String, Parameter> network = network();
    SGD sgd = new SGD(network).learningRate(0.1);
    train(network, sgd, 2);
    sgd.momentum(0.9).dampening(0.5);
    Map<String, Parameter> resumed = copy(network);
    Optimizer fresh = new SGD(resumed).learningRate(0.1).momentum(0.9).dampening(0.5);
    fresh.load(sgd.state());
    train(network, sgd, 3);
    train(resumed, fresh, 3);
    assertThat(values(resumed)).isEqualTo(values(network));
  }

  @Test
  void parametersOfOneNameHaveNoStateUntilTheyHavePaths() {
    Optimizer adam = new Adam(List.copyOf(network().values()));
    assertThatIllegalStateException()
        .isThrownBy(adam::state)
        .withMessageContaining("two parameters are called 'Linear.weight'")
        .withMessageContaining("new Adam(model.namedParameters())");
    assertThatIllegalStateException().isThrownBy(() -> adam.load(Map.of()));
  }

  @ParameterizedTest
  @EnumSource
  void whatIsRememberedFollowsTheTypeOfTheParameter(Recipes recipe) {
    Map<String, Parameter> network = network();
    Map<String, Parameter> single = copy(network);
    Optimizer optimizer = recipe.of(network);
    Optimizer reference = recipe.of(single);
    train(network, optimizer, 3);
    train(single, reference, 3);
    network.values().forEach(p -> p.to(DType.FLOAT64));
    train(network, optimizer, 3);
    train(single, reference, 3);
    network.forEach((path, p) -> {
      assertThat(p.dtype()).isEqualTo(DType.FLOAT64);
      assertThat(p.value().toDoubleArray())
          .as(path)
          .containsExactly(single.get(path).value().toDoubleArray(), within(1e-4));
    });
    assertThat(optimizer.state().values()).allMatch(t -> t.dtype() == DType.FLOAT64);
    network.values().forEach(p -> p.to(DType.FLOAT32));
    train(network, optimizer, 1);
  }

  @Test
  void aStateOfAnotherTypeIsConverted() {
    Map<String, Parameter> network = network();
    Optimizer adam = new Adam(network);
    train(network, adam, 2);
    Map<String, Tensor> state = new HashMap<>();
    adam.state().forEach((name, tensor) -> state.put(name, tensor.to(DType.FLOAT64)));
    Optimizer other = new Adam(network);
    other.load(state);
    train(network, other, 1);
    assertThat(other.state().get("0.bias.exp_avg").dtype()).isEqualTo(DType.FLOAT32);
  }

  @Test
  void anOptimizerPrintsItsSettingsAndHowFarItIs() {
    Map<String, Parameter> network = network();
    Adam adam = new Adam(network).learningRate(0.01);
    train(network, adam, 2);
    String text = "Adam of 3 parameters, learning rate 0.01, weight decay 0.0, after 2 steps";
    assertThat(adam).hasToString(text);
    assertThat(new Lookahead(adam)).hasToString("Lookahead around " + text);
    assertThat(new LBFGS(network))
        .hasToString("LBFGS of 3 parameters, learning rate 1.0, after 0 iterations");
  }

  @Test
  void ofManyFaultsTheFirstAreTold() {
    Map<String, Parameter> many = new LinkedHashMap<>();
    for (int i = 0; i < 30; i++) {
      many.put("w" + i, new Parameter("w", Tensor.of(1.0)));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Adam(many).load(Map.of()))
        .withMessageContaining("'w18.step' of shape () is missing")
        .withMessageEndingWith("; and 11 more");
  }
}
