package dev.adjoint.check;

import dev.adjoint.tensor.DType;
import java.util.Locale;

/**
 * The settings of a check.
 *
 * @param count the number of directions or samples
 * @param step the first step, or 0 to follow the size of the input
 * @param float32 whether float32 is accepted
 */
record GradientCheckSettings(
    Mode mode,
    int count,
    int order,
    ToleranceRule tolerance,
    double step,
    long seed,
    boolean float32) {

  enum Mode {
    FULL,
    DIRECTIONAL,
    SAMPLED
  }

  void requireType(String what, DType dtype) {
    if (dtype == DType.FLOAT32 && !float32) {
      throw new IllegalArgumentException(
          ("gradient check: %s is float32, in which differences cannot tell a small error from"
                  + " rounding; expected float64, as by to(DType.FLOAT64), or inFloat32() for a coarse"
                  + " check")
              .formatted(what));
    }
  }

  /**
   * Returns the steps to try at an element.
   *
   * @param size of the element
   * @param typical the size of the largest element
   */
  StepSizes steps(double size, double typical) {
    return StepSizes.of(size, typical, epsilon(), step);
  }

  double epsilon() {
    return (float32 ? DType.FLOAT32 : DType.FLOAT64).epsilon();
  }

  @Override
  public String toString() {
    return switch (mode) {
          case FULL -> "every element";
          case DIRECTIONAL -> count + (count == 1 ? " direction" : " directions") + " an input";
          case SAMPLED -> "at most " + count + " elements an input";
        }
        + String.format(Locale.ROOT, ", tolerance %.0e relative", tolerance.relative())
        + (tolerance.absolute() > 0
            ? String.format(Locale.ROOT, " or %.0e absolute", tolerance.absolute())
            : "")
        + String.format(Locale.ROOT, ", resolution %.0e", tolerance.resolution())
        + (float32 ? ", float32" : "");
  }
}
