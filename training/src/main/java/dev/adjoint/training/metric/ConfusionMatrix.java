package dev.adjoint.training.metric;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Counts which classes are taken for which.
 *
 * <p>Measures over all classes are means over those that occur, as targets or as predictions.
 * {@code toString} is a table.
 */
public final class ConfusionMatrix {

  private final List<String> labels;
  private long[][] counts = {};

  /** Creates an empty matrix, whose classes are called by their numbers. */
  public ConfusionMatrix() {
    this(List.of());
  }

  /** Creates an empty matrix of classes with names. */
  public ConfusionMatrix(List<String> labels) {
    this.labels = List.copyOf(labels);
  }

  /**
   * Counts a batch.
   *
   * @param outputs scores of shape (n, classes)
   * @param targets classes of shape (n)
   */
  public void add(Tensor outputs, IntTensor targets) {
    if (outputs.rank() != 2 || !targets.shape().equals(Shape.of(outputs.size(0)))) {
      throw new IllegalArgumentException(
          "ConfusionMatrix: outputs of shape %s and targets of shape %s; expected (n, classes) and (n)"
              .formatted(outputs.shape(), targets.shape()));
    }
    if (counts.length == 0) {
      counts = new long[outputs.size(1)][outputs.size(1)];
    }
    if (counts.length != outputs.size(1)) {
      throw new IllegalArgumentException(
          "ConfusionMatrix: outputs of shape %s after some with %d classes; expected as many"
              .formatted(outputs.shape(), counts.length));
    }
    IntTensor predicted = outputs.argmax(1);
    for (int i = 0; i < targets.size(); i++) {
      counts[targets.get(i)][predicted.get(i)]++;
    }
  }

  /** Returns the number of classes; 0 before anything was added. */
  public int classes() {
    return counts.length;
  }

  /** Returns how many examples of a class were taken for another, or for the same. */
  public long count(int target, int predicted) {
    return counts[target][predicted];
  }

  /** Returns the share of all examples that were taken for what they are. */
  public double accuracy() {
    long right = IntStream.range(0, classes()).mapToLong(c -> counts[c][c]).sum();
    return (double) right / Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  /** Returns of what was taken for a class the share that was; 0 if nothing was taken for it. */
  public double precision(int c) {
    return share(counts[c][c], predicted(c));
  }

  /** Returns of what was of a class the share that was taken for it; 0 if nothing was. */
  public double recall(int c) {
    return share(counts[c][c], actual(c));
  }

  /** Returns the harmonic mean of precision and recall of a class. */
  public double f1(int c) {
    return share(2 * counts[c][c], actual(c) + predicted(c));
  }

  /** Returns the mean of the precision. */
  public double precision() {
    return mean(this::precision);
  }

  /** Returns the mean of the recall. */
  public double recall() {
    return mean(this::recall);
  }

  /** Returns the mean of F1. */
  public double f1() {
    return mean(this::f1);
  }

  private double mean(IntToDoubleFunction measure) {
    return IntStream.range(0, classes())
        .filter(c -> actual(c) + predicted(c) > 0)
        .mapToDouble(measure)
        .average()
        .orElse(Double.NaN);
  }

  private long actual(int c) {
    return Arrays.stream(counts[c]).sum();
  }

  private long predicted(int c) {
    return Arrays.stream(counts).mapToLong(row -> row[c]).sum();
  }

  private static double share(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }

  @Override
  public String toString() {
    List<String> names =
        IntStream.range(0, classes())
            .mapToObj(c -> c < labels.size() ? labels.get(c) : Integer.toString(c))
            .toList();
    int first = names.stream().mapToInt(String::length).max().orElse(0);
    List<Integer> widths = new ArrayList<>();
    for (int c = 0; c < classes(); c++) {
      int column = c;
      long most = Arrays.stream(counts).mapToLong(row -> row[column]).max().orElse(0);
      widths.add(Math.max(names.get(c).length(), Long.toString(most).length()));
    }
    StringBuilder table = new StringBuilder(pad("", first));
    names.forEach(name -> table.append("  ").append(pad(name, widths.get(names.indexOf(name)))));
    table.append("  recall\n");
    for (int c = 0; c < classes(); c++) {
      table.append(pad(names.get(c), first));
      for (int p = 0; p < classes(); p++) {
        table.append("  ").append(pad(Long.toString(counts[c][p]), widths.get(p)));
      }
      table.append(String.format(Locale.ROOT, "  %6.3f\n", recall(c)));
    }
    return table.toString();
  }

  private static String pad(String text, int width) {
    return " ".repeat(width - text.length()) + text;
  }
}
