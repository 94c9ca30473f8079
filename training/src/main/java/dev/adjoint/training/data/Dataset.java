package dev.adjoint.training.data;

import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.BitSet;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Examples by number, from 0 to {@code size() - 1}.
 *
 * <p>The same numbers give the same examples, from any thread.
 *
 * @param <X> the type of the inputs: Tensor or IntTensor, as a rule
 * @param <Y> the type of the targets
 */
public interface Dataset<X, Y> {

  /** Returns the number of examples. */
  int size();

  /**
   * Describes the data as far as they are known without computing an example, for messages and for
   * checkpoints, which continue only with the same data: the number of examples and, of a {@link
   * #subset}, a digest of which they are.
   */
  default String description() {
    return "%s examples".formatted(size());
  }

  /**
   * Returns examples side by side.
   *
   * @param numbers of shape (n)
   */
  Batch<X, Y> batch(IntTensor numbers);

  /** Returns the data set of inputs and targets that are tensors, an example in each row. */
  static Dataset<Tensor, Tensor> of(Tensor inputs, Tensor targets) {
    int size = rows(inputs.shape(), targets.shape());
    return ofRows(size, at -> rows(inputs, at), at -> rows(targets, at));
  }

  /** Returns the data set of inputs and their classes, an example in each row. */
  static Dataset<Tensor, IntTensor> of(Tensor inputs, IntTensor labels) {
    int size = rows(inputs.shape(), labels.shape());
    return ofRows(size, at -> rows(inputs, at), labels::indexSelect);
  }

  /** Returns the data set of inputs such as tokens and their classes, an example in each row. */
  static Dataset<IntTensor, IntTensor> of(IntTensor inputs, IntTensor labels) {
    int size = rows(inputs.shape(), labels.shape());
    return ofRows(size, inputs::indexSelect, labels::indexSelect);
  }

  /** Returns all examples as one batch. */
  default Batch<X, Y> all() {
    return batch(IntTensor.range(size()));
  }

  /**
   * Returns the data set of some of these examples, in the order given.
   *
   * @param numbers of shape (n)
   */
  default Dataset<X, Y> subset(IntTensor numbers) {
    return new Subset<>(this, numbers);
  }

  /**
   * Returns two data sets that share these examples among them at random.
   *
   * @param share of the first, from 0 to 1
   */
  default Split<X, Y> split(double share, Generator generator) {
    requireShare(share);
    IntTensor order = generator.permutation(size());
    int first = (int) Math.round(share * size());
    return new Split<>(subset(order.slice(0, first)), subset(order.slice(first, size())));
  }

  /**
   * Returns two data sets that share the examples of each class among them at random, one more or
   * less; both in the order of their numbers.
   *
   * @param share of the first, from 0 to 1
   * @param labels the class of each example, of shape (n)
   */
  default Split<X, Y> split(double share, IntTensor labels, Generator generator) {
    requireShare(share);
    if (labels.size() != size()) {
      throw new IllegalArgumentException(
          "split: labels of %d examples; expected %d".formatted(labels.size(), size()));
    }
    int[] sorted = Folds.sorted(labels.toArray(), generator);
    BitSet first = new BitSet(size());
    for (int i = 0; i < sorted.length; i++) {
      first.set(sorted[i], Math.round(share * (i + 1)) > Math.round(share * i));
    }
    IntPredicate isFirst = first::get;
    return new Split<>(
        subset(IntTensor.of(IntStream.range(0, size()).filter(isFirst).toArray())),
        subset(IntTensor.of(IntStream.range(0, size()).filter(isFirst.negate()).toArray())));
  }

  private static void requireShare(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("split: share %s; expected 0 to 1".formatted(share));
    }
  }

  /** Returns the data set of what a function makes of batches of this one. */
  default <V, W> Dataset<V, W> map(Function<Batch<X, Y>, Batch<V, W>> function) {
    return new Dataset<>() {
      @Override
      public int size() {
        return Dataset.this.size();
      }

      @Override
      public String description() {
        return Dataset.this.description();
      }

      @Override
      public Batch<V, W> batch(IntTensor numbers) {
        return function.apply(Dataset.this.batch(numbers));
      }

      @Override
      public String toString() {
        return description();
      }
    };
  }

  /** Returns the data set with the inputs that a function makes of these. */
  default <V> Dataset<V, Y> mapInputs(Function<X, V> function) {
    return map(batch -> new Batch<>(function.apply(batch.inputs()), batch.targets(), batch.size()));
  }

  /** Returns the number of examples in inputs and targets of these shapes. */
  private static int rows(Shape inputs, Shape targets) {
    if (inputs.rank() == 0 || targets.rank() == 0 || inputs.size(0) != targets.size(0)) {
      throw new IllegalArgumentException(
          "Dataset: inputs of shape %s and targets of shape %s; expected equal sizes along the first axis"
              .formatted(inputs, targets));
    }
    return inputs.size(0);
  }

  private static <X, Y> Dataset<X, Y> ofRows(
      int size, Function<IntTensor, X> inputs, Function<IntTensor, Y> targets) {
    return new Dataset<>() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public Batch<X, Y> batch(IntTensor numbers) {
        return new Batch<>(inputs.apply(numbers), targets.apply(numbers), numbers.size());
      }

      @Override
      public String toString() {
        return description();
      }
    };
  }

  private static Tensor rows(Tensor tensor, IntTensor numbers) {
    return Indexing.indexSelect(tensor, 0, numbers);
  }

  /**
   * The two parts of a data set.
   *
   * @param first to learn from, as a rule
   * @param second to be judged by, as a rule
   */
  record Split<X, Y>(Dataset<X, Y> first, Dataset<X, Y> second) {}
}
