package dev.adjoint.nn.reparam;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Setting;
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

  private final Weight original = parameter("original");
  private final Setting<Integer> axis = integer("axis", 0);
  private final Buffer u;
  private final Buffer v;
  private final Setting<Integer> iterations =
      integer("iterations", 1).require(steps -> steps >= 1, "at least 1");

  /**
   * Creates the reparametrization of a weight, for {@link Layer#reparametrize}, and takes 15 steps
   * from a random v.
   *
   * @throws IllegalArgumentException if the weight is zero, which no number makes larger
   */
  public SpectralNorm(Weight original, Generator generator) {
    this(original, 0, generator);
  }

  /**
   * Creates the reparametrization of a weight.
   *
   * @param axis of the weight that counts outputs: 1 for a transposed convolution
   */
  public SpectralNorm(Weight original, int axis, Generator generator) {
    this(ofWeight(original, axis, generator));
    iterate(matrix(original.value(), axis).untracked(), WARM_UP);
  }

  /** Creates a layer from its description. */
  public SpectralNorm(Description from) {
    super(from);
    int rows = original.shape().size(axis.get());
    u = buffer("u", Shape.of(rows), 0);
    v = buffer("v", Shape.of(original.shape().size() / rows), 0);
  }

  private static Description ofWeight(Weight original, int axis, Generator generator) {
    Tensor matrix = matrix(original.value(), axis).untracked();
    if (matrix.any().item() == 0) {
      throw new IllegalArgumentException(
          "SpectralNorm: weight of shape %s is zero; expected one with a singular value above 0"
              .formatted(original.shape()));
    }
    return Description.of(SpectralNorm::new)
        .with("original", original)
        .set("axis", axis)
        .with("u", Tensors.zeros(Shape.of(matrix.size(0)), matrix.dtype()))
        .with("v", generator.normal(0, 1, Shape.of(matrix.size(1)), matrix.dtype()));
  }

  /** Lets a layer use its weight divided by its largest singular value, and returns the layer. */
  public static <L extends Layer> L on(L layer, Generator generator) {
    int axis = Lengths.outputAxis(layer);
    layer.reparametrize("weight", w -> new SpectralNorm(w, axis, generator));
    return layer;
  }

  /** Sets how many steps of the power iteration a forward in training mode takes; defaults to 1. */
  public SpectralNorm iterations(int steps) {
    iterations.set(steps);
    return this;
  }

  @Override
  protected Tensor compute() {
    Tensor weight = original.value();
    Tensor matrix = matrix(weight, axis.get());
    if (isTraining()) {
      iterate(matrix.untracked(), iterations.get());
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

  private static Tensor matrix(Tensor weight, int axis) {
    return weight.transpose(0, axis).reshape(weight.size(axis), -1);
  }
}
