package dev.adjoint.nn.calls;

import static dev.adjoint.nn.calls.CallRow.once;
import static dev.adjoint.nn.calls.CallRow.row;
import static dev.adjoint.nn.calls.CallRow.values;
import static dev.adjoint.nn.calls.Libtorch.scalar;

import dev.adjoint.op.Where;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.global.torch;

/** Elementwise functions of one, two and three values, comparisons and activations. */
final class ArithmeticCalls {

  private ArithmeticCalls() {}

  static List<CallRow> rows() {
    return List.of(
        binary("plus", Tensor::plus, torch::add),
        binary("minus", Tensor::minus, torch::sub),
        binary("times", Tensor::times, torch::mul),
        binary("div", Tensor::div, torch::div),
        once("pow", d -> two(d, Tensor::pow, torch::pow)), // their second derivatives at 0 are NaN
        row(
            "pow of positive",
            d -> {
              int[] sizes = d.sizes(0, 4);
              return d.input(Values.POSITIVE, d.broadcast(sizes))
                  .input(Values.DISTINCT, d.broadcast(sizes)) // not 0, where theirs is 0
                  .call(x -> x[0].pow(x[1]), t -> torch.pow(t[0], t[1]));
            }),
        binary("max", Tensor::max, torch::maximum),
        binary("min", Tensor::min, torch::minimum),
        row(
            "pow of a number",
            d -> {
              double p = d.of("p", -2., -1., -.5, 0., .5, 1., 1.5, 2., 3., 4.);
              return d.input(Values.REAL, d.sizes(0, 3))
                  .call(x -> x[0].pow(p), t -> torch.pow(t[0], scalar(p)));
            }),
        row(
            "clamp",
            d -> {
              double low = d.of("low", -1., 0., -.5);
              double high = d.of("high", 1., 0., 2.);
              return d.input(Values.REAL, d.sizes(0, 3))
                  .call(
                      x -> x[0].clamp(low, high),
                      t -> torch.clamp(t[0], optional(low), optional(high)));
            }),
        row(
            "where",
            d -> {
              int[] sizes = d.sizes(0, 4);
              Tensor mask = d.constant("mask", Values.MASK, d.broadcast(sizes));
              return d.input(Values.REAL, d.broadcast(sizes))
                  .input(Values.REAL, d.broadcast(sizes))
                  .call(
                      x -> Where.where(mask, x[0], x[1]),
                      t -> torch.where(Libtorch.mask(mask), t[0], t[1]));
            }),
        comparison("equal", Tensor::equal, torch::eq),
        comparison("not equal", Tensor::notEqual, torch::ne),
        comparison("less", Tensor::less, torch::lt),
        comparison("less or equal", Tensor::lessEqual, torch::le),
        comparison("greater", Tensor::greater, torch::gt),
        comparison("greater or equal", Tensor::greaterEqual, torch::ge),
        unary("neg", Tensor::neg, torch::neg),
        unary("abs", Tensor::abs, torch::abs),
        unary("sign", Values.FINITE, Tensor::sign, torch::sign),
        unary("exp", Tensor::exp, torch::exp),
        unary("expm1", Tensor::expm1, torch::expm1),
        unary("log", Tensor::log, torch::log),
        unary("log1p", Tensor::log1p, torch::log1p),
        unary("sqrt", Tensor::sqrt, torch::sqrt),
        unary("rsqrt", Tensor::rsqrt, torch::rsqrt),
        unary("square", Tensor::square, torch::square),
        unary("reciprocal", Tensor::reciprocal, torch::reciprocal),
        unary("sin", Tensor::sin, torch::sin),
        unary("cos", Tensor::cos, torch::cos),
        unary("tanh", Tensor::tanh, torch::tanh),
        unary("sigmoid", Tensor::sigmoid, torch::sigmoid),
        unary("erf", Tensor::erf, torch::erf),
        unary("relu", Tensor::relu, torch::relu),
        unary("floor", Tensor::floor, torch::floor),
        unary("ceil", Tensor::ceil, torch::ceil),
        unary("round", Tensor::round, torch::round),
        unary("log2", Tensor::log2, torch::log2),
        unary("log10", Tensor::log10, torch::log10),
        unary("tan", Tensor::tan, torch::tan),
        unary("asin", Tensor::asin, torch::asin),
        unary("acos", Tensor::acos, torch::acos),
        unary("atan", Tensor::atan, torch::atan),
        unary("sinh", Tensor::sinh, torch::sinh),
        unary("cosh", Tensor::cosh, torch::cosh),
        unary("trunc", Tensor::trunc, torch::trunc),
        binary("atan2", Tensor::atan2, torch::atan2),
        binary("hypot", Values.REAL, Values.NONZERO, Tensor::hypot, torch::hypot),
        binary("fmod", Values.REAL, Values.NONZERO, Tensor::fmod, torch::fmod),
        binary("remainder", Values.REAL, Values.NONZERO, Tensor::remainder, torch::remainder),
        binary("logaddexp", Values.MODERATE, Values.MODERATE, Tensor::logaddexp, torch::logaddexp),
        binary("xlogy", Values.REAL, Values.NONZERO, Tensor::xlogy, torch::xlogy),
        row(
            "lerp",
            d -> {
              int[] sizes = d.sizes(0, 4);
              return d.input(Values.FINITE, d.broadcast(sizes))
                  .input(Values.FINITE, d.broadcast(sizes))
                  .input(Values.FINITE, d.broadcast(sizes))
                  .call(x -> x[0].lerp(x[1], x[2]), t -> torch.lerp(t[0], t[1], t[2]));
            }),
        predicate("is NaN", Tensor::isNaN, torch::isnan),
        predicate("is finite", Tensor::isFinite, torch::isfinite));
  }

  static ScalarOptional optional(double value) {
    return new ScalarOptional(scalar(value));
  }

  static CallRow unary(
      String name, UnaryOperator<Tensor> ours, UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return unary(name, Values.REAL, ours, theirs);
  }

  static CallRow unary(
      String name,
      Values values,
      UnaryOperator<Tensor> ours,
      UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return row(
        name,
        d -> d.input(values, d.sizes(0, 3)).call(x -> ours.apply(x[0]), t -> theirs.apply(t[0])));
  }

  static CallRow binary(
      String name,
      BinaryOperator<Tensor> ours,
      BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return row(name, d -> two(d, ours, theirs));
  }

  static CallRow binary(
      String name,
      Values first,
      Values second,
      BinaryOperator<Tensor> ours,
      BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return row(name, d -> two(d, first, second, ours, theirs));
  }

  private static CallRow comparison(
      String name,
      BinaryOperator<Tensor> ours,
      BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return values(name, d -> two(d, ours, theirs));
  }

  private static CallRow predicate(
      String name, UnaryOperator<Tensor> ours, UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return new CallRow(name, 0, unary(name, ours, theirs).call());
  }

  private static Call two(
      Draw d, BinaryOperator<Tensor> ours, BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    return two(d, Values.REAL, Values.REAL, ours, theirs);
  }

  private static Call two(
      Draw d,
      Values first,
      Values second,
      BinaryOperator<Tensor> ours,
      BinaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
    int[] sizes = d.sizes(0, 4);
    return d.input(first, d.broadcast(sizes))
        .input(second, d.broadcast(sizes))
        .call(x -> ours.apply(x[0], x[1]), t -> theirs.apply(t[0], t[1]));
  }
}
