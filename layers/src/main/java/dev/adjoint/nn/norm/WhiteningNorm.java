package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whitens groups of channels over the batch: {@code g * W (x - mu) + b}, where W is the inverse
 * root of the covariance of a group's channels plus epsilon on its diagonal (ZCA whitening).
 *
 * <p>Inputs are those of {@link BatchNorm}; every value of a channel is one sample. Groups are
 * contiguous blocks of channels, each whitened by itself; there are as few as make blocks of at
 * most 16. With a block for each channel this is batch norm. Training needs more values a channel
 * than a block has channels, better many times as many: the covariance of fewer has no inverse, and
 * any such values look alike when whitened. Values that are not finite are refused there.
 *
 * <p>In eval mode running averages of mu and of W are used: a fixed affine function. They are the
 * buffers running_mean and running_whitening, and start at 0 and the identity. The covariance is
 * biased, and is taken apart in double precision, also for float32.
 *
 * @param <N> the norm itself, which its options return
 */
public abstract class WhiteningNorm<N extends WhiteningNorm<N>> extends RunningNorm<N> {

  private static final int LARGEST_BLOCK = 16;

  private final int groups = integer("groups").get();
  private final Buffer runningMean = buffer("running_mean", features(), 0);
  private final Buffer runningWhitening;

  /** Creates a norm from its description, in blocks of the same size. */
  WhiteningNorm(Description from) {
    super(from);
    requireGroups(groups);
    int block = channels() / groups;
    runningWhitening =
        buffer(
            "running_whitening",
            Shape.of(groups, block, block),
            shape -> Tensors.eye(block).expand(shape));
  }

  /** Returns the smallest number of blocks of the same size, at most 16. */
  static int groupsFor(int channels) {
    int groups = 1;
    while (groups < channels && (channels % groups != 0 || channels / groups > LARGEST_BLOCK)) {
      groups++;
    }
    return groups;
  }

  /** Returns the running mean of each channel. */
  public Tensor runningMean() {
    return runningMean.value();
  }

  /** Returns the running whitening matrix of each group: shape (groups, block, block). */
  public Tensor runningWhitening() {
    return runningWhitening.value();
  }

  /**
   * Not for whitening.
   *
   * @throws UnsupportedOperationException always
   */
  @Override
  public N epsilonOutsideRoot(double besideTheRoot) {
    throw new UnsupportedOperationException(
        "%s: epsilonOutsideRoot; expected epsilon, which is added to the covariance"
            .formatted(this));
  }

  /** Returns the inverse roots of covariances, in float64: shape (groups, block, block). */
  abstract Tensor inverseRoot(Tensor covariance);

  @Override
  final Tensor normalized(Tensor x, @Nullable Tensor mask) {
    int block = channels() / groups;
    Tensor swapped = x.transpose(0, 1);
    Tensor samples = swapped.reshape(groups, block, x.size() / channels());
    Tensor whitened =
        usesRunningStatistics()
            ? runningWhitening
                .value()
                .matmul(samples.minus(runningMean.value().reshape(groups, block, 1)))
            : whitened(samples, mask == null ? null : mask.transpose(0, 1).reshape(-1), x);
    return affine(whitened.reshape(swapped.shape()).transpose(0, 1));
  }

  /** Whitens samples of shape (groups, block, samples) by their own statistics. */
  private Tensor whitened(Tensor samples, @Nullable Tensor mask, Tensor x) {
    int block = samples.size(1);
    double count = count(x, mask);
    if (count <= block) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has %.0f values for each channel and blocks of %d channels, whose covariance has no inverse; expected more values than channels in training, better many more, or eval()"
              .formatted(this, x.shape(), count, block));
    }
    Tensor mean = Shards.total(samples.sum(Keep.AXES, 2)).div(count);
    Tensor centered = samples.minus(mean);
    Tensor zero = Tensor.scalar(0, samples.dtype());
    Tensor known = mask == null ? centered : Where.where(mask, centered, zero);
    Tensor deviation = known.to(DType.FLOAT64);
    Tensor covariance = Shards.total(deviation.matmul(deviation.transpose())).div(count);
    if (covariance.isFinite().sum().item() < covariance.size()) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has elements, or a covariance, that are not finite, and there is no whitening of them"
              .formatted(this, x.shape()));
    }
    Tensor ridge = Tensors.eye(block, DType.FLOAT64).times(epsilon(DType.FLOAT64));
    Tensor whitening = inverseRoot(covariance.plus(ridge)).to(x.dtype());
    move(Map.of(runningMean, mean, runningWhitening, whitening));
    return whitening.matmul(centered);
  }
}
