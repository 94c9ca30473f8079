package dev.adjoint.check;

/** Says by which rule a derivative passed, or why it did not. */
public enum Verdict {
  /** Passed: the error is within the absolute tolerance. */
  ABSOLUTE("absolute", true),
  /** Passed: the error is within the relative tolerance. */
  RELATIVE("relative", true),
  /** Passed: the error is no larger than what rounding does to the differences. */
  ROUND_OFF("round-off", true),
  /**
   * Passed with a remark: the function has a kink or a jump here, and the analytic value lies
   * between the slopes on both sides.
   */
  KINK("kink", true),
  /** Failed: the function is smooth here and its slope is another one. */
  WRONG("WRONG", false),
  /** Failed: the analytic or the numeric derivative is NaN or infinite. */
  NOT_FINITE("NOT FINITE", false);

  private final String label;
  private final boolean passed;

  Verdict(String label, boolean passed) {
    this.label = label;
    this.passed = passed;
  }

  /** Tells whether a check with this verdict is passed. */
  public boolean passed() {
    return passed;
  }

  @Override
  public String toString() {
    return label;
  }
}
