package dev.adjoint.training.data;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Parts of a data set for cross-validation: each is once what a model is judged by that has learned
 * from the others.
 *
 * <pre>{@code
 * for (Dataset.Split<Tensor, IntTensor> split :
 *     Folds.stratified(labels, 5, Generator.seeded(1)).of(dataset)) {
 *   Transform model = train(split.first());
 *   accuracies.add(accuracy(model, split.second()));
 * }
 * }</pre>
 *
 * <p>What is learned from data before the model, such as a {@link
 * dev.adjoint.nn.norm.Standardization}, must be learned from the first part of each split as well.
 */
public final class Folds {

  /** The fold of each example. */
  private final int[] folds;

  private final int count;

  private Folds(String operation, int examples, int count) {
    if (count < 2 || count > examples) {
      throw new IllegalArgumentException(
          "%s: %d folds of %d examples; expected at least 2, and an example for each"
              .formatted(operation, count, examples));
    }
    this.folds = new int[examples];
    this.count = count;
  }

  /** Returns folds of examples at random, whose sizes differ by one at most. */
  public static Folds random(int examples, int folds, Generator generator) {
    return new Folds("random", examples, folds).deal(new int[examples], generator);
  }

  /**
   * Returns folds that share the examples of each class, one more or less, and whose sizes differ
   * by one at most.
   *
   * @param labels the class of each example, of shape (n)
   * @throws IllegalArgumentException if a class has fewer examples than there are folds
   */
  public static Folds stratified(IntTensor labels, int folds, Generator generator) {
    int[] classes = labels.toArray();
    int[] counts = ClassWeights.counts("stratified", classes);
    for (int label = 0; label < counts.length; label++) {
      if (counts[label] > 0 && counts[label] < folds) {
        throw new IllegalArgumentException(
            "stratified: %d examples of class %d; expected at least %d, one for each fold"
                .formatted(counts[label], label, folds));
      }
    }
    return new Folds("stratified", classes.length, folds).deal(classes, generator);
  }

  /**
   * Returns folds that keep each group together, such as the images of one patient: a model is
   * never judged by a group that it has learned from. The largest groups go first, each into the
   * fold that is smallest then.
   *
   * @param groups the group of each example, any number, of shape (n)
   * @throws IllegalArgumentException if there are fewer groups than folds
   */
  public static Folds grouped(IntTensor groups, int folds, Generator generator) {
    Map<Integer, Integer> sizes = new HashMap<>();
    int[] order = generator.permutation(groups.size()).toArray(); // which decides between equals
    Arrays.stream(order).forEach(example -> sizes.merge(groups.get(example), 1, Integer::sum));
    if (sizes.size() < folds) {
      throw new IllegalArgumentException(
          "grouped: %d folds of %d groups; expected a group for each"
              .formatted(folds, sizes.size()));
    }
    Folds grouped = new Folds("grouped", groups.size(), folds);
    int[] filled = new int[folds];
    Map<Integer, Integer> foldOf = new HashMap<>();
    Arrays.stream(order)
        .mapToObj(groups::get)
        .distinct()
        .sorted(Comparator.comparingInt(group -> -sizes.getOrDefault(group, 0)))
        .forEach(group -> {
          int smallest =
              IntStream.range(0, folds)
                  .boxed()
                  .min(Comparator.comparingInt(fold -> filled[fold]))
                  .orElseThrow();
          filled[smallest] += sizes.getOrDefault(group, 0);
          foldOf.put(group, smallest);
        });
    Arrays.setAll(grouped.folds, example -> foldOf.getOrDefault(groups.get(example), 0));
    return grouped;
  }

  /** Deals the examples in turn, class by class and else at random. */
  private Folds deal(int[] classes, Generator generator) {
    int[] sorted = sorted(classes, generator);
    for (int i = 0; i < sorted.length; i++) {
      folds[sorted[i]] = i % count;
    }
    return this;
  }

  /** Returns the numbers of examples, class by class, and those of a class at random. */
  static int[] sorted(int[] classes, Generator generator) {
    return Arrays.stream(generator.permutation(classes.length).toArray())
        .boxed()
        .sorted(Comparator.comparingInt(example -> classes[example]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Returns the fold of each example, from 0, of shape (n). */
  public IntTensor numbers() {
    return IntTensor.of(folds);
  }

  /**
   * Returns a split of a data set for each fold: first all other examples, second those of the
   * fold, both in the order of their numbers.
   */
  public <X, Y> List<Dataset.Split<X, Y>> of(Dataset<X, Y> dataset) {
    if (dataset.size() != folds.length) {
      throw new IllegalArgumentException(
          "of: %d examples; expected %d, as the folds have"
              .formatted(dataset.size(), folds.length));
    }
    return IntStream.range(0, count)
        .mapToObj(fold ->
            new Dataset.Split<>(
                dataset.subset(where(example -> folds[example] != fold)),
                dataset.subset(where(example -> folds[example] == fold))))
        .toList();
  }

  private IntTensor where(IntPredicate is) {
    return IntTensor.of(IntStream.range(0, folds.length).filter(is).toArray());
  }

  /** Returns how many folds there are, of how many examples. */
  @Override
  public String toString() {
    return "%s folds of %s examples".formatted(count, folds.length);
  }
}
