package dev.adjoint.op;

import com.google.common.base.CaseFormat;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The elementwise functions of two values, each with its two pullbacks.
 *
 * <p>Inputs broadcast; pullbacks are written as if they did not, since the backward pass sums them
 * to the inputs' shapes. A row's kernel is the function of the same name (in camel case) in {@code
 * FloatFunctions}.
 */
public enum Binary implements Primitive.Broadcasting {
  PLUS((g, a, b, y) -> g, (g, a, b, y) -> g),
  MINUS((g, a, b, y) -> g, (g, a, b, y) -> g.neg()),
  TIMES((g, a, b, y) -> g.times(b), (g, a, b, y) -> g.times(a)),
  /** a / b. */
  DIV((g, a, b, y) -> g.div(b), (g, a, b, y) -> g.times(y).div(b).neg()),
  /** a^b. */
  POW(
      (g, a, b, y) -> g.times(b).times(a.pow(lessOne(a, b))),
      (g, a, b, y) -> g.times(y).times(logBase(a, b, y))),
  /** The larger of a and b; NaN if one is. */
  MAX(
      (g, a, b, y) -> g.times(share(a, b, y, a.greater(b))),
      (g, a, b, y) -> g.times(share(a, b, y, b.greater(a)))),
  /** The smaller of a and b; NaN if one is. */
  MIN(
      (g, a, b, y) -> g.times(share(a, b, y, a.less(b))),
      (g, a, b, y) -> g.times(share(a, b, y, b.less(a)))),
  /** The angle of the point (b, a), -pi to pi. */
  ATAN2(
      (g, a, b, y) -> g.times(b.div(length(a, b))).div(length(a, b)), // no square can overflow
      (g, a, b, y) -> g.times(a.div(length(a, b))).div(length(a, b)).neg()),
  /** sqrt(a^2 + b^2). */
  HYPOT((g, a, b, y) -> g.times(a.div(length(a, b))), (g, a, b, y) -> g.times(b.div(length(a, b)))),
  /** a - b * trunc(a / b): of the sign of a. */
  FMOD((g, a, b, y) -> g, (g, a, b, y) -> g.times(multiple(a, b, y)).neg()),
  /** a - b * floor(a / b): of the sign of b. */
  REMAINDER((g, a, b, y) -> g, (g, a, b, y) -> g.times(multiple(a, b, y)).neg()),
  /** log(e^a + e^b). */
  LOGADDEXP((g, a, b, y) -> g.times(part(a, b)), (g, a, b, y) -> g.times(part(b, a))),
  /** a * log(b); 0 where a is 0. */
  XLOGY(
      (g, a, b, y) -> g.times(Where.where(a.equal(0).times(b.lessEqual(0)), one(b), b).log()),
      (g, a, b, y) -> g.times(a).div(b.plus(a.equal(0).times(b.equal(0))))),
  /** 1 where a = b, else 0. */
  EQUAL,
  /** 1 where a != b, else 0. */
  NOT_EQUAL,
  /** 1 where a &lt; b, else 0. */
  LESS,
  /** 1 where a &lt;= b, else 0. */
  LESS_EQUAL,
  /** 1 where a &gt; b, else 0. */
  GREATER,
  /** 1 where a &gt;= b, else 0. */
  GREATER_EQUAL,
  /** x where positive, else x * slope. */
  LEAKY_RELU(
      (g, x, slope, y) -> g.times(orNaN(Where.where(x.greater(0), one(x), slope), x)),
      (g, x, slope, y) -> g.times(lower(x))),
  /** x where positive, else alpha * (e^x - 1). */
  ELU(
      (g, x, alpha, y) -> Where.where(x.greater(0), g, g.times(alpha).times(lower(x).exp())),
      (g, x, alpha, y) -> g.times(lower(x).expm1())),
  /** g * (1 - y^2), where 1 - y^2 is rounded once. */
  TANH_PULLBACK((h, g, y, z) -> tanhPullback(h, y), (h, g, y, z) -> h.times(g).times(y).times(-2));

  /** Computes the cotangent of one input from that of the output, the inputs and the output. */
  private interface Pullback {
    Tensor apply(Tensor g, Tensor a, Tensor b, Tensor y);
  }

  private final @Nullable Pullback first;
  private final @Nullable Pullback second;
  private final Elementwise function =
      new Elementwise(CaseFormat.UPPER_UNDERSCORE.to(CaseFormat.LOWER_CAMEL, name()), 2);
  private final Program.Pullbacks programs =
      new Program.Pullbacks(function.name(), 2, 2, Broadcasting.super::pullbacks);

  Binary() {
    this(null, null);
  }

  Binary(@Nullable Pullback first, @Nullable Pullback second) {
    this.first = first;
    this.second = second;
  }

  /** Applies the function to every pair of elements, after promotion and broadcasting. */
  public Tensor apply(Tensor a, Tensor b) {
    return a.dtype() == b.dtype()
        ? Recorder.apply(this, a, b)
        : Recorder.apply(this, Engine.promoted(a, b));
  }

  @Override
  public Tensor forward(Tensor... x) {
    return function.apply(x);
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return Objects.requireNonNull(input == 0 ? first : second).apply(g, x[0], x[1], y);
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
    return first != null;
  }

  /** TANH_PULLBACK is linear in g, so it is its own pullback; an enum row cannot name itself. */
  private static Tensor tanhPullback(Tensor g, Tensor y) {
    return TANH_PULLBACK.apply(g, y);
  }

  /** b - 1; but 0 for a^0 where 1/a is infinite, so that 0 * infinity does not become NaN. */
  private static Tensor lessOne(Tensor a, Tensor b) {
    Tensor isZero = b.equal(0);
    return b.minus(1)
        .plus(
            Recorder.isOn() && b.isTracked()
                ? isZero.times(a.untracked().reciprocal().isFinite().equal(0))
                : isZero);
  }

  /** The part of the gradient for one of two values: all where it wins, half where equal. */
  private static Tensor share(Tensor a, Tensor b, Tensor y, Tensor wins) {
    return orNaN(wins.plus(a.equal(b).times(0.5)), y);
  }

  /** A derivative, but NaN where the function chose by a NaN: see the table in package-info. */
  static Tensor orNaN(Tensor derivative, Tensor chosen) {
    Tensor known = chosen.untracked();
    return Where.where(known.equal(known), derivative, known);
  }

  /** The length of (a, b); 1 for (0, 0), so that 0 / 0 does not become NaN. */
  private static Tensor length(Tensor a, Tensor b) {
    return a.hypot(b).plus(a.equal(0).times(b.equal(0)));
  }

  /** How many times b was subtracted from a: a whole number. */
  private static Tensor multiple(Tensor a, Tensor b, Tensor y) {
    return a.untracked().minus(y.untracked()).div(b.untracked()).round();
  }

  /** e^a / (e^a + e^b); a half of equal infinities, and 0 where both add nothing. */
  private static Tensor part(Tensor a, Tensor b) {
    Tensor zero = Tensor.scalar(0, a.dtype());
    Tensor isNothing = a.equal(Double.NEGATIVE_INFINITY).times(b.equal(Double.NEGATIVE_INFINITY));
    Tensor isInfinite = a.equal(b).times(a.isFinite().equal(0)); // their difference is NaN
    Tensor part = Where.where(isInfinite, zero, a.minus(b)).sigmoid();
    return Where.where(isNothing, zero, part);
  }

  private static Tensor one(Tensor x) {
    return Tensor.scalar(1, x.dtype());
  }

  /** The logarithm of a; 0 where a^b is 0, and at 0^0, so that 0 * infinity does not become NaN. */
  private static Tensor logBase(Tensor a, Tensor b, Tensor y) {
    Tensor vanishes = y.untracked().equal(0).times(a.greaterEqual(0));
    return Where.where(vanishes.plus(a.equal(0).times(b.equal(0))), one(a), a).log();
  }

  /** x where not positive, else 0: keeps exp from overflowing where its value is not used. */
  private static Tensor lower(Tensor x) {
    return Where.where(x.greater(0), Tensor.scalar(0, x.dtype()), x);
  }
}
