package dev.adjoint.io;

import java.io.IOException;
import java.io.Serial;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Thrown for a file that is damaged, is not what its format allows, or holds what no tensor here
 * can; the message says which file, where and why.
 */
public final class TensorFormatException extends IOException {

  @Serial private static final long serialVersionUID = 1;

  private final boolean unsupported;

  /**
   * Creates an exception for what is at a position of a file.
   *
   * @param unsupported whether it is well-formed, and only no tensor here can hold it
   */
  TensorFormatException(String file, long position, String reason, boolean unsupported) {
    this("%s, byte %d: %s".formatted(file, position, reason), null, unsupported);
  }

  /** Creates an exception for a file of a format that is built on one of these. */
  public TensorFormatException(String file, String reason, @Nullable Throwable cause) {
    this("%s: %s".formatted(file, reason), cause, false);
  }

  private TensorFormatException(String message, @Nullable Throwable cause, boolean unsupported) {
    super(Quoted.message(message), cause);
    this.unsupported = unsupported;
  }

  /** Returns the exception, of a whole message, for content that no tensor here can hold. */
  static TensorFormatException unsupported(String message) {
    return new TensorFormatException(message, null, true);
  }

  /** Tells whether the content is well-formed, and only no tensor here can hold it. */
  boolean isUnsupported() {
    return unsupported;
  }

  /**
   * Reports content that no tensor here can hold to who reads the rest; throws what is damaged.
   *
   * @param unreadable null if the whole file is to be refused
   */
  void reportTo(@Nullable Consumer<TensorFormatException> unreadable) throws TensorFormatException {
    if (!unsupported || unreadable == null) {
      throw this;
    }
    unreadable.accept(this);
  }
}
