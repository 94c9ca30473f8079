package dev.adjoint.optim;

/** Checks the numbers that are set. */
final class Numbers {

  private Numbers() {}

  static double atLeastZero(String owner, String setting, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected a number of at least 0".formatted(owner, setting, value));
    }
    return value;
  }

  static double aboveZero(String owner, String setting, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected a number above 0".formatted(owner, setting, value));
    }
    return value;
  }

  static double within(String owner, String setting, double value) {
    if (!(value > 0 && value < 1)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected 0 < %2$s < 1".formatted(owner, setting, value));
    }
    return value;
  }

  static double atMostZero(String owner, String setting, double value) {
    if (!(value <= 0 && value > Double.NEGATIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected a number of at most 0".formatted(owner, setting, value));
    }
    return value;
  }

  static double belowOne(String owner, String setting, double value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected 0 <= %2$s < 1".formatted(owner, setting, value));
    }
    return value;
  }

  static double part(String owner, String setting, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected 0 <= %2$s <= 1".formatted(owner, setting, value));
    }
    return value;
  }

  static double atLeastOne(String owner, String setting, double value) {
    if (!(value >= 1 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "%s: %s %s; expected a number of at least 1".formatted(owner, setting, value));
    }
    return value;
  }

  static int atLeast(int least, String owner, String setting, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s: %s %d; expected at least %d".formatted(owner, setting, value, least));
    }
    return value;
  }
}
