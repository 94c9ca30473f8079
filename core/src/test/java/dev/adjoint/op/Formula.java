package dev.adjoint.op;

import static dev.adjoint.op.ArithmeticRows.sigmoid;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;

/** What a function of one value and its derivative should give, extreme values included. */
record Formula(Unary unary, DoubleUnaryOperator value, DoubleUnaryOperator derivative) {

  static Stream<Formula> all() {
    return Arrays.stream(Unary.values())
        .map(unary ->
            switch (unary) {
              case NEG -> new Formula(unary, x -> -x, x -> -1);
              case ABS -> new Formula(unary, Math::abs, Math::signum);
              case SIGN -> new Formula(unary, Math::signum, x -> 0);
              case EXP -> new Formula(unary, Math::exp, Math::exp);
              case EXPM1 -> new Formula(unary, Math::expm1, Math::exp);
              case LOG -> new Formula(unary, Math::log, x -> 1 / x);
              case LOG1P -> new Formula(unary, Math::log1p, x -> 1 / (1 + x));
              case SQRT -> new Formula(unary, Math::sqrt, x -> 0.5 / Math.sqrt(x));
              case RSQRT ->
                  new Formula(unary, x -> 1 / Math.sqrt(x), x -> -0.5 / Math.sqrt(x) / Math.abs(x));
              case SQUARE -> new Formula(unary, x -> x * x, x -> 2 * x);
              case RECIPROCAL -> new Formula(unary, x -> 1 / x, x -> -1 / (x * x));
              case SIN -> new Formula(unary, Math::sin, Math::cos);
              case COS -> new Formula(unary, Math::cos, x -> -Math.sin(x));
              case TANH -> new Formula(unary, Math::tanh, x -> Math.pow(Math.cosh(x), -2));
              case SIGMOID -> new Formula(unary, x -> sigmoid(x), x -> sigmoid(x) * sigmoid(-x));
              case SOFTPLUS ->
                  new Formula(
                      unary,
                      x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
                      x -> sigmoid(x));
              case ERF ->
                  new Formula(
                      unary,
                      x -> Math.abs(x) > 3 ? Math.signum(x) : ArithmeticRows.erf(x),
                      x -> 2 / Math.sqrt(Math.PI) * Math.exp(-x * x));
              case RELU -> new Formula(unary, x -> Math.max(x, 0), x -> step(x));
              case GELU ->
                  new Formula(
                      unary,
                      tails(x -> x * normal(x), Math::abs),
                      tails(x -> normal(x) + x * density(x), x -> 1));
              case GELU_SLOPE ->
                  new Formula(
                      unary,
                      tails(x -> normal(x) + x * density(x), x -> 1),
                      tails(x -> density(x) * (2 - x * x), x -> 0));
              case GELU_TANH ->
                  new Formula(
                      unary,
                      tails(ArithmeticRows::geluTanh, Math::abs),
                      tails(ArithmeticRows::geluTanhSlope, x -> 1));
              case GELU_TANH_SLOPE ->
                  new Formula(
                      unary,
                      tails(ArithmeticRows::geluTanhSlope, x -> 1),
                      tails(
                          x ->
                              (ArithmeticRows.geluTanhSlope(x + 1e-5)
                                      - ArithmeticRows.geluTanhSlope(x - 1e-5))
                                  / 2e-5,
                          x -> 0));
              case SILU ->
                  new Formula(
                      unary,
                      tails(1e3, x -> x * sigmoid(x), Math::abs),
                      tails(1e3, x -> siluSlope(x), x -> 1));
              case SILU_SLOPE ->
                  new Formula(
                      unary,
                      tails(1e3, x -> siluSlope(x), x -> 1),
                      tails(
                          1e3,
                          x -> sigmoid(x) * sigmoid(-x) * (2 + x * (1 - 2 * sigmoid(x))),
                          x -> 0));
              case FLOOR -> new Formula(unary, Math::floor, x -> 0);
              case CEIL -> new Formula(unary, Math::ceil, x -> 0);
              case ROUND -> new Formula(unary, Math::rint, x -> 0);
              case IS_NAN -> new Formula(unary, x -> Double.isNaN(x) ? 1 : 0, x -> 0);
              case IS_FINITE -> new Formula(unary, x -> Double.isFinite(x) ? 1 : 0, x -> 0);
            });
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

  private static double step(double x) {
    return Double.isNaN(x) ? x : x > 0 ? 1 : 0;
  }

  private static double siluSlope(double x) {
    return sigmoid(x) * (1 + x * sigmoid(-x));
  }

  private static double normal(double x) {
    return 0.5 * (1 + ArithmeticRows.erf(x * Math.sqrt(0.5)));
  }

  private static double density(double x) {
    return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  @Override
  public String toString() {
    return unary.name();
  }
}
