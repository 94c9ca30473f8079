package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;

/**
 * Sets elements to 0 at random in training, and multiplies the others by 1 / (1 - p), so that the
 * mean stays the same (Srivastava et al. 2014, JMLR 15). In eval mode it does nothing.
 */
public final class Dropout extends Layer implements Transform {

  private final Setting<Double> probability = decimal("probability").require(p -> p <= 1, "0 to 1");
  private final Generator generator = generator();

  /**
   * Creates a dropout.
   *
   * @param probability that an element becomes 0; PyTorch's default is 0.5
   */
  public Dropout(double probability, Generator generator) {
    this(Description.of(Dropout::new).set("probability", probability).with(generator));
  }

  /** Creates a layer from its description. */
  public Dropout(Description from) {
    super(from);
  }

  /** Sets the probability that an element becomes 0. */
  public Dropout probability(double newProbability) {
    probability.set(newProbability);
    return this;
  }

  /** Returns the probability that an element becomes 0. */
  public double probability() {
    return probability.get();
  }

  @Override
  public Tensor forward(Tensor x) {
    if (!isTraining() || probability.get() == 0) {
      return observed(x);
    }
    double kept = 1 - probability.get();
    Tensor mask = generator.bernoulli(kept, x.shape(), x.dtype());
    return observed(x.times(kept == 0 ? mask : mask.div(kept)));
  }
}
