package dev.adjoint.training.data;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.BiFunction;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Yields the examples of a data set in batches, once in each epoch.
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
 * happened before: so a training can continue from anywhere. Batches are computed without
 * recording, by whichever thread.
 */
public final class DataLoader<X, Y> {

  // Odd numbers whose small multiples are far from one another: of the golden ratio, and of its
  // relative in two dimensions.
  private static final long EPOCH = 0x9E3779B97F4A7C15L;
  private static final long PLACE = 0xD1B54A32D192ED03L;

  private final Dataset<X, Y> dataset;
  private final int batchSize;
  private long seed;
  private boolean shuffled;
  private boolean dropLast;
  private int ahead;

  /** The sums of the weights up to each example, if they are drawn. */
  private double @Nullable [] sums;

  private BiFunction<Batch<X, Y>, Generator, Batch<X, Y>> augmentation = (batch, _) -> batch;

  /** Creates a loader that gives the examples in the order of their numbers. */
  public DataLoader(Dataset<X, Y> dataset, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException(
          "DataLoader: batches of %d; expected at least 1".formatted(batchSize));
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
  }

  /** Shuffles the examples, in another order in each epoch; not shuffled by default. */
  public DataLoader<X, Y> shuffle(long newSeed) {
    seed = newSeed;
    shuffled = true;
    sums = null;
    return this;
  }

  /**
   * Draws the examples of an epoch with replacement, as many as there are and others in each, so
   * that those of a large weight come often and others not at all. With those of {@link
   * ClassWeights#balanced}, each class comes as often as any other.
   *
   * @param weights of the examples, on any scale, of shape (n)
   */
  public DataLoader<X, Y> draw(long newSeed, Tensor weights) {
    double[] up = weights.toDoubleArray();
    double sum = 0;
    for (int i = 0; i < up.length; i++) {
      if (!(up[i] >= 0)) {
        throw new IllegalArgumentException(
            "draw: weight %s of example %d; expected at least 0".formatted(up[i], i));
      }
      sum += up[i];
      up[i] = sum;
    }
    if (up.length != dataset.size() || !(sum > 0 && sum < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "draw: %d weights whose sum is %s; expected %d, one for each example, and a positive sum"
              .formatted(up.length, sum, dataset.size()));
    }
    seed = newSeed;
    shuffled = true;
    sums = up;
    return this;
  }

  /** Drops the last batch of each epoch if it is smaller than the others; kept by default. */
  public DataLoader<X, Y> dropLast() {
    dropLast = true;
    return this;
  }

  /**
   * Changes each batch at random, another way in each epoch: shifts images, drops words.
   *
   * @param function of a batch and a generator, which depends on the seed of {@link #shuffle} (0
   *     without), the epoch and the place of the batch; with {@link #prefetch} it may be called for
   *     several batches at once
   */
  public DataLoader<X, Y> augment(BiFunction<Batch<X, Y>, Generator, Batch<X, Y>> function) {
    augmentation = function;
    return this;
  }

  /**
   * Computes up to {@code n} batches in the background, at the same time, while those before them
   * are used; defaults to 0. The batches are the same. What the data set throws is thrown where its
   * batch would be returned.
   */
  public DataLoader<X, Y> prefetch(int n) {
    if (n < 0) {
      throw new IllegalArgumentException("prefetch: %d batches; expected at least 0".formatted(n));
    }
    ahead = n;
    return this;
  }

  /** Returns the number of batches in an epoch. */
  public int batches() {
    return dropLast ? dataset.size() / batchSize : Math.ceilDiv(dataset.size(), batchSize);
  }

  /** Returns the number of examples in each batch, except perhaps the last. */
  public int batchSize() {
    return batchSize;
  }

  /**
   * Describes the data and their order, such as {@code 100 examples in batches of 8, shuffled by
   * 7}: batches of loaders with another text are others.
   */
  @Override
  public String toString() {
    return "%s in batches of %s%s%s"
        .formatted(
            dataset.description(),
            batchSize,
            sums != null
                ? ", drawn by %s with weights %08x".formatted(seed, Arrays.hashCode(sums))
                : shuffled ? ", shuffled by " + seed : "",
            dropLast ? ", without a smaller last one" : "");
  }

  /** Returns the data set. */
  public Dataset<X, Y> dataset() {
    return dataset;
  }

  /** Returns the batches of an epoch. */
  public Iterable<Batch<X, Y>> epoch(int epoch) {
    return epoch(epoch, 0);
  }

  /**
   * Returns the batches of an epoch without the first ones, which are not computed.
   *
   * @param skipped how many are left out: 0 to {@link #batches()}
   */
  public Iterable<Batch<X, Y>> epoch(int epoch, int skipped) {
    if (skipped < 0 || skipped > batches()) {
      throw new IllegalArgumentException(
          "epoch: %d batches skipped; expected 0 to %d".formatted(skipped, batches()));
    }
    IntTensor order =
        sums != null
            ? drawn(sums, generator(epoch, 0))
            : shuffled
                ? generator(epoch, 0).permutation(dataset.size())
                : IntTensor.range(dataset.size());
    IntFunction<Batch<X, Y>> batch = place -> batch(order, epoch, place);
    return () -> batches(batch, skipped);
  }

  private static IntTensor drawn(double[] sums, Generator generator) {
    double sum = sums[sums.length - 1];
    double[] draws =
        generator.uniform(0, sum, Shape.of(sums.length), DType.FLOAT64).toDoubleArray();
    return IntTensor.of(Arrays.stream(draws).mapToInt(draw -> example(sums, draw)).toArray());
  }

  /** Returns the first example up to which the weights sum up to more. */
  private static int example(double[] sums, double draw) {
    int low = 0;
    int high = sums.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sums[middle] > draw) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private Iterator<Batch<X, Y>> batches(IntFunction<Batch<X, Y>> batch, int skipped) {
    return ahead == 0
        ? IntStream.range(skipped, batches()).mapToObj(batch).iterator()
        : new Prefetch<>(batch, skipped, batches(), ahead);
  }

  private Batch<X, Y> batch(IntTensor order, int epoch, int place) {
    int from = place * batchSize;
    IntTensor numbers = order.slice(from, from + Math.min(batchSize, order.size() - from));
    return Autodiff.noGrad(
        () -> augmentation.apply(dataset.batch(numbers), generator(epoch, place + 1)));
  }

  /** Returns the generator of a batch; that of place 0 is of the order. */
  private Generator generator(int epoch, int place) {
    return Generator.seeded(seed + epoch * EPOCH + place * PLACE);
  }
}
