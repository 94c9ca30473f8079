package dev.adjoint.examples.physics;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;

/**
 * A motion that begins at rest at 1, whatever its weights: {@code u(t) = 1 + N(t) t^2 / (1 + t^2)}
 * with a network N (Lagaris, Likas and Fotiadis 1998, arXiv:physics/9705023).
 */
public final class Motion extends Layer implements Transform {

  private static final int WIDTH = 32;

  private final double end;
  private final Sequential network;

  /** Creates a motion of so many seconds, in float64. */
  public Motion(double end, Generator generator) {
    this.end = end;
    network =
        child(
            "network",
            new Sequential(
                new Linear(1, WIDTH, generator),
                Activation.TANH,
                new Linear(WIDTH, WIDTH, generator),
                Activation.TANH,
                new Linear(WIDTH, 1, generator)));
    to(DType.FLOAT64);
  }

  /** Returns where the mass is at times t, of shape (n, 1). */
  @Override
  public Tensor forward(Tensor t) {
    Tensor centered = t.minus(end / 2);
    Tensor square = t.square();
    return network.forward(centered).times(square.div(square.plus(1))).plus(1);
  }

  /** Returns the mean square of what an equation says is 0, at times t of shape (n, 1). */
  public Tensor loss(Oscillator oscillator, Tensor t) {
    Tensor times = t.tracked();
    Tensor u = forward(times);
    Tensor velocity = derivative(u, times);
    Tensor acceleration = derivative(velocity, times);
    return oscillator.residual(u, velocity, acceleration).square().mean();
  }

  /** Returns the derivative of each y by its own t, which can be derived again. */
  private static Tensor derivative(Tensor y, Tensor t) {
    return Backward.wrt(t).createGraph().of(y.sum()).of(t);
  }
}
