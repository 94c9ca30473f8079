package dev.adjoint.io;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for a file that is damaged, is not what its format allows, or holds what no tensor here
 * can; the message says which file, where and why.
 */
public final class TensorFormatException extends IOException {

  @Serial private static final long serialVersionUID = 1;

  private final boolean unsupported;

  /**
   * Reports what is at a position of a file.
   *
   * @param unsupported whether it is right in its format, and only no tensor of ours
   */
  TensorFormatException(String file, long position, String reason, boolean unsupported) {
    this("%s, byte %d: %s".formatted(file, position, reason), null, unsupported);
  }

  /** Creates a report of a file of a format that is built on one of ours. */
  public TensorFormatException(String file, String reason, @Nullable Throwable cause) {
    this("%s: %s".formatted(file, reason), cause, false);
  }

  private TensorFormatException(String message, @Nullable Throwable cause, boolean unsupported) {
    super(Quoted.message(message), cause);
    this.unsupported = unsupported;
  }

  /** Returns a report, with a whole message, of what is right and only no tensor of ours. */
  static TensorFormatException unsupported(String message) {
    return new TensorFormatException(message, null, true);
  }

  /** Tells whether this is about something that is well-formed, and only no tensor of ours. */
  boolean isUnsupported() {
    return unsupported;
  }
}
