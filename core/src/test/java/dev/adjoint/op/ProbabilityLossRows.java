package dev.adjoint.op;

import static dev.adjoint.op.Domain.POSITIVE;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Rows for losses of probabilities in {@link Losses}, and for smooth L1. */
final class ProbabilityLossRows {

  private static final String OPTIONS = "(Tensor, Tensor, CrossEntropyOptions, Reduction)";

  private ProbabilityLossRows() {}

  static List<OpCase> rows() {
    return List.of(
        op(
                "crossEntropy with probabilities",
                x -> Losses.crossEntropy(x[0], x[1]),
                x -> mean(soft(x, 0, false)),
                in(REAL, "b m n"),
                in(POSITIVE, "b m n"))
            .covers("Losses.crossEntropy(Tensor, Tensor)")
            .tolerance(4),
        op(
                "crossEntropy with probabilities, weighted, smoothed",
                x -> Losses.crossEntropy(x[0], x[1], options(x[0])),
                x -> mean(soft(x, 0.3, true)),
                in(REAL, "b m n"),
                in(POSITIVE, "b m n"))
            .covers("Losses.crossEntropy(Tensor, Tensor, CrossEntropyOptions)")
            .tolerance(4),
        op(
                "crossEntropy with probabilities, weighted, smoothed, per row",
                x -> Losses.crossEntropy(x[0], x[1], options(x[0]), Reduction.NONE),
                x -> soft(x, 0.3, true),
                in(REAL, "b m n"),
                in(POSITIVE, "b m n"))
            .covers("Losses.crossEntropy" + OPTIONS)
            .tolerance(4),
        op(
                "binaryCrossEntropy",
                x -> Losses.binaryCrossEntropy(x[0].times(0.45), x[1]),
                x -> mean(binary(x[0], x[1], Dense.of(new int[0], i -> 1))),
                in(POSITIVE, "m n"),
                in(POSITIVE, "m n"))
            .covers("Losses.binaryCrossEntropy(Tensor, Tensor)")
            .tolerance(4),
        op(
                "binaryCrossEntropy, weighted, elementwise",
                x -> Losses.binaryCrossEntropy(x[0].times(0.45), x[1], x[2], Reduction.NONE),
                x -> binary(x[0], x[1], x[2]),
                in(POSITIVE, "m n"),
                in(POSITIVE, "m n"),
                in(POSITIVE, "n"))
            .covers("Losses.binaryCrossEntropy(Tensor, Tensor, Tensor, Reduction)")
            .tolerance(4),
        op(
                "smoothL1",
                x -> Losses.smoothL1(x[0], x[1]),
                x -> mean(smooth(x, 1)),
                in(REAL, "m n"),
                in(REAL, "m n"))
            .covers("Losses.smoothL1(Tensor, Tensor)"),
        op(
                "smoothL1 with beta 0.6, elementwise",
                x -> Losses.smoothL1(x[0], x[1], 0.6, Reduction.NONE),
                x -> smooth(x, 0.6),
                in(REAL, "m n"),
                in(REAL, "m n"))
            .covers("Losses.smoothL1(Tensor, Tensor, double, Reduction)"));
  }

  private static double weight(int c) {
    return 0.5 + c % 3;
  }

  private static CrossEntropyOptions options(Tensor x) {
    double[] weights = new double[x.size(-1)];
    Arrays.setAll(weights, ProbabilityLossRows::weight);
    return CrossEntropyOptions.DEFAULT.labelSmoothing(0.3).classWeights(Tensor.of(weights));
  }

  private static Dense soft(Dense[] x, double smoothing, boolean weighted) {
    int[] sizes = x[0].sizes();
    return Dense.of(
        new int[] {sizes[0], sizes[1]},
        i -> {
          double sum = 0;
          double cost = 0;
          for (int c = 0; c < sizes[2]; c++) {
            sum += Math.exp(x[0].at(i[0], i[1], c));
          }
          for (int c = 0; c < sizes[2]; c++) {
            double share = (1 - smoothing) * x[1].at(i[0], i[1], c) + smoothing / sizes[2];
            double weight = weighted ? weight(c) : 1;
            cost -= weight * share * (x[0].at(i[0], i[1], c) - Math.log(sum));
          }
          return cost;
        });
  }

  private static Dense binary(Dense p, Dense t, Dense weight) {
    return Dense.of(
        p.sizes(),
        i -> {
          double q = 0.45 * p.at(i);
          return -weight.at(i) * (t.at(i) * Math.log(q) + (1 - t.at(i)) * Math.log(1 - q));
        });
  }

  private static Dense smooth(Dense[] x, double beta) {
    return Dense.of(
        x[0].sizes(),
        i -> {
          double d = Math.abs(x[0].at(i) - x[1].at(i));
          return d < beta ? d * d / (2 * beta) : d - beta / 2;
        });
  }

  private static Dense mean(Dense x) {
    return x.fold(new int[] {}, false, v -> Arrays.stream(v).sum() / v.length);
  }
}
