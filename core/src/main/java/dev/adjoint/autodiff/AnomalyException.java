package dev.adjoint.autodiff;

import java.io.Serial;

/** The first NaN or infinity found by {@link Autodiff#detectAnomalies}. */
public final class AnomalyException extends ArithmeticException {

  @Serial private static final long serialVersionUID = 1;

  AnomalyException(String message) {
    super(message);
  }
}
