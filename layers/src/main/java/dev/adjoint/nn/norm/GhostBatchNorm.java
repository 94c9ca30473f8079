package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Standardize.Standardized;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Batch norm whose statistics are of parts of the batch, so that large batches keep the noise of
 * small ones (Hoffer, Hubara and Soudry 2017, arXiv:1705.08741).
 *
 * <p>A batch of N examples is cut into {@code ceil(N / virtualBatch)} parts, in their order, which
 * differ by one example at most. Each moves the running statistics. Eval mode is that of {@link
 * BatchNorm}, as are the input's shapes.
 */
public final class GhostBatchNorm extends MomentNorm<GhostBatchNorm> {

  private final int virtualBatch = size("virtual_batch").get();

  /** Creates a norm of some channels that takes the statistics of so many examples. */
  public GhostBatchNorm(int virtualBatch, int channels) {
    this(
        Description.of(GhostBatchNorm::new)
            .set("features", channels)
            .set("virtual_batch", virtualBatch));
  }

  /** Creates a layer from its description. */
  public GhostBatchNorm(Description from) {
    super(from);
  }

  @Override
  Tensor ofBatch(Tensor x, @Nullable Tensor mask) {
    return Shards.alone(() -> ofParts(x, mask));
  }

  private Tensor ofParts(Tensor x, @Nullable Tensor mask) {
    int examples = x.size(0);
    int parts = Math.max(1, Math.ceilDiv(examples, virtualBatch));
    Tensor[] outputs = new Tensor[parts];
    for (int i = 0; i < parts; i++) {
      int from = i * examples / parts;
      int to = (i + 1) * examples / parts;
      Tensor part = x.slice(0, from, to);
      Tensor known = mask == null ? null : mask.slice(0, from, to);
      double count = requireCount(part, known);
      Standardized batch = normalize(part, known, placement(part), reductionAxes(part));
      move(count, batch.mean(), batch.variance());
      outputs[i] = batch.y();
    }
    return Joining.concat(0, outputs);
  }
}
