package dev.adjoint.op;

import static dev.adjoint.op.Domain.NONZERO;
import static dev.adjoint.op.Domain.POSITIVE;
import static dev.adjoint.op.Domain.REAL;
import static dev.adjoint.op.Domain.UNIT;
import static dev.adjoint.op.OpCase.in;
import static dev.adjoint.op.OpCase.op;

import com.google.common.base.CaseFormat;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A function of one value, and what it and its derivative should give, extreme values included.
 *
 * @param method the method of tensors, if there is one
 * @param domain where it is defined and smooth
 */
record UnaryRow(
    Unary unary,
    @Nullable UnaryOperator<Tensor> method,
    Domain domain,
    DoubleUnaryOperator value,
    DoubleUnaryOperator derivative) {

  static List<UnaryRow> all() {
    return List.of(
        row(Unary.NEG, Tensor::neg, REAL, x -> -x, x -> -1),
        row(Unary.ABS, Tensor::abs, REAL, Math::abs, Math::signum),
        row(Unary.SIGN, Tensor::sign, REAL, Math::signum, x -> 0),
        row(Unary.EXP, Tensor::exp, REAL, Math::exp, Math::exp),
        row(Unary.EXPM1, Tensor::expm1, REAL, Math::expm1, Math::exp),
        row(Unary.LOG, Tensor::log, POSITIVE, Math::log, x -> 1 / x),
        row(Unary.LOG1P, Tensor::log1p, UNIT, Math::log1p, x -> 1 / (1 + x)),
        row(
            Unary.LOG2,
            Tensor::log2,
            POSITIVE,
            x -> Math.log(x) / Math.log(2),
            x -> 1 / x / Math.log(2)),
        row(Unary.LOG10, Tensor::log10, POSITIVE, Math::log10, x -> 1 / x / Math.log(10)),
        row(Unary.SQRT, Tensor::sqrt, POSITIVE, Math::sqrt, x -> 0.5 / Math.sqrt(x)),
        row(
            Unary.RSQRT,
            Tensor::rsqrt,
            POSITIVE,
            x -> 1 / Math.sqrt(x),
            x -> -0.5 / Math.sqrt(x) / Math.abs(x)),
        row(Unary.SQUARE, Tensor::square, REAL, x -> x * x, x -> 2 * x),
        row(Unary.RECIPROCAL, Tensor::reciprocal, NONZERO, x -> 1 / x, x -> -1 / (x * x)),
        row(Unary.SIN, Tensor::sin, REAL, Math::sin, Math::cos),
        row(Unary.COS, Tensor::cos, REAL, Math::cos, x -> -Math.sin(x)),
        row(Unary.TAN, Tensor::tan, UNIT, Math::tan, x -> Math.pow(Math.cos(x), -2)),
        row(Unary.ASIN, Tensor::asin, UNIT, Math::asin, x -> inverseLeg(x)),
        row(Unary.ACOS, Tensor::acos, UNIT, Math::acos, x -> -inverseLeg(x)),
        row(Unary.ATAN, Tensor::atan, REAL, Math::atan, x -> 1 / (1 + x * x)),
        row(Unary.SINH, Tensor::sinh, REAL, Math::sinh, Math::cosh),
        row(Unary.COSH, Tensor::cosh, REAL, Math::cosh, Math::sinh),
        row(Unary.TANH, Tensor::tanh, REAL, Math::tanh, x -> Math.pow(Math.cosh(x), -2)),
        row(Unary.SIGMOID, Tensor::sigmoid, REAL, x -> sigmoid(x), x -> sigmoid(x) * sigmoid(-x)),
        row(
            Unary.ERF,
            Tensor::erf,
            REAL,
            x -> Math.abs(x) > 3 ? Math.signum(x) : erf(x),
            x -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x)),
        row(Unary.RELU, Tensor::relu, REAL, x -> Math.max(x, 0), x -> step(x)),
        row(Unary.FLOOR, Tensor::floor, REAL, Math::floor, x -> 0),
        row(Unary.CEIL, Tensor::ceil, REAL, Math::ceil, x -> 0),
        row(Unary.ROUND, Tensor::round, REAL, Math::rint, x -> 0),
        row(Unary.TRUNC, Tensor::trunc, REAL, x -> x < 0 ? Math.ceil(x) : Math.floor(x), x -> 0),
        row(Unary.IS_NAN, Tensor::isNaN, REAL, x -> Double.isNaN(x) ? 1 : 0, x -> 0),
        row(Unary.IS_FINITE, Tensor::isFinite, REAL, x -> Double.isFinite(x) ? 1 : 0, x -> 0),
        row(
            Unary.SOFTPLUS,
            x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
            x -> sigmoid(x)),
        row(
            Unary.SOFTSIGN,
            x -> Double.isInfinite(x) ? Math.signum(x) : x / (1 + Math.abs(x)),
            x -> Math.pow(1 + Math.abs(x), -2)),
        row(
            Unary.GELU,
            tails(x -> x * normal(x), Math::abs),
            tails(x -> normal(x) + x * density(x), x -> 1)),
        row(
            Unary.GELU_SLOPE,
            tails(x -> normal(x) + x * density(x), x -> 1),
            tails(x -> density(x) * (2 - x * x), x -> 0)),
        row(
            Unary.GELU_TANH,
            tails(x -> geluTanh(x), Math::abs),
            tails(x -> geluTanhSlope(x), x -> 1)),
        row(
            Unary.GELU_TANH_SLOPE,
            tails(x -> geluTanhSlope(x), x -> 1),
            tails(x -> (geluTanhSlope(x + 1e-5) - geluTanhSlope(x - 1e-5)) / 2e-5, x -> 0)),
        row(
            Unary.SILU,
            tails(1e3, x -> x * sigmoid(x), Math::abs),
            tails(1e3, x -> siluSlope(x), x -> 1)),
        row(
            Unary.SILU_SLOPE,
            tails(1e3, x -> siluSlope(x), x -> 1),
            tails(1e3, x -> sigmoid(x) * sigmoid(-x) * (2 + x * (1 - 2 * sigmoid(x))), x -> 0)));
  }

  private static UnaryRow row(
      Unary unary,
      UnaryOperator<Tensor> method,
      Domain domain,
      DoubleUnaryOperator value,
      DoubleUnaryOperator derivative) {
    return new UnaryRow(unary, method, domain, value, derivative);
  }

  /** A function that has no method. */
  private static UnaryRow row(
      Unary unary, DoubleUnaryOperator value, DoubleUnaryOperator derivative) {
    return new UnaryRow(unary, null, REAL, value, derivative);
  }

  /** Returns the row of the table of operations. */
  OpCase opCase() {
    boolean isTest = unary == Unary.IS_NAN || unary == Unary.IS_FINITE;
    String name =
        unary == Unary.IS_NAN
            ? "isNaN"
            : CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_CAMEL, unary.name());
    UnaryOperator<Tensor> function = method == null ? unary::apply : method;
    OpCase row =
        op(name, x -> function.apply(x[0]), ArithmeticRows.elementwise(value), in(domain, "m n"))
            .uses(OpTable.key(unary));
    OpCase covering = method == null ? row.covers() : row.covers(name + "()");
    return isTest ? covering.order(0) : covering;
  }

  /** A formula near 0; from 20 on the limit, and from -20 on 0. */
  private static DoubleUnaryOperator tails(DoubleUnaryOperator near, DoubleUnaryOperator limit) {
    return tails(20, near, limit);
  }

  private static DoubleUnaryOperator tails(
      double from, DoubleUnaryOperator near, DoubleUnaryOperator limit) {
    return x ->
        Math.abs(x) < from || Double.isNaN(x)
            ? near.applyAsDouble(x)
            : x > 0 ? limit.applyAsDouble(x) : 0;
  }

  /** 1 / sqrt(1 - x^2). */
  private static double inverseLeg(double x) {
    return 1 / Math.sqrt((1 - x) * (1 + x));
  }

  private static double step(double x) {
    return Double.isNaN(x) ? x : x > 0 ? 1 : 0;
  }

  private static double siluSlope(double x) {
    return sigmoid(x) * (1 + x * sigmoid(-x));
  }

  private static double normal(double x) {
    return 0.5 * (1 + erf(x * Math.sqrt(0.5)));
  }

  private static double density(double x) {
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** Taylor's series; good to 1e-15 for |x| up to 3. */
  static double erf(double x) {
    double sum = 0;
    double term = x; // (-1)^n x^(2n + 1) / n!
    for (int n = 0; n < 100; n++, term *= -x * x / n) {
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  private static double geluTanhSlope(double x) {
    double u = 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    double slope = 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    return sigmoid(u) * (1 + x * slope * sigmoid(-u));
  }

  static double geluTanh(double x) {
    double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
    return x / 2 * (1 + Math.tanh(u));
  }

  @Override
  public String toString() {
    return unary.name();
  }
}
