package dev.adjoint.examples.why;

import java.util.Locale;
import java.util.function.Function;

/** The experiments; each is called by a letter. */
public enum Experiment {
  /** Is it faster? */
  A(LearningSpeed::run),
  /** Does it need careful first weights? */
  B(InitialScale::run),
  /** Does it need large batches? */
  C(BatchSize::run),
  /** Do signals pass many layers? */
  D(DeepStack::run),
  /** Do gradients tell about more than one point? */
  E(Landscape::run),
  /** To what is it blind? */
  F(MeasuredInvariances::run),
  /** Is whitening better? */
  G(WhiteningCost::run),
  /** Do layers disturb one another less? */
  H(GradientShift::run),
  /** Are g and b needed? */
  I(GainAndBias::run),
  /** Does it need fair samples? */
  J(SortedBatches::run),
  /** Does a function do as well? */
  K(InPlaceOfANorm::run),
  /** How fast do weights turn? */
  L(Turning::run),
  /** Are steps on a sphere better? */
  M(StepsOnASphere::run);

  private final Function<Lab, Result> run;

  Experiment(Function<Lab, Result> run) {
    this.run = run;
  }

  /** Runs it. */
  public Result run(Lab lab) {
    return run.apply(lab);
  }

  /** Returns the letter. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
