package dev.adjoint.training.data;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import java.util.Iterator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Gives the examples of a data set in batches, once in each epoch.
 *
 * <pre>{@code
 * DataLoader<Tensor, IntTensor> loader = new DataLoader<>(dataset, 64).shuffle(1);
 * for (int epoch = 0; epoch < 10; epoch++) {
 *   for (Batch<Tensor, IntTensor> batch : loader.epoch(epoch)) {
 *     Tensor loss = Losses.crossEntropy(model.forward(batch.inputs()), batch.targets());
 *     adam.step(loss.backward());
 *   }
 * }
 * }</pre>
 *
 * <p>A batch depends on the seed, the epoch and its place in the epoch, and on nothing that
 * happened before: so a training can go on anywhere.
 */
public final class DataLoader<X, Y> {

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final Dataset<X, Y> dataset;
  private final int batchSize;
  private @Nullable Long seed;
  private boolean dropLast;

  /** Creates a loader that gives the examples in the order of their numbers. */
  public DataLoader(Dataset<X, Y> dataset, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "DataLoader: batches of %d; expected at least 1".formatted(batchSize));
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
  }

  /** Gives the examples in a random order, another one in each epoch. */
  public DataLoader<X, Y> shuffle(long newSeed) {
    seed = newSeed;
    return this;
  }

  /** Leaves out the last batch of each epoch where it would be smaller than the others. */
  public DataLoader<X, Y> dropLast() {
    dropLast = true;
    return this;
  }

  /** Returns the number of batches in an epoch. */
  public int batches() {
    return dropLast ? dataset.size() / batchSize : Math.ceilDiv(dataset.size(), batchSize);
  }

  /** Returns the data set. */
  public Dataset<X, Y> dataset() {
    return dataset;
  }

  /** Returns the batches of an epoch. */
  public Iterable<Batch<X, Y>> epoch(int epoch) {
    return epoch(epoch, 0);
  }

  /** Returns the batches of an epoch without so many of the first, which are not computed. */
  public Iterable<Batch<X, Y>> epoch(int epoch, int skipped) {
    IntTensor order = order(epoch);
    return () -> batches(order, skipped);
  }

  private Iterator<Batch<X, Y>> batches(IntTensor order, int skipped) {
    return IntStream.range(skipped, batches())
        .mapToObj(i -> {
          int from = i * batchSize;
          return dataset.batch(order.slice(from, Math.min(from + batchSize, order.size())));
        })
        .iterator();
  }

  private IntTensor order(int epoch) {
    return seed == null
        ? IntTensor.range(dataset.size())
        : Generator.seeded(seed + epoch * GOLDEN).permutation(dataset.size());
  }
}
