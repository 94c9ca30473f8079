package dev.adjoint.nn;

import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * A layer, such as a batch norm, that in eval mode only scales and shifts each channel (axis 1), so
 * that the layer before it can do this at no cost.
 */
public interface PerChannelAffine {

  /** Returns what the layer does in eval mode. */
  Affine inferenceAffine();

  /**
   * The function {@code y = scale * x + shift}.
   *
   * @param scale one number a channel: shape (C)
   * @param shift one number a channel: shape (C)
   */
  record Affine(Tensor scale, Tensor shift) {

    /** Returns {@code scale * x + shift}, where axis 1 of x are the channels. */
    Tensor of(Tensor x) {
      Shape channels = Shape.along(0, scale.size(), x.rank() - 1);
      return x.times(scale.reshape(channels)).plus(shift.reshape(channels));
    }

    Affine then(Affine next) {
      return new Affine(next.scale.times(scale), next.scale.times(shift).plus(next.shift));
    }
  }
}
