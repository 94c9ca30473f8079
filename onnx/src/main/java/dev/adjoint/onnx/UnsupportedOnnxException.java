package dev.adjoint.onnx;

import dev.adjoint.io.Quoted;
import java.io.Serial;

/**
 * Thrown for a well-formed model that needs what is not there; the message names it and its place.
 */
public final class UnsupportedOnnxException extends UnsupportedOperationException {

  @Serial private static final long serialVersionUID = 1;

  UnsupportedOnnxException(String message) {
    super(Quoted.message(message));
  }
}
