package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.PerChannelAffine;
import dev.adjoint.nn.Setting;
import dev.adjoint.op.Normalized;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each channel by its mean and variance, of the batch in training mode and the running
 * averages in eval mode: what {@link BatchNorm} and its relatives share.
 *
 * <p>The buffers are running_mean, 0 at first, running_var, 1 at first, and num_batches_tracked.
 *
 * @param <N> the norm itself, which its options return
 */
public abstract class MomentNorm<N extends MomentNorm<N>> extends RunningNorm<N>
    implements PerChannelAffine {

  private static final Normalized NORMALIZED = new Normalized();

  private final Setting<Boolean> biasedVariance = flag("biased_running_variance");
  private final Buffer runningMean = buffer("running_mean", features(), 0);
  private final Buffer runningVariance = buffer("running_var", features(), 1);

  MomentNorm(Description from) {
    super(from);
  }

  /** Lets the running variance average the biased variances, as Keras and ONNX do. */
  public N biasedRunningVariance() {
    biasedVariance.set(true);
    return self();
  }

  /** Returns the running mean of each channel. */
  public Tensor runningMean() {
    return runningMean.value();
  }

  /** Returns the running variance of each channel. */
  public Tensor runningVariance() {
    return runningVariance.value();
  }

  @Override
  final Tensor normalized(Tensor x, @Nullable Tensor mask) {
    if (usesRunningStatistics()) {
      int[] sizes = placement(x);
      Tensor mean = runningMean.value();
      Tensor inverse = inverse(runningVariance.value());
      Tensor g = gain(mean.dtype());
      Tensor b = shift(mean.dtype());
      return NORMALIZED.apply(
          x, mean.reshape(sizes), inverse.reshape(sizes), g.reshape(sizes), b.reshape(sizes));
    }
    return ofBatch(x, mask);
  }

  /** Normalizes a batch by its own statistics, which move the running ones. */
  abstract Tensor ofBatch(Tensor x, @Nullable Tensor mask);

  /** Normalizes a batch by its moments, those of all of its shards. */
  final Standardized normalizeBatch(Tensor x, @Nullable Tensor mask) {
    if (!Shards.areSeveral()) {
      return normalize(x, mask, placement(x), reductionAxes(x));
    }
    Standardized all = standardizeBatch(x, mask);
    return new Standardized(affine(all.y()), all.mean(), all.variance());
  }

  /** Normalizes as {@link #normalizeBatch} does, without g and b. */
  final Standardized standardizeBatch(Tensor x, @Nullable Tensor mask) {
    if (!Shards.areSeveral()) {
      return standardize(x, mask, reductionAxes(x));
    }
    Moments all = batchMoments(x, mask);
    return new Standardized(
        all.deviation().times(inverse(all.variance())),
        all.mean().untracked().reshape(features()),
        all.variance().untracked().reshape(features()));
  }

  /**
   * Moves the running statistics towards those of a batch.
   *
   * @param count how many values each channel has
   * @param variance the biased variance
   */
  final void move(double count, Tensor mean, Tensor variance) {
    double correction = biasedVariance.get() ? 1 : count / (count - 1);
    move(Map.of(runningMean, mean, runningVariance, variance.times(correction)));
  }

  /** Returns how many values each channel has, at least 2. */
  final double requireCount(Tensor x, @Nullable Tensor mask) {
    double count = count(x, mask);
    if (count < 2) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has %.0f value for each channel, which has no variance; expected at least 2 in training, or eval()"
              .formatted(this, x.shape(), count));
    }
    return count;
  }

  @Override
  public Affine inferenceAffine() {
    Tensor mean = runningMean.value();
    Tensor scale = gain(mean.dtype()).untracked().times(inverse(runningVariance.value()));
    return new Affine(scale, shift(mean.dtype()).untracked().minus(mean.times(scale)));
  }
}
