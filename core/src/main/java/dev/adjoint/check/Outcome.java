package dev.adjoint.check;

/** The rule by which a derivative passed, or why it did not. */
public enum Outcome {
  /** Passed: the error is within the absolute tolerance. */
  ABSOLUTE("absolute"),
  /** Passed: the error is within the relative tolerance. */
  RELATIVE("relative"),
  /**
   * Passed: the error is no larger than the uncertainty of the differences, and that is within the
   * resolution, or negligible beside the largest derivative of the input.
   */
  ROUND_OFF("round-off"),
  /** Passed: the derivative is 0 and outputs stay the same at every step, both up to rounding. */
  ZERO("zero"),
  /**
   * Passed with a remark: the function has a kink or a jump here, and the analytic value lies
   * between the derivatives from the left and from the right.
   */
  KINK("kink"),
  /** Failed: the error is larger than the uncertainty of the differences at two step sizes. */
  WRONG("WRONG"),
  /** Neither passed nor failed: at every step size the uncertainty exceeds the resolution. */
  UNDECIDED("UNDECIDED"),
  /** Failed: the analytic or the numeric derivative is NaN or infinite. */
  NOT_FINITE("NOT FINITE");

  private final String label;

  Outcome(String label) {
    this.label = label;
  }

  /** Tells whether the derivative is known to be wrong. */
  public boolean failed() {
    return this == WRONG || this == NOT_FINITE;
  }

  /** Tells whether a check with this outcome is passed. */
  public boolean passed() {
    return !failed() && this != UNDECIDED;
  }

  @Override
  public String toString() {
    return label;
  }
}
