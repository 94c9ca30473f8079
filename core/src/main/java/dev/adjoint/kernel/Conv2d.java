package dev.adjoint.kernel;

/**
 * The three sides of a 2-D convolution: any two of input, weight and output make the third. A 1-D
 * convolution is one of height 1.
 */
public enum Conv2d {
  /** Output from input and weight. */
  FORWARD,
  /** Gradient of the input from that of the output, and weight. */
  INPUT_GRADIENT,
  /** Gradient of the weight from that of the output, and input. */
  WEIGHT_GRADIENT;

  /**
   * Computes a side from the two others, in the order above. Arrays are all {@code float[]} or all
   * {@code double[]}, as the kernels are.
   */
  public void run(Kernels kernels, ConvShape shape, Span a, Span b, Span out) {
    Elements.of(out.data()).convolve(this, kernels, shape, a, b, out);
  }
}
