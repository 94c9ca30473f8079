package dev.adjoint.examples.physics;

import dev.adjoint.tensor.Tensor;

/**
 * A mass on a damped spring that is let go at 1: {@code u'' + 2 d u' + w^2 u = 0} with {@code u(0)
 * = 1} and {@code u'(0) = 0}, and d less than w.
 *
 * @param damping d, 1/s
 * @param frequency w, rad/s, without the damping
 */
public record Oscillator(double damping, double frequency) {

  /** Returns what the equation says is 0. */
  public Tensor residual(Tensor u, Tensor velocity, Tensor acceleration) {
    return acceleration.plus(velocity.times(2 * damping)).plus(u.times(frequency * frequency));
  }

  /** Returns the solution at times t, in seconds. */
  public Tensor solution(Tensor t) {
    double rate = Math.sqrt(frequency * frequency - damping * damping);
    Tensor phase = t.times(rate);
    Tensor oscillation = phase.cos().plus(phase.sin().times(damping / rate));
    return t.times(-damping).exp().times(oscillation);
  }
}
