package dev.adjoint.tensor;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.op.Binary;
import dev.adjoint.op.Cast;
import dev.adjoint.op.Clamp;
import dev.adjoint.op.Lerp;
import dev.adjoint.op.MatMul;
import dev.adjoint.op.Unary;

/**
 * The arithmetic of {@link Tensor}: elementwise functions, comparisons and the matrix product.
 *
 * <p>Functions of two tensors broadcast their shapes and promote their types; a Java number takes
 * the type of the tensor. Comparisons return masks: tensors of 1 (true) and 0 (false) of the
 * operands' type, through which no gradient flows.
 */
public sealed interface TensorArithmetic permits Tensor {

  // ---- functions of two values ---------------------------------------------------------------

  /** Returns x + y, elementwise. */
  default Tensor plus(Tensor other) {
    return Binary.PLUS.apply(self(), other);
  }

  /** Returns x + y for a number y. */
  default Tensor plus(double other) {
    return Binary.PLUS.apply(self(), number(other));
  }

  /** Returns x - y, elementwise. */
  default Tensor minus(Tensor other) {
    return Binary.MINUS.apply(self(), other);
  }

  /** Returns x - y for a number y. */
  default Tensor minus(double other) {
    return Binary.MINUS.apply(self(), number(other));
  }

  /** Returns x * y, elementwise. */
  default Tensor times(Tensor other) {
    return Binary.TIMES.apply(self(), other);
  }

  /** Returns x * y for a number y. */
  default Tensor times(double other) {
    return Binary.TIMES.apply(self(), number(other));
  }

  /** Returns x / y, elementwise. */
  default Tensor div(Tensor other) {
    return Binary.DIV.apply(self(), other);
  }

  /** Returns x / y for a number y. */
  default Tensor div(double other) {
    return Binary.DIV.apply(self(), number(other));
  }

  /**
   * Returns x^y, elementwise; differentiable in x, and in y where x is positive. 1^y and x^0 are 1,
   * even of a NaN.
   */
  default Tensor pow(Tensor other) {
    return Binary.POW.apply(self(), other);
  }

  /** Returns x^y for a number y. */
  default Tensor pow(double other) {
    return Binary.POW.apply(self(), number(other));
  }

  /** Returns the larger of x and y; NaN if either is. Where equal, each gets half the gradient. */
  default Tensor max(Tensor other) {
    return Binary.MAX.apply(self(), other);
  }

  /** Returns the smaller of x and y; NaN if either is. Where equal, each gets half the gradient. */
  default Tensor min(Tensor other) {
    return Binary.MIN.apply(self(), other);
  }

  /**
   * Returns the angle of a point from -pi to pi, in radians: {@code y.atan2(x)}, as of Math. The
   * gradient at (0, 0) is 0.
   */
  default Tensor atan2(Tensor other) {
    return Binary.ATAN2.apply(self(), other);
  }

  /** Returns sqrt(x^2 + y^2); no square overflows or vanishes. The gradient at (0, 0) is 0. */
  default Tensor hypot(Tensor other) {
    return Binary.HYPOT.apply(self(), other);
  }

  /** Returns the remainder of x / y, of the sign of x, as {@code %} does; NaN where y is 0. */
  default Tensor fmod(Tensor other) {
    return Binary.FMOD.apply(self(), other);
  }

  /** Returns what {@link #fmod(Tensor)} does for a number y. */
  default Tensor fmod(double other) {
    return Binary.FMOD.apply(self(), number(other));
  }

  /** Returns the remainder of x / y, of the sign of y, as Python's {@code %}; NaN where y is 0. */
  default Tensor remainder(Tensor other) {
    return Binary.REMAINDER.apply(self(), other);
  }

  /** Returns what {@link #remainder(Tensor)} does for a number y. */
  default Tensor remainder(double other) {
    return Binary.REMAINDER.apply(self(), number(other));
  }

  /**
   * Returns log(e^x + e^y), without overflow. Equal infinities share the gradient; where both are
   * -infinity it is 0.
   */
  default Tensor logaddexp(Tensor other) {
    return Binary.LOGADDEXP.apply(self(), other);
  }

  /** Returns x * log(y); 0 where x is 0, unless y is NaN. The gradients at (0, 0) are 0. */
  default Tensor xlogy(Tensor other) {
    return Binary.XLOGY.apply(self(), other);
  }

  /** Returns x limited to {@code low <= x <= high}; the gradient is 1 up to the limits, else 0. */
  default Tensor clamp(double low, double high) {
    return Clamp.apply(self(), low, high);
  }

  /**
   * Returns x + weight * (end - x), elementwise: x at weight 0, the end at weight 1, exactly if
   * both are finite.
   */
  default Tensor lerp(Tensor end, Tensor weight) {
    return Lerp.apply(self(), end, weight);
  }

  /** Returns x + weight * (end - x) for a number as weight. */
  default Tensor lerp(Tensor end, double weight) {
    return Lerp.apply(self(), end, number(weight));
  }

  // ---- comparisons ---------------------------------------------------------------------------

  /** Returns 1 where x == y, else 0. */
  default Tensor equal(Tensor other) {
    return Binary.EQUAL.apply(self(), other);
  }

  /** Returns 1 where x == y for a number y, else 0. */
  default Tensor equal(double other) {
    return Binary.EQUAL.apply(self(), number(other));
  }

  /** Returns 1 where x != y, else 0. */
  default Tensor notEqual(Tensor other) {
    return Binary.NOT_EQUAL.apply(self(), other);
  }

  /** Returns 1 where x != y for a number y, else 0. */
  default Tensor notEqual(double other) {
    return Binary.NOT_EQUAL.apply(self(), number(other));
  }

  /** Returns 1 where x {@literal <} y, else 0. */
  default Tensor less(Tensor other) {
    return Binary.LESS.apply(self(), other);
  }

  /** Returns 1 where x {@literal <} y for a number y, else 0. */
  default Tensor less(double other) {
    return Binary.LESS.apply(self(), number(other));
  }

  /** Returns 1 where x {@literal <}= y, else 0. */
  default Tensor lessEqual(Tensor other) {
    return Binary.LESS_EQUAL.apply(self(), other);
  }

  /** Returns 1 where x {@literal <}= y for a number y, else 0. */
  default Tensor lessEqual(double other) {
    return Binary.LESS_EQUAL.apply(self(), number(other));
  }

  /** Returns 1 where x {@literal >} y, else 0. */
  default Tensor greater(Tensor other) {
    return Binary.GREATER.apply(self(), other);
  }

  /** Returns 1 where x {@literal >} y for a number y, else 0. */
  default Tensor greater(double other) {
    return Binary.GREATER.apply(self(), number(other));
  }

  /** Returns 1 where x {@literal >}= y, else 0. */
  default Tensor greaterEqual(Tensor other) {
    return Binary.GREATER_EQUAL.apply(self(), other);
  }

  /** Returns 1 where x {@literal >}= y for a number y, else 0. */
  default Tensor greaterEqual(double other) {
    return Binary.GREATER_EQUAL.apply(self(), number(other));
  }

  // ---- functions of one value ----------------------------------------------------------------

  /** Returns -x. */
  default Tensor neg() {
    return Unary.NEG.apply(self());
  }

  /** Returns |x|; its gradient at 0 is 0. */
  default Tensor abs() {
    return Unary.ABS.apply(self());
  }

  /** Returns -1, 0 or 1 by the sign; its gradient is 0. */
  default Tensor sign() {
    return Unary.SIGN.apply(self());
  }

  /** Returns e^x. */
  default Tensor exp() {
    return Unary.EXP.apply(self());
  }

  /** Returns e^x - 1, accurate near 0. */
  default Tensor expm1() {
    return Unary.EXPM1.apply(self());
  }

  /** Returns the natural logarithm. */
  default Tensor log() {
    return Unary.LOG.apply(self());
  }

  /** Returns log(1 + x), accurate near 0. */
  default Tensor log1p() {
    return Unary.LOG1P.apply(self());
  }

  /** Returns the logarithm to base 2, exact for powers of 2. */
  default Tensor log2() {
    return Unary.LOG2.apply(self());
  }

  /** Returns the logarithm to base 10. */
  default Tensor log10() {
    return Unary.LOG10.apply(self());
  }

  /** Returns the square root. */
  default Tensor sqrt() {
    return Unary.SQRT.apply(self());
  }

  /** Returns 1 / sqrt(x). */
  default Tensor rsqrt() {
    return Unary.RSQRT.apply(self());
  }

  /** Returns x * x. */
  default Tensor square() {
    return Unary.SQUARE.apply(self());
  }

  /** Returns 1 / x. */
  default Tensor reciprocal() {
    return Unary.RECIPROCAL.apply(self());
  }

  /** Returns the sine of x in radians. */
  default Tensor sin() {
    return Unary.SIN.apply(self());
  }

  /** Returns the cosine of x in radians. */
  default Tensor cos() {
    return Unary.COS.apply(self());
  }

  /** Returns the tangent of x in radians. */
  default Tensor tan() {
    return Unary.TAN.apply(self());
  }

  /** Returns the angle from -pi/2 to pi/2 whose sine is x; NaN outside [-1, 1]. */
  default Tensor asin() {
    return Unary.ASIN.apply(self());
  }

  /** Returns the angle from 0 to pi whose cosine is x; NaN outside [-1, 1]. */
  default Tensor acos() {
    return Unary.ACOS.apply(self());
  }

  /** Returns the angle from -pi/2 to pi/2 whose tangent is x. */
  default Tensor atan() {
    return Unary.ATAN.apply(self());
  }

  /** Returns the hyperbolic sine. */
  default Tensor sinh() {
    return Unary.SINH.apply(self());
  }

  /** Returns the hyperbolic cosine. */
  default Tensor cosh() {
    return Unary.COSH.apply(self());
  }

  /** Returns the hyperbolic tangent. */
  default Tensor tanh() {
    return Unary.TANH.apply(self());
  }

  /** Returns 1 / (1 + e^-x). */
  default Tensor sigmoid() {
    return Unary.SIGMOID.apply(self());
  }

  /** Returns the error function 2/sqrt(pi) * integral of e^(-t^2) from 0 to x. */
  default Tensor erf() {
    return Unary.ERF.apply(self());
  }

  /** Returns max(x, 0); its gradient at 0 is 0. */
  default Tensor relu() {
    return Unary.RELU.apply(self());
  }

  /** Returns the largest whole number not above x; its gradient is 0. */
  default Tensor floor() {
    return Unary.FLOOR.apply(self());
  }

  /** Returns the smallest whole number not below x; its gradient is 0. */
  default Tensor ceil() {
    return Unary.CEIL.apply(self());
  }

  /** Returns the nearest whole number, halves to even; its gradient is 0. */
  default Tensor round() {
    return Unary.ROUND.apply(self());
  }

  /** Returns x without its fraction: rounded toward 0; its gradient is 0. */
  default Tensor trunc() {
    return Unary.TRUNC.apply(self());
  }

  /** Returns 1 where x is not a number, else 0; not differentiable. */
  default Tensor isNaN() {
    return Unary.IS_NAN.apply(self());
  }

  /** Returns 1 where x is neither infinite nor NaN, else 0; not differentiable. */
  default Tensor isFinite() {
    return Unary.IS_FINITE.apply(self());
  }

  // ---- the rest ------------------------------------------------------------------------------

  /**
   * Returns the matrix product over the last two axes, (..., m, k) times (..., k, n) to (..., m,
   * n); the leading axes broadcast. A tensor of rank 1 is a row on the left and a column on the
   * right, and that axis is dropped from the result. Transposed operands cost no copy.
   *
   * @throws IllegalArgumentException if the shapes do not fit
   */
  default Tensor matmul(Tensor other) {
    return MatMul.apply(self(), other);
  }

  /** Returns the values in another type. */
  default Tensor to(DType dtype) {
    return self().dtype() == dtype ? self() : Recorder.apply(new Cast(dtype), self());
  }

  private Tensor number(double value) {
    return Tensor.scalar(value, self().dtype());
  }

  private Tensor self() {
    return (Tensor) this;
  }
}
