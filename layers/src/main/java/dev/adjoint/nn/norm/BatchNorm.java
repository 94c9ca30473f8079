package dev.adjoint.nn.norm;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.PerChannelAffine;
import dev.adjoint.nn.Setting;
import dev.adjoint.op.ElementwiseFunction;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
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
 * own; {@link RunningNorm} tells what that is called elsewhere.
 *
 * <p>As in PyTorch, the running variance is that of the unbiased estimate (the sum over m - 1),
 * though batches are normalized by the biased one; see {@link #biasedRunningVariance}. All defaults
 * are PyTorch's. g and b are the weights named weight and bias; the buffers are running_mean,
 * running_var and num_batches_tracked.
 */
public final class BatchNorm extends RunningNorm<BatchNorm> implements PerChannelAffine {

  private static final ElementwiseFunction NORMALIZED =
      new ElementwiseFunction(
          "normalized", 5, in -> in[0].minus(in[1]).times(in[2]).times(in[3]).plus(in[4]));

  private final Setting<Boolean> biasedVariance = flag("biased_running_variance");
  private final Buffer runningMean = buffer("running_mean", features(), 0);
  private final Buffer runningVariance = buffer("running_var", features(), 1);

  /** Creates a norm of some channels. */
  public BatchNorm(int channels) {
    this(Description.of(BatchNorm::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public BatchNorm(Description from) {
    super(from);
  }

  /** Lets the running variance average the biased variances, as Keras and ONNX do. */
  public BatchNorm biasedRunningVariance() {
    biasedVariance.set(true);
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
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    if (usesRunningStatistics()) {
      int[] sizes = placement(x);
      Tensor mean = runningMean.value();
      Tensor inverse = inverse(runningVariance.value());
      Tensor g = gain(mean.dtype());
      Tensor b = shift(mean.dtype());
      return NORMALIZED.apply(
          x, mean.reshape(sizes), inverse.reshape(sizes), g.reshape(sizes), b.reshape(sizes));
    }
    double count = count(x, mask);
    if (count < 2) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has %.0f value for each channel, which has no variance; expected at least 2 in training, or eval()"
              .formatted(this, x.shape(), count));
    }
    Standardized batch = normalize(x, mask, placement(x), reductionAxes(x));
    double correction = biasedVariance.get() ? 1 : count / (count - 1);
    Tensor variance = batch.variance().times(correction);
    move(Map.of(runningMean, batch.mean(), runningVariance, variance));
    return batch.y();
  }

  @Override
  public Affine inferenceAffine() {
    Tensor mean = runningMean.value();
    Tensor scale = gain(mean.dtype()).untracked().times(inverse(runningVariance.value()));
    return new Affine(scale, shift(mean.dtype()).untracked().minus(mean.times(scale)));
  }
}
