package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Copies;
import dev.adjoint.nn.PerChannelAffine;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each channel over the batch: {@code g * (x - mu) / sqrt(variance + epsilon) + b}
 * (Ioffe and Szegedy 2015, arXiv:1502.03167).
 *
 * <p>Inputs have the shape (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W): C channels,
 * statistics over all other axes. In training mode these are the statistics of the batch (with the
 * biased variance), which also move the running statistics; in eval mode the running statistics are
 * used. Training on a batch of one value a channel is refused.
 *
 * <p>The running statistics start at 0 and 1, and each batch gives them {@link #updateRate} of its
 * own: {@code running = (1 - updateRate) * running + updateRate * batch}. Other frameworks call
 * either weight momentum:
 *
 * <pre>
 *                        their default            here
 *  PyTorch, MLX, burn    momentum 0.1  (new)      updateRate(momentum)
 *  Keras, Flax           momentum 0.99 (old)      updateRate(1 - momentum)
 *  ONNX, DJL, DL4J       momentum 0.9  (old)      updateRate(1 - momentum)
 * </pre>
 *
 * <p>As in PyTorch, the running variance is that of the unbiased estimate (the sum over m - 1),
 * though batches are normalized by the biased one; see {@link #biasedRunningVariance}. All defaults
 * are PyTorch's. g and b are the weights named weight and bias; the buffers are running_mean,
 * running_var and num_batches_tracked.
 */
public final class BatchNorm extends ChannelNorm<BatchNorm> implements PerChannelAffine {

  private double updateRate = 0.1;
  private boolean cumulative;
  private boolean biasedVariance;
  private boolean frozenStatistics;
  private final Buffer runningMean;
  private final Buffer runningVariance;
  private final Buffer batches;

  /** Creates a norm of some channels. */
  public BatchNorm(int channels) {
    super(channels);
    Shape shape = Shape.of(channels);
    runningMean = buffer("running_mean", Tensors.zeros(shape, DType.FLOAT32));
    runningVariance = buffer("running_var", Tensors.ones(shape, DType.FLOAT32));
    batches = buffer("num_batches_tracked", Tensor.scalar(0, DType.FLOAT32));
  }

  private BatchNorm(BatchNorm original, Copies copies) {
    super(original, copies);
    updateRate = original.updateRate;
    cumulative = original.cumulative;
    biasedVariance = original.biasedVariance;
    frozenStatistics = original.frozenStatistics;
    runningMean = buffer("running_mean", copies.of(original.runningMean));
    runningVariance = buffer("running_var", copies.of(original.runningVariance));
    batches = buffer("num_batches_tracked", copies.of(original.batches));
  }

  /** Sets the weight of a new batch in the running statistics: 0.1 unless it is set. */
  public BatchNorm updateRate(double weightOfNew) {
    if (!(weightOfNew >= 0 && weightOfNew <= 1)) {
      throw new IllegalArgumentException(
          "%s: update rate %s; expected 0 to 1".formatted(this, weightOfNew));
    }
    updateRate = weightOfNew;
    cumulative = false;
    return this;
  }

  /** Makes the running statistics the plain average of all batches so far. */
  public BatchNorm cumulativeAverage() {
    cumulative = true;
    return this;
  }

  /** Lets the running variance average the biased variances, as Keras and ONNX do. */
  public BatchNorm biasedRunningVariance() {
    biasedVariance = true;
    return this;
  }

  /** Uses the running statistics in training, too, and leaves them as they are. */
  public BatchNorm freezeStatistics() {
    frozenStatistics = true;
    return this;
  }

  /** Ends what {@link #freezeStatistics} began. */
  public BatchNorm unfreezeStatistics() {
    frozenStatistics = false;
    return this;
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
  Tensor standardized(Tensor x, @Nullable Tensor mask) {
    if (!isTraining() || frozenStatistics) {
      Tensor mean = placed(runningMean.value(), x);
      return x.minus(mean).times(placed(inverse(runningVariance.value()), x));
    }
    double count = mask == null ? x.size() / (double) channels() : mask.sum().item();
    if (count < 2) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has %.0f value for each channel, which has no variance; expected at least 2 in training, or eval()"
              .formatted(this, x.shape(), count));
    }
    Standardized batch = standardize(x, mask, reductionAxes(x));
    moveStatistics(batch, count);
    return batch.y();
  }

  @Override
  protected int[] reductionAxes(Tensor x) {
    return allButChannels(x);
  }

  private void moveStatistics(Standardized batch, double count) {
    double correction = biasedVariance ? 1 : count / (count - 1);
    batches.update(before -> {
      Tensor seen = before.plus(1);
      double rate = cumulative ? 1 / seen.item() : updateRate;
      runningMean.update(mean -> moved(mean, batch.mean(), rate));
      runningVariance.update(v -> moved(v, batch.variance().times(correction), rate));
      return seen;
    });
  }

  private static Tensor moved(Tensor running, Tensor batch, double rate) {
    return running.times(1 - rate).plus(batch.times(rate));
  }

  @Override
  public Affine inferenceAffine() {
    Tensor mean = runningMean.value();
    Tensor scale = gain(mean.dtype()).untracked().times(inverse(runningVariance.value()));
    return new Affine(scale, shift(mean.dtype()).untracked().minus(mean.times(scale)));
  }

  @Override
  protected BatchNorm copy(Copies copies) {
    return new BatchNorm(this, copies);
  }

  @Override
  public String toString() {
    return "BatchNorm(%d)".formatted(channels());
  }
}
