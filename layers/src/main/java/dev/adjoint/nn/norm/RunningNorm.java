package dev.adjoint.nn.norm;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Setting;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes by statistics of the batch in training mode, and by their running averages in eval
 * mode: what batch norm and its whitening relatives share.
 *
 * <p>Each batch gives the running statistics {@link #updateRate} of its own: {@code running = (1 -
 * updateRate) * running + updateRate * batch}. Other frameworks call either weight momentum:
 *
 * <pre>
 *                        their default            here
 *  PyTorch, MLX, burn    momentum 0.1  (new)      updateRate(momentum)
 *  Keras, Flax           momentum 0.99 (old)      updateRate(1 - momentum)
 *  ONNX, DJL, DL4J       momentum 0.9  (old)      updateRate(1 - momentum)
 * </pre>
 *
 * <p>Where several workers train on shards of a batch, {@link Shards} makes one batch of them.
 *
 * <p>The number of batches so far is the buffer num_batches_tracked. Several threads may train one
 * norm at once, each by a batch of its own: every batch counts once, in the order in which they
 * come, on which the running statistics depend.
 *
 * @param <N> the norm itself, which its options return
 */
public abstract class RunningNorm<N extends RunningNorm<N>> extends ChannelNorm<N> {

  private final Setting<Double> updateRate =
      decimal("update_rate", 0.1).require(rate -> rate <= 1, "0 to 1");
  private final Setting<Boolean> cumulative = flag("cumulative_average");
  private final Setting<Boolean> frozenStatistics = flag("frozen_statistics");
  private final Buffer batches =
      buffer("num_batches_tracked", Tensor.scalar(0, DType.FLOAT64)); // float32 stops at 2^24

  RunningNorm(Description from) {
    super(from);
  }

  /** Sets the weight of a new batch in the running statistics; the default is 0.1. */
  public N updateRate(double weightOfNew) {
    updateRate.set(weightOfNew);
    cumulative.set(false);
    return self();
  }

  /** Makes the running statistics the plain average of all batches so far. */
  public N cumulativeAverage() {
    cumulative.set(true);
    return self();
  }

  /** Uses the running statistics in training, too, and leaves them as they are. */
  public N freezeStatistics() {
    frozenStatistics.set(true);
    return self();
  }

  /** Ends what {@link #freezeStatistics} began. */
  public N unfreezeStatistics() {
    frozenStatistics.set(false);
    return self();
  }

  /** Tells whether the running statistics are to be used, not those of the batch. */
  final boolean usesRunningStatistics() {
    return !isTraining() || frozenStatistics.get();
  }

  /** Moves running statistics towards those of a batch, in any shape. */
  final void move(Map<Buffer, Tensor> statistics) {
    batches.update(before -> {
      Tensor seen = before.plus(1);
      double rate = cumulative.get() ? 1 / seen.item() : updateRate.get();
      statistics.forEach((running, batch) ->
          running.update(average -> {
            Tensor news = batch.untracked().reshape(average.shape());
            return rate == 1 ? news : average.times(1 - rate).plus(news.times(rate));
          }));
      return seen;
    });
  }

  /**
   * Measures the running statistics of all norms of a model anew, as after its weights were
   * averaged or its data have changed: each becomes the plain average of what it sees. The norms
   * are in training mode, all other layers in eval mode; norms whose statistics are frozen stay as
   * they are, and so does everything else of the model.
   *
   * <pre>{@code RunningNorm.recalibrate(model, () -> batches.forEach(model::forward));}</pre>
   *
   * @param forwards runs the model on the data, batch by batch
   */
  public static void recalibrate(Layer model, Runnable forwards) {
    List<RunningNorm<?>> norms = of(model);
    norms.removeIf(norm -> norm.frozenStatistics.get());
    Map<RunningNorm<?>, Boolean> before = new LinkedHashMap<>();
    norms.forEach(norm -> {
      before.put(norm, norm.cumulative.get());
      norm.cumulative.set(true);
      norm.batches.assign(Tensor.scalar(0));
    });
    try {
      model.inEval(() -> {
        norms.forEach(Layer::train);
        Autodiff.noGrad(forwards);
        return model;
      });
    } finally {
      before.forEach((norm, cumulative) -> norm.cumulative.set(cumulative));
    }
  }

  /** Freezes the statistics of all norms of a model, as {@link #freezeStatistics()}. */
  public static void freezeStatistics(Layer model) {
    of(model).forEach(norm -> norm.freezeStatistics());
  }

  /** Unfreezes the statistics of all norms of a model, as {@link #unfreezeStatistics()}. */
  public static void unfreezeStatistics(Layer model) {
    of(model).forEach(norm -> norm.unfreezeStatistics());
  }

  private static List<RunningNorm<?>> of(Layer model) {
    List<RunningNorm<?>> norms = new ArrayList<>();
    for (Layer layer : model.namedLayers().values()) {
      if (layer instanceof RunningNorm<?> norm) {
        norms.add(norm);
      }
    }
    return norms;
  }

  final double batches() {
    return batches.value().item();
  }

  /** Returns how many values each channel has that are not masked, in all shards. */
  final double count(Tensor x, @Nullable Tensor mask) {
    Tensor count =
        mask == null
            ? Tensor.scalar(x.size() / (double) channels(), DType.FLOAT64)
            : mask.to(DType.FLOAT64).sum();
    return Shards.total(count).item();
  }

  /** Returns the moments of each channel over the batch, in all shards. */
  final Moments batchMoments(Tensor x, @Nullable Tensor mask) {
    return moments(Shards::total, x, mask, reductionAxes(x));
  }

  @Override
  protected final int[] reductionAxes(Tensor x) {
    return IntStream.range(0, x.rank()).filter(axis -> axis != 1).toArray();
  }
}
