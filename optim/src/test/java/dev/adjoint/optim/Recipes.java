package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/** Lists every optimizer with every kind of state that its settings give it. */
enum Recipes {
  SGD {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new SGD(parameters).learningRate(0.01);
    }
  },
  MOMENTUM {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new SGD(parameters).learningRate(0.01).momentum(0.9).dampening(0.1).weightDecay(0.1);
    }
  },
  ADAM {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new Adam(parameters).learningRate(0.01).weightDecay(0.1);
    }
  },
  ADAM_W {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new AdamW(parameters).learningRate(0.01).amsgrad();
    }
  },
  NADAM {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new NAdam(parameters).learningRate(0.01);
    }
  },
  RMS_PROP {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new RMSProp(parameters);
    }
  },
  CENTERED {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new RMSProp(parameters).momentum(0.5).centered();
    }
  },
  ADAGRAD {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new Adagrad(parameters).learningRateDecay(0.1).initialSum(0.1);
    }
  },
  LION {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new Lion(parameters).learningRate(0.01).weightDecay(0.1);
    }
  },
  MUON {
    @Override
    Optimizer of(Map<String, Parameter> parameters) {
      return new Muon(parameters).learningRate(0.02).adamW(others -> others.learningRate(0.01));
    }
  };

  abstract Optimizer of(Map<String, Parameter> parameters);

  Optimizer of(Parameter... parameters) {
    Map<String, Parameter> named = new LinkedHashMap<>();
    Stream.of(parameters).forEach(p -> named.put(p.name(), p));
    return of(named);
  }
}
