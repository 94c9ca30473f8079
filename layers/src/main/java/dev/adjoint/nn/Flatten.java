package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/** Joins all axes after the first: from (N, ...) to (N, product of the others). */
public record Flatten() implements Transform, Describable {

  @Override
  public Tensor forward(Tensor x) {
    Layer.requireInput(this, x.rank() >= 2, x, () -> "(N, ...) of at least 2 axes");
    return x.flatten(1, -1);
  }

  @Override
  public Description description() {
    return Description.of(from -> new Flatten());
  }

  @Override
  public String toString() {
    return "Flatten";
  }
}
