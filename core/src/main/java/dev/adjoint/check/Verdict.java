package dev.adjoint.check;

/** The rule by which a derivative passed, or why it did not. */
public enum Verdict {
  /** Passed: the error is within the absolute tolerance. */
  ABSOLUTE("absolute"),
  /** Passed: the error is within the relative tolerance. */
  RELATIVE("relative"),
  /**
   * Passed: the error is no larger than the uncertainty of the differences, and that is within the
   * resolution, or nothing beside the largest derivative of the input.
   */
  ROUND_OFF("round-off"),
  /**
   * Passed: the derivative is 0 and the outputs stay as they are at every step, both up to
   * rounding.
   */
  ZERO("zero"),
  /**
   * Passed with a remark: the function has a kink or a jump here, and the analytic value lies
   * between the slopes on both sides.
   */
  KINK("kink"),
  /** Failed: the slope is another one, and differences of two steps say so. */
  WRONG("WRONG"),
  /** Neither: no step shows the slope as well as the resolution asks for. */
  UNDECIDED("UNDECIDED"),
  /** Failed: the analytic or the numeric derivative is NaN or infinite. */
  NOT_FINITE("NOT FINITE");

  private final String label;

  Verdict(String label) {
    this.label = label;
  }

  /** Tells whether the derivative is known to be wrong. */
  public boolean failed() {
    return this == WRONG || this == NOT_FINITE;
  }

  /** Tells whether a check with this verdict is passed. */
  public boolean passed() {
    return !failed() && this != UNDECIDED;
  }

  @Override
  public String toString() {
    return label;
  }
}
