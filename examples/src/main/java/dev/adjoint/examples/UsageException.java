package dev.adjoint.examples;

import java.io.Serial;
import java.util.Locale;

/** Thrown for a wrong argument of a command, with one line of explanation. */
final class UsageException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }

  /** Refuses the value of an option that is beyond its limits. */
  static void check(String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw new UsageException(
          String.format(
              Locale.ROOT,
              "%s %d: expected at least %d and at most %,d",
              option,
              value,
              least,
              most));
    }
  }
}
