package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Sets elements to 0 at random in training, and multiplies the others by 1 / (1 - p), so that the
 * mean stays the same (Srivastava et al. 2014, JMLR 15). In eval mode it does nothing.
 *
 * <p>With {@link #wholeChannels} it is PyTorch's Dropout1d, Dropout2d and Dropout3d: neighbors in a
 * channel are so alike that dropping one of them hides nothing.
 */
public final class Dropout extends Layer implements Transform {

  private final Setting<Double> probability = decimal("probability").require(p -> p <= 1, "0 to 1");
  private final Setting<Boolean> wholeChannels = flag("whole_channels");
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

  /**
   * Sets whole channels of an example to 0, of inputs of shape (N, C, ...) (Tompson et al. 2015,
   * arXiv:1411.4280).
   */
  public Dropout wholeChannels() {
    wholeChannels.set(true);
    return this;
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
    requireInput(!wholeChannels.get() || x.rank() >= 2, x, () -> "(N, C, ...)");
    if (!isTraining() || probability.get() == 0) {
      return observed(x);
    }
    double kept = 1 - probability.get();
    Tensor mask = generator.bernoulli(kept, drawn(x.shape()), x.dtype());
    return observed(x.times(kept == 0 ? mask : mask.div(kept)));
  }

  /** Returns the shape of what is drawn, which broadcasts to that of the input. */
  private Shape drawn(Shape x) {
    int[] sizes = x.toArray();
    if (wholeChannels.get()) {
      Arrays.fill(sizes, 2, sizes.length, 1);
    }
    return Shape.of(sizes);
  }
}
