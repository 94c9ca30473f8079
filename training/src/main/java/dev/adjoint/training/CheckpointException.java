package dev.adjoint.training;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/** Thrown for a checkpoint that is damaged, no checkpoint, or that of another training. */
public final class CheckpointException extends IOException {

  @Serial private static final long serialVersionUID = 1;

  CheckpointException(Path path, String reason, Throwable cause) {
    super("%s: %s".formatted(path, reason), cause);
  }

  CheckpointException(Path path, String reason) {
    super("%s: %s".formatted(path, reason));
  }
}
