package dev.adjoint.benchmarks;

import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Activations;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.global.torch;

/** Functions of each element, or of two. */
final class ElementwiseCases {

  static final List<Case> MAIN =
      List.of(
          unary("gelu", Activations::gelu, x -> torch.gelu(x, "none")),
          unary("relu", Tensor::relu, torch::relu),
          unary("tanh", Tensor::tanh, torch::tanh),
          unary("exp", Tensor::exp, torch::exp),
          Case.of(
              "add bias",
              sizes(),
              s -> Work.passes(3, s), // x to y; dy to db: dx is dy
              (draw, s) -> Model.of(Tensor::plus, draw.normal(s), draw.normal(s[1])),
              (t, s) -> t.x().add(t.x(1))));

  static final List<Case> MORE =
      List.of(
          unary("sigmoid", Tensor::sigmoid, torch::sigmoid),
          unary("silu", Activations::silu, torch::silu),
          unary("gelu by tanh", Activations::geluTanh, x -> torch.gelu(x, "tanh")),
          unary("softplus", Activations::softplus, torch::softplus),
          unary("leaky relu", x -> Activations.leakyRelu(x, 0.01), torch::leaky_relu),
          unary("elu", x -> Activations.elu(x, 1), torch::elu),
          unary("selu", Activations::selu, torch::selu),
          Case.of(
              "prelu",
              sizes(),
              s -> Work.passes(5, s),
              (draw, s) -> Model.of(new PReLU(s[1]), draw.normal(s)),
              (t, s) -> torch.prelu(t.x(), t.p("weight"))),
          unary("neg", Tensor::neg, torch::neg),
          unary("abs", Tensor::abs, torch::abs),
          unary("square", Tensor::square, torch::square),
          ofPositive("sqrt", Tensor::sqrt, torch::sqrt),
          ofPositive("rsqrt", Tensor::rsqrt, torch::rsqrt),
          ofPositive("log", Tensor::log, torch::log),
          ofPositive("log1p", Tensor::log1p, torch::log1p),
          unary("expm1", Tensor::expm1, torch::expm1),
          ofPositive("reciprocal", Tensor::reciprocal, torch::reciprocal),
          unary("sin", Tensor::sin, torch::sin),
          unary("cos", Tensor::cos, torch::cos),
          unary("erf", Tensor::erf, torch::erf),
          unary(
              "clamp",
              x -> x.clamp(-1, 1),
              x ->
                  torch.clamp(
                      x,
                      new ScalarOptional(new Scalar(-1.0)),
                      new ScalarOptional(new Scalar(1.0)))),
          unary("pow 3", x -> x.pow(3), x -> x.pow(new Scalar(3.0))),
          binary("plus", 3, Tensor::plus, torch::add), // da and db are dy
          binary("minus", 4, Tensor::minus, torch::sub),
          binary("times", 8, Tensor::times, torch::mul),
          binary("div", 8, Tensor::div, torch::div),
          binary("pow", 8, Tensor::pow, torch::pow),
          binary("max", 8, Tensor::max, torch::maximum));

  private ElementwiseCases() {}

  private static List<String> sizes() {
    return List.of("32x128", "256x1024", "4096x1024");
  }

  /** x to y; x or y, and dy, to dx. */
  private static Case unary(
      String name, Transform ours, UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return Case.of(
        name,
        sizes(),
        s -> Work.passes(5, s),
        (draw, s) -> Model.of(ours, draw.normal(s)),
        (t, s) -> theirs.apply(t.x()));
  }

  private static Case ofPositive(
      String name, Transform ours, UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return Case.of(
        name,
        sizes(),
        s -> Work.passes(5, s),
        (draw, s) -> Model.of(ours, draw.positive(s)),
        (t, s) -> theirs.apply(t.x()));
  }

  private static Case binary(
      String name,
      double passes,
      BinaryOperator<Tensor> ours,
      BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return Case.of(
        name,
        sizes(),
        s -> Work.passes(passes, s),
        (draw, s) -> Model.of(ours, draw.positive(s), draw.positive(s)),
        (t, s) -> theirs.apply(t.x(), t.x(1)));
  }
}
