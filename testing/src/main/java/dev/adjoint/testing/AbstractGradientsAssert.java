package dev.adjoint.testing;

import dev.adjoint.check.GradientCheck;
import java.time.Duration;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/** The settings that assertions on gradients have in common. */
abstract class AbstractGradientsAssert<S extends AbstractGradientsAssert<S, A>, A>
    extends AbstractAssert<S, A> {

  private @Nullable GradientCheck check;

  AbstractGradientsAssert(A actual, Class<S> self) {
    super(actual, self);
  }

  /** Returns the check before it is set up. */
  abstract GradientCheck start();

  GradientCheck check() {
    return check == null ? start() : check;
  }

  S with(GradientCheck changed) {
    check = changed;
    return myself;
  }

  /** Checks gradients (1), or also gradients of gradients (2); defaults to 1. */
  public S toOrder(int order) {
    return with(check().order(order));
  }

  /**
   * Sets the absolute and relative tolerance of derivatives, which default to 0 and 1e-6: an error
   * within either passes.
   */
  public S tolerance(double absolute, double relative) {
    return with(check().tolerance(absolute, relative));
  }

  /**
   * Sets the largest uncertainty with which a derivative passes, relative to the derivative;
   * defaults to 0.01. A large output that moves little hides errors behind its rounding.
   */
  public S resolution(double relative) {
    return with(check().resolution(relative));
  }

  /**
   * Moves all elements of an input at once along random directions: for large ones, where moving
   * each by itself would take long.
   */
  public S directional(int directions) {
    return with(check().directional(directions));
  }

  /**
   * Fails at once, with an {@link IllegalStateException} that says how long it would take, if a
   * check takes longer than this.
   */
  public S within(Duration budget) {
    return with(check().within(budget));
  }

  /** Moves only some elements of each input, chosen at random. */
  public S sampled(int elements) {
    return with(check().sampled(elements));
  }

  /**
   * Checks in float32, which can show gross errors only, with a tolerance of 1e-3 and a resolution
   * of 0.1 unless others are set after this.
   */
  public S inFloat32() {
    return with(check().inFloat32());
  }
}
