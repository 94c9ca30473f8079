package dev.adjoint.optim;

import dev.adjoint.tensor.Shape;

/** A step of one parameter: what the numbers of its {@link Update} depend on. */
public final class Step {

  private final ParameterState state;
  private final double rate;
  private final double decay;

  Step(ParameterState state, double rate, double decay) {
    this.state = state;
    this.rate = rate;
    this.decay = decay;
  }

  /** Returns the number of the step, among those of this parameter: 1 for the first. */
  public int number() {
    return state.nextStep();
  }

  /** Returns the parameter's shape. */
  public Shape shape() {
    return state.parameter().shape();
  }

  /** Returns the learning rate, as scheduled, of the parameter's group. */
  public double rate() {
    return rate;
  }

  /** Returns the weight decay of the parameter's group. */
  public double decay() {
    return decay;
  }

  /** Returns whether something was remembered by this name before this step. */
  public boolean remembers(String name) {
    return state.has(name);
  }
}
