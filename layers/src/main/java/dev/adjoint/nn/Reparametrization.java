package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/**
 * Computes a weight of another layer from tensors of its own: {@code w = g v / |v|}, for one.
 *
 * <p>It is made of the original weight, which it takes over under a name of its own, and stands in
 * its place: of {@code hidden.weight} come {@code hidden.weight.g} and {@code hidden.weight.v}. See
 * {@link Layer#reparametrize} and {@link Layer#fold}.
 */
public abstract class Reparametrization extends Layer {

  /** Creates a reparametrization that can be neither copied nor saved. */
  protected Reparametrization() {}

  /** Creates a reparametrization from its description. */
  protected Reparametrization(Description from) {
    super(from);
  }

  /** Returns the shape of the original weight and the settings. */
  @Override
  public String toString() {
    String original =
        all(Weight.class).values().stream()
            .findFirst()
            .map(weight -> Setting.show(weight.shape()))
            .orElse("");
    return line(original, settings());
  }

  /** Returns the weight. */
  protected abstract Tensor compute();
}
