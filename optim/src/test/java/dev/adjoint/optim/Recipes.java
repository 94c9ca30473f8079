package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/** Lists every optimizer with every kind of state that its settings give it. */
enum Recipes {
  SGD(p -> new SGD(p).learningRate(0.01)),
  MOMENTUM(p -> new SGD(p).learningRate(0.01).momentum(0.9).dampening(0.1).weightDecay(0.1)),
  ADAM(p -> new Adam(p).learningRate(0.01).weightDecay(0.1)),
  ADAM_W(p -> new AdamW(p).learningRate(0.01).amsgrad()),
  NADAM(p -> new NAdam(p).learningRate(0.01)),
  RADAM(p -> new RAdam(p).learningRate(0.01).weightDecay(0.1).decoupledWeightDecay()),
  ADA_MAX(p -> new AdaMax(p).learningRate(0.01)),
  LAMB(p -> new LAMB(p).learningRate(0.01).weightDecay(0.1)),
  ADAFACTOR(p -> new Adafactor(p).weightDecay(0.1)),
  PRODIGY(p -> new Prodigy(p).weightDecay(0.1)),
  SCHEDULE_FREE(p -> new ScheduleFreeAdamW(p).learningRate(0.01).weightDecay(0.1)),
  RMS_PROP(p -> new RMSProp(p)),
  CENTERED(p -> new RMSProp(p).momentum(0.5).centered()),
  ADAGRAD(p -> new Adagrad(p).learningRateDecay(0.1).initialSum(0.1)),
  LION(p -> new Lion(p).learningRate(0.01).weightDecay(0.1)),
  MUON(p -> new Muon(p).learningRate(0.02).adamW(others -> others.learningRate(0.01))),
  LOOKAHEAD(p -> new Lookahead(new Adam(p)).steps(2).learningRate(0.01).weightDecay(0.1)),
  ON_SPHERE(Recipes::onSphere);

  private final Function<Map<String, Parameter>, Optimizer> made;

  Recipes(Function<Map<String, Parameter>, Optimizer> made) {
    this.made = made;
  }

  private static Optimizer onSphere(Map<String, Parameter> parameters) {
    OnSphere optimizer = new OnSphere(new Adam(parameters).learningRate(0.01));
    parameters.values().stream()
        .filter(parameter -> parameter.shape().rank() == 2)
        .forEach(matrix -> optimizer.unit(-1, List.of(matrix)).hyperball(List.of(matrix)));
    return optimizer;
  }

  Optimizer of(Map<String, Parameter> parameters) {
    return made.apply(parameters);
  }

  Optimizer of(Parameter... parameters) {
    Map<String, Parameter> named = new LinkedHashMap<>();
    Stream.of(parameters).forEach(p -> named.put(p.name(), p));
    return of(named);
  }
}
