package dev.adjoint.op;

import com.google.common.base.CaseFormat;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The elementwise functions of one value, each with its pullback: a table of derivatives.
 *
 * <p>A row's kernel is the function of the same name (in camel case) in {@code FloatFunctions}.
 */
public enum Unary implements Primitive.Broadcasting {
  /** -x. */
  NEG((g, x, y) -> g.neg()),
  ABS((g, x, y) -> g.times(x.sign())),
  /** -1, 0 or 1. */
  SIGN(Unary::zero),
  EXP((g, x, y) -> g.times(y)),
  /** e^x - 1, accurate next to 0. */
  EXPM1((g, x, y) -> g.times(x.exp())), // y + 1 has no digits left where y is nearly -1
  /** The natural logarithm. */
  LOG((g, x, y) -> g.div(x)),
  /** log(1 + x), accurate next to 0. */
  LOG1P((g, x, y) -> g.div(x.plus(1))),
  LOG2((g, x, y) -> g.div(x).times(1 / Math.log(2))),
  LOG10((g, x, y) -> g.div(x.times(Math.log(10)))),
  SQRT((g, x, y) -> g.div(y.times(2))),
  /** 1 / sqrt(x). */
  RSQRT((g, x, y) -> g.times(y).times(y).times(y).times(-0.5)),
  /** x^2. */
  SQUARE((g, x, y) -> g.times(x).times(2)),
  /** 1 / x. */
  RECIPROCAL((g, x, y) -> g.times(y).times(y).neg()),
  SIN((g, x, y) -> g.times(x.cos())),
  COS((g, x, y) -> g.times(x.sin()).neg()),
  TAN((g, x, y) -> g.times(y.square().plus(1))),
  // 1 - x^2 has no digits left where x is nearly 1
  ASIN((g, x, y) -> g.times(x.neg().plus(1).times(x.plus(1)).rsqrt())),
  ACOS((g, x, y) -> g.times(x.neg().plus(1).times(x.plus(1)).rsqrt()).neg()),
  ATAN((g, x, y) -> g.div(x.square().plus(1))),
  SINH((g, x, y) -> g.times(x.cosh())),
  COSH((g, x, y) -> g.times(x.sinh())),
  TANH((g, x, y) -> Binary.TANH_PULLBACK.apply(g, y)),
  /** 1 / (1 + e^-x). */
  SIGMOID((g, x, y) -> g.times(y.times(y.neg().plus(1)))),
  /** log(1 + e^x). */
  SOFTPLUS((g, x, y) -> g.times(x.sigmoid())),
  /** The error function, whose derivative is 2/sqrt(pi) * exp(-x^2). */
  ERF((g, x, y) -> g.times(x.square().neg().exp()).times(2 / Math.sqrt(Math.PI))),
  /** max(x, 0). */
  RELU((g, x, y) -> {
    Tensor known = y.untracked();
    return Where.where(known.greater(0), g, known.times(0)); // NaN where y is
  }),
  /** P(x) + x * p(x), P and p the normal distribution function and density; p' = -x * p. */
  GELU_SLOPE((g, x, y) -> {
    Tensor near = x.clamp(-40, 40); // where p is 0 already
    Tensor square = near.square();
    Tensor pdf = square.times(-0.5).exp().times(1 / Math.sqrt(2 * Math.PI));
    return g.times(pdf.times(square.neg().plus(2)));
  }),
  /**
   * The derivative of x * s(u), s the sigmoid and u = 2 sqrt(2/pi) * (x + 0.044715 x^3) (Hendrycks
   * and Gimpel 2016, arXiv:1606.08415).
   */
  GELU_TANH_SLOPE((g, x, y) -> {
    double c = 2 * Math.sqrt(2 / Math.PI);
    Tensor near = x.clamp(-30, 30); // where s' is 0 already
    Tensor square = near.square();
    Tensor u = near.times(square.times(0.044715 * c).plus(c));
    Tensor du = square.times(3 * 0.044715 * c).plus(c);
    Tensor s = u.sigmoid();
    Tensor ds = s.times(u.neg().sigmoid());
    Tensor bend = du.square().times(s.times(-2).plus(1)).plus(near.times(6 * 0.044715 * c));
    return g.times(ds).times(near.times(bend).plus(du.times(2)));
  }),
  /** s(x) * (1 + x * (1 - s(x))), s the sigmoid. */
  SILU_SLOPE((g, x, y) -> {
    Tensor near = x.clamp(-750, 750); // where s' is 0 already
    Tensor s = near.sigmoid();
    Tensor ds = s.times(near.neg().sigmoid());
    return g.times(ds).times(near.times(s.times(-2).plus(1)).plus(2));
  }),
  /** x * P(x), P the normal distribution function. */
  GELU((g, x, y) -> g.times(GELU_SLOPE.apply(x))),
  /** {@link #GELU} by x * s(u), s and u as of {@link #GELU_TANH_SLOPE}. */
  GELU_TANH((g, x, y) -> g.times(GELU_TANH_SLOPE.apply(x))),
  /** x * s(x), s the sigmoid. */
  SILU((g, x, y) -> g.times(SILU_SLOPE.apply(x))),
  /** x / (1 + |x|). */
  SOFTSIGN((g, x, y) -> g.div(x.abs().plus(1).square())),
  FLOOR(Unary::zero),
  CEIL(Unary::zero),
  /** The nearest whole number, of two the even one. */
  ROUND(Unary::zero),
  /** The whole number next to x towards 0. */
  TRUNC(Unary::zero),
  /** 1 where x is NaN, else 0. */
  IS_NAN(null),
  /** 1 where x is neither infinite nor NaN, else 0. */
  IS_FINITE(null);

  /** Computes the cotangent of the input from that of the output, the input and the output. */
  private interface Pullback {
    Tensor apply(Tensor g, Tensor x, Tensor y);
  }

  private final @Nullable Pullback pullback;
  private final Elementwise function =
      new Elementwise(CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_CAMEL, name()), 1);
  private final Program.Pullbacks programs =
      new Program.Pullbacks(function.name(), 1, 2, Broadcasting.super::pullbacks);

  Unary(@Nullable Pullback pullback) {
    this.pullback = pullback;
  }

  /** Applies the function to every element. */
  public Tensor apply(Tensor x) {
    return Recorder.apply(this, x);
  }

  @Override
  public Tensor forward(Tensor... x) {
    return function.apply(x);
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return Objects.requireNonNull(pullback).apply(g, x[0], y);
  }

  @Override
  public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    return programs.apply(needed, g, x, y);
  }

  String function() {
    return function.name();
  }

  @Override
  public boolean isDifferentiable() {
    return pullback != null;
  }

  /** The derivative of a step function: 0 wherever there is one. */
  private static Tensor zero(Tensor g, Tensor x, Tensor y) {
    return Tensors.zeros(g.shape(), g.dtype());
  }
}
