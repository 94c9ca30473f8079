package dev.adjoint.examples.why;

import dev.adjoint.training.report.Verdict;

/**
 * What was measured here of a claim.
 *
 * @param claim one sentence
 * @param source who says so
 * @param measured numbers
 * @param verdict whether they agree
 */
public record Finding(String claim, String source, String measured, Verdict verdict) {

  /** Creates the finding of a claim that holds or does not. */
  Finding(String claim, String source, String measured, boolean holds) {
    this(claim, source, measured, holds ? Verdict.HOLDS : Verdict.DOES_NOT_HOLD);
  }

  /** Tells whether the claim holds under all conditions. */
  boolean holds() {
    return verdict == Verdict.HOLDS;
  }
}
