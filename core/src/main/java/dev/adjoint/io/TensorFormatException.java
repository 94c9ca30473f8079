package dev.adjoint.io;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Reports a file that is not what its format allows, is damaged, or holds what no tensor of ours
 * can; the message says which file, where and why.
 */
public final class TensorFormatException extends IOException {

  @Serial private static final long serialVersionUID = 1;

  TensorFormatException(String file, long position, String reason) {
    super("%s, byte %d: %s".formatted(file, position, reason));
  }

  /** Creates a report of a file of a format that is built on one of ours. */
  public TensorFormatException(String file, String reason, @Nullable Throwable cause) {
    super("%s: %s".formatted(file, reason), cause);
  }
}
