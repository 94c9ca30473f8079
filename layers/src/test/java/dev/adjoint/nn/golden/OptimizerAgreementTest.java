package dev.adjoint.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.golden.Golden.Role;
import dev.adjoint.op.Joining;
import dev.adjoint.optim.Adagrad;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.LBFGS;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.RMSProp;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the way that optimizers take with that of PyTorch's. */
class OptimizerAgreementTest {

  private static final double TOLERANCE = 1e-10;
  private static final int STEPS = 100;

  static Stream<String> files() {
    return Golden.names("optim");
  }

  @ParameterizedTest
  @MethodSource("files")
  void goesTheWayOfPyTorch(String file) {
    Golden golden = Golden.read(file);
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    golden.all(Role.STATE).forEach((name, x) -> parameters.put(name, new Parameter(name, x)));
    Runnable stepper = stepper(golden, parameters, () -> loss(golden, parameters));
    int compared = 0;
    for (int step = 1; step <= STEPS; step++) {
      stepper.run();
      for (Map.Entry<String, Parameter> parameter : parameters.entrySet()) {
        String output = parameter.getKey() + "." + step;
        if (golden.all(Role.OUTPUT).containsKey(output)) {
          assertThat(parameter.getValue().value().toDoubleArray())
              .as(output)
              .containsExactly(golden.get(Role.OUTPUT, output).toDoubleArray(), within(TOLERANCE));
          compared++;
        }
      }
    }
    assertThat(compared).isEqualTo(golden.all(Role.OUTPUT).size());
  }

  /** Computes {@code w' A w / 2 - b' w + sum(log(cosh(w)))}, w being all parameters. */
  private static Tensor loss(Golden golden, Map<String, Parameter> parameters) {
    Tensor w =
        Joining.concat(
            0,
            parameters.values().stream()
                .map(p -> p.value().reshape(p.shape().size()))
                .toArray(Tensor[]::new));
    Tensor a = golden.get(Role.INPUT, "A");
    Tensor b = golden.get(Role.INPUT, "b");
    Tensor logCosh = w.exp().plus(w.neg().exp()).div(2).log().sum();
    return w.matmul(a.matmul(w)).div(2).minus(b.matmul(w)).plus(logCosh);
  }

  private static Runnable stepper(
      Golden golden, Map<String, Parameter> parameters, Supplier<Tensor> loss) {
    if (golden.option("source").endsWith("LBFGS")) {
      LBFGS lbfgs = lbfgs(golden, parameters);
      return () -> lbfgs.step(loss);
    }
    Optimizer optimizer =
        switch (golden.option("source")) {
          case "torch::optim::SGD" -> sgd(golden, parameters);
          case "torch::optim::Adam" -> adam(golden, parameters);
          case "torch::optim::AdamW" -> adamW(golden, parameters);
          case "torch::optim::RMSprop" -> rmsProp(golden, parameters);
          case "torch::optim::Adagrad" -> adagrad(golden, parameters);
          default -> throw new AssertionError(golden.option("source"));
        };
    return () -> optimizer.step(loss.get().backward());
  }

  private static Optimizer sgd(Golden golden, Map<String, Parameter> parameters) {
    SGD sgd =
        new SGD(parameters)
            .learningRate(number(golden, "lr"))
            .weightDecay(number(golden, "weight_decay"))
            .momentum(number(golden, "momentum"))
            .dampening(number(golden, "dampening"));
    return is(golden, "nesterov") ? sgd.nesterov() : sgd;
  }

  private static Optimizer adam(Golden golden, Map<String, Parameter> parameters) {
    Adam adam =
        new Adam(parameters)
            .learningRate(number(golden, "lr"))
            .weightDecay(number(golden, "weight_decay"))
            .betas(number(golden, "beta1"), number(golden, "beta2"))
            .epsilon(number(golden, "eps"));
    return is(golden, "amsgrad") ? adam.amsgrad() : adam;
  }

  private static Optimizer adamW(Golden golden, Map<String, Parameter> parameters) {
    AdamW adamW =
        new AdamW(parameters)
            .learningRate(number(golden, "lr"))
            .weightDecay(number(golden, "weight_decay"))
            .betas(number(golden, "beta1"), number(golden, "beta2"))
            .epsilon(number(golden, "eps"));
    return is(golden, "amsgrad") ? adamW.amsgrad() : adamW;
  }

  private static Optimizer rmsProp(Golden golden, Map<String, Parameter> parameters) {
    RMSProp rmsProp =
        new RMSProp(parameters)
            .learningRate(number(golden, "lr"))
            .weightDecay(number(golden, "weight_decay"))
            .alpha(number(golden, "alpha"))
            .epsilon(number(golden, "eps"))
            .momentum(number(golden, "momentum"));
    return is(golden, "centered") ? rmsProp.centered() : rmsProp;
  }

  private static Optimizer adagrad(Golden golden, Map<String, Parameter> parameters) {
    return new Adagrad(parameters)
        .learningRate(number(golden, "lr"))
        .weightDecay(number(golden, "weight_decay"))
        .learningRateDecay(number(golden, "lr_decay"))
        .initialSum(number(golden, "initial_accumulator_value"))
        .epsilon(number(golden, "eps"));
  }

  private static LBFGS lbfgs(Golden golden, Map<String, Parameter> parameters) {
    LBFGS lbfgs =
        new LBFGS(parameters)
            .learningRate(number(golden, "lr"))
            .maxIterations(Integer.parseInt(golden.option("max_iter")))
            .gradientTolerance(number(golden, "tolerance_grad"))
            .changeTolerance(number(golden, "tolerance_change"))
            .historySize(Integer.parseInt(golden.option("history_size")));
    return golden.option("line_search_fn").equals("strong_wolfe") ? lbfgs.strongWolfe() : lbfgs;
  }

  private static double number(Golden golden, String option) {
    return Double.parseDouble(golden.option(option));
  }

  private static boolean is(Golden golden, String option) {
    return Boolean.parseBoolean(golden.option(option));
  }
}
