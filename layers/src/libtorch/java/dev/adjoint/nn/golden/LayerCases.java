package dev.adjoint.nn.golden;

import java.util.stream.Stream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Linear layers, embeddings, convolutions and pooling. */
final class LayerCases {

  private LayerCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        linear("plain", true, 4, 3),
        linear("without-bias", false, 4, 3),
        linear("many-axes", true, 2, 2, 3),
        embedding("plain", -1),
        embedding("padding", 2),
        conv("1d-plain", true, 1, longs(1), longs(0), longs(1), longs(2, 3, 7), longs(4, 3, 3)),
        conv("1d-stride", true, 1, longs(2), longs(1), longs(1), longs(2, 2, 7), longs(3, 2, 3)),
        conv("1d-dilation", true, 1, longs(1), longs(2), longs(2), longs(2, 2, 7), longs(3, 2, 3)),
        conv("1d-groups", false, 2, longs(2), longs(1), longs(1), longs(2, 4, 6), longs(6, 2, 3)),
        conv2d("plain", true, 1, longs(1, 1), longs(0, 0), longs(1, 1), longs(3, 2, 2, 3)),
        conv2d("without-bias", false, 1, longs(1, 1), longs(0, 0), longs(1, 1), longs(3, 2, 3, 3)),
        conv2d("stride", true, 1, longs(2, 1), longs(0, 0), longs(1, 1), longs(3, 2, 2, 3)),
        conv2d("padding", true, 1, longs(1, 1), longs(1, 2), longs(1, 1), longs(2, 2, 3, 3)),
        conv2d("dilation", true, 1, longs(1, 1), longs(1, 0), longs(2, 1), longs(3, 2, 3, 2)),
        conv2d("groups", true, 2, longs(1, 1), longs(0, 0), longs(1, 1), longs(4, 1, 2, 2)),
        conv2d("all", true, 2, longs(2, 1), longs(1, 2), longs(1, 2), longs(4, 1, 3, 2)),
        maxPool1d("plain", 2, 2, 0),
        maxPool1d("overlapping", 3, 2, 1),
        maxPool2d("plain", longs(2, 2), longs(2, 2), longs(0, 0)),
        maxPool2d("overlapping", longs(3, 2), longs(2, 1), longs(1, 0)),
        avgPool1d("plain", 2, 2, 0, true),
        avgPool1d("padding", 3, 2, 1, true),
        avgPool1d("padding-not-counted", 3, 2, 1, false),
        avgPool2d("plain", longs(2, 2), longs(2, 2), longs(0, 0), true),
        avgPool2d("padding", longs(3, 2), longs(2, 1), longs(1, 1), true),
        avgPool2d("padding-not-counted", longs(3, 2), longs(2, 1), longs(1, 1), false),
        globalAvgPool2d());
  }

  private static GoldenCase linear(String variant, boolean bias, long... sizes) {
    GoldenCase c = new GoldenCase("linear-" + variant, "torch::linear").option("bias", bias);
    Tensor weight = c.parameter("weight", c.normal(1, 2, sizes[sizes.length - 1]));
    TensorOptional offset = bias(c, bias, 2);
    return c.output("output", torch.linear(c.input("input", c.normal(1, sizes)), weight, offset));
  }

  private static GoldenCase embedding(String variant, int padding) {
    GoldenCase c = new GoldenCase("embedding-" + variant, "torch::embedding");
    c.option("padding_idx", padding < 0 ? "None" : padding);
    Tensor weight = c.parameter("weight", c.normal(1, 5, 3));
    // Every row is used several times, and that of the padding too.
    Tensor rows = c.index("input", Tensor.create(new long[] {4, 2, 0, 2, 1, 4, 3, 2}, 2, 4));
    return c.output("output", torch.embedding(weight, rows, padding, false, false));
  }

  private static GoldenCase conv2d(
      String variant,
      boolean bias,
      long groups,
      long[] stride,
      long[] padding,
      long[] dilation,
      long[] weightSizes) {
    long[] sizes = longs(2, weightSizes[1] * groups, 4, 5);
    return conv("2d-" + variant, bias, groups, stride, padding, dilation, sizes, weightSizes);
  }

  private static GoldenCase conv(
      String variant,
      boolean bias,
      long groups,
      long[] stride,
      long[] padding,
      long[] dilation,
      long[] sizes,
      long[] weightSizes) {
    String function = stride.length == 1 ? "conv1d" : "conv2d";
    GoldenCase c = new GoldenCase("conv" + variant, "torch::" + function);
    windows(c, stride, padding).option("dilation", GoldenCase.sizes(dilation));
    c.option("groups", groups).option("bias", bias);
    Tensor weight = c.parameter("weight", c.normal(1, weightSizes));
    TensorOptional offset = bias(c, bias, weightSizes[0]);
    Tensor x = c.input("input", c.normal(1, sizes));
    return c.output(
        "output",
        stride.length == 1
            ? torch.conv1d(x, weight, offset, stride, padding, dilation, groups)
            : torch.conv2d(x, weight, offset, stride, padding, dilation, groups));
  }

  private static GoldenCase maxPool1d(String variant, long kernel, long stride, long padding) {
    GoldenCase c = new GoldenCase("max-pool1d-" + variant, "torch::max_pool1d");
    windows(c, longs(stride), longs(padding)).option("kernel_size", kernel);
    Tensor x = c.input("input", c.normal(1, 2, 2, 7));
    return c.output(
        "output",
        torch.max_pool1d(x, longs(kernel), longs(stride), longs(padding), longs(1), false));
  }

  private static GoldenCase maxPool2d(
      String variant, long[] kernel, long[] stride, long[] padding) {
    GoldenCase c = new GoldenCase("max-pool2d-" + variant, "torch::max_pool2d");
    windows(c, stride, padding).option("kernel_size", GoldenCase.sizes(kernel));
    Tensor x = c.input("input", c.normal(1, 2, 2, 5, 4));
    return c.output("output", torch.max_pool2d(x, kernel, stride, padding, longs(1, 1), false));
  }

  private static GoldenCase avgPool1d(
      String variant, long kernel, long stride, long padding, boolean countPadding) {
    GoldenCase c = new GoldenCase("avg-pool1d-" + variant, "torch::avg_pool1d");
    windows(c, longs(stride), longs(padding)).option("kernel_size", kernel);
    c.option("count_include_pad", countPadding);
    Tensor x = c.input("input", c.normal(1, 2, 2, 7));
    return c.output(
        "output",
        torch.avg_pool1d(x, longs(kernel), longs(stride), longs(padding), false, countPadding));
  }

  private static GoldenCase avgPool2d(
      String variant, long[] kernel, long[] stride, long[] padding, boolean countPadding) {
    GoldenCase c = new GoldenCase("avg-pool2d-" + variant, "torch::avg_pool2d");
    windows(c, stride, padding).option("kernel_size", GoldenCase.sizes(kernel));
    c.option("count_include_pad", countPadding);
    Tensor x = c.input("input", c.normal(1, 2, 2, 5, 4));
    return c.output(
        "output",
        torch.avg_pool2d(x, kernel, stride, padding, false, countPadding, new LongOptional()));
  }

  private static GoldenCase globalAvgPool2d() {
    GoldenCase c = new GoldenCase("global-avg-pool2d", "torch::adaptive_avg_pool2d");
    Tensor x = c.option("output_size", "1x1").input("input", c.normal(1, 2, 3, 4, 5));
    return c.output("output", torch.adaptive_avg_pool2d(x, 1, 1));
  }

  private static GoldenCase windows(GoldenCase c, long[] stride, long[] padding) {
    return c.option("stride", GoldenCase.sizes(stride))
        .option("padding", GoldenCase.sizes(padding));
  }

  private static TensorOptional bias(GoldenCase c, boolean there, long size) {
    return GoldenCase.optional(there ? c.parameter("bias", c.normal(1, size)) : null);
  }

  private static long[] longs(long... values) {
    return values;
  }
}
