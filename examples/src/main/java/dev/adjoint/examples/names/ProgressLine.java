package dev.adjoint.examples.names;

import java.io.PrintStream;
import java.util.Locale;

/** Shows how far the training is: on one line of a terminal, in lines of their own elsewhere. */
public final class ProgressLine {

  private static final long REFRESH_NANOS = 200_000_000;

  private final PrintStream out;
  private final boolean terminal;
  private final int steps;
  private final int positionsEach;
  private final long start = System.nanoTime();
  private long lastShown = start;
  private double loss = Double.NaN;

  /**
   * Starts the clock.
   *
   * @param terminal whether a line can be written over
   * @param steps how many there will be
   * @param positionsEach how many characters a step learns from
   */
  public ProgressLine(PrintStream out, boolean terminal, int steps, int positionsEach) {
    this.out = out;
    this.terminal = terminal;
    this.steps = steps;
    this.positionsEach = positionsEach;
  }

  /** Notes a step. */
  public void step(int done, double newLoss) {
    loss = Double.isNaN(loss) ? newLoss : 0.98 * loss + 0.02 * newLoss;
    long now = System.nanoTime();
    if (terminal && now - lastShown > REFRESH_NANOS) {
      lastShown = now;
      out.print("\r" + line(done, now));
      out.flush();
    }
  }

  /** Notes the cross-entropy on names that are not learned from: a line that stays. */
  public void validation(int done, double crossEntropy) {
    String line = line(done, System.nanoTime());
    out.printf(Locale.ROOT, "%s%s   validation %.3f%n", terminal ? "\r" : "", line, crossEntropy);
  }

  private String line(int done, long now) {
    double seconds = (now - start) / 1e9;
    return String.format(
        Locale.ROOT,
        "  step %,6d of %,d   loss %.3f   %,7.0f characters/s   %3.0f s left",
        done,
        steps,
        loss,
        (double) done * positionsEach / seconds,
        seconds / done * (steps - done));
  }
}
