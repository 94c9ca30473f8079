package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Mask;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes inputs of shape (N, C) or (N, C, ...), with a g and b for each of the C channels: what
 * batch, instance and group norm share. The axes after the channels may be a length, height and
 * width, or more.
 *
 * <p>Padded inputs are normalized with a {@linkplain Mask mask} of the input's shape without the
 * channels: (N, L) for (N, C, L). Padding then takes no part in the statistics, is never read, and
 * is 0 in the output, so that a convolution after it sees the zeros that it pads with itself.
 *
 * @param <N> the norm itself, which its options return
 */
public abstract class ChannelNorm<N extends ChannelNorm<N>> extends Normalization<N> {

  ChannelNorm(Description from) {
    this(from, true, 1e-5);
  }

  /** Creates a norm from its description that subtracts the mean or not, and its usual epsilon. */
  ChannelNorm(Description from, boolean centered, double usualEpsilon) {
    super(from, centered, true, usualEpsilon);
    if (features().rank() != 1) {
      throw new IllegalArgumentException(
          "%s: features of shape %s; expected one axis, the channels"
              .formatted(type(), features()));
    }
  }

  /**
   * Returns the normalized activations, of the same shape, with statistics of what is not padded,
   * and 0 where it is.
   *
   * @param mask 0 where the input is padded, else 1: of the shape of x without axis 1
   */
  public Tensor forward(Tensor x, Tensor mask) {
    requireFeatures(x);
    Shape expected = x.shape().reduced(new int[] {1}, false);
    if (!mask.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "%s: mask of shape %s for input of shape %s; expected %s"
              .formatted(this, mask.shape(), x.shape(), expected));
    }
    Tensor counts = Mask.of(toString(), mask, x.dtype()).unsqueeze(1);
    Tensor zero = Tensor.scalar(0, x.dtype());
    Tensor known = Where.where(counts, x, zero);
    return observed(Where.where(counts, normalized(known, counts), zero));
  }

  @Override
  protected final Tensor normalized(Tensor x) {
    return normalized(x, null);
  }

  /** Normalizes; the mask broadcasts to the shape of x, which is 0 where the mask is. */
  abstract Tensor normalized(Tensor x, @Nullable Tensor mask);

  /** Means and biased variances along axes that are kept, and what lies off the means. */
  record Moments(Tensor mean, Tensor variance, Tensor deviation) {}

  /** Returns the moments of an input that is 0 where the mask is, which does not count there. */
  static Moments moments(Tensor x, @Nullable Tensor mask, int... axes) {
    return moments(UnaryOperator.identity(), x, mask, axes);
  }

  /**
   * Returns the moments of an input and what more a function adds to its sums. What the rounded
   * mean leaves is summed with the squares: corrected two-pass (Chan, Golub and LeVeque 1983).
   */
  static Moments moments(
      UnaryOperator<Tensor> total, Tensor x, @Nullable Tensor mask, int... axes) {
    Tensor sum = x.sum(Keep.AXES, axes);
    Tensor count =
        mask == null
            ? Tensors.full(sum.shape(), (double) x.size() / Math.max(1, sum.size()), x.dtype())
            : mask.expand(x.shape()).sum(Keep.AXES, axes);
    Tensor sums = total.apply(Joining.stack(0, count, sum));
    Tensor n = sums.select(0, 0).clamp(1, Double.MAX_VALUE);
    Tensor mean = sums.select(0, 1).div(n);
    Tensor off = mask == null ? x.minus(mean) : x.minus(mean).times(mask);
    Tensor squares = off.square().sum(Keep.AXES, axes);
    Tensor rest = total.apply(Joining.stack(0, off.sum(Keep.AXES, axes), squares)).div(n);
    Tensor left = rest.select(0, 0);
    return new Moments(mean.plus(left), rest.select(0, 1).minus(left.square()), off.minus(left));
  }

  /** Returns the elements by group: shape (N, groups, channels of a group, positions). */
  final Tensor grouped(Tensor x, int groups) {
    int positions = x.size() / Math.max(1, x.size(0) * channels());
    return x.reshape(x.size(0), groups, channels() / groups, positions);
  }

  /** Returns the axes after the channels, at least one. */
  final int[] positions(Tensor x) {
    requireInput(x.rank() >= 3, x, () -> "(N, %d, ...)".formatted(channels()));
    return IntStream.range(2, x.rank()).toArray();
  }

  /** Throws if sets of so many elements have no variance. */
  final void requireVariance(int count, Tensor x) {
    if (count == 1) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has 1 value in each set to normalize, which has no variance; expected at least 2"
              .formatted(this, x.shape()));
    }
  }

  final int channels() {
    return features().size(0);
  }

  /** Throws if the channels do not fall into so many groups of equal size. */
  final void requireGroups(int groups) {
    if (groups < 1 || channels() % groups != 0) {
      throw new IllegalArgumentException(
          "%s: %d groups of %d channels; expected groups of equal size"
              .formatted(getClass().getSimpleName(), groups, channels()));
    }
  }

  @Override
  protected final int featureAxis(Tensor x) {
    return 1;
  }

  @Override
  protected String expected() {
    return "(N, %d) or (N, %1$d, ...)".formatted(channels());
  }
}
