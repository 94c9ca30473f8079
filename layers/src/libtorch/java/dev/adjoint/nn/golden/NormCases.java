package dev.adjoint.nn.golden;

import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LocalResponseNormOptions;
import org.bytedeco.pytorch.NormalizeFuncOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** The norms that treat every example by itself, which have no modes. */
final class NormCases {

  private NormCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        layerNorm("last-axis", 1, true, true, 1e-5),
        layerNorm("three-axes", 3, true, true, 1e-5),
        layerNorm("epsilon", 1, true, true, .1),
        layerNorm("without-affine", 1, false, false, 1e-5),
        layerNorm("without-bias", 1, true, false, 1e-5),
        groupNorm("1-group", 1, true, 1e-5, 2, 4, 3, 2),
        groupNorm("2-groups", 2, true, 1e-5, 2, 4, 3, 2),
        groupNorm("4-groups", 4, true, 1e-5, 2, 4, 3, 2),
        groupNorm("1d", 2, true, 1e-5, 2, 4, 5),
        groupNorm("1d-rows", 2, true, 1e-5, 3, 6),
        groupNorm("epsilon", 2, true, .1, 2, 4, 5),
        groupNorm("without-affine", 2, false, 1e-5, 2, 4, 5),
        instanceNorm("1d", false, 1e-5, 2, 3, 5),
        instanceNorm("1d-affine", true, 1e-5, 2, 3, 5),
        instanceNorm("2d", false, 1e-5, 2, 3, 2, 3),
        instanceNorm("2d-affine", true, .1, 2, 3, 2, 3),
        rmsNorm("default", 1, true, null),
        rmsNorm("epsilon", 1, true, .1),
        rmsNorm("two-axes", 2, true, 1e-6),
        rmsNorm("without-affine", 1, false, null),
        localResponseNorm("defaults", 5, 1e-4, .75, 1, 2, 7, 2, 2),
        localResponseNorm("odd", 3, .5, .6, 2, 2, 5, 4),
        localResponseNorm("even", 4, .5, .75, 1, 2, 5, 2, 3),
        localResponseNorm("wide", 9, 2, 1.5, .5, 2, 4, 3, 2),
        localResponseNorm("one", 1, .5, .75, 1, 2, 3, 4),
        unitNorm("last-axis", -1, 1e-12, 3, 4),
        unitNorm("channels", 1, 1e-12, 2, 3, 4),
        unitNorm("epsilon", -1, 2.5, 6, 3));
  }

  private static GoldenCase layerNorm(
      String variant, int axes, boolean affine, boolean bias, double epsilon) {
    GoldenCase c = new GoldenCase("layer-norm-" + variant, "torch::layer_norm");
    long[] sizes = {2, 3, 2, 4};
    long[] shape = Arrays.copyOfRange(sizes, sizes.length - axes, sizes.length);
    c.option("normalized_shape", GoldenCase.sizes(shape)).option("eps", epsilon);
    c.option("elementwise_affine", affine).option("bias", bias);
    Tensor weight = affine ? c.parameter("weight", c.normal(1, shape)) : null;
    Tensor offset = bias ? c.parameter("bias", c.normal(1, shape)) : null;
    Tensor x = c.input("input", c.normal(2, sizes));
    return c.output(
        "output",
        torch.layer_norm(
            x,
            shape,
            GoldenCase.optional(weight),
            GoldenCase.optional(offset),
            epsilon,
            /* cudnn_enable= */ false));
  }

  private static GoldenCase groupNorm(
      String variant, int groups, boolean affine, double epsilon, long... sizes) {
    GoldenCase c = new GoldenCase("group-norm-" + variant, "torch::group_norm");
    c.option("num_groups", groups).option("num_channels", sizes[1]);
    c.option("eps", epsilon).option("affine", affine);
    Tensor weight = affine ? c.parameter("weight", c.normal(1, sizes[1])) : null;
    Tensor bias = affine ? c.parameter("bias", c.normal(1, sizes[1])) : null;
    Tensor x = c.input("input", c.normal(2, sizes));
    return c.output(
        "output",
        torch.group_norm(
            x,
            groups,
            GoldenCase.optional(weight),
            GoldenCase.optional(bias),
            epsilon,
            /* cudnn_enabled= */ false));
  }

  private static GoldenCase instanceNorm(
      String variant, boolean affine, double epsilon, long... sizes) {
    GoldenCase c = new GoldenCase("instance-norm-" + variant, "torch::instance_norm");
    c.option("num_features", sizes[1]).option("eps", epsilon).option("affine", affine);
    Tensor weight = affine ? c.parameter("weight", c.normal(1, sizes[1])) : null;
    Tensor bias = affine ? c.parameter("bias", c.normal(1, sizes[1])) : null;
    Tensor x = c.input("input", c.normal(2, sizes));
    return c.output(
        "output",
        torch.instance_norm(
            x,
            GoldenCase.optional(weight),
            GoldenCase.optional(bias),
            GoldenCase.optional(null),
            GoldenCase.optional(null),
            /* use_input_stats= */ true,
            /* momentum= */ .1,
            epsilon,
            /* cudnn_enabled= */ false));
  }

  private static GoldenCase rmsNorm(
      String variant, int axes, boolean affine, @Nullable Double epsilon) {
    GoldenCase c = new GoldenCase("rms-norm-" + variant, "torch::rms_norm");
    long[] sizes = {3, 2, 4};
    long[] shape = Arrays.copyOfRange(sizes, sizes.length - axes, sizes.length);
    c.option("normalized_shape", GoldenCase.sizes(shape));
    c.option("eps", epsilon == null ? "None" : epsilon).option("elementwise_affine", affine);
    Tensor weight = affine ? c.parameter("weight", c.normal(1, shape)) : null;
    Tensor x = c.input("input", c.normal(2, sizes));
    DoubleOptional eps = epsilon == null ? new DoubleOptional() : new DoubleOptional(epsilon);
    return c.output("output", torch.rms_norm(x, shape, GoldenCase.optional(weight), eps));
  }

  private static GoldenCase localResponseNorm(
      String variant, int size, double alpha, double beta, double k, long... sizes) {
    GoldenCase c =
        new GoldenCase(
            "local-response-norm-" + variant, "torch::nn::functional::local_response_norm");
    c.option("size", size).option("alpha", alpha).option("beta", beta).option("k", k);
    LocalResponseNormOptions options = new LocalResponseNormOptions(size);
    options.alpha().put(alpha);
    options.beta().put(beta);
    options.k().put(k);
    Tensor x = c.input("input", c.normal(2, sizes));
    return c.output("output", torch.local_response_norm(x, options));
  }

  private static GoldenCase unitNorm(String variant, int axis, double epsilon, long... sizes) {
    GoldenCase c = new GoldenCase("unit-norm-" + variant, "torch::nn::functional::normalize");
    c.option("dim", axis).option("eps", epsilon);
    NormalizeFuncOptions options = new NormalizeFuncOptions();
    options.dim().put(axis);
    options.eps().put(epsilon);
    Tensor x = c.input("input", c.normal(2, sizes));
    return c.output("output", torch.normalize(x, options));
  }
}
