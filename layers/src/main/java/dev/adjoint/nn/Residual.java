package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/**
 * Adds what its body computes to the input: {@code x + body(x)} (He et al. 2016, arXiv:1512.03385).
 *
 * <p>Where the body changes the shape, a shortcut changes that of the input likewise: {@code
 * shortcut(x) + body(x)}.
 */
public final class Residual extends Layer implements Transform {

  private final Transform body = child("body", Transform.class);
  private final Transform shortcut = child("shortcut", Transform.class);

  /** Adds the input itself. */
  public Residual(Transform body) {
    this(body, Activation.IDENTITY);
  }

  /** Adds what the shortcut makes of the input. */
  public Residual(Transform body, Transform shortcut) {
    this(Description.of(Residual::new).with("body", body).with("shortcut", shortcut));
  }

  /** Creates a layer from its description. */
  public Residual(Description from) {
    super(from);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor change = body.forward(x);
    Tensor kept = shortcut.forward(x);
    if (!change.shape().equals(kept.shape())) {
      throw new IllegalArgumentException(
          "Residual: the body makes %s of an input of shape %s, the shortcut %s; expected equal shapes"
              .formatted(change.shape(), x.shape(), kept.shape()));
    }
    return observed(kept.plus(change));
  }
}
