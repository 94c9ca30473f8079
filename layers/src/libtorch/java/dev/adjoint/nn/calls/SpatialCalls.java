package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.once;
import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.Libtorch.longs;

import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.Interpolation;
import dev.adjoint.op.PadMode;
import dev.adjoint.op.PoolOptions;
import dev.adjoint.op.Pooling;
import dev.adjoint.op.Sampling;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.InterpolateFuncOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.kBicubic;
import org.bytedeco.pytorch.kBilinear;

/** Convolutions, pooling and interpolation of signals, images and volumes. */
final class SpatialCalls {

  private SpatialCalls() {}

  static List<CallRow> rows() {
    return List.of(
        row("conv1d", d -> conv(d, 1)),
        row("conv2d", d -> conv(d, 2)),
        row("conv3d", d -> conv(d, 3)),
        row("conv1d padded by a rule", d -> padded(d, 1)),
        row("conv2d padded by a rule", d -> padded(d, 2)),
        row("conv transpose 1d", d -> transposed(d, 1)),
        row("conv transpose 2d", d -> transposed(d, 2)),
        row("unfold", SpatialCalls::unfold),
        row("fold", SpatialCalls::fold),
        row("max pool 1d", d -> maxPool(d, 1)),
        row("max pool 2d", d -> maxPool(d, 2)),
        row("max pool 3d", d -> maxPool(d, 3)),
        row("avg pool 1d", d -> avgPool(d, 1)),
        row("avg pool 2d", d -> avgPool(d, 2)),
        row("avg pool 3d", d -> avgPool(d, 3)),
        row("adaptive max pool", d -> adaptive(d, true)),
        row("adaptive avg pool", d -> adaptive(d, false)),
        row("nearest interpolation", d -> interpolated(d, Interpolation.NEAREST)),
        row("linear interpolation", d -> interpolated(d, Interpolation.LINEAR)),
        row("aligned interpolation", d -> interpolated(d, Interpolation.LINEAR_ALIGNED)),
        row("cubic interpolation", d -> cubic(d, Interpolation.CUBIC)),
        row("aligned cubic interpolation", d -> cubic(d, Interpolation.CUBIC_ALIGNED)),
        row("smooth interpolation", d -> cubic(d, Interpolation.LINEAR_SMOOTH)),
        row("smooth cubic interpolation", d -> cubic(d, Interpolation.CUBIC_SMOOTH)),
        once("bilinear grid", d -> sampled(d, Sampling.BILINEAR)),
        once("bicubic grid", d -> sampled(d, Sampling.BICUBIC)),
        row("affine grid", SpatialCalls::affine));
  }

  // ---- convolution ---------------------------------------------------------------------------

  private static Call conv(Draw d, int axes) {
    int groups = d.whole("groups", 1, 2);
    int in = groups * d.whole("in", 1, 3);
    int out = groups * d.whole("out", 1, 3);
    int[] stride = d.wholes("stride", axes, 1, 3);
    int[] padding = d.wholes("padding", axes, 0, 2);
    int[] dilation = d.wholes("dilation", axes, 1, 2);
    ConvOptions options =
        ConvOptions.DEFAULT.stride(stride).padding(padding).dilation(dilation).groups(groups);
    boolean biased = d.flag("bias");
    d.input(Values.MODERATE, Draw.concat(new int[] {d.whole("n", 1, 2), in}, lengths(d, axes)))
        .input(
            Values.MODERATE,
            Draw.concat(new int[] {out, in / groups}, d.wholes("kernel", axes, 1, 3)));
    if (biased) {
      d.input(Values.MODERATE, out);
    }
    return d.call(
        x ->
            switch (axes) {
              case 1 ->
                  biased
                      ? Convolution.conv1d(x[0], x[1], x[2], options)
                      : Convolution.conv1d(x[0], x[1], options);
              case 2 ->
                  biased
                      ? Convolution.conv2d(x[0], x[1], x[2], options)
                      : Convolution.conv2d(x[0], x[1], options);
              default ->
                  biased
                      ? Convolution.conv3d(x[0], x[1], x[2], options)
                      : Convolution.conv3d(x[0], x[1], options);
            },
        t -> {
          requireBatch(t[0], axes);
          TensorOptional bias = biased ? new TensorOptional(t[2]) : new TensorOptional();
          return torch.convolution(
              t[0],
              t[1],
              bias,
              longs(stride),
              longs(padding),
              longs(dilation),
              /* transposed= */ false,
              new long[axes],
              groups);
        });
  }

  /** Pads as PyTorch's layers do: with other elements than zeros, before the convolution. */
  private static Call padded(Draw d, int axes) {
    String rule = d.of("rule", "same", "valid", "numbers");
    PadMode mode = d.of("mode", PadMode.values());
    int stride = d.of("stride", 1, 1, 2);
    int[] padding = d.wholes("padding", axes, 0, 2);
    int[] dilation = d.wholes("dilation", axes, 1, 2);
    int[] kernel = d.wholes("kernel", axes, 1, 3);
    ConvOptions way = ConvOptions.DEFAULT.stride(stride).paddingMode(mode).dilation(dilation);
    ConvOptions options = rule.equals("numbers") ? way.padding(padding) : way.padding(rule);
    long[] widths = new long[2 * axes]; // from the last axis on
    for (int axis = 0; axis < axes && !rule.equals("valid"); axis++) {
      int added = rule.equals("same") ? dilation[axis] * (kernel[axis] - 1) : 2 * padding[axis];
      widths[2 * (axes - 1 - axis)] = added / 2;
      widths[2 * (axes - 1 - axis) + 1] = added - added / 2;
    }
    int in = d.whole("in", 1, 3);
    return d.wellFormed()
        .input(Values.MODERATE, Draw.concat(new int[] {2, in}, lengths(d, axes)))
        .input(Values.MODERATE, Draw.concat(new int[] {2, in}, kernel))
        .call(
            x ->
                axes == 1
                    ? Convolution.conv1d(x[0], x[1], options)
                    : Convolution.conv2d(x[0], x[1], options),
            t -> {
              long[] steps = LongStream.generate(() -> stride).limit(axes).toArray();
              TensorOptional none = new TensorOptional();
              if (mode == PadMode.ZEROS && !rule.equals("numbers")) {
                return axes == 1
                    ? torch.conv1d(t[0], t[1], none, steps, rule, longs(dilation), 1)
                    : torch.conv2d(t[0], t[1], none, steps, rule, longs(dilation), 1);
              }
              if (rule.equals("same") && stride > 1) {
                throw new IllegalArgumentException("the layer refuses it");
              }
              String name = mode.name().toLowerCase(Locale.ROOT);
              org.bytedeco.pytorch.Tensor around =
                  torch.pad(
                      t[0],
                      widths,
                      mode == PadMode.ZEROS ? "constant" : name,
                      new DoubleOptional());
              return axes == 1
                  ? torch.conv1d(around, t[1], none, steps, new long[axes], longs(dilation), 1)
                  : torch.conv2d(around, t[1], none, steps, new long[axes], longs(dilation), 1);
            });
  }

  private static Call transposed(Draw d, int axes) {
    int groups = d.whole("groups", 1, 2);
    int in = groups * d.whole("in", 1, 3);
    int out = d.whole("out", 1, 3);
    int[] stride = d.wholes("stride", axes, 1, 3);
    int[] padding = d.wholes("padding", axes, 0, 2);
    int[] dilation = d.wholes("dilation", axes, 1, 2);
    int[] longer = d.wholes("longer", axes, 0, 1);
    ConvOptions options =
        ConvOptions.DEFAULT
            .stride(stride)
            .padding(padding)
            .dilation(dilation)
            .groups(groups)
            .outputPadding(longer);
    return d.input(
            Values.MODERATE, Draw.concat(new int[] {d.whole("n", 1, 2), in}, lengths(d, axes)))
        .input(Values.MODERATE, Draw.concat(new int[] {in, out}, d.wholes("kernel", axes, 1, 3)))
        .input(Values.MODERATE, groups * out)
        .call(
            x ->
                axes == 1
                    ? Convolution.convTranspose1d(x[0], x[1], x[2], options)
                    : Convolution.convTranspose2d(x[0], x[1], x[2], options),
            t -> {
              requireBatch(t[0], axes);
              return torch.convolution(
                  t[0],
                  t[1],
                  new TensorOptional(t[2]),
                  longs(stride),
                  longs(padding),
                  longs(dilation),
                  /* transposed= */ true,
                  longs(longer),
                  groups);
            });
  }

  private static Call unfold(Draw d) {
    int[] kernel = d.wholes("kernel", 2, 1, 3);
    int[] stride = d.wholes("stride", 2, 1, 3);
    int[] padding = d.wholes("padding", 2, 0, 2);
    int[] dilation = d.wholes("dilation", 2, 1, 2);
    ConvOptions options = ConvOptions.DEFAULT.stride(stride).padding(padding).dilation(dilation);
    return d.input(Values.REAL, d.some(4, 4))
        .call(
            x -> Convolution.unfold(x[0], kernel[0], kernel[1], options),
            t -> {
              requireBatch(t[0], 2);
              return torch.im2col(
                  t[0], longs(kernel), longs(dilation), longs(padding), longs(stride));
            });
  }

  private static Call fold(Draw d) {
    int[] kernel = d.wholes("kernel", 2, 1, 3);
    int[] stride = d.wholes("stride", 2, 1, 3);
    int[] padding = d.wholes("padding", 2, 0, 1);
    int[] sizes = d.wholes("sizes", 2, 3, 6);
    ConvOptions options = ConvOptions.DEFAULT.stride(stride).padding(padding);
    int columns =
        IntStream.range(0, 2)
            .map(i -> (sizes[i] + 2 * padding[i] - kernel[i]) / stride[i] + 1)
            .reduce(1, (a, b) -> a * b);
    return d.input(
            Values.FINITE,
            d.whole("n", 1, 2),
            d.whole("channels", 1, 3) * kernel[0] * kernel[1],
            columns)
        .call(
            x -> Convolution.fold(x[0], sizes[0], sizes[1], kernel[0], kernel[1], options),
            t -> {
              requireBatch(t[0], 1);
              return torch.col2im(
                  t[0], longs(sizes), longs(kernel), longs(1, 1), longs(padding), longs(stride));
            });
  }

  // ---- pooling -------------------------------------------------------------------------------

  private static Call maxPool(Draw d, int axes) {
    int[] kernel = d.wholes("kernel", axes, 1, 3);
    int[] stride = d.wholes("stride", axes, 1, 3);
    int[] padding = d.wholes("padding", axes, 0, 1);
    int[] dilation = d.wholes("dilation", axes, 1, 2);
    boolean ceil = d.flag("ceil");
    PoolOptions options =
        new PoolOptions(kernel).stride(stride).padding(padding).dilation(dilation).ceilMode(ceil);
    return images(d, Values.FINITE, axes)
        .call(
            x ->
                switch (axes) {
                  case 1 -> Pooling.maxPool1d(x[0], options);
                  case 2 -> Pooling.maxPool2d(x[0], options);
                  default -> Pooling.maxPool3d(x[0], options);
                },
            t -> {
              long[] k = longs(kernel);
              long[] s = longs(stride);
              long[] p = longs(padding);
              org.bytedeco.pytorch.Tensor y =
                  switch (axes) {
                    case 1 -> torch.max_pool1d(t[0], k, s, p, longs(dilation), ceil);
                    case 2 -> torch.max_pool2d(t[0], k, s, p, longs(dilation), ceil);
                    default -> torch.max_pool3d(t[0], k, s, p, longs(dilation), ceil);
                  };
              if (torch.isinf(y).any().item_bool()) {
                throw new IllegalArgumentException("a window of padding");
              }
              return y;
            });
  }

  private static Call avgPool(Draw d, int axes) {
    int[] kernel = d.wholes("kernel", axes, 1, 3);
    int[] stride = d.wholes("stride", axes, 1, 3);
    int[] padding = d.wholes("padding", axes, 0, 1);
    boolean ceil = d.flag("ceil");
    boolean counted = d.flag("counted");
    PoolOptions options =
        new PoolOptions(kernel)
            .stride(stride)
            .padding(padding)
            .ceilMode(ceil)
            .countIncludePad(counted);
    return images(d, Values.FINITE, axes)
        .call(
            x ->
                switch (axes) {
                  case 1 -> Pooling.avgPool1d(x[0], options);
                  case 2 -> Pooling.avgPool2d(x[0], options);
                  default -> Pooling.avgPool3d(x[0], options);
                },
            t -> {
              long[] k = longs(kernel);
              long[] s = longs(stride);
              long[] p = longs(padding);
              LongOptional none = new LongOptional();
              return switch (axes) {
                case 1 -> torch.avg_pool1d(t[0], k, s, p, ceil, counted);
                case 2 -> torch.avg_pool2d(t[0], k, s, p, ceil, counted, none);
                default -> torch.avg_pool3d(t[0], k, s, p, ceil, counted, none);
              };
            });
  }

  private static Call adaptive(Draw d, boolean max) {
    int axes = d.whole("axes", 1, 3);
    int[] sizes = d.wholes("sizes", axes, 1, 5);
    long[] to = longs(sizes);
    return images(d, Values.FINITE, axes)
        .call(
            x -> max ? Pooling.adaptiveMaxPool(x[0], sizes) : Pooling.adaptiveAvgPool(x[0], sizes),
            t ->
                switch (axes) {
                  case 1 ->
                      max
                          ? torch.adaptive_max_pool1d(t[0], to).get0()
                          : torch.adaptive_avg_pool1d(t[0], to);
                  case 2 ->
                      max
                          ? torch.adaptive_max_pool2d(t[0], to).get0()
                          : torch.adaptive_avg_pool2d(t[0], to);
                  default ->
                      max
                          ? torch.adaptive_max_pool3d(t[0], to).get0()
                          : torch.adaptive_avg_pool3d(t[0], to);
                });
  }

  // ---- interpolation -------------------------------------------------------------------------

  private static Call interpolated(Draw d, Interpolation mode) {
    int axes = d.whole("axes", 1, 3);
    int[] sizes = d.wholes("sizes", axes, 1, 7);
    boolean aligned = mode == Interpolation.LINEAR_ALIGNED;
    return images(d, Values.FINITE, axes)
        .call(x -> mode.resize(x[0], sizes), t -> resized(t[0], mode, aligned, longs(sizes)));
  }

  /** The modes that PyTorch has for images only. */
  private static Call cubic(Draw d, Interpolation mode) {
    boolean smooth = mode == Interpolation.LINEAR_SMOOTH || mode == Interpolation.CUBIC_SMOOTH;
    int[] sizes = d.wholes("sizes", 2, smooth ? 2 : 1, 7); // of one column, libtorch's is wrong
    boolean aligned = mode == Interpolation.CUBIC_ALIGNED;
    DoubleOptional none = new DoubleOptional();
    return images(d, Values.FINITE, 2)
        .call(
            x -> mode.resize(x[0], sizes),
            t ->
                !smooth
                    ? torch.upsample_bicubic2d(t[0], longs(sizes), aligned, none, none)
                    : smooth(t[0], mode, longs(sizes)));
  }

  private static Object smooth(org.bytedeco.pytorch.Tensor t, Interpolation mode, long[] sizes) {
    InterpolateFuncOptions options = new InterpolateFuncOptions();
    options.size().put(new LongVector(sizes));
    options.align_corners().put(false);
    options.antialias().put(true);
    if (mode == Interpolation.LINEAR_SMOOTH) {
      options.mode().put(new kBilinear());
    } else {
      options.mode().put(new kBicubic());
    }
    return torch.interpolate(t, options);
  }

  private static Call sampled(Draw d, Sampling mode) {
    int axes = mode == Sampling.BICUBIC ? 2 : d.whole("axes", 2, 3);
    Sampling.Outside outside = d.of("outside", Sampling.Outside.values());
    boolean aligned = d.flag("aligned");
    int n = d.whole("n", 1, 2);
    int[] image = Draw.concat(new int[] {n, 2}, d.wholes("lengths", axes, 1, 5));
    int[] points = Draw.concat(new int[] {n}, d.wholes("sizes", axes, 1, 4));
    return d.wellFormed()
        .input(Values.DISTINCT, image)
        .input(Values.DISTINCT, Draw.concat(points, axes))
        .call(
            x -> mode.gridSample(x[0], x[1], outside, aligned),
            t ->
                torch.grid_sampler(
                    t[0], t[1], mode == Sampling.BICUBIC ? 2 : 0, outside.ordinal(), aligned));
  }

  private static Call affine(Draw d) {
    int axes = d.whole("axes", 2, 3);
    boolean aligned = d.flag("aligned");
    int[] sizes = d.wholes("sizes", axes, 1, 4);
    return d.wellFormed()
        .input(Values.FINITE, 2, axes, axes + 1)
        .call(
            x -> Sampling.affineGrid(x[0], aligned, sizes),
            t ->
                torch.affine_grid_generator(
                    t[0],
                    LongStream.concat(LongStream.of(2, 1), LongStream.of(longs(sizes))).toArray(),
                    aligned));
  }

  private static Object resized(
      org.bytedeco.pytorch.Tensor t, Interpolation mode, boolean aligned, long[] to) {
    DoubleOptional none = new DoubleOptional();
    if (mode == Interpolation.NEAREST) {
      return switch (to.length) {
        case 1 -> torch.upsample_nearest1d(t, to, none);
        case 2 -> torch.upsample_nearest2d(t, to, none, none);
        default -> torch.upsample_nearest3d(t, to, none, none, none);
      };
    }
    return switch (to.length) {
      case 1 -> torch.upsample_linear1d(t, to, aligned, none);
      case 2 -> torch.upsample_bilinear2d(t, to, aligned, none, none);
      default -> torch.upsample_trilinear3d(t, to, aligned, none, none, none);
    };
  }

  private static Draw images(Draw d, Values values, int axes) {
    int[] batch = {d.whole("n", 1, 2), d.whole("channels", 1, 3)};
    return d.wellFormed().input(values, Draw.concat(batch, lengths(d, axes)));
  }

  private static int[] lengths(Draw d, int axes) {
    return axes == 3 ? d.wholes("lengths", 3, 3, 5) : d.wholes("lengths", axes, 1, 8);
  }

  /** Refuses what has no batch, which ours wants and theirs adds. */
  private static void requireBatch(org.bytedeco.pytorch.Tensor t, int axes) {
    if (t.dim() != axes + 2) {
      throw new IllegalArgumentException("no batch");
    }
  }
}
