package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import java.util.List;

/** Does what {@link Adam} and {@link AdamW} share: all but the way weights decay. */
abstract class AdamBase extends Optimizer {

  private double beta1 = 0.9;
  private double beta2 = 0.999;
  private double epsilon = 1e-8;

  AdamBase(List<Parameter> parameters) {
    super(parameters, 1e-3);
  }

  final void setBetas(double first, double second) {
    beta1 = belowOne("beta1", first);
    beta2 = belowOne("beta2", second);
  }

  final void setEpsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
  }

  /**
   * Updates one parameter.
   *
   * @param keep by what the values are multiplied first
   * @param decay what factor of the values is added to their gradients
   */
  final void update(ParameterState state, Object p, Object g, double keep, double decay) {
    UpdateLoops loops = state.loops();
    Object m = state.zerosAtFirst("mean");
    Object v = state.zerosAtFirst("square");
    int steps = state.nextStep();
    double rate = learningRate() / (1 - Math.pow(beta1, steps));
    double scale = Math.sqrt(1 - Math.pow(beta2, steps));
    split(
        state.size(),
        (from, to) ->
            loops.adam(p, g, m, v, from, to, rate, keep, decay, beta1, beta2, scale, epsilon));
  }
}
