package dev.adjoint.nn;

import com.google.common.collect.ImmutableList;
import dev.adjoint.tensor.Tensor;

/**
 * Applies one after another: {@code new Sequential(new Linear(2, 16, generator), Tensor::tanh, new
 * Linear(16, 1, generator))}.
 *
 * <p>The layers among them are children, named by their position: {@code 0}, {@code 2}.
 */
public final class Sequential extends Layer implements Transform {

  private final ImmutableList<Transform> steps;

  /** Creates a layer of these layers and functions. */
  public Sequential(Transform... steps) {
    this.steps = ImmutableList.copyOf(steps);
    for (int i = 0; i < steps.length; i++) {
      if (steps[i] instanceof Layer layer) {
        child(Integer.toString(i), layer);
      }
    }
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor y = x;
    for (Transform step : steps) {
      y = step.forward(y);
    }
    return y;
  }
}
