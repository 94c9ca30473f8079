package dev.adjoint.optim;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.tensor.Tensor;
import java.util.Map;

/**
 * A schedule that lowers the learning rate when a loss no longer falls (PyTorch's
 * ReduceLROnPlateau).
 *
 * <pre>{@code
 * ReduceOnPlateau plateau = new ReduceOnPlateau();
 * Optimizer optimizer = new SGD(model.namedParameters()).learningRate(0.1).schedule(plateau);
 * for (each epoch) {
 *   ...
 *   plateau.observe(validationLoss);
 * }
 * }</pre>
 *
 * <p>Defaults: gamma 0.1, patience 10, threshold 1e-4, no cooldown, no lowest factor: after 11
 * losses in a row that are not below the best by a part of 1e-4, the factor is multiplied by 0.1.
 */
public final class ReduceOnPlateau implements Schedule {

  private static final String NAME = "ReduceOnPlateau";

  private double gamma = 0.1;
  private int patience = 10;
  private double threshold = 1e-4;
  private boolean absolute;
  private int cooldown;
  private double lowest;
  private boolean maximize;

  private double factor = 1;
  private double best = Double.NaN;
  private int bad;
  private int cooling;

  /** Creates a schedule with factor 1. */
  public ReduceOnPlateau() {}

  /** Sets what the factor is multiplied by. */
  public ReduceOnPlateau gamma(double value) {
    gamma = Numbers.belowOne(NAME, "gamma", value);
    return this;
  }

  /** Sets the number of losses in a row that may be no better; one more lowers the factor. */
  public ReduceOnPlateau patience(int losses) {
    patience = Numbers.atLeast(0, NAME, "patience", losses);
    return this;
  }

  /** Sets how far a better loss has to be below the best, as a part of its magnitude. */
  public ReduceOnPlateau threshold(double part) {
    threshold = Numbers.atLeastZero(NAME, "threshold", part);
    absolute = false;
    return this;
  }

  /** Sets how far a better loss has to be below the best, in the units of the loss. */
  public ReduceOnPlateau absoluteThreshold(double distance) {
    threshold = Numbers.atLeastZero(NAME, "absolute threshold", distance);
    absolute = true;
    return this;
  }

  /** Sets the number of losses after a reduction that are not counted. */
  public ReduceOnPlateau cooldown(int losses) {
    cooldown = Numbers.atLeast(0, NAME, "cooldown", losses);
    return this;
  }

  /** Sets the factor below which it does not go. */
  public ReduceOnPlateau lowest(double value) {
    lowest = Numbers.atLeastZero(NAME, "lowest", value);
    return this;
  }

  /** Regards larger values as better: for an accuracy. */
  public ReduceOnPlateau maximize() {
    maximize = true;
    return this;
  }

  /** Records a loss, once an epoch, and lowers the factor if it is time. */
  public void observe(double loss) {
    if (isBetter(loss)) {
      best = loss;
      bad = 0;
    } else {
      bad++;
    }
    if (cooling > 0) {
      cooling--;
      bad = 0;
    }
    if (bad > patience) {
      factor = Math.max(factor * gamma, Math.min(factor, lowest));
      cooling = cooldown;
      bad = 0;
    }
  }

  /** Returns the factor as it is now, whatever the step. */
  @Override
  public double factor(int step) {
    return factor;
  }

  /** Returns what is remembered: {@code factor}, {@code best} and two counts. */
  public Map<String, Tensor> state() {
    return ImmutableMap.of(
        "factor", SavedState.entry(factor),
        "best", SavedState.entry(best),
        "num_bad_epochs", SavedState.entry(bad),
        "cooldown_counter", SavedState.entry(cooling));
  }

  /**
   * Continues from where a schedule with the same settings has been.
   *
   * @throws IllegalArgumentException naming what is missing or unknown; then nothing has changed
   */
  public void load(Map<String, Tensor> state) {
    SavedState saved = new SavedState(NAME, state);
    double savedFactor = saved.number("factor");
    double savedBest = saved.number("best");
    int savedBad = saved.count("num_bad_epochs");
    int savedCooling = saved.count("cooldown_counter");
    saved.requireFit();
    factor = savedFactor;
    best = savedBest;
    bad = savedBad;
    cooling = savedCooling;
  }

  private boolean isBetter(double loss) {
    if (Double.isNaN(best)) {
      return !Double.isNaN(loss);
    }
    // An infinite best has a finite margin: any number is better.
    double margin = absolute ? threshold : threshold * Math.min(Math.abs(best), Double.MAX_VALUE);
    return maximize ? loss > best + margin : loss < best - margin;
  }

  /** Returns the factor, the best value and how long there was no better one. */
  @Override
  public String toString() {
    return "ReduceOnPlateau with factor %s, best %s, %s times no better"
        .formatted(factor, best, bad);
  }
}
