package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows for standardizing: kept axes before, among, after and on both sides of the reduced. */
final class StandardizeRows {

  private static final int[][] AXES = {{}, {2}, {0}, {1}, {0, 2}};
  private static final double EPSILON = 0.125;

  private StandardizeRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    for (int[] axes : AXES) {
      for (boolean centred : new boolean[] {true, false}) {
        rows.add(
            op(
                    "standardize over %s%s"
                        .formatted(Arrays.toString(axes), centred ? "" : ", not centred"),
                    x -> Standardize.standardize(x[0], centred, EPSILON, axes).y(),
                    x -> standardized(x[0], centred, axes),
                    in(REAL, "b m n"))
                .covers("Standardize.standardize(Tensor, boolean, double, int[])")
                .uses("Standardize.Fused")
                .tolerance(2));
      }
    }
    return rows;
  }

  private static Dense standardized(Dense x, boolean centred, int... axes) {
    Dense mean = x.fold(axes, true, v -> centred ? Arrays.stream(v).average().orElse(0) : 0);
    Dense deviation = Dense.of(x.sizes(), i -> x.at(i) - mean.at(i));
    Dense variance =
        deviation.fold(axes, true, v -> Arrays.stream(v).map(d -> d * d).average().orElse(0));
    return Dense.of(x.sizes(), i -> deviation.at(i) / Math.sqrt(variance.at(i) + EPSILON));
  }
}
