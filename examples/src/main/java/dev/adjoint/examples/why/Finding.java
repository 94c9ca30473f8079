package dev.adjoint.examples.why;

/**
 * Says of a claim what was measured here.
 *
 * @param claim one sentence
 * @param source who says so
 * @param measured numbers
 * @param holds whether they agree
 */
public record Finding(String claim, String source, String measured, boolean holds) {

  /** Returns the verdict in words. */
  public String verdict() {
    return holds ? "holds" : "does not hold";
  }
}
