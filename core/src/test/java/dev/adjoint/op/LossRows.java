package dev.adjoint.op;

import static dev.adjoint.op.Domain.MASK;
import static dev.adjoint.op.Domain.NONZERO;
import static dev.adjoint.op.Domain.POSITIVE;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;

/** Rows for {@link Losses}. */
final class LossRows {

  private static final String OPTIONS = "(Tensor, IntTensor, CrossEntropyOptions, Reduction)";

  /** A class, so that some rows are ignored. */
  private static final int IGNORED = 1;

  private LossRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    ofClasses(rows);
    ofProbabilities(rows);
    ofNumbers(rows);
    ofPairs(rows);
    return rows;
  }

  private static void ofClasses(List<OpCase> rows) {
    rows.add(
        op(
                "crossEntropy",
                x -> Losses.crossEntropy(x[0], targets(x[0])),
                x -> mean(surprise(logSoftmax(x[0]), 0, false, -1)),
                in(REAL, "b m n"))
            .covers("Losses.crossEntropy(Tensor, IntTensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "crossEntropy per row",
                x ->
                    Losses.crossEntropy(
                        x[0], targets(x[0]), CrossEntropyOptions.DEFAULT, Reduction.NONE),
                x -> surprise(logSoftmax(x[0]), 0, false, -1),
                in(REAL, "b m n"))
            .covers("Losses.crossEntropy" + OPTIONS)
            .uses("CrossEntropy")
            .nonEmpty("n"));
    rows.add(
        op(
                "crossEntropy ignoring, weighted",
                x -> Losses.crossEntropy(x[0], targets(x[0]), options(x[0], 0)),
                x -> weightedMean(x[0], 0),
                in(REAL, "b m n"))
            .covers("Losses.crossEntropy(Tensor, IntTensor, CrossEntropyOptions)")
            .nonEmpty("n"));
    rows.add(
        op(
                "crossEntropy ignoring, weighted, smoothed",
                x -> Losses.crossEntropy(x[0], targets(x[0]), options(x[0], 0.3), Reduction.MEAN),
                x -> weightedMean(x[0], 0.3),
                in(REAL, "b m n"))
            .covers("Losses.crossEntropy" + OPTIONS)
            .nonEmpty("n"));
    rows.add(
        op(
                "nll",
                x -> Losses.nll(x[0], targets(x[0])),
                x -> mean(surprise(x[0], 0, false, -1)),
                in(REAL, "b m n"))
            .covers("Losses.nll(Tensor, IntTensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "nll ignoring, weighted",
                x -> Losses.nll(x[0].logSoftmax(-1), targets(x[0]), options(x[0], 0)),
                x -> weightedMean(x[0], 0),
                in(REAL, "b m n"))
            .covers("Losses.nll(Tensor, IntTensor, CrossEntropyOptions)")
            .nonEmpty("n"));
    rows.add(
        op(
                "nll ignoring, weighted, smoothed, per row",
                x -> Losses.nll(x[0], targets(x[0]), options(x[0], 0.3), Reduction.NONE),
                x -> surprise(x[0], 0.3, true, IGNORED),
                in(REAL, "b m n"))
            .covers("Losses.nll" + OPTIONS)
            .nonEmpty("n"));
    rows.add(
        op(
                "multiMargin",
                x -> Losses.multiMargin(x[0], targets(x[0])),
                x -> mean(margins(x[0], 1)),
                in(REAL, "b m n"))
            .covers("Losses.multiMargin(Tensor, IntTensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "multiMargin of 0.7, per row",
                x -> Losses.multiMargin(x[0], targets(x[0]), 0.7, Reduction.NONE),
                x -> margins(x[0], 0.7),
                in(REAL, "b m n"))
            .covers("Losses.multiMargin(Tensor, IntTensor, double, Reduction)")
            .nonEmpty("n"));
  }

  private static void ofProbabilities(List<OpCase> rows) {
    rows.add(
        op(
                "binaryCrossEntropyWithLogits",
                x -> Losses.binaryCrossEntropyWithLogits(x[0], x[1]),
                x -> mean(both(x, (a, t) -> binary(a, t, 1))),
                in(REAL, "m n"),
                in(POSITIVE, "m n"))
            .covers("Losses.binaryCrossEntropyWithLogits(Tensor, Tensor)"));
    rows.add(
        op(
                "binaryCrossEntropyWithLogits, weighted, elementwise",
                x -> Losses.binaryCrossEntropyWithLogits(x[0], x[1], x[2], Reduction.NONE),
                x -> Dense.of(x[0].sizes(), i -> binary(x[0].at(i), x[1].at(i), x[2].at(i))),
                in(REAL, "m n"),
                in(POSITIVE, "m n"),
                in(POSITIVE, "n"))
            .covers("Losses.binaryCrossEntropyWithLogits(Tensor, Tensor, Tensor, Reduction)"));
    rows.add(
        op(
                "klDiv",
                x -> Losses.klDiv(x[0], x[1]),
                x -> mean(sumRows(both(x, (q, p) -> p * (Math.log(p) - q)))),
                in(REAL, "b m n"),
                in(POSITIVE, "b m n"))
            .covers("Losses.klDiv(Tensor, Tensor)"));
    rows.add(
        op(
                "klDiv from log-probabilities, per row",
                x -> Losses.klDiv(x[0], x[1], true, Reduction.NONE),
                x -> sumRows(both(x, (q, p) -> Math.exp(p) * (p - q))),
                in(REAL, "b m n"),
                in(REAL, "b m n"))
            .covers("Losses.klDiv(Tensor, Tensor, boolean, Reduction)"));
  }

  private static void ofNumbers(List<OpCase> rows) {
    pairs(rows, "mse", Losses::mse, Losses::mse, (x, t) -> (x - t) * (x - t), "Reduction");
    pairs(rows, "l1", Losses::l1, Losses::l1, (x, t) -> Math.abs(x - t), "Reduction");
    pairs(
        rows,
        "huber",
        Losses::huber,
        (x, t, reduction) -> Losses.huber(x, t, 1, reduction),
        (x, t) -> huber(x - t, 1),
        "double, Reduction");
    rows.add(
        op(
                "huber with delta 0.6",
                x -> Losses.huber(x[0], x[1], 0.6, Reduction.SUM),
                x ->
                    both(x, (a, t) -> huber(a - t, 0.6))
                        .fold(new int[] {}, false, v -> Arrays.stream(v).sum()),
                in(REAL, "m n"),
                in(REAL, "m n"))
            .covers("Losses.huber(Tensor, Tensor, double, Reduction)")
            .tolerance(4));
  }

  /** A loss of two tensors with its reduction. */
  private interface Reduced {
    Tensor apply(Tensor prediction, Tensor target, Reduction reduction);
  }

  /** A loss of two tensors with the reduction it has by default. */
  private interface Mean {
    Tensor apply(Tensor prediction, Tensor target);
  }

  private static void pairs(
      List<OpCase> rows,
      String name,
      Mean mean,
      Reduced reduced,
      DoubleBinaryOperator oracle,
      String longForm) {
    rows.add(
        op(
                name,
                x -> mean.apply(x[0], x[1]),
                x -> mean(both(x, oracle)),
                in(REAL, "m n"),
                in(REAL, "m n"))
            .covers("Losses.%s(Tensor, Tensor)".formatted(name)));
    rows.add(
        op(
                name + ", elementwise",
                x -> reduced.apply(x[0], x[1], Reduction.NONE),
                x -> both(x, oracle),
                in(REAL, "m n"),
                in(REAL, "m n"))
            .covers("Losses.%s(Tensor, Tensor, %s)".formatted(name, longForm)));
  }

  private static void ofPairs(List<OpCase> rows) {
    rows.add(
        op(
                "hingeEmbedding",
                x -> Losses.hingeEmbedding(x[0], x[1]),
                x -> mean(both(x, (d, alike) -> alike > 0 ? d : Math.max(0, 1 - d))),
                in(REAL, "m n"),
                in(MASK, "m n"))
            .covers("Losses.hingeEmbedding(Tensor, Tensor)"));
    rows.add(
        op(
                "hingeEmbedding of 0.3, elementwise",
                x -> Losses.hingeEmbedding(x[0], x[1], 0.3, Reduction.NONE),
                x -> both(x, (d, alike) -> alike > 0 ? d : Math.max(0, 0.3 - d)),
                in(REAL, "m n"),
                in(MASK, "m n"))
            .covers("Losses.hingeEmbedding(Tensor, Tensor, double, Reduction)"));
    rows.add(
        op(
                "marginRanking",
                x -> Losses.marginRanking(x[0], x[1], x[2]),
                x -> mean(ranking(x, 0)),
                in(REAL, "m n"),
                in(REAL, "m n"),
                in(NONZERO, "m n"))
            .covers("Losses.marginRanking(Tensor, Tensor, Tensor)"));
    rows.add(
        op(
                "marginRanking of 0.3, elementwise",
                x -> Losses.marginRanking(x[0], x[1], x[2], 0.3, Reduction.NONE),
                x -> ranking(x, 0.3),
                in(REAL, "m n"),
                in(REAL, "m n"),
                in(NONZERO, "m n"))
            .covers("Losses.marginRanking(Tensor, Tensor, Tensor, double, Reduction)"));
    rows.add(
        op(
                "cosineEmbedding",
                x -> Losses.cosineEmbedding(x[0], x[1], x[2]),
                x -> mean(cosineEmbedding(x, 0)),
                in(NONZERO, "b m n"),
                in(NONZERO, "b m n"),
                in(MASK, "b m"))
            .covers("Losses.cosineEmbedding(Tensor, Tensor, Tensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "cosineEmbedding of -0.4, per row",
                x -> Losses.cosineEmbedding(x[0], x[1], x[2], -0.4, Reduction.NONE),
                x -> cosineEmbedding(x, -0.4),
                in(NONZERO, "b m n"),
                in(NONZERO, "b m n"),
                in(MASK, "b m"))
            .covers("Losses.cosineEmbedding(Tensor, Tensor, Tensor, double, Reduction)")
            .nonEmpty("n"));
    rows.add(
        op(
                "cosineSimilarity",
                x -> Losses.cosineSimilarity(x[0], x[1], 1),
                x -> cosines(x[0], x[1], 1),
                in(NONZERO, "b m n"),
                in(NONZERO, "b m n"))
            .covers("Losses.cosineSimilarity(Tensor, Tensor, int)")
            .nonEmpty("m"));
  }

  // ---- targets -------------------------------------------------------------------------------

  private static Dense places(int... sizes) {
    return IndexingRows.places(sizes[2], sizes[0], sizes[1]);
  }

  private static IntTensor targets(Tensor x) {
    return IndexingRows.ints(places(x.shape().toArray()));
  }

  private static double weight(int c) {
    return 0.5 + c % 3;
  }

  private static CrossEntropyOptions options(Tensor x, double smoothing) {
    double[] weights = new double[x.size(-1)];
    Arrays.setAll(weights, LossRows::weight);
    return CrossEntropyOptions.DEFAULT
        .labelSmoothing(smoothing)
        .classWeights(Tensor.of(weights))
        .ignoreIndex(IGNORED);
  }

  // ---- oracles -------------------------------------------------------------------------------

  private static Dense both(Dense[] x, DoubleBinaryOperator function) {
    return Dense.of(x[0].sizes(), i -> function.applyAsDouble(x[0].at(i), x[1].at(i)));
  }

  private static Dense mean(Dense x) {
    return x.fold(new int[] {}, false, v -> Arrays.stream(v).sum() / v.length);
  }

  private static Dense sumRows(Dense x) {
    return x.fold(new int[] {x.rank() - 1}, false, v -> Arrays.stream(v).sum());
  }

  private static Dense logSoftmax(Dense x) {
    Dense sums = x.fold(new int[] {2}, true, v -> Arrays.stream(v).map(Math::exp).sum());
    return Dense.of(x.sizes(), i -> x.at(i) - Math.log(sums.at(i)));
  }

  /** Returns what the right class, and by smoothing each other one, costs in every row. */
  private static Dense surprise(Dense logp, double smoothing, boolean weighted, int ignored) {
    Dense targets = places(logp.sizes());
    return Dense.of(
        targets.sizes(),
        i -> {
          int target = (int) targets.at(i);
          double cost = 0;
          for (int c = 0; c < logp.size(2) && target != ignored; c++) {
            double share = (c == target ? 1 - smoothing : 0) + smoothing / logp.size(2);
            cost -= share * (weighted ? weight(c) : 1) * logp.at(i[0], i[1], c);
          }
          return cost;
        });
  }

  /** Returns the sum over all rows, divided by the weights of the targets that are not ignored. */
  private static Dense weightedMean(Dense x, double smoothing) {
    double weights =
        Arrays.stream(places(x.sizes()).values())
            .map(target -> target == IGNORED ? 0 : weight((int) target))
            .sum();
    return surprise(logSoftmax(x), smoothing, true, IGNORED)
        .fold(new int[] {}, false, v -> Arrays.stream(v).sum() / weights);
  }

  private static Dense margins(Dense x, double margin) {
    Dense targets = places(x.sizes());
    return Dense.of(
        targets.sizes(),
        i -> {
          int target = (int) targets.at(i);
          double sum = 0;
          for (int c = 0; c < x.size(2); c++) {
            double excess = margin - x.at(i[0], i[1], target) + x.at(i[0], i[1], c);
            sum += c == target ? 0 : Math.max(0, excess);
          }
          return sum / x.size(2);
        });
  }

  private static double binary(double x, double t, double weight) {
    double p = 1 / (1 + Math.exp(-x));
    return -weight * t * Math.log(p) - (1 - t) * Math.log(1 - p);
  }

  private static double huber(double d, double delta) {
    return Math.abs(d) <= delta ? d * d / 2 : delta * (Math.abs(d) - delta / 2);
  }

  private static Dense ranking(Dense[] x, double margin) {
    return Dense.of(
        x[0].sizes(), i -> Math.max(0, margin - x[2].at(i) * (x[0].at(i) - x[1].at(i))));
  }

  private static Dense cosines(Dense a, Dense b, int axis) {
    Dense dots = dots(a, b, axis);
    Dense squares = dots(a, a, axis);
    Dense others = dots(b, b, axis);
    return Dense.of(dots.sizes(), i -> dots.at(i) / Math.sqrt(squares.at(i) * others.at(i)));
  }

  private static Dense dots(Dense a, Dense b, int axis) {
    return Dense.of(a.sizes(), i -> a.at(i) * b.at(i))
        .fold(new int[] {axis}, false, v -> Arrays.stream(v).sum());
  }

  private static Dense cosineEmbedding(Dense[] x, double margin) {
    Dense cosines = cosines(x[0], x[1], 2);
    return Dense.of(
        cosines.sizes(),
        i -> x[2].at(i) > 0 ? 1 - cosines.at(i) : Math.max(0, cosines.at(i) - margin));
  }
}
