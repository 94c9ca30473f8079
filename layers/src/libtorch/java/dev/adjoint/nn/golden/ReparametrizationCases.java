package dev.adjoint.nn.golden;

import java.util.stream.Stream;
import org.bytedeco.pytorch.Conv2dFuncOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Weight and spectral normalization. Their modules exist in Python only, so that these are their
 * definitions, composed of operations: torch.nn.utils.parametrizations.
 */
final class ReparametrizationCases {

  private static final double EPSILON = 1e-12;

  private ReparametrizationCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        weightNorm("linear", 0),
        weightNorm("linear", -1),
        weightNorm("conv2d", 0),
        weightNorm("conv2d", -1),
        spectralNorm("linear", true, 1),
        spectralNorm("linear", false, 1),
        spectralNorm("conv2d", true, 1),
        spectralNorm("conv2d", false, 1),
        spectralNorm("linear", true, 3));
  }

  /** {@code g * v / |v|}, where dim -1 is Python's None: one norm of all elements. */
  private static GoldenCase weightNorm(String layer, int dim) {
    String axis = dim < 0 ? "None" : Integer.toString(dim);
    GoldenCase c =
        new GoldenCase("weight-norm-%s-dim-%s".formatted(layer, axis), "torch::norm_except_dim");
    c.option("dim", axis);
    Tensor v = c.normal(1, weightSizes(layer));
    Tensor norm = torch.norm_except_dim(v, 2, dim);
    Tensor g = c.parameter("parametrizations.weight.original0", c.normal(1, norm.shape()));
    c.parameter("parametrizations.weight.original1", v);
    return apply(c, layer, v.mul(g.div(torch.norm_except_dim(v, 2, dim))));
  }

  /** {@code w / (u' w v)}, after steps of the power iteration in training mode. */
  private static GoldenCase spectralNorm(String layer, boolean training, int iterations) {
    GoldenCase c =
        new GoldenCase(
            "spectral-norm-%s-%s%s"
                .formatted(
                    layer,
                    training ? "train" : "eval",
                    iterations == 1 ? "" : "-%d-iterations".formatted(iterations)),
            "torch::mv");
    c.training(training).option("n_power_iterations", iterations).option("eps", EPSILON);
    Tensor w = c.parameter("parametrizations.weight.original", c.normal(1, weightSizes(layer)));
    Tensor matrix = w.reshape(w.size(0), -1);
    Tensor u = c.buffer("parametrizations.weight.0._u", unit(c.normal(1, matrix.size(0))));
    Tensor v = c.buffer("parametrizations.weight.0._v", unit(c.normal(1, matrix.size(1))));
    if (training) {
      try (NoGradGuard _ = new NoGradGuard()) {
        for (int i = 0; i < iterations; i++) {
          u.copy_(unit(matrix.mv(v)));
          v.copy_(unit(matrix.t().mv(u)));
        }
      }
    }
    return apply(c, layer, w.div(u.clone().dot(matrix.mv(v.clone()))));
  }

  private static Tensor unit(Tensor x) {
    return x.div(x.norm().clamp_min(new Scalar(EPSILON)));
  }

  private static long[] weightSizes(String layer) {
    return layer.equals("linear") ? new long[] {3, 4} : new long[] {3, 2, 2, 3};
  }

  private static GoldenCase apply(GoldenCase c, String layer, Tensor weight) {
    Tensor bias = c.parameter("bias", c.normal(1, weight.size(0)));
    c.option("layer", layer).output("weight", weight);
    if (layer.equals("linear")) {
      return c.output("output", torch.linear(c.input("input", c.normal(1, 2, 4)), weight, bias));
    }
    Tensor x = c.input("input", c.normal(1, 2, 2, 3, 4));
    Conv2dFuncOptions options = new Conv2dFuncOptions();
    options.bias().put(bias);
    return c.output("output", torch.conv2d(x, weight, options));
  }
}
