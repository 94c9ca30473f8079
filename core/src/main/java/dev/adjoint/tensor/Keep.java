package dev.adjoint.tensor;

/** Says that a reduction keeps its axes, with size 1: {@code x.mean(Keep.AXES, 1)}. */
public enum Keep {
  /** Keep the reduced axes, so that the result broadcasts against the input. */
  AXES
}
