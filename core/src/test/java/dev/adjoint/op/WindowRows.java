package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Rows for what slides over signals and images: {@link Convolution} and {@link Pooling}. */
final class WindowRows {

  private static final ConvOptions PLAIN = ConvOptions.DEFAULT.padding(1);
  private static final ConvOptions ALL =
      ConvOptions.DEFAULT.stride(2, 1).padding(1, 2).dilation(1, 2).groups(2);

  private WindowRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    convolutions(rows);
    windows(rows);
    pools(rows);
    return rows;
  }

  private static void convolutions(List<OpCase> rows) {
    rows.add(
        op(
                "conv2d",
                x -> Convolution.conv2d(x[0], x[1], PLAIN),
                x -> conv(x[0], x[1], 1, 1, 1, 1, 1, 1, 1),
                in(REAL, "b 2 m n"),
                in(REAL, "3 2 2 3"))
            .covers("Convolution.conv2d(Tensor, Tensor, ConvOptions)")
            .uses(
                "Convolution.Conv.FORWARD",
                "Convolution.Conv.INPUT_GRADIENT",
                "Convolution.Conv.WEIGHT_GRADIENT")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "conv2d with stride, padding, dilation and groups",
                x -> Convolution.conv2d(x[0], x[1], ALL),
                x -> conv(x[0], x[1], 2, 1, 1, 2, 1, 2, 2),
                in(REAL, "b 4 m n"),
                in(REAL, "6 2 2 2"))
            .covers("Convolution.conv2d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "conv2d of one pixel",
                x -> Convolution.conv2d(x[0], x[1], ConvOptions.DEFAULT),
                x -> conv(x[0], x[1], 1, 1, 0, 0, 1, 1, 1),
                in(REAL, "b 4 m n"),
                in(REAL, "3 4 1 1"))
            .covers("Convolution.conv2d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "conv2d with a bias",
                x -> Convolution.conv2d(x[0], x[1], x[2], PLAIN),
                x -> {
                  Dense y = conv(x[0], x[1], 1, 1, 1, 1, 1, 1, 1);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b 2 m n"),
                in(REAL, "3 2 2 3"),
                in(REAL, "3"))
            .covers("Convolution.conv2d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "conv1d",
                x -> Convolution.conv1d(x[0], x[1], PLAIN),
                x -> conv1d(x[0], x[1]),
                in(REAL, "b 2 n"),
                in(REAL, "3 2 3"))
            .covers("Convolution.conv1d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("n"));
    rows.add(
        op(
                "conv1d with a bias",
                x -> Convolution.conv1d(x[0], x[1], x[2], PLAIN),
                x -> {
                  Dense y = conv1d(x[0], x[1]);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b 2 n"),
                in(REAL, "3 2 3"),
                in(REAL, "3"))
            .covers("Convolution.conv1d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("n"));
  }

  private static Dense conv1d(Dense x, Dense w) {
    Dense y =
        conv(
            x.reshape(x.size(0), x.size(1), 1, x.size(2)),
            w.reshape(w.size(0), w.size(1), 1, w.size(2)),
            1,
            1,
            0,
            1,
            1,
            1,
            1);
    return y.reshape(y.size(0), y.size(1), y.size(3));
  }

  /** The definition, with strides s and t, paddings p and q, dilations d and e. */
  private static Dense conv(
      Dense x, Dense w, int s, int t, int p, int q, int d, int e, int groups) {
    int outH = (x.size(2) + 2 * p - d * (w.size(2) - 1) - 1) / s + 1;
    int outW = (x.size(3) + 2 * q - e * (w.size(3) - 1) - 1) / t + 1;
    int[] sizes = {x.size(0), w.size(0), outH, outW};
    return Dense.of(
        sizes,
        i -> {
          int group = i[1] / (w.size(0) / groups);
          double sum = 0;
          for (int c = 0; c < w.size(1); c++) {
            for (int u = 0; u < w.size(2); u++) {
              for (int v = 0; v < w.size(3); v++) {
                int row = i[2] * s + u * d - p;
                int column = i[3] * t + v * e - q;
                sum += padded(x, i[0], group * w.size(1) + c, row, column, 0) * w.at(i[1], c, u, v);
              }
            }
          }
          return sum;
        });
  }

  static double padded(Dense x, int image, int channel, int row, int column, double outside) {
    boolean inside = row >= 0 && row < x.size(2) && column >= 0 && column < x.size(3);
    return inside ? x.at(image, channel, row, column) : outside;
  }

  private static void windows(List<OpCase> rows) {
    rows.add(
        op(
                "unfold",
                x -> Convolution.unfold(x[0], 2, 3, PLAIN),
                x -> {
                  int outH = x[0].size(2) + 1;
                  int outW = x[0].size(3);
                  int[] sizes = {x[0].size(0), 12, outH * outW};
                  return Dense.of(
                      sizes,
                      i ->
                          padded(
                              x[0],
                              i[0],
                              i[1] / 6,
                              i[2] / outW + i[1] / 3 % 2 - 1,
                              i[2] % outW + i[1] % 3 - 1,
                              0));
                },
                in(REAL, "b 2 m n"))
            .covers("Convolution.unfold(Tensor, int, int, ConvOptions)")
            .uses("Windows.Unfold", "Windows.Fold")
            .nonEmpty("mn"));
    rows.add(
        op(
                "fold",
                x -> Convolution.fold(x[0], 4, 5, 2, 2, ConvOptions.DEFAULT),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 2, 4, 5},
                        i -> {
                          double sum = 0;
                          for (int u = 0; u < 2; u++) {
                            for (int v = 0; v < 2; v++) {
                              int row = i[2] - u;
                              int column = i[3] - v;
                              if (row >= 0 && row < 3 && column >= 0 && column < 4) {
                                sum += x[0].at(i[0], 4 * i[1] + 2 * u + v, row * 4 + column);
                              }
                            }
                          }
                          return sum;
                        }),
                in(REAL, "b 8 12"))
            .covers("Convolution.fold(Tensor, int, int, int, int, ConvOptions)"));
  }

  private static void pools(List<OpCase> rows) {
    int[] kernel = {2, 3};
    int[] stride = {1, 2};
    int[] padding = {0, 1};
    PoolOptions options = new PoolOptions(kernel).stride(stride).padding(padding);
    ToDoubleFunction<double[]> max = v -> Arrays.stream(v).max().orElse(Double.NEGATIVE_INFINITY);
    rows.add(
        pool(
                "maxPool2d of oblong windows",
                x -> Pooling.maxPool2d(x[0], options),
                x -> pool(x, kernel, stride, padding, Double.NEGATIVE_INFINITY, max))
            .covers("Pooling.maxPool2d(Tensor, PoolOptions)"));
    rows.add(
        pool(
                "avgPool2d of oblong windows",
                x -> Pooling.avgPool2d(x[0], options),
                x -> pool(x, kernel, stride, padding, 0, v -> Arrays.stream(v).sum() / 6))
            .covers("Pooling.avgPool2d(Tensor, PoolOptions)"));
    int[] two = {2, 2};
    int[] one = {1, 1};
    rows.add(
        pool(
                "maxPool2d",
                x -> Pooling.maxPool2d(x[0], 2, 2, 1),
                x -> pool(x, two, two, one, Double.NEGATIVE_INFINITY, max))
            .covers("Pooling.maxPool2d(Tensor, int, int, int)"));
    rows.add(
        pool(
                "avgPool2d",
                x -> Pooling.avgPool2d(x[0], 2, 2, 1),
                x -> pool(x, two, two, one, 0, v -> Arrays.stream(v).sum() / 4))
            .covers("Pooling.avgPool2d(Tensor, int, int, int)"));
    int[] line = {1, 3};
    int[] apart = {1, 2};
    int[] outside = {0, 1};
    rows.add(
        pool(
                "maxPool1d",
                x -> Pooling.maxPool1d(x[0], 3, 2, 1),
                x -> pool(x, line, apart, outside, Double.NEGATIVE_INFINITY, max))
            .covers("Pooling.maxPool1d(Tensor, int, int, int)"));
    rows.add(
        pool(
                "avgPool1d",
                x -> Pooling.avgPool1d(x[0], 3, 2, 1),
                x -> pool(x, line, apart, outside, 0, v -> Arrays.stream(v).sum() / 3))
            .covers("Pooling.avgPool1d(Tensor, int, int, int)"));
    int[] none = {0, 0};
    int[] row = {1, 2};
    rows.add(
        op(
                "maxPool2d side by side",
                x -> Pooling.maxPool2d(x[0], 2),
                x -> pool(x[0], two, two, none, Double.NEGATIVE_INFINITY, max),
                in(REAL, "n 3 4"))
            .covers("Pooling.maxPool2d(Tensor, int)"));
    rows.add(
        op(
                "avgPool2d side by side",
                x -> Pooling.avgPool2d(x[0], 2),
                x -> pool(x[0], two, two, none, 0, v -> Arrays.stream(v).sum() / 4),
                in(REAL, "n 3 4"))
            .covers("Pooling.avgPool2d(Tensor, int)"));
    rows.add(
        op(
                "maxPool1d side by side",
                x -> Pooling.maxPool1d(x[0], 2),
                x -> pool(x[0], row, row, none, Double.NEGATIVE_INFINITY, max),
                in(REAL, "n 3 5"))
            .covers("Pooling.maxPool1d(Tensor, int)"));
    rows.add(
        op(
                "avgPool1d side by side",
                x -> Pooling.avgPool1d(x[0], 2),
                x -> pool(x[0], row, row, none, 0, v -> Arrays.stream(v).sum() / 2),
                in(REAL, "n 3 5"))
            .covers("Pooling.avgPool1d(Tensor, int)"));
  }

  /** A row of a window function over images three high. */
  private static OpCase pool(
      String name, Function<Tensor[], Tensor> function, Function<Dense, Dense> oracle) {
    return op(name, function, x -> oracle.apply(x[0]), in(REAL, "b 3 n")).nonEmpty("n");
  }

  private static Dense pool(
      Dense x,
      int[] kernel,
      int[] stride,
      int[] padding,
      double outside,
      ToDoubleFunction<double[]> fold) {
    Dense images = x.reshape(x.size(0), 1, x.size(1), x.size(2));
    int outH = (x.size(1) + 2 * padding[0] - kernel[0]) / stride[0] + 1;
    int outW = (x.size(2) + 2 * padding[1] - kernel[1]) / stride[1] + 1;
    return Dense.of(
        new int[] {x.size(0), outH, outW},
        i -> {
          double[] window = new double[kernel[0] * kernel[1]];
          for (int j = 0; j < window.length; j++) {
            int row = i[1] * stride[0] + j / kernel[1] - padding[0];
            int column = i[2] * stride[1] + j % kernel[1] - padding[1];
            window[j] = padded(images, i[0], 0, row, column, outside);
          }
          return fold.applyAsDouble(window);
        });
  }
}
