package dev.adjoint.tensor;

/** Makes a reduction keep its axes, with size 1: {@code x.mean(Keep.AXES, 1)}. */
public enum Keep {
  /** Keep the reduced axes, so that the result broadcasts against the input. */
  AXES
}
