package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows for {@link Standardize}, over every set of axes. */
final class StandardizeRows {

  private static final String METHOD = "Standardize.standardize(Tensor, boolean, double, int[])";
  private static final String NORMALIZE =
      "Standardize.normalize(Tensor, Tensor, Tensor, Rule, int[])";
  private static final double EPSILON = 0.01;
  private static final int[][] AXES = {{}, {0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}};

  private StandardizeRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    for (boolean centered : new boolean[] {true, false}) {
      for (int[] axes : AXES) {
        String over = Arrays.toString(axes) + (centered ? "" : ", not centered");
        rows.add(
            op(
                    "standardize over " + over,
                    x -> Standardize.standardize(x[0], centered, EPSILON, axes).y(),
                    x -> standardized(x[0], centered, axes),
                    in(REAL, "b m n"))
                .covers(METHOD)
                .uses("Standardize.Fused")
                .tolerance(2));
        rows.add(
            op(
                    "variance of standardize over " + over,
                    x -> Standardize.standardize(x[0], centered, EPSILON, axes).variance(),
                    x -> x[0].fold(axes, false, v -> variance(v, centered)),
                    in(REAL, "b m n"))
                .covers(METHOD)
                .order(0)
                .nonEmpty("bmn"));
        rows.add(
            op(
                    "mean of standardize over " + over,
                    x -> Standardize.standardize(x[0], centered, EPSILON, axes).mean(),
                    x -> x[0].fold(axes, false, v -> centered ? mean(v) : 0),
                    in(REAL, "b m n"))
                .covers(METHOD)
                .order(0)
                .nonEmpty("bmn"));
      }
    }
    addNormalize(rows, new Standardize.Rule(true, EPSILON, false), AXES);
    addNormalize(rows, new Standardize.Rule(false, EPSILON, false), new int[] {2});
    addNormalize(rows, new Standardize.Rule(true, 0.5, true), new int[] {0, 2});
    return rows;
  }

  /** With gain and bias: one for each element of a row, or for each channel. */
  private static void addNormalize(List<OpCase> rows, Standardize.Rule rule, int[]... allAxes) {
    for (int[] axes : allAxes) {
      for (String features : new String[] {"n", "m 1"}) {
        rows.add(
            op(
                    "normalize %s over %s, %s".formatted(features, Arrays.toString(axes), rule),
                    x -> Standardize.normalize(x[0], x[1], x[2], rule, axes).y(),
                    x -> normalized(x, rule, axes),
                    in(REAL, "b m n"),
                    in(REAL, features),
                    in(REAL, features))
                .covers(NORMALIZE)
                .uses("Standardize.Fused")
                .tolerance(2));
      }
    }
  }

  private static Dense normalized(Dense[] x, Standardize.Rule rule, int... axes) {
    Dense mean = x[0].fold(axes, true, v -> rule.centered() ? mean(v) : 0);
    Dense variance = x[0].fold(axes, true, v -> variance(v, rule.centered()));
    return Dense.of(
        x[0].sizes(),
        i -> {
          double root = Math.sqrt(variance.at(i) + (rule.outsideRoot() ? 0 : rule.epsilon()));
          double sigma = rule.outsideRoot() ? root + rule.epsilon() : root;
          return x[1].at(i) * (x[0].at(i) - mean.at(i)) / sigma + x[2].at(i);
        });
  }

  private static Dense standardized(Dense x, boolean centered, int... axes) {
    Dense mean = x.fold(axes, true, v -> centered ? mean(v) : 0);
    Dense variance = x.fold(axes, true, v -> variance(v, centered));
    return Dense.of(x.sizes(), i -> (x.at(i) - mean.at(i)) / Math.sqrt(variance.at(i) + EPSILON));
  }

  private static double mean(double[] x) {
    return Arrays.stream(x).sum() / x.length;
  }

  private static double variance(double[] x, boolean centered) {
    double mean = centered ? mean(x) : 0;
    return Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / x.length;
  }
}
