package dev.adjoint.op;

import static dev.adjoint.op.Domain.NONZERO;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.Domain.WHOLE;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/**
 * Rows for reductions over every set of axes, kept and dropped, and for what runs along an axis.
 */
final class ReductionRows {

  private static final int[][] AXES = {{}, {0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}};
  private static final String LETTERS = "bmn";

  private ReductionRows() {}

  private interface Dropping {
    Tensor apply(Tensor x, int... axes);
  }

  private interface Keeping {
    Tensor apply(Tensor x, Keep keep, int... axes);
  }

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    rows.addAll(
        each("sum", Tensor::sum, Tensor::sum, x -> Arrays.stream(x).sum(), "Reductions.Fold.SUM"));
    rows.addAll(each("mean", Tensor::mean, Tensor::mean, ReductionRows::mean));
    rows.addAll(
        each(
            "biasedVariance",
            Tensor::biasedVariance,
            Tensor::biasedVariance,
            x -> variance(x, x.length)));
    rows.addAll(
        each(
            "unbiasedVariance",
            Tensor::unbiasedVariance,
            Tensor::unbiasedVariance,
            x -> x.length < 2 ? Double.NaN : variance(x, x.length - 1)));
    rows.addAll(
        each(
            "biasedStd",
            Tensor::biasedStd,
            Tensor::biasedStd,
            x -> Math.sqrt(variance(x, x.length))));
    rows.addAll(
        each(
            "unbiasedStd",
            Tensor::unbiasedStd,
            Tensor::unbiasedStd,
            x -> x.length < 2 ? Double.NaN : Math.sqrt(variance(x, x.length - 1))));
    rows.addAll(
        nonEmpty(
            each(
                "max",
                Tensor::max,
                Tensor::max,
                x -> Arrays.stream(x).max().orElseThrow(),
                "Reductions.Fold.MAX")));
    rows.addAll(
        nonEmpty(
            each(
                "min",
                Tensor::min,
                Tensor::min,
                x -> Arrays.stream(x).min().orElseThrow(),
                "Reductions.Fold.MIN")));
    rows.addAll(
        each("prod", Tensor::prod, Tensor::prod, x -> Arrays.stream(x).reduce(1, (a, b) -> a * b)));
    rows.addAll(
        constant(
            each(
                "any",
                Tensor::any,
                Tensor::any,
                x -> Arrays.stream(x).anyMatch(v -> v != 0) ? 1 : 0)));
    rows.addAll(
        constant(
            each(
                "all",
                Tensor::all,
                Tensor::all,
                x -> Arrays.stream(x).allMatch(v -> v != 0) ? 1 : 0)));
    rows.addAll(
        each(
            "logsumexp",
            Tensor::logsumexp,
            Tensor::logsumexp,
            x -> Math.log(Arrays.stream(x).map(Math::exp).sum()),
            "RowOp.LOG_SUM_EXP"));
    rows.addAll(norm(1, x -> Arrays.stream(x).map(Math::abs).sum()));
    rows.addAll(norm(2, x -> Math.sqrt(Arrays.stream(x).map(v -> v * v).sum())));
    rows.addAll(
        nonEmpty(
            norm(
                Double.POSITIVE_INFINITY,
                x -> Arrays.stream(x).map(Math::abs).max().orElseThrow())));
    rows.addAll(nonEmpty(norm(Double.NEGATIVE_INFINITY, x -> least(abs(x)))));
    rows.addAll(norm(0, x -> x.length));
    for (double p : new double[] {0.5, 1.5, 3}) {
      rows.addAll(norm(p, x -> Math.pow(abs(x).map(v -> Math.pow(v, p)).sum(), 1 / p)));
    }
    rows.add(
        op(
                "argmax",
                x -> Tensor.scalar(x[0].argmax(), x[0].dtype()),
                x -> x[0].fold(new int[0], false, ReductionRows::argmax),
                in(REAL, "b m n"))
            .covers("argmax()")
            .order(0)
            .nonEmpty("bmn"));
    rows.add(
        op(
                "argmin",
                x -> Tensor.scalar(x[0].argmin(), x[0].dtype()),
                x -> x[0].fold(new int[0], false, v -> argmax(negated(v))),
                in(REAL, "b m n"))
            .covers("argmin()")
            .order(0)
            .nonEmpty("bmn"));
    for (int axis = 0; axis < 3; axis++) {
      alongAxis(rows, axis);
      runningAlong(rows, axis);
    }
    return rows;
  }

  /** A row for every set of axes, dropped and kept. */
  private static List<OpCase> each(
      String name,
      Dropping dropping,
      Keeping keeping,
      ToDoubleFunction<double[]> fold,
      String... primitives) {
    List<OpCase> rows = new ArrayList<>();
    for (int[] axes : AXES) {
      String over = axes.length == 0 ? " over all" : " over " + Arrays.toString(axes);
      String domain = name.equals("norm") ? "norm(double, " : name + "(";
      rows.add(
          op(
                  name + over,
                  x -> dropping.apply(x[0], axes),
                  x -> x[0].fold(axes, false, fold),
                  in(REAL, "b m n"))
              .covers(domain + "int[])")
              .uses(primitives));
      rows.add(
          op(
                  name + over + ", kept",
                  x -> keeping.apply(x[0], Keep.AXES, axes),
                  x -> x[0].fold(axes, true, fold),
                  in(REAL, "b m n"))
              .covers(domain + "Keep, int[])")
              .uses(primitives));
    }
    return rows;
  }

  private static List<OpCase> norm(double p, ToDoubleFunction<double[]> fold) {
    return each("norm", (x, axes) -> x.norm(p, axes), (x, k, axes) -> x.norm(p, k, axes), fold)
        .stream()
        .map(row -> renamed(row, row.name().replace("norm", "norm " + p)))
        .map(row -> p == 2 ? row.uses("Length") : row)
        .toList();
  }

  private static OpCase renamed(OpCase row, String name) {
    return op(name, row.function(), row.oracle(), in(NONZERO, "b m n"))
        .covers(row.methods().toArray(String[]::new));
  }

  /** There is no extreme of no elements. */
  private static List<OpCase> nonEmpty(List<OpCase> rows) {
    List<OpCase> result = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      StringBuilder letters = new StringBuilder();
      int[] axes = AXES[i / 2].length == 0 ? new int[] {0, 1, 2} : AXES[i / 2];
      for (int axis : axes) {
        letters.append(LETTERS.charAt(axis));
      }
      result.add(rows.get(i).nonEmpty(letters.toString()));
    }
    return result;
  }

  private static List<OpCase> constant(List<OpCase> rows) {
    return rows.stream()
        .map(row ->
            op(row.name(), row.function(), row.oracle(), in(WHOLE, "b m n"))
                .covers(row.methods().toArray(String[]::new))
                .order(0))
        .toList();
  }

  private static void alongAxis(List<OpCase> rows, int axis) {
    String letter = LETTERS.substring(axis, axis + 1);
    OpCase.Input input = in(REAL, "b m n");
    rows.add(
        op(
                "argmax along " + axis,
                x -> x[0].argmax(axis).toTensor(x[0].dtype()),
                x -> x[0].fold(new int[] {axis}, false, ReductionRows::argmax),
                input)
            .covers("argmax(int)")
            .order(0)
            .nonEmpty(letter));
    rows.add(
        op(
                "argmin along " + axis,
                x -> x[0].argmin(axis).toTensor(x[0].dtype()),
                x -> x[0].fold(new int[] {axis}, false, v -> argmax(negated(v))),
                input)
            .covers("argmin(int)")
            .order(0)
            .nonEmpty(letter));
    rows.add(
        op(
                "cumsum along " + axis,
                x -> x[0].cumsum(axis),
                running(axis, x -> Arrays.stream(x).sum()),
                input)
            .covers("cumsum(int)")
            .uses("CumulativeSum"));
    rows.add(
        op(
                "softmax along " + axis,
                x -> x[0].softmax(axis),
                x -> {
                  Dense sum = x[0].fold(new int[] {axis}, true, ReductionRows::sumOfExp);
                  return Dense.of(x[0].sizes(), i -> Math.exp(x[0].at(i)) / sum.at(i));
                },
                input)
            .covers("softmax(int)")
            .uses("RowOp.SOFTMAX"));
    rows.add(
        op(
                "logSoftmax along " + axis,
                x -> x[0].logSoftmax(axis),
                x -> {
                  Dense sum = x[0].fold(new int[] {axis}, true, ReductionRows::sumOfExp);
                  return Dense.of(x[0].sizes(), i -> x[0].at(i) - Math.log(sum.at(i)));
                },
                input)
            .covers("logSoftmax(int)")
            .uses("RowOp.LOG_SOFTMAX"));
  }

  private static void runningAlong(List<OpCase> rows, int axis) {
    OpCase.Input input = in(REAL, "b m n");
    rows.add(
        op(
                "cumprod along " + axis,
                x -> x[0].cumprod(axis),
                running(axis, x -> Arrays.stream(x).reduce(1, (a, b) -> a * b)),
                input)
            .covers("cumprod(int)")
            .uses("LinearRecurrence"));
    rows.add(
        op(
                "cummax along " + axis,
                x -> x[0].cummax(axis).values(),
                running(axis, x -> -least(Arrays.stream(negated(x)))),
                input)
            .covers("cummax(int)"));
    rows.add(
        op(
                "cummin along " + axis,
                x -> x[0].cummin(axis).values(),
                running(axis, x -> least(Arrays.stream(x))),
                input)
            .covers("cummin(int)"));
    rows.add(
        op(
                "logcumsumexp along " + axis,
                x -> x[0].logcumsumexp(axis),
                running(axis, x -> Math.log(sumOfExp(x))),
                input)
            .covers("logcumsumexp(int)"));
    rows.add(
        op(
                "diff along " + axis,
                x -> x[0].diff(2, axis),
                x -> differences(differences(x[0], axis), axis),
                input)
            .covers("diff(int, int)"));
  }

  /** Folds what is along an axis from its start to each position. */
  private static Function<Dense[], Dense> running(int axis, ToDoubleFunction<double[]> fold) {
    return x ->
        Dense.of(
            x[0].sizes(),
            index -> {
              double[] line = new double[index[axis] + 1];
              int[] at = index.clone();
              for (at[axis] = 0; at[axis] < line.length; at[axis]++) {
                line[at[axis]] = x[0].at(at);
              }
              return fold.applyAsDouble(line);
            });
  }

  private static Dense differences(Dense x, int axis) {
    int[] sizes = x.sizes().clone();
    sizes[axis] = Math.max(0, sizes[axis] - 1);
    return Dense.of(
        sizes,
        index -> {
          int[] next = index.clone();
          next[axis]++;
          return x.at(next) - x.at(index);
        });
  }

  private static DoubleStream abs(double[] x) {
    return Arrays.stream(x).map(Math::abs);
  }

  private static double[] negated(double[] x) {
    return Arrays.stream(x).map(v -> -v).toArray();
  }

  private static double least(DoubleStream x) {
    return x.min().orElseThrow();
  }

  private static double mean(double[] x) {
    return Arrays.stream(x).sum() / x.length;
  }

  private static double variance(double[] x, int divisor) {
    double mean = mean(x);
    return Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / divisor;
  }

  private static double sumOfExp(double[] x) {
    return Arrays.stream(x).map(Math::exp).sum();
  }

  private static double argmax(double[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) {
      best = x[i] > x[best] ? i : best;
    }
    return best;
  }
}
