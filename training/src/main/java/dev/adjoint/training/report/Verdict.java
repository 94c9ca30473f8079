package dev.adjoint.training.report;

import java.util.Locale;

/** Whether a claim agrees with what was measured. */
public enum Verdict {
  /** The measurement agrees with the claim. */
  HOLDS("✓", "yes"),
  /** It agrees under some of the measured conditions, which it names. */
  HOLDS_IN_PART("◐", "partly"),
  /** It disagrees. */
  DOES_NOT_HOLD("✗", "no");

  private final String mark;
  private final String cssClass;

  Verdict(String mark, String cssClass) {
    this.mark = mark;
    this.cssClass = cssClass;
  }

  String mark() {
    return mark;
  }

  String cssClass() {
    return cssClass;
  }

  /** Returns the verdict in words. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
