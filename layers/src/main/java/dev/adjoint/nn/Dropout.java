package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;

/**
 * Sets elements to 0 at random in training, and multiplies the others by 1 / (1 - p), so that the
 * mean stays the same (Srivastava et al. 2014, JMLR 15). In eval mode it does nothing.
 */
public final class Dropout extends Layer implements Transform, Describable {

  private final Generator generator;
  private double probability;

  /**
   * Creates a dropout.
   *
   * @param probability that an element becomes 0; PyTorch's default is 0.5
   */
  public Dropout(double probability, Generator generator) {
    this.generator = generator;
    probability(probability);
  }

  /** Creates what was described: a layer that does nothing, as in eval mode. */
  public Dropout(Description from) {
    this(from.decimal("probability"), Generator.seeded(0));
  }

  /** Sets the probability that an element becomes 0. */
  public Dropout probability(double newProbability) {
    if (!(newProbability >= 0 && newProbability <= 1)) {
      throw new IllegalArgumentException(
          "Dropout: probability %s; expected 0 to 1".formatted(newProbability));
    }
    probability = newProbability;
    return this;
  }

  /** Returns the probability that an element becomes 0. */
  public double probability() {
    return probability;
  }

  @Override
  public Tensor forward(Tensor x) {
    if (!isTraining() || probability == 0) {
      return observed(x);
    }
    double kept = 1 - probability;
    Tensor mask = generator.bernoulli(kept, x.shape(), x.dtype());
    return observed(x.times(kept == 0 ? mask : mask.div(kept)));
  }

  @Override
  public Description description() {
    return Description.of(this).set("probability", probability);
  }

  @Override
  protected Dropout copy(Copies copies) {
    return new Dropout(probability, copies.of(generator));
  }

  @Override
  public String toString() {
    return "Dropout(%s)".formatted(probability);
  }
}
