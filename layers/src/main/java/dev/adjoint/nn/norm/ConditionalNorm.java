package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;

/**
 * Normalizes with a gain and a shift that are computed from a condition: {@code (1 + g(c)) * N(x) +
 * b(c)}.
 *
 * <p>With a batch norm this is conditional batch norm (de Vries et al. 2017, arXiv:1707.00683),
 * with a layer norm adaptive layer norm (Peebles and Xie 2022, arXiv:2212.09748), for which {@link
 * ConditionalResidual} has a gate; with an instance norm what style-based generators call AdaIN,
 * while {@link AdaIN} takes g and b from another image. g and b are linear in the condition, and 0
 * at first: then the layer is the norm without g and b.
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
            .with("projection", zeros(condition, 2 * norm.features().size(), generator)));
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
    return observed(modulated(norm.forward(x), x, condition));
  }

  /**
   * Returns the normalized activations, with statistics of what is not padded, and 0 where it is.
   *
   * @param mask as {@link ChannelNorm#forward(Tensor, Tensor)} takes it
   * @throws IllegalStateException if the norm takes no mask
   */
  public Tensor forward(Tensor x, Tensor condition, Tensor mask) {
    if (!(norm instanceof ChannelNorm<?> masked)) {
      throw new IllegalStateException(
          "%s: a mask for %s; expected a norm of channels".formatted(headline(), norm));
    }
    Tensor y = modulated(masked.forward(x, mask), x, condition);
    return observed(Where.where(mask.unsqueeze(1), y, Tensor.scalar(0, y.dtype())));
  }

  private Tensor modulated(Tensor y, Tensor x, Tensor condition) {
    if (norm.featureAxis(x) == 0 || condition.rank() != 2 || condition.size(0) != x.size(0)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s and condition of shape %s; expected (N, ...) and (N, condition)"
              .formatted(headline(), x.shape(), condition.shape()));
    }
    Tensor both = projection.forward(condition);
    Tensor g = perExample(both.slice(-1, 0, features()), x);
    Tensor b = perExample(both.slice(-1, features(), 2 * features()), x);
    return y.times(g.plus(1)).plus(b);
  }

  private int features() {
    return norm.features().size();
  }

  /** Returns values of shape (N, features) in the shape that broadcasts over an input. */
  Tensor perExample(Tensor values, Tensor x) {
    Shape ofOne = Shape.along(norm.featureAxis(x), features(), x.rank());
    return values.reshape(ofOne.with(0, x.size(0)));
  }

  /** Returns a linear layer that computes 0 at first. */
  static Linear zeros(int in, int out, Generator generator) {
    Linear linear = new Linear(in, out, generator);
    linear.weight("weight").assign(Tensors.zeros(out, in));
    linear.weight("bias").assign(Tensors.zeros(out));
    return linear;
  }
}
