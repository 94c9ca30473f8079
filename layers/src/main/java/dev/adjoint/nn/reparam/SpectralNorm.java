package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Copies;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Weight;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Divides a weight by its largest singular value, so that the layer stretches no input (Miyato et
 * al. 2018, arXiv:1802.05957).
 *
 * <pre>{@code
 * Linear layer = SpectralNorm.on(new Linear(3, 4, generator), generator);
 * layer.reparametrize("weight", w -> new SpectralNorm(w, generator).iterations(3));
 * }</pre>
 *
 * <p>The value is {@code u' W v}, with W the weight as a matrix (out, the rest), and u and v its
 * singular vectors as a power iteration knows them. Each forward in training mode first takes a
 * step of it; no gradient flows through u and v. Eval mode uses them as they are, and they are
 * saved with the model. For a convolution this is the largest singular value of the matrix, not of
 * the convolution.
 */
public final class SpectralNorm extends Reparametrization {

  private static final int WARM_UP = 15;

  private final Weight original;
  private final Buffer u;
  private final Buffer v;
  private int iterations = 1;

  /**
   * Creates the reparametrization of a weight, for {@link Layer#reparametrize}, and takes 15 steps
   * from a random v.
   *
   * @throws IllegalArgumentException if the weight is zero, which no number makes larger
   */
  public SpectralNorm(Weight original, Generator generator) {
    this.original = weight("original", original);
    Tensor matrix = matrix(original.value()).untracked();
    if (matrix.any().item() == 0) {
      throw new IllegalArgumentException(
          "SpectralNorm: weight of shape %s is zero; expected one with a singular value above 0"
              .formatted(original.shape()));
    }
    u = buffer("u", Tensors.zeros(Shape.of(matrix.size(0)), matrix.dtype()));
    v = buffer("v", generator.normal(0, 1, Shape.of(matrix.size(1)), matrix.dtype()));
    iterate(matrix, WARM_UP);
  }

  private SpectralNorm(SpectralNorm from, Copies copies) {
    original = weight("original", copies.of(from.original));
    u = buffer("u", copies.of(from.u));
    v = buffer("v", copies.of(from.v));
    iterations = from.iterations;
  }

  /** Lets a layer use its weight divided by its largest singular value, and returns the layer. */
  public static <L extends Layer> L on(L layer, Generator generator) {
    return on(layer, "weight", generator);
  }

  /** Lets a layer use a weight divided by its largest singular value, and returns the layer. */
  public static <L extends Layer> L on(L layer, String weight, Generator generator) {
    layer.reparametrize(weight, w -> new SpectralNorm(w, generator));
    return layer;
  }

  /**
   * Sets the steps of the power iteration that each forward takes in training mode: 1 unless set.
   */
  public SpectralNorm iterations(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException(
          "%s: %d iterations; expected at least 1".formatted(this, steps));
    }
    iterations = steps;
    return this;
  }

  @Override
  protected Tensor compute() {
    Tensor weight = original.value();
    Tensor matrix = matrix(weight);
    if (isTraining()) {
      iterate(matrix.untracked(), iterations);
    }
    Tensor largest = u.value().matmul(matrix.matmul(v.value()));
    return weight.div(largest);
  }

  private void iterate(Tensor matrix, int steps) {
    for (int i = 0; i < steps; i++) {
      v.update(right -> {
        Tensor left = unit(matrix.matmul(right));
        u.update(before -> left);
        return unit(left.matmul(matrix));
      });
    }
  }

  private static Tensor unit(Tensor vector) {
    return vector.div(Lengths.divisor(vector.norm(2)));
  }

  private static Tensor matrix(Tensor weight) {
    return weight.reshape(weight.size(0), -1);
  }

  @Override
  protected SpectralNorm copy(Copies copies) {
    return new SpectralNorm(this, copies);
  }

  @Override
  public String toString() {
    return "SpectralNorm" + original.shape();
  }
}
