package dev.adjoint.tensor;

import dev.adjoint.autodiff.Examples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Prints tensors for people: a line with shape and type, then aligned values in nested brackets.
 * Axes of more than eight elements show their first and last three. Numbers have four decimals;
 * those of float64 up to eight, where they need them. Of elements that are gone it says why.
 */
final class TensorPrinter {

  private static final int FULL = 8;
  private static final int EDGE = 3;
  private static final int DECIMALS = 4;
  private static final int MOST_DECIMALS = 8; // of float64, unless more are asked for

  private final Tensor tensor;
  private final List<String> cells = new ArrayList<>();
  private int width;
  private int next;

  private TensorPrinter(Tensor tensor) {
    this.tensor = tensor;
  }

  static String print(Tensor tensor) {
    int most = tensor.dtype() == DType.FLOAT32 ? DECIMALS : MOST_DECIMALS;
    return print(head(tensor), tensor, false, DECIMALS, most);
  }

  /** Prints a number of decimals, neither more nor fewer. */
  static String print(Tensor tensor, int decimals) {
    if (decimals < 0 || decimals > 17) {
      throw new IllegalArgumentException(
          "toString: %d decimals; expected 0 to 17".formatted(decimals));
    }
    return print(head(tensor), tensor, false, decimals, decimals);
  }

  private static String head(Tensor tensor) {
    return "Tensor"
        + tensor.shape()
        + " "
        + tensor.dtype()
        + (tensor.isTracked() ? " tracked" : "");
  }

  /** Prints whole numbers with all their digits. */
  static String printWhole(String head, Tensor tensor) {
    return print(head, tensor, true, 0, 0);
  }

  private static String print(
      String head, Tensor tensor, boolean exact, int leastDecimals, int mostDecimals) {
    Examples<Tensor> examples = tensor.examples();
    if (examples != null) {
      Tensor all = examples.all();
      String whole = "%s, one of %s examples: %s".formatted(head, examples.size(), head(all));
      return print(whole, all, exact, leastDecimals, mostDecimals);
    }
    if (tensor.size() == 0) {
      return head + " []";
    }
    TensorPrinter printer = new TensorPrinter(tensor.untracked());
    DoubleStream.Builder values = DoubleStream.builder();
    try {
      printer.collect(new int[tensor.rank()], 0, values);
    } catch (IllegalStateException e) { // a debugger or a log prints what may be gone
      return head + ": " + e.getMessage();
    }
    double[] shown = values.build().toArray();
    boolean scientific = !exact && needsExponent(shown);
    boolean whole = !scientific && allWhole(shown);
    int decimals = leastDecimals;
    for (double value : shown) {
      while (decimals < mostDecimals && !isExact(value, decimals, scientific)) {
        decimals++;
      }
    }
    for (double value : shown) {
      String cell = format(value, whole ? 0 : decimals, scientific);
      printer.cells.add(cell);
      printer.width = Math.max(printer.width, cell.length());
    }
    StringBuilder text = new StringBuilder();
    printer.write(text, 0);
    return head + (tensor.rank() < 2 ? " " : "\n") + text;
  }

  private void collect(int[] index, int axis, DoubleStream.Builder values) {
    if (axis == index.length) {
      values.add(tensor.get(index));
      return;
    }
    for (int i : shownIndices(tensor.size(axis))) {
      if (i >= 0) {
        index[axis] = i;
        collect(index, axis + 1, values);
      }
    }
  }

  /** Returns the indices to show along an axis; -1 stands for the ellipsis. */
  private static int[] shownIndices(int size) {
    int[] indices = new int[size <= FULL ? size : 2 * EDGE + 1];
    int rest = size - indices.length;
    Arrays.setAll(indices, i -> size <= FULL || i < EDGE ? i : i == EDGE ? -1 : rest + i);
    return indices;
  }

  private void write(StringBuilder text, int axis) {
    if (axis == tensor.rank()) {
      String cell = cells.get(next++);
      text.repeat(" ", tensor.rank() == 0 ? 0 : width - cell.length()).append(cell);
      return;
    }
    boolean last = axis == tensor.rank() - 1;
    text.append('[');
    for (int i : shownIndices(tensor.size(axis))) {
      if (i != 0) {
        text.append(last ? ", " : ",\n" + " ".repeat(axis + 1));
      }
      if (i < 0) {
        text.append("...");
      } else {
        write(text, axis + 1);
      }
    }
    text.append(']');
  }

  private static boolean needsExponent(double[] values) {
    DoubleSummaryStatistics sizes =
        Arrays.stream(values)
            .map(Math::abs)
            .filter(size -> size > 0 && Double.isFinite(size))
            .summaryStatistics();
    double largest = sizes.getMax();
    return sizes.getCount() > 0
        && (largest >= 1e7 || largest < 1e-3 || largest / sizes.getMin() > 1e7);
  }

  private static boolean allWhole(double[] values) {
    return Arrays.stream(values).allMatch(v -> !Double.isFinite(v) || v == Math.rint(v));
  }

  private static boolean isExact(double value, int decimals, boolean scientific) {
    return !Double.isFinite(value)
        || Double.parseDouble(format(value, decimals, scientific)) == value;
  }

  private static String format(double value, int decimals, boolean scientific) {
    if (!Double.isFinite(value)) {
      return Double.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
    }
    return String.format(Locale.ROOT, "%." + decimals + (scientific ? "e" : "f"), value);
  }
}
