package dev.adjoint.optim;

/**
 * Runs the loops of the optimizers over elements {@code from <= i < to} of {@code float[]} or
 * {@code double[]}: p are the parameter's values, g its gradient.
 */
interface UpdateLoops {

  /** Computes {@code p -= rate * (g + decay * p)}. */
  void descend(Object p, Object g, int from, int to, double rate, double decay);

  /**
   * Computes {@code v = momentum * v + share * (g + decay * p); p -= rate * v}; by Nesterov's rule
   * {@code p -= rate * (g + decay * p + momentum * v)}.
   */
  void descendWithMomentum(
      Object p,
      Object g,
      Object v,
      int from,
      int to,
      double rate,
      double decay,
      double momentum,
      double share,
      boolean nesterov);

  /**
   * Computes {@code p *= keep; g += decay * p; m += (g - m) * (1 - beta1); v = beta2 * v + (1 -
   * beta2) * g * g; p -= rate * m / (sqrt(v) / scale + epsilon)}.
   */
  void adam(
      Object p,
      Object g,
      Object m,
      Object v,
      int from,
      int to,
      double rate,
      double keep,
      double decay,
      double beta1,
      double beta2,
      double scale,
      double epsilon);
}
