package dev.adjoint.optim;

import org.jspecify.annotations.Nullable;

/**
 * Runs the loops of the optimizers over elements {@code from <= i < to} of arrays A, which are
 * {@code float[]} or {@code double[]}: p are the parameter's values, g its gradient.
 */
interface UpdateLoops<A> {

  /** Computes {@code p -= rate * (g + decay * p)}. */
  void descend(A p, A g, int from, int to, double rate, double decay);

  /**
   * Computes {@code g += decay * p; v = momentum * v + share * g; p -= ahead * g + rate * v}, where
   * ahead is not 0 by Nesterov's rule.
   */
  void descendWithMomentum(A p, A g, A v, int from, int to, Momentum c);

  /** The numbers of a step with momentum. */
  record Momentum(double rate, double ahead, double decay, double momentum, double share) {}

  /**
   * Computes {@code p *= keep; g += decay * p; m += (g - m) * (1 - beta1); v = beta2 * v + (1 -
   * beta2) * g * g; p -= rate * m / (sqrt(v) / scale + epsilon)}.
   */
  void adam(A p, A g, A m, A v, int from, int to, Moments c);

  /** Computes as {@link #adam}, with the largest v so far in the place of the last. */
  void amsgrad(A p, A g, A m, A v, A largest, int from, int to, Moments c);

  /** Computes as {@link #adam}, with {@code ahead * g + rate * m} in the place of the last m. */
  void nadam(A p, A g, A m, A v, int from, int to, double ahead, Moments c);

  /** The numbers of a step of Adam and its kin. */
  record Moments(
      double rate,
      double keep,
      double decay,
      double beta1,
      double beta2,
      double scale,
      double epsilon) {}

  /**
   * Computes {@code g += decay * p; v = alpha * v + (1 - alpha) * g * g; p -= rate * g / (sqrt(v) +
   * epsilon)}.
   *
   * @param m if given, becomes the running mean of g, whose square is subtracted from v
   * @param b if given, becomes {@code momentum * b + g / (...)}, by which p moves
   */
  void rmsProp(A p, A g, A v, @Nullable A m, @Nullable A b, int from, int to, Squares c);

  /** The numbers of a step of RMSProp. */
  record Squares(double rate, double decay, double alpha, double epsilon, double momentum) {}

  /** Computes {@code g += decay * p; v += g * g; p -= rate * g / (sqrt(v) + epsilon)}. */
  void adagrad(A p, A g, A v, int from, int to, double rate, double decay, double epsilon);

  /**
   * Computes {@code p = keep * p - rate * sign(beta1 * m + (1 - beta1) * g); m = beta2 * m + (1 -
   * beta2) * g}.
   */
  void lion(A p, A g, A m, int from, int to, Signs c);

  /** The numbers of a step of Lion. */
  record Signs(double rate, double keep, double beta1, double beta2) {}

  /** Computes {@code a += (b - a) * share}. */
  void approach(A a, A b, int from, int to, double share);

  /** Computes {@code p = keep * p - rate * d}. */
  void move(A p, A d, int from, int to, double keep, double rate);
}
