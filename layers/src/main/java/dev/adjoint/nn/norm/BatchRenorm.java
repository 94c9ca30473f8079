package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Setting;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Batch norm for small batches and batches that are not drawn at random: corrects the batch's
 * statistics towards the running ones, {@code g * (r * (x - mu) / sigma + d) + b} (Ioffe 2017,
 * arXiv:1702.03275).
 *
 * <p>{@code r = sigma / running sigma}, at most rMax and at least 1 / rMax, and {@code d = (mu -
 * running mu) / running sigma}, within dMax of 0: no gradient flows through them. Running sigma is
 * the root of the running variance, as in {@link BatchNorm}; the paper and Keras average sigma
 * itself. Eval mode is that of batch norm, as are the input's shapes; with rMax of 1 and dMax of 0,
 * training mode is, too. Values that are not finite are refused in training: all later batches
 * would depend on them.
 */
public final class BatchRenorm extends MomentNorm<BatchRenorm> {

  private final Setting<Double> rMax = decimal("r_max", 3).require(r -> r >= 1, "at least 1");
  private final Setting<Double> dMax = decimal("d_max", 5);
  private final Setting<int[]> ramp = integers("ramp", 0, 0, 0);

  /** Creates a norm of some channels, with an rMax of 3 and a dMax of 5. */
  public BatchRenorm(int channels) {
    this(Description.of(BatchRenorm::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public BatchRenorm(Description from) {
    super(from);
  }

  /** Sets how far the correction may go: rMax, at least 1, and dMax, at least 0. */
  public BatchRenorm limits(double rMax, double dMax) {
    this.rMax.set(rMax);
    this.dMax.set(dMax);
    return this;
  }

  /**
   * Lets the limits grow from 1 and 0, as those of batch norm: from a batch on, rMax until another,
   * and dMax until a third. The paper has 5,000, 40,000 and 25,000; the default is no ramp.
   */
  public BatchRenorm ramp(int from, int rUntil, int dUntil) {
    ramp.set(new int[] {from, rUntil, dUntil});
    return this;
  }

  @Override
  Tensor ofBatch(Tensor x, @Nullable Tensor mask) {
    double count = requireCount(x, mask);
    Standardized batch = standardizeBatch(x, mask);
    if (batch.variance().isFinite().all().item() == 0) {
      throw new IllegalArgumentException(
          "%s: input of shape %s has elements, or a variance, that are not finite, and would spoil the running statistics"
              .formatted(this, x.shape()));
    }
    Tensor runningInverse = inverse(runningVariance());
    double most = 1 + share(1) * (rMax.get() - 1);
    Tensor r = runningInverse.div(inverse(batch.variance())).clamp(1 / most, most);
    double far = share(2) * dMax.get();
    Tensor d = batch.mean().minus(runningMean()).times(runningInverse).clamp(-far, far);
    move(count, batch.mean(), batch.variance());
    int[] sizes = placement(x);
    return affine(batch.y().times(r.reshape(sizes)).plus(d.reshape(sizes)));
  }

  /** Returns how far the ramp to a batch has come, 0 to 1. */
  private double share(int end) {
    double length = ramp.get()[end] - ramp.get()[0];
    return length <= 0 ? 1 : Math.clamp((batches() - ramp.get()[0]) / length, 0, 1);
  }
}
