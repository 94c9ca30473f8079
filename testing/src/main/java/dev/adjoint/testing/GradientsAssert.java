package dev.adjoint.testing;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.tensor.Tensor;

/**
 * Assertions on the gradients of a function, by {@link GradientCheck}. Settings come first, then
 * {@link #areCorrect()}.
 *
 * <pre>{@code
 * assertThatGradientsOf(in -> in[0].matmul(in[1]).tanh()).at(x, w).named("x", "w").toOrder(2).areCorrect();
 * }</pre>
 */
public final class GradientsAssert extends AbstractGradientsAssert<GradientsAssert, GradientCheck> {

  GradientsAssert(GradientCheck check) {
    super(check, GradientsAssert.class);
  }

  @Override
  GradientCheck start() {
    return actual;
  }

  /** Checks at one input, which is a vector of these elements in float64. */
  public GradientsAssert at(double... x) {
    return with(check().at(x));
  }

  /** Checks at these inputs: float64, unless {@link #inFloat32()} is asked for. */
  public GradientsAssert at(Tensor... x) {
    return with(check().at(x));
  }

  /** Names the inputs in reports. */
  public GradientsAssert named(String... name) {
    return with(check().named(name));
  }

  /** Names the elements of an input in reports, in row-major order. */
  public GradientsAssert elements(String input, String... name) {
    return with(check().elements(input, name));
  }

  /** Sets the first step size; defaults to 2^-12 of the input's size. */
  public GradientsAssert step(double first) {
    return with(check().step(first));
  }

  /** Checks the gradients of parameters, too; they are moved, and put back. */
  public GradientsAssert wrt(Parameter... parameter) {
    return with(check().wrt(parameter));
  }

  /**
   * Verifies that the gradients are those of finite differences. A failure starts with the input
   * and its worst element, and with the operation to suspect; then comes the whole report.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThatGradientsOf(in -> in[0].square()).at(x).areCorrect();
   *
   * // assertion will fail: ... suspect: the pullback of 'onGradient' with respect to its input 0
   * assertThatGradientsOf(in -> Autodiff.onGradient(in[0], g -> g.times(2))).at(x).areCorrect();
   * }</pre>
   *
   * @throws IllegalArgumentException if there is nothing to move, an input is float32 without
   *     {@link #inFloat32()}, or a parameter is frozen
   */
  public GradientsAssert areCorrect() {
    GradientReport report = check().run();
    if (!report.isOk()) {
      failWithMessage("%s", report);
    }
    return this;
  }
}
