package dev.adjoint.kernel;

/**
 * The 2-D convolution and its gradients, for either element type: arrays are all {@code float[]} or
 * all {@code double[]}, as the kernels are. A 1-D convolution is one of height 1.
 */
public final class Conv2d {

  private Conv2d() {}

  /** Computes y, the convolution of x with w. */
  public static void forward(
      Kernels kernels,
      ConvShape shape,
      Object x,
      int xFrom,
      Object w,
      int wFrom,
      Object y,
      int yFrom) {
    if (y instanceof float[] floats) {
      FloatConv2d.forward(kernels, shape, (float[]) x, xFrom, (float[]) w, wFrom, floats, yFrom);
    } else {
      DoubleConv2d.forward(
          kernels, shape, (double[]) x, xFrom, (double[]) w, wFrom, (double[]) y, yFrom);
    }
  }

  /** Computes dx, the gradient of the input, from g, the gradient of the output. */
  public static void inputGradient(
      Kernels kernels,
      ConvShape shape,
      Object g,
      int gFrom,
      Object w,
      int wFrom,
      Object dx,
      int dxFrom) {
    if (dx instanceof float[] floats) {
      FloatConv2d.inputGradient(
          kernels, shape, (float[]) g, gFrom, (float[]) w, wFrom, floats, dxFrom);
    } else {
      DoubleConv2d.inputGradient(
          kernels, shape, (double[]) g, gFrom, (double[]) w, wFrom, (double[]) dx, dxFrom);
    }
  }

  /**
   * Computes dw, the gradient of the weights, from g, the gradient of the output, and the input x.
   */
  public static void weightGradient(
      Kernels kernels,
      ConvShape shape,
      Object g,
      int gFrom,
      Object x,
      int xFrom,
      Object dw,
      int dwFrom) {
    if (dw instanceof float[] floats) {
      FloatConv2d.weightGradient(
          kernels, shape, (float[]) g, gFrom, (float[]) x, xFrom, floats, dwFrom);
    } else {
      DoubleConv2d.weightGradient(
          kernels, shape, (double[]) g, gFrom, (double[]) x, xFrom, (double[]) dw, dwFrom);
    }
  }
}
