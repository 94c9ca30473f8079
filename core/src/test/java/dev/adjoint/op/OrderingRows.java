package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Keep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Rows for sorting, and for what is read off sorted elements. */
final class OrderingRows {

  private static final OpCase.Input INPUT = in(REAL, "b m n");

  private OrderingRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    for (int axis = 0; axis < 3; axis++) {
      alongAxis(rows, axis);
    }
    for (int[] axes : new int[][] {{}, {0}, {1, 2}, {0, 2}}) {
      quantiles(rows, axes);
    }
    rows.add(
        op(
                "median of all",
                x -> x[0].median(),
                x -> x[0].fold(new int[0], false, v -> v.length == 0 ? Double.NaN : median(v)),
                INPUT)
            .covers("median()"));
    rows.add(
        op(
                "unique",
                x -> x[0].unique().values(),
                x -> {
                  double[] values = Arrays.stream(x[0].values()).sorted().distinct().toArray();
                  return new Dense(values, values.length);
                },
                INPUT)
            .covers("unique()"));
    return rows;
  }

  private static void alongAxis(List<OpCase> rows, int axis) {
    String letter = "bmn".substring(axis, axis + 1);
    for (boolean descending : new boolean[] {false, true}) {
      String label = (descending ? " descending" : "") + " along " + axis;
      rows.add(
          op(
                  "sort" + label,
                  x -> x[0].sort(axis, descending).values(),
                  x -> sorted(x[0], axis, x[0].size(axis), descending, false),
                  INPUT)
              .covers("sort(int, boolean)"));
      rows.add(
          op(
                  "argsort" + label,
                  x -> x[0].argsort(axis, descending).toTensor(x[0].dtype()),
                  x -> sorted(x[0], axis, x[0].size(axis), descending, true),
                  INPUT)
              .covers("argsort(int, boolean)")
              .order(0));
      rows.add(
          op(
                  "topK" + label,
                  x -> x[0].topK(Math.min(2, x[0].size(axis)), axis, descending).values(),
                  x -> sorted(x[0], axis, Math.min(2, x[0].size(axis)), descending, false),
                  INPUT)
              .covers("topK(int, int, boolean)"));
    }
    rows.add(
        op(
                "sort ascending, axis " + axis,
                x -> x[0].sort(axis).values(),
                x -> sorted(x[0], axis, x[0].size(axis), false, false),
                INPUT)
            .covers("sort(int)"));
    rows.add(
        op(
                "argsort ascending, axis " + axis,
                x -> x[0].argsort(axis).toTensor(x[0].dtype()),
                x -> sorted(x[0], axis, x[0].size(axis), false, true),
                INPUT)
            .covers("argsort(int)")
            .order(0));
    rows.add(
        op(
                "topK, the largest, axis " + axis,
                x -> x[0].topK(1, axis).values(),
                x -> sorted(x[0], axis, 1, true, false),
                INPUT)
            .covers("topK(int, int)")
            .nonEmpty(letter));
    rows.add(
        op(
                "median along " + axis,
                x -> x[0].median(axis).values(),
                x -> x[0].fold(new int[] {axis}, false, OrderingRows::median),
                INPUT)
            .covers("median(int)")
            .nonEmpty(letter));
  }

  private static void quantiles(List<OpCase> rows, int[] axes) {
    String letters = axes.length == 0 ? "bmn" : "";
    for (int axis : axes) {
      letters += "bmn".charAt(axis);
    }
    String over = " over " + Arrays.toString(axes);
    double[] several = {0.9, 0, 0.5, 0.35, 1};
    rows.add(
        op(
                "quantile" + over,
                x -> x[0].quantile(0.3, axes),
                x -> x[0].fold(axes, false, v -> quantile(v, 0.3)),
                INPUT)
            .covers("quantile(double, int[])")
            .nonEmpty(letters));
    rows.add(
        op(
                "quantile" + over + ", kept",
                x -> x[0].quantile(0.8, Keep.AXES, axes),
                x -> x[0].fold(axes, true, v -> quantile(v, 0.8)),
                INPUT)
            .covers("quantile(double, Keep, int[])")
            .nonEmpty(letters));
    rows.add(
        op(
                "several quantiles" + over,
                x -> x[0].quantile(several, axes),
                x -> {
                  Dense[] each =
                      Arrays.stream(several)
                          .mapToObj(q -> x[0].fold(axes, false, v -> quantile(v, q)))
                          .toArray(Dense[]::new);
                  int[] one = each[0].sizes();
                  int[] sizes =
                      IntStream.concat(IntStream.of(several.length), IntStream.of(one)).toArray();
                  return Dense.of(sizes, i -> each[i[0]].at(Arrays.copyOfRange(i, 1, i.length)));
                },
                INPUT)
            .covers("quantile(double[], int[])")
            .nonEmpty(letters));
  }

  /** Sorts the numbers of every row, or their places. */
  private static Dense sorted(Dense x, int axis, int k, boolean descending, boolean places) {
    int[] sizes = x.sizes().clone();
    sizes[axis] = k;
    Comparator<Double> order = descending ? Comparator.reverseOrder() : Comparator.naturalOrder();
    return Dense.of(
        sizes,
        i -> {
          double[] row = new double[x.size(axis)];
          for (int j = 0; j < row.length; j++) {
            int[] at = i.clone();
            at[axis] = j;
            row[j] = x.at(at);
          }
          int place =
              IntStream.range(0, row.length)
                  .boxed()
                  .sorted((a, b) -> order.compare(row[a], row[b]))
                  .toList()
                  .get(i[axis]);
          return places ? place : row[place];
        });
  }

  private static double median(double[] x) {
    return Arrays.stream(x).sorted().toArray()[(x.length - 1) / 2];
  }

  /** Interpolates the corners (i / (n - 1), the i-th smallest number). */
  private static double quantile(double[] x, double q) {
    double[] sorted = Arrays.stream(x).sorted().toArray();
    double at = q * (x.length - 1);
    for (int i = 0; i < x.length; i++) {
      if (at >= i && at < i + 1) {
        return i == at ? sorted[i] : sorted[i] * (i + 1 - at) + sorted[i + 1] * (at - i);
      }
    }
    throw new AssertionError(at);
  }
}
