package dev.adjoint.check;

import dev.adjoint.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Holds the settings of a check.
 *
 * @param count the number of directions or samples
 * @param float32 whether float32 is accepted
 */
record GradientCheckSettings(
    Mode mode, int count, int order, double absolute, double relative, long seed, boolean float32) {

  enum Mode {
    FULL,
    DIRECTIONAL,
    SAMPLED
  }

  GradientCheckSettings withMode(Mode newMode, int newCount) {
    if (newMode != Mode.FULL && newCount < 1) {
      throw new IllegalArgumentException(
          "gradient check: %d directions or samples; expected at least 1".formatted(newCount));
    }
    return new GradientCheckSettings(newMode, newCount, order, absolute, relative, seed, float32);
  }

  GradientCheckSettings withOrder(int newOrder) {
    return new GradientCheckSettings(mode, count, newOrder, absolute, relative, seed, float32);
  }

  GradientCheckSettings withTolerance(double newAbsolute, double newRelative) {
    return new GradientCheckSettings(mode, count, order, newAbsolute, newRelative, seed, float32);
  }

  GradientCheckSettings withSeed(long newSeed) {
    return new GradientCheckSettings(mode, count, order, absolute, relative, newSeed, float32);
  }

  GradientCheckSettings inFloat32(double newAbsolute, double newRelative) {
    return new GradientCheckSettings(mode, count, order, newAbsolute, newRelative, seed, true);
  }

  void requireType(String what, DType dtype) {
    if (dtype == DType.FLOAT32 && !float32) {
      throw new IllegalArgumentException(
          ("gradient check: %s is float32, in which differences cannot tell a small error from rounding;"
                  + " expected float64, as by to(DType.FLOAT64), or inFloat32() for a coarse check")
              .formatted(what));
    }
  }

  /** Returns the judge for a type. */
  Judge judge() {
    return new Judge(absolute, relative);
  }

  /**
   * Returns the steps to try at an element, descending: first that with the least error, as
   * measured, then smaller ones for where slopes do not agree.
   *
   * @param size of the element
   */
  List<Double> steps(double size) {
    double first = (float32 ? 0x1p-7 : 0x1p-12) * Direction.power(Math.max(1, size));
    return IntStream.rangeClosed(0, float32 ? 2 : 3)
        .mapToObj(i -> Math.scalb(first, -3 * i))
        .toList();
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
        + String.format(
            Locale.ROOT, ", tolerance %.0e absolute or %.0e relative", absolute, relative)
        + (float32 ? ", float32" : "");
  }
}
