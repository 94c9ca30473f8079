package dev.adjoint.tensor;

/** What a reduction does with its axes, if not dropping them: {@code x.mean(Keep.AXES, 1)}. */
public enum Keep {
  /** Keeps the axes with size 1, so that the result broadcasts against the input. */
  AXES
}
