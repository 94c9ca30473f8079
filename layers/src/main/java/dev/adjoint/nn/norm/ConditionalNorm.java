package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/**
 * Normalizes with a gain and a shift that are computed from a condition: {@code (1 + g(c)) * N(x) +
 * b(c)}.
 *
 * <p>With a batch norm this is conditional batch norm (de Vries et al. 2017, arXiv:1707.00683),
 * with a layer norm adaptive layer norm (Peebles and Xie 2022, arXiv:2212.09748). g and b are
 * linear in the condition, and 0 at first: then the layer is the norm without g and b.
 */
public final class ConditionalNorm extends Layer {

  private final Normalization<?> norm = child("norm", Normalization.class);
  private final Linear projection = child("projection", Linear.class);

  /**
   * Creates a norm.
   *
   * @param norm its g and b are left out; its features have one axis
   * @param condition the number of features of the condition
   */
  public ConditionalNorm(Normalization<?> norm, int condition, Generator generator) {
    this(
        Description.of(ConditionalNorm::new)
            .with("norm", norm.withoutAffine())
            .with("projection", new Linear(condition, 2 * norm.features().size(), generator)));
    projection.weight("weight").assign(Tensors.zeros(2 * norm.features().size(), condition));
    projection.weight("bias").assign(Tensors.zeros(2 * norm.features().size()));
  }

  /** Creates a layer from its description. */
  public ConditionalNorm(Description from) {
    super(from);
    if (norm.features().rank() != 1) {
      throw new IllegalArgumentException(
          "ConditionalNorm: features of shape %s; expected one axis".formatted(norm.features()));
    }
  }

  /**
   * Returns the normalized activations, of the same shape.
   *
   * @param x as the norm expects it, with examples along axis 0
   * @param condition of shape (N, condition): one for each example
   */
  public Tensor forward(Tensor x, Tensor condition) {
    Tensor y = norm.forward(x);
    if (norm.featureAxis(x) == 0 || condition.rank() != 2 || condition.size(0) != x.size(0)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s and condition of shape %s; expected (N, ...) and (N, condition)"
              .formatted(headline(), x.shape(), condition.shape()));
    }
    int features = norm.features().size();
    int[] sizes = new int[x.rank()];
    Arrays.fill(sizes, 1);
    sizes[0] = x.size(0);
    sizes[norm.featureAxis(x)] = features;
    Tensor both = projection.forward(condition);
    Tensor g = both.slice(-1, 0, features).reshape(sizes);
    Tensor b = both.slice(-1, features, 2 * features).reshape(sizes);
    return observed(y.times(g.plus(1)).plus(b));
  }
}
