package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;

/**
 * A residual block that a condition modulates and gates: {@code x + a(c) * F((1 + g(c)) * N(x) +
 * b(c))}; with {@code new LayerNorm(d).epsilon(1e-6)} for N, adaLN-Zero (Peebles and Xie 2022,
 * arXiv:2212.09748).
 *
 * <p>a, g and b are linear in the condition, and 0 at first: then the block changes nothing. A
 * transformer has one around its attention and one around its feed-forward network; what comes
 * before the linear maps there, a SiLU, is done once, to the condition.
 */
public final class ConditionalResidual extends Layer {

  private final ConditionalNorm norm = child("norm", ConditionalNorm.class);
  private final Transform body = child("body", Transform.class);
  private final Linear gate = child("gate", Linear.class);

  /**
   * Creates a block.
   *
   * @param norm its g and b are left out; its features have one axis
   * @param body returns what it gets in the same shape
   * @param condition the number of features of the condition
   */
  public ConditionalResidual(
      Normalization<?> norm, Transform body, int condition, Generator generator) {
    this(
        Description.of(ConditionalResidual::new)
            .with("norm", new ConditionalNorm(norm, condition, generator))
            .with("body", body)
            .with("gate", ConditionalNorm.zeros(condition, norm.features().size(), generator)));
  }

  /** Creates a layer from its description. */
  public ConditionalResidual(Description from) {
    super(from);
  }

  /**
   * Returns the input, changed by the gated body, of the same shape.
   *
   * @param x as the norm expects it, with examples along axis 0
   * @param condition of shape (N, condition): one for each example
   */
  public Tensor forward(Tensor x, Tensor condition) {
    Tensor change = body.forward(norm.forward(x, condition));
    if (!change.shape().equals(x.shape())) {
      throw new IllegalArgumentException(
          "%s: the body makes %s of an input of shape %s; expected equal shapes"
              .formatted(headline(), change.shape(), x.shape()));
    }
    return observed(x.plus(norm.perExample(gate.forward(condition), x).times(change)));
  }
}
