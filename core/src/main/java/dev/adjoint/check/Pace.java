package dev.adjoint.check;

import dev.adjoint.check.CheckedFunction.Variable;
import dev.adjoint.check.GradientCheck.Mode;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How long a check takes, which is said as soon as it is known (ADR 60): it is measured in the
 * second half of the first second, when code that runs often has been compiled.
 */
final class Pace {

  private static final double WARM = 0.5;
  private static final double KNOWN = 1;
  private static final double LONG = 10;

  /** A gradient and its values cost about three times what the function does. */
  private static final int GRADIENT = 3;

  private static final int DIRECTIONS = 2;

  private final GradientCheck check;
  private final List<Variable> variables;
  private final long start;
  private long done;
  private long doneCold;
  private double warmAt;
  private @Nullable String advice;

  Pace(GradientCheck check, List<Variable> variables) {
    this.check = check;
    this.variables = variables;
    this.start = check.clock.getAsLong();
  }

  /**
   * Takes note that a derivative has been compared.
   *
   * @throws IllegalStateException if all of them will take longer than the check may
   */
  void compared(int order) {
    done += order == 1 ? 1 : GRADIENT;
    double now = seconds();
    if (warmAt == 0 && now >= WARM) {
      warmAt = now;
      doneCold = done;
    } else if (advice == null && now >= KNOWN && done > doneCold) {
      estimate((now - warmAt) / (done - doneCold), now);
    }
  }

  private void estimate(double each, double now) {
    double all = now + each * (work(check.mode, check.count) - done);
    advice =
        check.mode == Mode.DIRECTIONAL
            ? ""
            : String.format(
                Locale.ROOT,
                "; directional(%d) takes about %s, and misses errors below %.0e of an input's whole"
                    + " gradient",
                DIRECTIONS,
                written(each * work(Mode.DIRECTIONAL, DIRECTIONS)),
                check.tolerance.relative());
    String message =
        String.format(
            Locale.ROOT,
            "gradient check: %s, %,d elements in all, takes about %s",
            check.extent(),
            variables.stream().mapToLong(v -> v.base().size()).sum(),
            written(all));
    if (check.budget != null && all > check.budget.toMillis() / 1e3) {
      throw new IllegalStateException(
          "%s; expected at most %s%s"
              .formatted(message, written(check.budget.toMillis() / 1e3), advice));
    }
    if (all >= LONG) {
      System.getLogger(GradientCheck.class.getName()).log(Level.INFO, message + advice);
    }
  }

  /** Returns how many derivatives are compared, in those of a function. */
  private long work(Mode mode, int count) {
    return variables.stream()
            .mapToLong(v -> {
              int size = v.base().size();
              return switch (mode) {
                case FULL -> size;
                case SAMPLED -> Math.min(count, size);
                case DIRECTIONAL -> size == 0 ? 0 : count;
              };
            })
            .sum()
        * (check.order == 1 ? 1 : 1 + GRADIENT);
  }

  /** Returns how long a long check took, and what would be faster; empty for a short one. */
  String spent() {
    double seconds = seconds();
    return seconds < LONG ? "" : "took " + written(seconds) + (advice == null ? "" : advice);
  }

  private double seconds() {
    return (check.clock.getAsLong() - start) / 1e9;
  }

  private static String written(double seconds) {
    return seconds < 1
        ? "1 s"
        : seconds < 100
            ? Math.round(seconds) + " s"
            : seconds < 6000
                ? Math.round(seconds / 60) + " min"
                : Math.round(seconds / 3600) + " h";
  }
}
