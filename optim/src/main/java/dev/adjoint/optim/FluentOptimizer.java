package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;

/** Lets the settings that all optimizers have be chained with those of one class. */
abstract class FluentOptimizer<O extends Optimizer> extends Optimizer {

  FluentOptimizer(ImmutableList<ParameterState> states, double learningRate, double weightDecay) {
    super(states, learningRate, weightDecay);
  }

  /** Sets the learning rate, for all steps to come. */
  @Override
  public final O learningRate(double rate) {
    super.learningRate(rate);
    return self();
  }

  /** Sets how much weights decay. */
  public final O weightDecay(double factor) {
    setWeightDecay(factor);
    return self();
  }

  /** Gives some parameters a learning rate and weight decay of their own. */
  public final O group(ParameterGroup group) {
    addGroup(group);
    return self();
  }

  /** Multiplies the learning rates by a factor for each step; replaces what has been set before. */
  public final O schedule(Schedule schedule) {
    setSchedule(schedule);
    return self();
  }

  /** Returns this. */
  @SuppressWarnings("unchecked") // a subclass names itself
  final O self() {
    return (O) this;
  }
}
