package dev.adjoint.optim;

/** Checks the numbers that are set. */
final class Numbers {

  private Numbers() {}

  static double atLeastZero(String owner, String setting, double value) {
    return checked(owner, setting, value, value >= 0, "a number of at least 0");
  }

  static double aboveZero(String owner, String setting, double value) {
    return checked(owner, setting, value, value > 0, "a number above 0");
  }

  static double atMostZero(String owner, String setting, double value) {
    return checked(owner, setting, value, value <= 0, "a number of at most 0");
  }

  static double atLeastOne(String owner, String setting, double value) {
    return checked(owner, setting, value, value >= 1, "a number of at least 1");
  }

  static double belowOne(String owner, String setting, double value) {
    return checked(owner, setting, value, value >= 0 && value < 1, "0 <= " + setting + " < 1");
  }

  static double within(String owner, String setting, double value) {
    return checked(owner, setting, value, value > 0 && value < 1, "0 < " + setting + " < 1");
  }

  static double part(String owner, String setting, double value) {
    return checked(owner, setting, value, value >= 0 && value <= 1, "0 <= " + setting + " <= 1");
  }

  static int atLeast(int least, String owner, String setting, int value) {
    if (value < least) {
      throw unexpected(owner, setting, Integer.toString(value), "at least " + least);
    }
    return value;
  }

  private static double checked(
      String owner, String setting, double value, boolean fits, String expected) {
    if (!fits || Double.isInfinite(value)) {
      throw unexpected(owner, setting, Double.toString(value), expected);
    }
    return value;
  }

  private static IllegalArgumentException unexpected(
      String owner, String setting, String value, String expected) {
    return new IllegalArgumentException(
        "%s: %s %s; expected %s".formatted(owner, setting, value, expected));
  }
}
