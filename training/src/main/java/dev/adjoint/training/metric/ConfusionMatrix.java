package dev.adjoint.training.metric;

import com.google.common.primitives.Longs;
import dev.adjoint.nn.TextTable;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How often each class was predicted as each class.
 *
 * <p>Measures over all classes are means over those that occur, as targets or as predictions; all
 * measures are NaN once a score was NaN, since that example has no prediction. {@code toString} is
 * a table.
 */
public final class ConfusionMatrix {

  private final List<String> labels;
  private long[][] counts = {};
  private long undecided;

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
   * @param outputs scores of shape (..., C)
   * @param targets classes of shape (...)
   */
  public void add(Tensor outputs, IntTensor targets) {
    ClassScores rows = ClassScores.of("ConfusionMatrix", outputs, targets);
    if (counts.length == 0) {
      if (!labels.isEmpty() && labels.size() != rows.classes()) {
        throw new IllegalArgumentException(
            "ConfusionMatrix: outputs of shape %s and labels %s; expected a class for each label"
                .formatted(outputs.shape(), labels));
      }
      counts = new long[rows.classes()][rows.classes()];
    }
    if (counts.length != rows.classes()) {
      throw new IllegalArgumentException(
          "ConfusionMatrix: outputs of shape %s after some with %d classes; expected as many"
              .formatted(outputs.shape(), counts.length));
    }
    for (int row = 0; row < rows.rows(); row++) {
      if (rows.hasOrder(row)) {
        counts[rows.targets()[row]][rows.best(row)]++;
      } else {
        undecided++;
      }
    }
  }

  /** Returns the number of classes; 0 before anything was added. */
  public int classes() {
    return counts.length;
  }

  /** Returns how many examples of a class were predicted as another, or as the same. */
  public long count(int target, int predicted) {
    return counts[requireClass(target)][requireClass(predicted)];
  }

  private int requireClass(int c) {
    if (c < 0 || c >= classes()) {
      throw new IndexOutOfBoundsException(
          "ConfusionMatrix: class %d; expected one of %d".formatted(c, classes()));
    }
    return c;
  }

  /** Returns how many examples have no prediction, because a score was NaN. */
  public long undecided() {
    return undecided;
  }

  /** Returns the accuracy: the share of examples whose class was predicted. */
  public double accuracy() {
    if (undecided > 0) {
      return Double.NaN;
    }
    long right = IntStream.range(0, classes()).mapToLong(c -> counts[c][c]).sum();
    return (double) right / Arrays.stream(counts).flatMapToLong(Arrays::stream).sum();
  }

  /**
   * Returns the precision: of the examples predicted as a class, the share that belong to it; 0 if
   * there are none.
   */
  public double precision(int c) {
    return share(count(c, c), predicted(c));
  }

  /**
   * Returns the recall: of the examples of a class, the share predicted as it; 0 if there are none.
   */
  public double recall(int c) {
    return share(count(c, c), actual(c));
  }

  /** Returns the harmonic mean of precision and recall of a class. */
  public double f1(int c) {
    return share(2 * count(c, c), actual(c) + predicted(c));
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

  private double share(long part, long whole) {
    return undecided > 0 ? Double.NaN : whole == 0 ? 0 : (double) part / whole;
  }

  @Override
  public String toString() {
    List<String> names =
        IntStream.range(0, classes())
            .mapToObj(c -> labels.isEmpty() ? Integer.toString(c) : labels.get(c))
            .toList();
    TextTable table = new TextTable(0);
    table.row("", Stream.concat(names.stream(), Stream.of("recall")).toList());
    for (int c = 0; c < classes(); c++) {
      List<Object> cells = new ArrayList<>(Longs.asList(counts[c]));
      cells.add(String.format(Locale.ROOT, "%.3f", recall(c)));
      table.row(names.get(c), cells);
    }
    return table
        + (undecided > 0 ? "%s more with NaN among their scores\n".formatted(undecided) : "");
  }
}
