package dev.adjoint.nn;

import dev.adjoint.tensor.Tensor;

/**
 * Marks a layer that in eval mode only scales and shifts each channel (axis 1), so that the layer
 * before it can do this at no cost: a batch norm.
 */
public interface PerChannelAffine {

  /** Returns what the layer does in eval mode. */
  Affine inferenceAffine();

  /**
   * Holds {@code y = scale * x + shift}.
   *
   * @param scale one number a channel: shape (C)
   * @param shift one number a channel: shape (C)
   */
  record Affine(Tensor scale, Tensor shift) {}
}
