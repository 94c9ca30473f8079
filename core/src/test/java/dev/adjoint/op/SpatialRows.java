package dev.adjoint.op;

import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;
import static dev.adjoint.op.WindowRows.padded;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Rows for transposed and 3-D convolutions, {@link PoolOptions} and {@link Interpolation}. */
final class SpatialRows {

  private static final ConvOptions LINE =
      ConvOptions.DEFAULT.stride(2).padding(1).dilation(2).groups(2);
  private static final ConvOptions SPREAD =
      LINE.stride(3, 2).padding(0, 1).dilation(1, 2).outputPadding(2, 0);

  private SpatialRows() {}

  static List<OpCase> rows() {
    List<OpCase> rows = new ArrayList<>();
    transposed(rows);
    volumes(rows);
    pools(rows);
    interpolations(rows);
    return rows;
  }

  private static final ConvOptions VOLUME =
      ConvOptions.DEFAULT.stride(2, 1, 1).padding(1, 0, 1).dilation(1, 2, 1).groups(2);

  private static void volumes(List<OpCase> rows) {
    rows.add(
        op(
                "conv3d",
                x -> Convolution.conv3d(x[0], x[1], VOLUME),
                x -> volume(x[0], x[1]),
                in(REAL, "b 4 m 3 n"),
                in(REAL, "2 2 2 2 3"))
            .covers("Convolution.conv3d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "conv3d with a bias",
                x -> Convolution.conv3d(x[0], x[1], x[2], VOLUME),
                x -> {
                  Dense y = volume(x[0], x[1]);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b 4 2 3 n"),
                in(REAL, "2 2 2 2 3"),
                in(REAL, "2"))
            .covers("Convolution.conv3d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("n"));
  }

  /** The definition, with {@link #VOLUME}. */
  private static Dense volume(Dense x, Dense w) {
    int outD = (x.size(2) + 2 - w.size(2)) / 2 + 1;
    int outH = x.size(3) - 2 * (w.size(3) - 1);
    int outW = x.size(4) + 2 - w.size(4) + 1;
    Dense images = x.reshape(x.size(0), x.size(1) * x.size(2), x.size(3), x.size(4));
    return Dense.of(
        new int[] {x.size(0), w.size(0), outD, outH, outW},
        i -> {
          double sum = 0;
          for (int c = 0; c < w.size(1); c++) {
            for (int t = 0; t < w.size(2); t++) {
              int slice = i[2] * 2 + t - 1;
              for (int u = 0; u < w.size(3) && slice >= 0 && slice < x.size(2); u++) {
                for (int v = 0; v < w.size(4); v++) {
                  int channel = (i[1] / (w.size(0) / 2) * w.size(1) + c) * x.size(2) + slice;
                  sum +=
                      padded(images, i[0], channel, i[3] + 2 * u, i[4] + v - 1, 0)
                          * w.at(i[1], c, t, u, v);
                }
              }
            }
          }
          return sum;
        });
  }

  private static void interpolations(List<OpCase> rows) {
    for (Interpolation mode : Interpolation.values()) {
      double tolerance = mode.name().startsWith("CUBIC") ? 4 : 1;
      rows.add(
          op(
                  mode + " to sizes",
                  x -> mode.resize(x[0], 4, 7),
                  x -> interpolated(x[0], mode, 4, 7),
                  in(REAL, "b 2 3 5"))
              .tolerance(tolerance));
      rows.add(
          op(
                  mode + " to smaller sizes",
                  x -> mode.resize(x[0], 2, 3),
                  x -> interpolated(x[0], mode, 2, 3),
                  in(REAL, "b 2 5 7"))
              .tolerance(tolerance));
    }
    double[] places = {-0.4, 1.25, 3.5};
    rows.add(
        op(
                "Resampling along an axis",
                x -> Resampling.cubic(-0.5).along(x[0], 1, places),
                x ->
                    Dense.of(
                        new int[] {x[0].size(0), 3},
                        i -> {
                          double sum = 0;
                          for (int k = -3; k < 7; k++) {
                            sum +=
                                keys(places[i[1]] - k, -0.5) * x[0].at(i[0], Math.clamp(k, 0, 3));
                          }
                          return sum;
                        }),
                in(REAL, "b 4"))
            .covers("Resampling.cubic(double)")
            .tolerance(4));
  }

  /** The definition: each result is a sum over all elements, weighed by how near they are. */
  private static Dense interpolated(Dense x, Interpolation mode, int h, int w) {
    return Dense.of(
        new int[] {x.size(0), x.size(1), h, w},
        i -> {
          double sum = 0;
          for (int y = 0; y < x.size(2); y++) {
            for (int z = 0; z < x.size(3); z++) {
              sum +=
                  weight(mode, i[2], h, y, x.size(2))
                      * weight(mode, i[3], w, z, x.size(3))
                      * x.at(i[0], i[1], y, z);
            }
          }
          return sum;
        });
  }

  private static double weight(Interpolation mode, int i, int m, int j, int n) {
    double middle = (i + 0.5) * n / m - 0.5;
    double corner = i * (n - 1.0) / (m - 1);
    return switch (mode) {
      case NEAREST -> i * n / m == j ? 1 : 0;
      case LINEAR -> tent(Math.clamp(middle, 0, n - 1) - j);
      case LINEAR_ALIGNED -> tent(corner - j);
      case CUBIC -> repeated(middle, j, n);
      case CUBIC_ALIGNED -> repeated(corner, j, n);
      case LINEAR_SMOOTH, CUBIC_SMOOTH -> {
        double stretch = Math.max(1, (double) n / m);
        double sum = 0;
        for (int k = 0; k < n; k++) {
          sum += smooth(mode, (middle - k) / stretch);
        }
        yield smooth(mode, (middle - j) / stretch) / sum;
      }
    };
  }

  private static double smooth(Interpolation mode, double distance) {
    return mode == Interpolation.LINEAR_SMOOTH ? tent(distance) : keys(distance, -0.5);
  }

  private static double tent(double distance) {
    return Math.max(0, 1 - Math.abs(distance));
  }

  /** The weight of an element, and of the places beyond the ends where it is repeated. */
  private static double repeated(double place, int j, int n) {
    double sum = 0;
    for (int k = -4; k < n + 4; k++) {
      sum += Math.clamp(k, 0, n - 1) == j ? keys(place - k, -0.75) : 0;
    }
    return sum;
  }

  /** The cubic convolution of Keys, as he writes it. */
  private static double keys(double distance, double a) {
    double s = Math.abs(distance);
    return s < 1
        ? (a + 2) * s * s * s - (a + 3) * s * s + 1
        : s < 2 ? a * s * s * s - 5 * a * s * s + 8 * a * s - 4 * a : 0;
  }

  private static void transposed(List<OpCase> rows) {
    rows.add(
        op(
                "convTranspose2d",
                x -> Convolution.convTranspose2d(x[0], x[1], SPREAD),
                x -> spread(x[0], x[1], 3, 2),
                in(REAL, "b 4 m n"),
                in(REAL, "4 3 2 3"))
            .covers("Convolution.convTranspose2d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "convTranspose2d with a bias",
                x -> Convolution.convTranspose2d(x[0], x[1], x[2], SPREAD),
                x -> {
                  Dense y = spread(x[0], x[1], 3, 2);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b 4 m n"),
                in(REAL, "4 3 2 3"),
                in(REAL, "6"))
            .covers("Convolution.convTranspose2d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("mn"));
    rows.add(
        op(
                "convTranspose1d",
                x -> Convolution.convTranspose1d(x[0], x[1], LINE),
                x -> line(x[0], x[1]),
                in(REAL, "b 4 n"),
                in(REAL, "4 3 3"))
            .covers("Convolution.convTranspose1d(Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("n"));
    rows.add(
        op(
                "convTranspose1d with a bias",
                x -> Convolution.convTranspose1d(x[0], x[1], x[2], LINE),
                x -> {
                  Dense y = line(x[0], x[1]);
                  return Dense.of(y.sizes(), i -> y.at(i) + x[2].at(i[1]));
                },
                in(REAL, "b 4 n"),
                in(REAL, "4 3 3"),
                in(REAL, "6"))
            .covers("Convolution.convTranspose1d(Tensor, Tensor, Tensor, ConvOptions)")
            .tolerance(4)
            .nonEmpty("n"));
  }

  private static Dense line(Dense x, Dense w) {
    Dense y =
        spread(
            x.reshape(x.size(0), x.size(1), 1, x.size(2)),
            w.reshape(w.size(0), w.size(1), 1, w.size(2)),
            1,
            2);
    return y.reshape(y.size(0), y.size(1), y.size(3));
  }

  /** The definition, of strides s and t, paddings 0 and 1, dilations 1 and 2, and two groups. */
  private static Dense spread(Dense x, Dense w, int s, int t) {
    int more = s - 1; // output padding of the rows, 0 of the columns
    int outH = (x.size(2) - 1) * s + w.size(2) + more;
    int outW = (x.size(3) - 1) * t - 2 + 2 * (w.size(3) - 1) + 1;
    int out = w.size(1);
    int in = w.size(0) / 2;
    return Dense.of(
        new int[] {x.size(0), 2 * out, outH, outW},
        i -> {
          double sum = 0;
          for (int c = i[1] / out * in; c < (i[1] / out + 1) * in; c++) {
            for (int u = 0; u < w.size(2); u++) {
              for (int v = 0; v < w.size(3); v++) {
                int row = i[2] - u;
                int column = i[3] + 1 - 2 * v;
                if (row % s == 0 && column % t == 0) {
                  sum += padded(x, i[0], c, row / s, column / t, 0) * w.at(c, i[1] % out, u, v);
                }
              }
            }
          }
          return sum;
        });
  }

  private static void pools(List<OpCase> rows) {
    Span[] line = {new Span(7, 3, 2, 1, 2)};
    Span[] image = {new Span(5, 3, 2, 1, 1), new Span(6, 2, 3, 0, 2)};
    Span[] volume = {new Span(4, 2, 3, 1, 1), new Span(3, 2, 2, 0, 2), new Span(6, 3, 2, 1, 1)};
    ToDoubleFunction<double[]> max = v -> Arrays.stream(v).max().orElseThrow();
    ToDoubleFunction<double[]> mean = v -> Arrays.stream(v).average().orElseThrow();
    PoolOptions ofLine = new PoolOptions(3).stride(2).padding(1);
    PoolOptions ofImage = new PoolOptions(3, 2).stride(2, 3).padding(1, 0).ceilMode(true);
    PoolOptions ofVolume = new PoolOptions(2, 2, 3).stride(3, 2, 2).padding(1, 0, 1).ceilMode(true);
    rows.add(
        row(
            "maxPool1d(Tensor, PoolOptions)",
            x -> Pooling.maxPool1d(x, ofLine.dilation(2)),
            "b 7",
            x -> windows(x, line, false, max)));
    rows.add(
        row(
            "maxPool2d(Tensor, PoolOptions)",
            x -> Pooling.maxPool2d(x, ofImage.dilation(1, 2)),
            "b 5 6",
            x -> windows(x, image, false, max)));
    rows.add(
        row(
            "maxPool3d(Tensor, PoolOptions)",
            x -> Pooling.maxPool3d(x, ofVolume.dilation(1, 2, 1)),
            "b 4 3 6",
            x -> windows(x, volume, false, max)));
    Span[] denseLine = {new Span(7, 3, 2, 1, 1)};
    Span[] denseImage = {image[0], new Span(6, 2, 3, 0, 1)};
    Span[] denseVolume = {volume[0], new Span(3, 2, 2, 0, 1), volume[2]};
    rows.add(
        row(
            "avgPool1d(Tensor, PoolOptions)",
            x -> Pooling.avgPool1d(x, ofLine.countIncludePad(false)),
            "b 7",
            x -> windows(x, denseLine, false, mean)));
    rows.add(
        row(
            "avgPool2d(Tensor, PoolOptions)",
            x -> Pooling.avgPool2d(x, ofImage),
            "b 5 6",
            x -> windows(x, denseImage, true, mean)));
    rows.add(
        row(
            "avgPool3d(Tensor, PoolOptions)",
            x -> Pooling.avgPool3d(x, ofVolume.countIncludePad(false)),
            "b 4 3 6",
            x -> windows(x, denseVolume, false, mean)));
    rows.add(
        row(
            "adaptiveMaxPool(Tensor, int[])",
            x -> Pooling.adaptiveMaxPool(x, 2, 3),
            "b 4 7",
            x -> adaptive(x, 2, 3, max)));
    rows.add(
        row(
            "adaptiveAvgPool(Tensor, int[])",
            x -> Pooling.adaptiveAvgPool(x, 2, 3),
            "b 4 7",
            x -> adaptive(x, 2, 3, mean)));
  }

  private static OpCase row(
      String method,
      Function<Tensor, Tensor> function,
      String shape,
      Function<Dense, Dense> oracle) {
    return op(method, x -> function.apply(x[0]), x -> oracle.apply(x[0]), in(REAL, shape))
        .covers("Pooling." + method);
  }

  /** An axis of a size, and its windows. */
  private record Span(int size, int kernel, int stride, int padding, int dilation) {
    /** Counts windows by what they are: all that start in the input or before, one at its end. */
    int count(boolean ceil) {
      int count = 0;
      for (int start = -padding; start < size; start += stride) {
        int last = start + (kernel - 1) * dilation;
        if (last >= size + padding && !ceil) {
          break;
        }
        count++;
        if (last >= size + padding - 1) {
          break;
        }
      }
      return count;
    }
  }

  /** The definition of pooling the last axes; those of more than one in ceil mode. */
  private static Dense windows(
      Dense x, Span[] spans, boolean countPadding, ToDoubleFunction<double[]> fold) {
    int axes = spans.length;
    int[] sizes = new int[axes + 1];
    int[] taps = new int[axes];
    sizes[0] = x.size(0);
    for (int a = 0; a < axes; a++) {
      sizes[a + 1] = spans[a].count(axes > 1);
      taps[a] = spans[a].kernel;
    }
    return Dense.of(
        sizes,
        i -> {
          List<Double> window = new ArrayList<>();
          for (int tap = 0; tap < Dense.product(taps); tap++) {
            int[] at = new int[axes + 1];
            at[0] = i[0];
            boolean inside = true;
            boolean counts = true;
            for (int a = axes - 1, rest = tap; a >= 0; rest /= taps[a--]) {
              Span s = spans[a];
              at[a + 1] = i[a + 1] * s.stride - s.padding + rest % taps[a] * s.dilation;
              inside &= at[a + 1] >= 0 && at[a + 1] < s.size;
              counts &= at[a + 1] < s.size + s.padding;
            }
            if (inside) {
              window.add(x.at(at));
            } else if (counts && countPadding) {
              window.add(0.0);
            }
          }
          return fold.applyAsDouble(window.stream().mapToDouble(v -> v).toArray());
        });
  }

  private static Dense adaptive(Dense x, int rows, int columns, ToDoubleFunction<double[]> fold) {
    int h = x.size(1);
    int w = x.size(2);
    return Dense.of(
        new int[] {x.size(0), rows, columns},
        i -> {
          List<Double> window = new ArrayList<>();
          for (int y = 0; y < h; y++) {
            for (int z = 0; z < w; z++) {
              boolean inside =
                  (y + 1) * rows > i[1] * h
                      && y * rows < (i[1] + 1) * h
                      && (z + 1) * columns > i[2] * w
                      && z * columns < (i[2] + 1) * w;
              if (inside) {
                window.add(x.at(i[0], y, z));
              }
            }
          }
          return fold.applyAsDouble(window.stream().mapToDouble(v -> v).toArray());
        });
  }
}
