package dev.adjoint.op;

import static dev.adjoint.op.Domain.MASK;
import static dev.adjoint.op.Domain.NONZERO;
import static dev.adjoint.op.Domain.POSITIVE;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.Domain.UNIT;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Rows for {@link DistributionLosses}, {@link SegmentationLosses} and {@link ContrastiveLosses}.
 */
final class TaskLossRows {

  private static final double[] QUANTILES = {0.1, 0.5, 0.9};

  private TaskLossRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    ofDistributions(rows);
    ofSegments(rows);
    ofEmbeddings(rows);
    return rows;
  }

  private static void ofDistributions(List<OpCase> rows) {
    rows.add(
        op(
                "gaussianNll",
                x -> DistributionLosses.gaussianNll(x[0], x[1], x[2]),
                x -> mean(gaussian(x, 0)),
                in(REAL, "m n"),
                in(REAL, "m n"),
                in(POSITIVE, "m n"))
            .covers("DistributionLosses.gaussianNll(Tensor, Tensor, Tensor)"));
    rows.add(
        op(
                "gaussianNll in full, elementwise, of one variance a row",
                x -> DistributionLosses.gaussianNll(x[0], x[1], x[2], true, 1e-6, Reduction.NONE),
                x -> gaussian(x, Math.log(2 * Math.PI) / 2),
                in(REAL, "m n"),
                in(REAL, "m n"),
                in(POSITIVE, "m 1"))
            .covers(
                "DistributionLosses.gaussianNll(Tensor, Tensor, Tensor, boolean, double,"
                    + " Reduction)"));
    rows.add(
        op(
                "poissonNll",
                x -> DistributionLosses.poissonNll(x[0], x[1]),
                x ->
                    mean(
                        Dense.of(
                            x[0].sizes(), i -> Math.exp(x[0].at(i)) - x[1].at(i) * x[0].at(i))),
                in(REAL, "m n"),
                in(POSITIVE, "m n"))
            .covers("DistributionLosses.poissonNll(Tensor, Tensor)"));
    rows.add(
        op(
                "poissonNll of rates, in full, elementwise",
                x -> DistributionLosses.poissonNll(x[0], x[1], false, true, 0.1, Reduction.NONE),
                x -> Dense.of(x[0].sizes(), i -> poisson(x[0].at(i), x[1].at(i))),
                in(POSITIVE, "m n"),
                in(POSITIVE, "m n"))
            .covers(
                "DistributionLosses.poissonNll(Tensor, Tensor, boolean, boolean, double,"
                    + " Reduction)"));
    rows.add(
        op(
                "quantile",
                x -> DistributionLosses.quantile(x[0], x[1], QUANTILES),
                x -> mean(quantile(x)),
                in(REAL, "m n 3"),
                in(REAL, "m n"))
            .covers("DistributionLosses.quantile(Tensor, Tensor, double[])"));
    rows.add(
        op(
                "quantile, each",
                x -> DistributionLosses.quantile(x[0], x[1], QUANTILES, Reduction.NONE),
                TaskLossRows::quantile,
                in(REAL, "n 3"),
                in(REAL, "n"))
            .covers("DistributionLosses.quantile(Tensor, Tensor, double[], Reduction)"));
  }

  private static void ofSegments(List<OpCase> rows) {
    rows.add(
        op(
                "sigmoidFocal",
                x -> SegmentationLosses.sigmoidFocal(x[0], x[1]),
                x ->
                    mean(Dense.of(x[0].sizes(), i -> focal(x[0].at(i), x[1].at(i), 0.25, 0.75, 2))),
                in(REAL, "m n"),
                in(MASK, "m n"))
            .covers("SegmentationLosses.sigmoidFocal(Tensor, Tensor)"));
    rows.add(
        op(
                "sigmoidFocal with gamma 0.7 and without alpha, elementwise",
                x -> SegmentationLosses.sigmoidFocal(x[0], x[1], -1, 0.7, Reduction.NONE),
                x -> Dense.of(x[0].sizes(), i -> focal(x[0].at(i), x[1].at(i), 1, 1, 0.7)),
                in(REAL, "m n"),
                in(POSITIVE, "m n"))
            .covers("SegmentationLosses.sigmoidFocal(Tensor, Tensor, double, double, Reduction)"));
    rows.add(
        op(
                "focal",
                x -> SegmentationLosses.focal(x[0], targets(x[0])),
                x -> mean(focal(x[0], 2)),
                in(REAL, "b m n"))
            .covers("SegmentationLosses.focal(Tensor, IntTensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "focal with gamma 0.7",
                x ->
                    SegmentationLosses.focal(x[0], targets(x[0]), 0.7, CrossEntropyOptions.DEFAULT),
                x -> mean(focal(x[0], 0.7)),
                in(REAL, "b m n"))
            .covers("SegmentationLosses.focal(Tensor, IntTensor, double, CrossEntropyOptions)")
            .nonEmpty("n"));
    rows.add(
        op(
                "focal with gamma 0.7, per row",
                x ->
                    SegmentationLosses.focal(
                        x[0], targets(x[0]), 0.7, CrossEntropyOptions.DEFAULT, Reduction.NONE),
                x -> focal(x[0], 0.7),
                in(REAL, "b m n"))
            .covers(
                "SegmentationLosses.focal(Tensor, IntTensor, double, CrossEntropyOptions,"
                    + " Reduction)")
            .nonEmpty("n"));
    rows.add(
        op(
                "dice",
                x -> SegmentationLosses.dice(x[0], x[1]),
                x -> mean(dice(x[0], x[1], 1, 1, 2)),
                in(POSITIVE, "b m n"),
                in(POSITIVE, "b m n"))
            .covers("SegmentationLosses.dice(Tensor, Tensor)"));
    rows.add(
        op(
                "dice with smoothing 0.2, per example",
                x -> SegmentationLosses.dice(x[0], x[1], 0.2, Reduction.NONE),
                x -> dice(x[0], x[1], 0.2, 1),
                in(POSITIVE, "b n"),
                in(POSITIVE, "b n"))
            .covers("SegmentationLosses.dice(Tensor, Tensor, double, Reduction)"));
    rows.add(
        op(
                "dice of classes",
                x -> SegmentationLosses.dice(x[0], targets(x[0])),
                x -> mean(dice(x[0], oneHot(x[0]), 1, 1)),
                in(POSITIVE, "b m n"))
            .covers("SegmentationLosses.dice(Tensor, IntTensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "dice of classes with smoothing 0.2, each",
                x -> SegmentationLosses.dice(x[0], targets(x[0]), 0.2, Reduction.NONE),
                x -> dice(x[0], oneHot(x[0]), 0.2, 1),
                in(POSITIVE, "b m n"))
            .covers("SegmentationLosses.dice(Tensor, IntTensor, double, Reduction)")
            .nonEmpty("n"));
  }

  private static void ofEmbeddings(List<OpCase> rows) {
    rows.add(
        op(
                "tripletMargin",
                x -> ContrastiveLosses.tripletMargin(x[0], x[1], x[2]),
                x -> mean(triplets(x, 1, 2, 1e-6, false)),
                in(REAL, "b m n"),
                in(REAL, "b m n"),
                in(UNIT, "b m n"))
            .covers("ContrastiveLosses.tripletMargin(Tensor, Tensor, Tensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "tripletMargin of absolute values, swapped, per triplet",
                x ->
                    ContrastiveLosses.tripletMargin(
                        x[0], x[1], x[2], 2.5, 1, 0.01, true, Reduction.NONE),
                x -> triplets(x, 2.5, 1, 0.01, true),
                in(REAL, "b m n"),
                in(UNIT, "b m n"),
                in(UNIT, "b m n"))
            .covers(
                "ContrastiveLosses.tripletMargin(Tensor, Tensor, Tensor, double, double, double,"
                    + " boolean, Reduction)")
            .nonEmpty("n"));
    rows.add(
        op(
                "infoNce",
                x -> ContrastiveLosses.infoNce(x[0], x[1]),
                x -> mean(infoNce(x[0], x[1], 0.1, i -> i, i -> -1)),
                in(NONZERO, "m n"),
                in(NONZERO, "m n"))
            .covers("ContrastiveLosses.infoNce(Tensor, Tensor)")
            .nonEmpty("n")
            .tolerance(4));
    rows.add(
        op(
                "infoNce in both directions, per pair",
                x -> ContrastiveLosses.infoNce(x[0], x[1], 0.7, true, Reduction.NONE),
                x -> {
                  Dense ofQueries = infoNce(x[0], x[1], 0.7, i -> i, i -> -1);
                  Dense ofKeys = infoNce(x[1], x[0], 0.7, i -> i, i -> -1);
                  return Dense.of(ofKeys.sizes(), i -> (ofQueries.at(i) + ofKeys.at(i)) / 2);
                },
                in(NONZERO, "m n"),
                in(NONZERO, "m n"))
            .covers("ContrastiveLosses.infoNce(Tensor, Tensor, double, boolean, Reduction)")
            .nonEmpty("n"));
    rows.add(
        op(
                "ntXent",
                x -> ContrastiveLosses.ntXent(x[0], x[1]),
                x -> mean(ntXent(x[0], x[1], 0.5)),
                in(NONZERO, "m n"),
                in(NONZERO, "m n"))
            .covers("ContrastiveLosses.ntXent(Tensor, Tensor)")
            .nonEmpty("n"));
    rows.add(
        op(
                "ntXent of temperature 0.8, per view",
                x -> ContrastiveLosses.ntXent(x[0], x[1], 0.8, Reduction.NONE),
                x -> ntXent(x[0], x[1], 0.8),
                in(NONZERO, "m n"),
                in(NONZERO, "m n"))
            .covers("ContrastiveLosses.ntXent(Tensor, Tensor, double, Reduction)")
            .nonEmpty("n"));
  }

  // ---- oracles -------------------------------------------------------------------------------

  private static Dense mean(Dense x) {
    return x.fold(new int[] {}, false, v -> Arrays.stream(v).sum() / v.length);
  }

  private static Dense gaussian(Dense[] x, double constant) {
    return Dense.of(
        x[0].sizes(),
        i -> {
          double d = x[0].at(i) - x[1].at(i);
          return (Math.log(x[2].at(i)) + d * d / x[2].at(i)) / 2 + constant;
        });
  }

  private static double poisson(double rate, double n) {
    double factorial = n > 1 ? n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 : 0;
    return rate - n * Math.log(rate + 0.1) + factorial;
  }

  private static Dense quantile(Dense[] x) {
    return Dense.of(
        x[0].sizes(),
        i -> {
          double missing = x[1].at(Arrays.copyOf(i, i.length - 1)) - x[0].at(i);
          double q = QUANTILES[i[i.length - 1]];
          return Math.max(q * missing, (q - 1) * missing);
        });
  }

  private static double focal(double x, double t, double positive, double negative, double gamma) {
    double p = 1 / (1 + Math.exp(-x));
    return -positive * t * Math.pow(1 - p, gamma) * Math.log(p)
        - negative * (1 - t) * Math.pow(p, gamma) * Math.log(1 - p);
  }

  private static Dense focal(Dense x, double gamma) {
    Dense places = places(x.sizes());
    return Dense.of(
        places.sizes(),
        i -> {
          double sum = 0;
          for (int c = 0; c < x.size(2); c++) {
            sum += Math.exp(x.at(i[0], i[1], c));
          }
          double p = Math.exp(x.at(i[0], i[1], (int) places.at(i))) / sum;
          return -Math.pow(1 - p, gamma) * Math.log(p);
        });
  }

  private static Dense places(int... sizes) {
    return IndexingRows.places(sizes[2], sizes[0], sizes[1]);
  }

  private static IntTensor targets(Tensor x) {
    return IndexingRows.ints(places(x.shape().toArray()));
  }

  private static Dense oneHot(Dense x) {
    Dense places = places(x.sizes());
    return Dense.of(x.sizes(), i -> places.at(i[0], i[1]) == i[2] ? 1 : 0);
  }

  private static Dense dice(Dense p, Dense t, double smoothing, int... axes) {
    Dense overlap = sum(Dense.of(p.sizes(), i -> p.at(i) * t.at(i)), axes);
    Dense sizes = sum(Dense.of(p.sizes(), i -> p.at(i) + t.at(i)), axes);
    return Dense.of(
        sizes.sizes(), i -> 1 - (2 * overlap.at(i) + smoothing) / (sizes.at(i) + smoothing));
  }

  private static Dense sum(Dense x, int... axes) {
    return x.fold(axes, false, v -> Arrays.stream(v).sum());
  }

  private static Dense triplets(
      Dense[] x, double margin, int p, double epsilon, boolean isSwapped) {
    Dense near = distances(x[0], x[1], p, epsilon);
    Dense far = distances(x[0], x[2], p, epsilon);
    Dense other = distances(x[1], x[2], p, epsilon);
    return Dense.of(
        near.sizes(),
        i -> {
          double least = isSwapped ? Math.min(far.at(i), other.at(i)) : far.at(i);
          return Math.max(0, near.at(i) - least + margin);
        });
  }

  private static Dense distances(Dense a, Dense b, int p, double epsilon) {
    Dense powers = Dense.of(a.sizes(), i -> Math.pow(Math.abs(a.at(i) - b.at(i) + epsilon), p));
    Dense sums = sum(powers, 2);
    return Dense.of(sums.sizes(), i -> Math.pow(sums.at(i), 1.0 / p));
  }

  private static Dense infoNce(
      Dense a, Dense b, double temperature, IntUnaryOperator own, IntUnaryOperator leftOut) {
    return Dense.of(
        new int[] {a.size(0)},
        i -> {
          double sum = 0;
          for (int j = 0; j < b.size(0); j++) {
            sum +=
                j == leftOut.applyAsInt(i[0]) ? 0 : Math.exp(cosine(a, i[0], b, j) / temperature);
          }
          return Math.log(sum) - cosine(a, i[0], b, own.applyAsInt(i[0])) / temperature;
        });
  }

  private static Dense ntXent(Dense a, Dense b, double temperature) {
    int n = a.size(0);
    Dense all =
        Dense.of(new int[] {2 * n, a.size(1)}, i -> i[0] < n ? a.at(i) : b.at(i[0] - n, i[1]));
    return infoNce(all, all, temperature, i -> (i + n) % (2 * n), i -> i);
  }

  private static double cosine(Dense a, int i, Dense b, int j) {
    double dot = 0;
    double squares = 0;
    double others = 0;
    for (int k = 0; k < a.size(1); k++) {
      dot += a.at(i, k) * b.at(j, k);
      squares += a.at(i, k) * a.at(i, k);
      others += b.at(j, k) * b.at(j, k);
    }
    return dot / Math.sqrt(squares * others);
  }
}
