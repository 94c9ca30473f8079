package dev.adjoint.examples;

import java.io.Serial;

/** Reports an argument of a command that is of no use, in one line. */
final class UsageException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
