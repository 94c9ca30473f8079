package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** Rows for what slides over signals and images: convolution, unfolding, pooling. */
final class WindowRows {

  private static final String[] CONV = {
    "Convolution.Conv.FORWARD",
    "Convolution.Conv.INPUT_GRADIENT",
    "Convolution.Conv.WEIGHT_GRADIENT"
  };

  private WindowRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    convolutions(rows);
    columns(rows);
    pools(rows);
    return rows;
  }

  private static void convolutions(List<OpCase> rows) {
    Steps strided = new Steps(2, 1, 1, 1, 1, 1, 1);
    Steps grouped = new Steps(1, 1, 1, 1, 2, 1, 2);
    rows.add(
        op(
                "conv2d with a stride",
                x -> Convolution.conv2d(x[0], x[1], strided.options()),
                x -> strided.convolve(x[0], x[1]),
                in(REAL, "b m n k"),
                in(REAL, "2 m 2 3"))
            .covers("Convolution.conv2d(Tensor, Tensor, ConvOptions)")
            .uses(CONV)
            .tolerance(4)
            .nonEmpty("mnk"));
    rows.add(
        op(
                "conv2d with groups, dilation and bias",
                x -> Convolution.conv2d(x[0], x[1], x[2], grouped.options()),
                x -> {
                  Dense y = grouped.convolve(x[0], x[1]);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b 4 n k"),
                in(REAL, "6 2 2 2"),
                in(REAL, "6"))
            .covers("Convolution.conv2d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("nk"));
    Steps line = new Steps(1, 2, 0, 1, 1, 1, 1);
    ConvOptions options = ConvOptions.DEFAULT.stride(2).padding(1);
    rows.add(
        op(
                "conv1d",
                x -> Convolution.conv1d(x[0], x[1], options),
                x -> line.convolve1d(x[0], x[1]),
                in(REAL, "b m n"),
                in(REAL, "2 m 3"))
            .covers("Convolution.conv1d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "conv1d with bias",
                x -> Convolution.conv1d(x[0], x[1], x[2], options),
                x -> {
                  Dense y = line.convolve1d(x[0], x[1]);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b m n"),
                in(REAL, "2 m 3"),
                in(REAL, "2"))
            .covers("Convolution.conv1d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
  }

  /** Says how a kernel moves, for the oracle. */
  private record Steps(int sh, int sw, int ph, int pw, int dh, int dw, int groups) {

    ConvOptions options() {
      return ConvOptions.DEFAULT.stride(sh, sw).padding(ph, pw).dilation(dh, dw).groups(groups);
    }

    Dense convolve(Dense x, Dense w) {
      int oh = (x.size(2) + 2 * ph - dh * (w.size(2) - 1) - 1) / sh + 1;
      int ow = (x.size(3) + 2 * pw - dw * (w.size(3) - 1) - 1) / sw + 1;
      return Dense.of(
          new int[] {x.size(0), w.size(0), oh, ow},
          i -> {
            int first = i[1] / (w.size(0) / groups) * w.size(1);
            double sum = 0;
            for (int c = 0; c < w.size(1); c++) {
              for (int row = 0; row < w.size(2); row++) {
                for (int column = 0; column < w.size(3); column++) {
                  int y = i[2] * sh - ph + row * dh;
                  int z = i[3] * sw - pw + column * dw;
                  boolean inside = y >= 0 && y < x.size(2) && z >= 0 && z < x.size(3);
                  sum += inside ? x.at(i[0], first + c, y, z) * w.at(i[1], c, row, column) : 0;
                }
              }
            }
            return sum;
          });
    }

    Dense convolve1d(Dense x, Dense w) {
      Dense y =
          convolve(
              x.reshape(x.size(0), x.size(1), 1, x.size(2)),
              w.reshape(w.size(0), w.size(1), 1, w.size(2)));
      return y.reshape(y.size(0), y.size(1), y.size(3));
    }
  }

  private static void columns(List<OpCase> rows) {
    ConvOptions options = ConvOptions.DEFAULT.stride(2, 1).padding(1, 0);
    rows.add(
        op(
                "unfold",
                x -> Convolution.unfold(x[0], 2, 1, options),
                x -> {
                  int ow = x[0].size(3);
                  int oh = x[0].size(2) / 2 + 1;
                  return Dense.of(
                      new int[] {x[0].size(0), x[0].size(1) * 2, oh * ow},
                      i -> {
                        int row = i[2] / ow * 2 - 1 + i[1] % 2;
                        return row < 0 || row >= x[0].size(2)
                            ? 0
                            : x[0].at(i[0], i[1] / 2, row, i[2] % ow);
                      });
                },
                in(REAL, "b m n k"))
            .covers("Convolution.unfold(Tensor, int, int, ConvOptions)")
            .uses("Windows.Unfold")
            .nonEmpty("nk"));
    rows.add(
        op(
                "fold",
                x -> Convolution.fold(x[0], 3, 4, 2, 2, ConvOptions.DEFAULT),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 3, 3, 4},
                        i -> {
                          double sum = 0;
                          for (int tap = 0; tap < 4; tap++) {
                            int row = i[2] - tap / 2;
                            int column = i[3] - tap % 2;
                            boolean inside = row >= 0 && row < 2 && column >= 0 && column < 3;
                            sum += inside ? x[0].at(i[0], i[1] * 4 + tap, row * 3 + column) : 0;
                          }
                          return sum;
                        }),
                in(REAL, "b 12 6"))
            .covers("Convolution.fold(Tensor, int, int, int, int, ConvOptions)")
            .uses("Windows.Fold"));
  }

  private static void pools(List<OpCase> rows) {
    ToDoubleFunction<double[]> max = v -> Arrays.stream(v).max().orElseThrow();
    double none = Double.NEGATIVE_INFINITY;
    rows.add(
        pool2d(
            "maxPool2d(Tensor, int, int, int)",
            x -> Pooling.maxPool2d(x, 2, 2, 1),
            2,
            2,
            1,
            none,
            max));
    rows.add(
        pool2d(
            "maxPool2d(Tensor, int[], int[], int[])",
            x -> Pooling.maxPool2d(x, new int[] {3}, new int[] {1}, new int[] {1}),
            3,
            1,
            1,
            none,
            max));
    ToDoubleFunction<double[]> mean = v -> Arrays.stream(v).average().orElseThrow();
    rows.add(
        pool2d(
            "avgPool2d(Tensor, int, int, int)",
            x -> Pooling.avgPool2d(x, 2, 2, 1),
            2,
            2,
            1,
            0,
            mean));
    rows.add(
        pool2d(
            "avgPool2d(Tensor, int[], int[], int[])",
            x -> Pooling.avgPool2d(x, new int[] {3}, new int[] {1}, new int[] {1}),
            3,
            1,
            1,
            0,
            mean));
    rows.add(
        op(
                "maxPool1d",
                x -> Pooling.maxPool1d(x[0], 3, 2, 1),
                x ->
                    pool(x[0].reshape(x[0].size(0), 1, x[0].size(1)), 1, 3, 2, 1, none, max, false),
                in(REAL, "m n"))
            .covers("Pooling.maxPool1d(Tensor, int, int, int)")
            .nonEmpty("n"));
    rows.add(
        op(
                "avgPool1d",
                x -> Pooling.avgPool1d(x[0], 3, 2, 1),
                x -> pool(x[0].reshape(x[0].size(0), 1, x[0].size(1)), 1, 3, 2, 1, 0, mean, false),
                in(REAL, "m n"))
            .covers("Pooling.avgPool1d(Tensor, int, int, int)")
            .nonEmpty("n"));
  }

  private interface Function {
    Tensor of(Tensor x);
  }

  private static OpCase pool2d(
      String signature,
      Function function,
      int size,
      int step,
      int padding,
      double outside,
      ToDoubleFunction<double[]> fold) {
    return op(
            "Pooling." + signature,
            x -> function.of(x[0]),
            x -> pool(x[0], size, size, step, padding, outside, fold, true),
            in(REAL, "b n k"))
        .covers("Pooling." + signature)
        .nonEmpty("nk");
  }

  /** Folds the windows of (b, h, w); signals are images of height 1, which they lose again. */
  private static Dense pool(
      Dense x,
      int kh,
      int kw,
      int step,
      int padding,
      double outside,
      ToDoubleFunction<double[]> fold,
      boolean images) {
    int top = images ? padding : 0;
    int sh = images ? step : 1;
    int oh = (x.size(1) + 2 * top - kh) / sh + 1;
    int ow = (x.size(2) + 2 * padding - kw) / step + 1;
    Dense y =
        Dense.of(
            new int[] {x.size(0), oh, ow},
            i -> {
              double[] window = new double[kh * kw];
              for (int tap = 0; tap < window.length; tap++) {
                int row = i[1] * sh - top + tap / kw;
                int column = i[2] * step - padding + tap % kw;
                boolean inside = row >= 0 && row < x.size(1) && column >= 0 && column < x.size(2);
                window[tap] = inside ? x.at(i[0], row, column) : outside;
              }
              return fold.applyAsDouble(window);
            });
    return images ? y : y.reshape(x.size(0), ow);
  }
}
