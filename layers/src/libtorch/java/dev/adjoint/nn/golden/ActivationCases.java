package dev.adjoint.nn.golden;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Functions of one value, and those of one row. */
final class ActivationCases {

  private ActivationCases() {}

  static Stream<GoldenCase> all() {
    return Stream.of(
        activation("relu", torch::relu),
        activation("leaky_relu", x -> torch.leaky_relu(x, scalar(.2)), "negative_slope", .2),
        activation("elu", x -> torch.elu(x, scalar(.7), scalar(1), scalar(1)), "alpha", .7),
        activation("selu", torch::selu),
        activation("gelu", x -> torch.gelu(x, "none"), "approximate", "none"),
        activation("gelu", x -> torch.gelu(x, "tanh"), "approximate", "tanh"),
        activation("silu", torch::silu),
        activation("softplus", torch::softplus, "beta", 1.0),
        activation("softplus", x -> torch.softplus(x, scalar(3), scalar(20)), "beta", 3.0),
        activation("tanh", torch::tanh),
        activation("sigmoid", torch::sigmoid),
        activation("hardtanh", torch::hardtanh),
        activation("log_sigmoid", torch::log_sigmoid),
        activation("mish", torch::mish),
        activation("softmax", x -> torch.softmax(x, 1), "dim", 1),
        activation("softmax", x -> torch.softmax(x, 2), "dim", 2),
        activation("log_softmax", x -> torch.log_softmax(x, 1), "dim", 1),
        activation("log_softmax", x -> torch.log_softmax(x, 2), "dim", 2),
        prelu("one", 1),
        prelu("each", 3));
  }

  private static GoldenCase activation(String function, UnaryOperator<Tensor> f) {
    return record(start(function, ""), f);
  }

  private static GoldenCase activation(
      String function, UnaryOperator<Tensor> f, String option, Object value) {
    return record(start(function, "-%s-%s".formatted(option, value)).option(option, value), f);
  }

  private static GoldenCase start(String function, String variant) {
    String file = (function + variant).replace('_', '-');
    return new GoldenCase("activation-" + file, "torch::" + function);
  }

  private static GoldenCase record(GoldenCase c, UnaryOperator<Tensor> f) {
    return c.output("output", f.apply(c.input("input", c.normal(2, 2, 3, 5))));
  }

  private static GoldenCase prelu(String variant, long parameters) {
    GoldenCase c = start("prelu", "-" + variant).option("num_parameters", parameters);
    Tensor weight = c.parameter("weight", c.normal(1, parameters));
    return record(c, x -> torch.prelu(x, weight));
  }

  private static Scalar scalar(double value) {
    return new Scalar(value);
  }
}
