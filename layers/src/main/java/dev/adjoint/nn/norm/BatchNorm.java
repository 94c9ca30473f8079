package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.Tensor;
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
public final class BatchNorm extends MomentNorm<BatchNorm> {

  /** Creates a norm of some channels. */
  public BatchNorm(int channels) {
    this(Description.of(BatchNorm::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public BatchNorm(Description from) {
    super(from);
  }

  @Override
  Tensor ofBatch(Tensor x, @Nullable Tensor mask) {
    double count = requireCount(x, mask);
    Standardized batch = normalizeBatch(x, mask);
    move(count, batch.mean(), batch.variance());
    return batch.y();
  }
}
