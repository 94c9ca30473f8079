package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Sampling.Outside;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows for {@link Sampling}; sizes are such that grids have no kinks where they are drawn. */
final class SamplingRows {

  private SamplingRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    Tensor fixed =
        Tensor.of(new double[] {-1.4, 0.3, -0.2, 0.8, 0.9, -0.7, 1.7, 0.1}, 2, 2, 2)
            .reshape(2, 2, 1, 2);
    for (Outside outside : Outside.values()) {
      for (Sampling mode : List.of(Sampling.BILINEAR, Sampling.BICUBIC)) {
        rows.add(sampled(mode, outside, true, "2 1 2 3", "2 2 2 2"));
        rows.add(sampled(mode, outside, false, "2 2 2 2", "2 1 3 2"));
      }
      rows.add(
          op(
              "nearest elements of a grid, " + outside,
              x -> Sampling.NEAREST.gridSample(x[0], fixed, outside, false),
              x ->
                  oracle(
                      x[0],
                      new Dense(fixed.toDoubleArray(), 2, 2, 1, 2),
                      Sampling.NEAREST,
                      outside,
                      false),
              in(REAL, "2 2 3 4")));
    }
    rows.add(sampled(Sampling.BILINEAR, Outside.BORDER, true, "1 2 2 3 2", "1 2 1 1 3"));
    for (boolean aligned : new boolean[] {true, false}) {
      rows.add(
          op(
                  "affineGrid" + (aligned ? ", aligned" : ""),
                  x -> Sampling.affineGrid(x[0], aligned, 3, 4),
                  x -> affine(x[0], aligned),
                  in(REAL, "b 2 3"))
              .covers("Sampling.affineGrid(Tensor, boolean, int[])"));
    }
    return rows;
  }

  private static OpCase sampled(
      Sampling mode, Outside outside, boolean aligned, String x, String grid) {
    return op(
            "%s of %s on a grid, %s%s".formatted(mode, x, outside, aligned ? ", aligned" : ""),
            in -> mode.gridSample(in[0], in[1], outside, aligned),
            in -> oracle(in[0], in[1], mode, outside, aligned),
            in(REAL, x),
            in(REAL, grid))
        .tolerance(mode == Sampling.BICUBIC ? 16 : 4);
  }

  /** The definition: the image goes on to all sides, and each element counts by its distance. */
  private static Dense oracle(
      Dense x, Dense grid, Sampling mode, Outside outside, boolean aligned) {
    int axes = x.rank() - 2;
    int[] sizes = grid.sizes().clone();
    System.arraycopy(grid.sizes(), 1, sizes, 2, axes);
    sizes[1] = x.size(1);
    return Dense.of(
        sizes,
        i -> {
          int[] at = new int[axes + 2];
          at[0] = i[0];
          System.arraycopy(i, 2, at, 1, axes);
          double[] places = new double[axes];
          for (int a = 0; a < axes; a++) {
            at[axes + 1] = axes - 1 - a;
            int n = x.size(a + 2);
            double g = grid.at(at) + 1;
            places[a] = aligned ? g / 2 * (n - 1) : (g * n - 1) / 2;
          }
          return read(x, mode, outside, aligned, places, new int[] {i[0], i[1]});
        });
  }

  private static double read(
      Dense x, Sampling mode, Outside outside, boolean aligned, double[] places, int[] index) {
    int axis = index.length;
    if (axis == x.rank()) {
      return x.at(index);
    }
    int n = x.size(axis);
    double sum = 0;
    for (int k = -20; k < 20; k++) {
      double weight = weight(mode, places[axis - 2] - k);
      int element = element(k, n, outside, aligned);
      if (weight != 0 && element >= 0) {
        int[] longer = Arrays.copyOf(index, axis + 1);
        longer[axis] = element;
        sum += weight * read(x, mode, outside, aligned, places, longer);
      }
    }
    return sum;
  }

  private static double weight(Sampling mode, double distance) {
    double d = Math.abs(distance);
    return switch (mode) {
      case NEAREST -> d < 0.5 ? 1 : 0;
      case BILINEAR -> Math.max(0, 1 - d);
      case BICUBIC ->
          d < 1
              ? 1.25 * d * d * d - 2.25 * d * d + 1
              : d < 2 ? -0.75 * (d * d * d - 5 * d * d + 8 * d - 4) : 0;
    };
  }

  /** Goes back into the image step by step. */
  private static int element(int place, int n, Outside outside, boolean aligned) {
    int at = place;
    while (at < 0 || at >= n) {
      int last = aligned ? 2 * (n - 1) : 2 * n - 1;
      switch (outside) {
        case ZEROS -> {
          return -1;
        }
        case BORDER -> at = at < 0 ? 0 : n - 1;
        case REFLECTION -> at = at < 0 ? (aligned ? -at : -1 - at) : last - at;
      }
    }
    return at;
  }

  private static Dense affine(Dense theta, boolean aligned) {
    return Dense.of(
        new int[] {theta.size(0), 3, 4, 2},
        i -> {
          double y = aligned ? i[1] - 1.0 : (2 * i[1] + 1) / 3.0 - 1;
          double x = aligned ? i[2] * 2 / 3.0 - 1 : (2 * i[2] + 1) / 4.0 - 1;
          return theta.at(i[0], i[3], 0) * x
              + theta.at(i[0], i[3], 1) * y
              + theta.at(i[0], i[3], 2);
        });
  }
}
