package dev.adjoint.nn.golden;

import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Transposed and 3-D convolutions, all options of pooling, and interpolation. */
final class SpatialCases {

  private SpatialCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        conv3d("plain", 1, longs(1, 1, 1), longs(0, 0, 0), longs(1, 1, 1), longs(2, 2, 2, 1, 2)),
        conv3d("all", 2, longs(2, 1, 1), longs(1, 0, 1), longs(1, 2, 1), longs(2, 1, 2, 2, 2)),
        transposed("1d-plain", 1, longs(1), longs(0), longs(1), longs(0), 2, 3, 3),
        transposed("1d-all", 2, longs(3), longs(1), longs(2), longs(2), 4, 1, 3),
        transposed("1d-long", 1, longs(1), longs(1), longs(3), longs(2), 2, 2, 3),
        transposed("2d-plain", 1, longs(1, 1), longs(0, 0), longs(1, 1), longs(0, 0), 2, 3, 2, 2),
        transposed("2d-twice", 1, longs(2, 2), longs(1, 1), longs(1, 1), longs(0, 0), 2, 2, 4, 4),
        transposed("2d-all", 2, longs(2, 3), longs(1, 0), longs(2, 1), longs(1, 2), 4, 1, 3, 2),
        maxPool("1d-dilation", longs(3), longs(1), longs(1), longs(2), false, 7),
        maxPool("1d-ceil", longs(3), longs(2), longs(0), longs(1), true, 8),
        maxPool("2d-all", longs(3, 2), longs(2, 3), longs(1, 1), longs(2, 1), true, 6, 6),
        maxPool(
            "3d-plain",
            longs(2, 2, 2),
            longs(2, 2, 2),
            longs(0, 0, 0),
            longs(1, 1, 1),
            false,
            4,
            3,
            4),
        maxPool(
            "3d-all",
            longs(2, 3, 2),
            longs(2, 2, 1),
            longs(1, 1, 0),
            longs(1, 1, 2),
            true,
            4,
            4,
            4),
        avgPool("1d-ceil", longs(3), longs(2), longs(1), true, true, 8),
        avgPool("1d-ceil-not-counted", longs(3), longs(2), longs(1), true, false, 8),
        avgPool("2d-ceil", longs(3, 2), longs(2, 3), longs(1, 1), true, true, 6, 6),
        avgPool("2d-ceil-not-counted", longs(3, 2), longs(2, 3), longs(1, 1), true, false, 6, 6),
        avgPool("3d-plain", longs(2, 2, 2), longs(2, 2, 2), longs(0, 0, 0), false, true, 4, 3, 4),
        avgPool("3d-all", longs(2, 3, 2), longs(2, 2, 1), longs(1, 1, 1), true, false, 4, 4, 3),
        adaptive("avg", "1d", longs(3), x -> torch.adaptive_avg_pool1d(x, 3), 7),
        adaptive("avg", "2d", longs(3, 2), x -> torch.adaptive_avg_pool2d(x, 3, 2), 5, 4),
        adaptive("avg", "3d", longs(2, 3, 1), x -> torch.adaptive_avg_pool3d(x, 2, 3, 1), 3, 4, 2),
        adaptive("avg", "1d-longer", longs(5), x -> torch.adaptive_avg_pool1d(x, 5), 3),
        adaptive("max", "1d", longs(3), x -> torch.adaptive_max_pool1d(x, 3).get0(), 7),
        adaptive("max", "2d", longs(3, 2), x -> torch.adaptive_max_pool2d(x, 3, 2).get0(), 5, 4),
        adaptive(
            "max",
            "3d",
            longs(2, 3, 1),
            x -> torch.adaptive_max_pool3d(x, 2, 3, 1).get0(),
            3,
            4,
            2),
        nearest("1d-size", 0, longs(7), 5),
        nearest("1d-smaller", 0, longs(3), 5),
        nearest("1d-factor", 1.7, longs(8), 5),
        nearest("2d-twice", 2, longs(4, 6), 2, 3),
        nearest("2d-size", 0, longs(5, 2), 3, 4),
        nearest("3d-size", 0, longs(3, 2, 4), 2, 3, 3),
        linear("1d-size", 0, false, longs(7), 4),
        linear("1d-smaller", 0, false, longs(3), 7),
        linear("1d-factor", 1.7, false, longs(6), 4),
        linear("1d-aligned", 0, true, longs(7), 4),
        linear("1d-aligned-one", 0, true, longs(1), 4),
        linear("2d-twice", 2, false, longs(4, 6), 2, 3),
        linear("2d-size", 0, false, longs(5, 2), 3, 4),
        linear("2d-aligned", 0, true, longs(5, 2), 3, 4),
        linear("3d-size", 0, false, longs(3, 2, 4), 2, 3, 3),
        linear("3d-aligned", 0, true, longs(3, 2, 4), 2, 3, 3),
        shuffle("pixel-shuffle", x -> torch.pixel_shuffle(x, 2), 2, 8, 2, 3),
        shuffle("pixel-unshuffle", x -> torch.pixel_unshuffle(x, 2), 2, 2, 4, 6));
  }

  private static GoldenCase conv3d(
      String variant,
      long groups,
      long[] stride,
      long[] padding,
      long[] dilation,
      long[] weightSizes) {
    GoldenCase c = new GoldenCase("conv3d-" + variant, "torch::conv3d");
    windows(c, stride, padding, dilation).option("groups", groups).option("bias", true);
    Tensor weight = c.parameter("weight", c.normal(1, weightSizes));
    TensorOptional bias = GoldenCase.optional(c.parameter("bias", c.normal(1, weightSizes[0])));
    Tensor x = c.input("input", c.normal(1, 2, weightSizes[1] * groups, 3, 4, 3));
    return c.output("output", torch.conv3d(x, weight, bias, stride, padding, dilation, groups));
  }

  private static GoldenCase transposed(
      String variant,
      long groups,
      long[] stride,
      long[] padding,
      long[] dilation,
      long[] longer,
      long... weightSizes) {
    boolean isSignal = stride.length == 1;
    GoldenCase c =
        new GoldenCase(
            "conv-transpose" + variant, "torch::conv_transpose" + (isSignal ? "1d" : "2d"));
    windows(c, stride, padding, dilation).option("groups", groups).option("bias", true);
    c.option("output_padding", GoldenCase.sizes(longer));
    Tensor weight = c.parameter("weight", c.normal(1, weightSizes));
    TensorOptional bias =
        GoldenCase.optional(c.parameter("bias", c.normal(1, weightSizes[1] * groups)));
    long in = weightSizes[0];
    Tensor x = c.input("input", isSignal ? c.normal(1, 2, in, 4) : c.normal(1, 2, in, 3, 2));
    return c.output(
        "output",
        isSignal
            ? torch.conv_transpose1d(x, weight, bias, stride, padding, longer, groups, dilation)
            : torch.conv_transpose2d(x, weight, bias, stride, padding, longer, groups, dilation));
  }

  private static GoldenCase maxPool(
      String variant,
      long[] kernel,
      long[] stride,
      long[] padding,
      long[] dilation,
      boolean ceil,
      long... lengths) {
    GoldenCase c = new GoldenCase("max-pool" + variant, "torch::max_pool" + lengths.length + "d");
    windows(c, stride, padding, dilation).option("kernel_size", GoldenCase.sizes(kernel));
    Tensor x = c.option("ceil_mode", ceil).input("input", images(c, lengths));
    return c.output(
        "output",
        switch (lengths.length) {
          case 1 -> torch.max_pool1d(x, kernel, stride, padding, dilation, ceil);
          case 2 -> torch.max_pool2d(x, kernel, stride, padding, dilation, ceil);
          default -> torch.max_pool3d(x, kernel, stride, padding, dilation, ceil);
        });
  }

  private static GoldenCase avgPool(
      String variant,
      long[] kernel,
      long[] stride,
      long[] padding,
      boolean ceil,
      boolean countPadding,
      long... lengths) {
    GoldenCase c = new GoldenCase("avg-pool" + variant, "torch::avg_pool" + lengths.length + "d");
    windows(c, stride, padding, longs(1)).option("kernel_size", GoldenCase.sizes(kernel));
    c.option("ceil_mode", ceil).option("count_include_pad", countPadding);
    Tensor x = c.input("input", images(c, lengths));
    LongOptional none = new LongOptional();
    return c.output(
        "output",
        switch (lengths.length) {
          case 1 -> torch.avg_pool1d(x, kernel, stride, padding, ceil, countPadding);
          case 2 -> torch.avg_pool2d(x, kernel, stride, padding, ceil, countPadding, none);
          default -> torch.avg_pool3d(x, kernel, stride, padding, ceil, countPadding, none);
        });
  }

  private static GoldenCase adaptive(
      String kind, String variant, long[] sizes, Function<Tensor, Tensor> pool, long... lengths) {
    GoldenCase c =
        new GoldenCase(
            "adaptive-%s-pool%s".formatted(kind, variant),
            "torch::adaptive_%s_pool%dd".formatted(kind, lengths.length));
    c.option("output_size", GoldenCase.sizes(sizes));
    return c.output("output", pool.apply(c.input("input", images(c, lengths))));
  }

  private static GoldenCase nearest(String variant, double factor, long[] sizes, long... lengths) {
    GoldenCase c =
        new GoldenCase(
            "interpolate-nearest-" + variant, "torch::upsample_nearest" + lengths.length + "d");
    Tensor x = target(c, factor, sizes).input("input", images(c, lengths));
    return c.output(
        "output",
        switch (lengths.length) {
          case 1 -> torch.upsample_nearest1d(x, sizes, scale(factor));
          case 2 -> torch.upsample_nearest2d(x, sizes, scale(factor), scale(factor));
          default ->
              torch.upsample_nearest3d(x, sizes, scale(factor), scale(factor), scale(factor));
        });
  }

  private static GoldenCase linear(
      String variant, double factor, boolean aligned, long[] sizes, long... lengths) {
    GoldenCase c =
        new GoldenCase("interpolate-linear-" + variant, "torch::upsample, linear in each axis");
    target(c, factor, sizes).option("align_corners", aligned);
    Tensor x = c.input("input", images(c, lengths));
    return c.output(
        "output",
        switch (lengths.length) {
          case 1 -> torch.upsample_linear1d(x, sizes, aligned, scale(factor));
          case 2 -> torch.upsample_bilinear2d(x, sizes, aligned, scale(factor), scale(factor));
          default ->
              torch.upsample_trilinear3d(
                  x, sizes, aligned, scale(factor), scale(factor), scale(factor));
        });
  }

  private static GoldenCase shuffle(String name, Function<Tensor, Tensor> shuffle, long... sizes) {
    GoldenCase c = new GoldenCase(name, "torch::" + name.replace('-', '_'));
    c.option("factor", 2);
    return c.output("output", shuffle.apply(c.input("input", c.normal(1, sizes))));
  }

  private static Tensor images(GoldenCase c, long... lengths) {
    long[] sizes = new long[lengths.length + 2];
    sizes[0] = 2;
    sizes[1] = 2;
    System.arraycopy(lengths, 0, sizes, 2, lengths.length);
    return c.normal(1, sizes);
  }

  private static GoldenCase target(GoldenCase c, double factor, long[] sizes) {
    return factor == 0
        ? c.option("size", GoldenCase.sizes(sizes))
        : c.option("scale_factor", factor);
  }

  private static DoubleOptional scale(double factor) {
    return factor == 0 ? new DoubleOptional() : new DoubleOptional(factor);
  }

  private static GoldenCase windows(GoldenCase c, long[] stride, long[] padding, long[] dilation) {
    return c.option("stride", GoldenCase.sizes(stride))
        .option("padding", GoldenCase.sizes(padding))
        .option("dilation", GoldenCase.sizes(dilation));
  }

  private static long[] longs(long... values) {
    return values;
  }
}
