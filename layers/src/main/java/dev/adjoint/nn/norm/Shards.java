package dev.adjoint.nn.norm;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Batch norms over the shards of one batch: several workers, each with a copy of the model, train
 * on a shard each, and batch norms normalize by the statistics of all (SyncBatchNorm of PyTorch).
 *
 * <pre>{@code
 * Gradients shard = Shards.synchronize(cluster::sum, () -> loss(model, shardOfBatch).backward());
 * }</pre>
 *
 * <p>Workers provide one operation, the sum of a tensor over all of them: an all-reduce. Outputs
 * and running statistics are those of the whole batch, and the gradients of all workers add up to
 * those of the sum of their losses. Shards may differ in size, and be empty, but every worker runs
 * the same steps, forward and backward, since each all-reduce waits for all. {@link GhostBatchNorm}
 * alone keeps to its shard: its batches are smaller on purpose. In eval mode nothing is exchanged.
 */
public final class Shards {

  private static final ScopedValue<UnaryOperator<Tensor>> ALL_REDUCE = ScopedValue.newInstance();

  private Shards() {}

  /**
   * Computes something in which norms of the batch take their statistics over all shards. Its
   * backward pass exchanges sums as well, wherever it runs.
   *
   * @param allReduce given a tensor, of the same shape and type in all workers, returns its sum
   *     over all of them, of the same bits in each
   */
  public static <T> T synchronize(UnaryOperator<Tensor> allReduce, Supplier<? extends T> action) {
    return ScopedValue.where(ALL_REDUCE, allReduce).call(action::get);
  }

  /** Computes something in which norms keep to their own shard. */
  static <T> T alone(Supplier<? extends T> action) {
    return areSeveral() ? synchronize(UnaryOperator.identity(), action) : action.get();
  }

  /** Tells whether norms of the batch have to ask for what other shards have. */
  static boolean areSeveral() {
    return allReduce().isPresent();
  }

  /** Returns the sum over all shards, whose gradient is the sum of those in all shards. */
  static Tensor total(Tensor ofShard) {
    return allReduce().map(sum -> Autodiff.apply(new AllReduce(sum), ofShard)).orElse(ofShard);
  }

  /** Returns the all-reduce; that of the first run where a checkpoint runs a computation again. */
  private static Optional<UnaryOperator<Tensor>> allReduce() {
    return Replay.value(
        () -> ALL_REDUCE.isBound() ? Optional.of(ALL_REDUCE.get()) : Optional.empty());
  }

  /** A sum over workers. Each depends on the tensors of all, so cotangents are summed likewise. */
  private record AllReduce(UnaryOperator<Tensor> sum) implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> ofShard) {
      return sum.apply(ofShard.getFirst());
    }

    @Override
    public List<Tensor> pullback(Tensor cotangent, List<Tensor> ofShard, Tensor output) {
      return List.of(Autodiff.apply(this, cotangent));
    }
  }
}
