package dev.adjoint.op;

import dev.adjoint.kernel.ConvShape;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Checks what convolutions are given, and tells their kernels the sizes. */
final class ConvShapes {

  private ConvShapes() {}

  /** Checks a convolution of signals or images, and returns its shape. */
  static ConvShape of(String operation, Tensor x, Tensor weight, ConvOptions options, int axes) {
    requireFit(operation, x, weight, options, axes);
    ConvShape shape = imageShape(operation, x.shape(), weight.size(0), weight.shape(), options);
    var _ = Shape.of(operation, shape.n(), shape.outC(), shape.outH(), shape.outW());
    return shape;
  }

  /** Throws unless input, weight and options of a convolution along so many axes fit. */
  static void requireFit(String operation, Tensor x, Tensor weight, ConvOptions options, int axes) {
    options.requireNoOutputPadding(operation);
    Shape input = x.shape();
    Shape kernel = weight.shape();
    int[] s = options.stride(operation, axes);
    int[] p = options.padding(operation, axes);
    int[] d = options.dilation(operation, axes);
    int groups = options.groups();
    requireRanks(operation, x, weight, options, axes, "O, C / groups");
    int channels = input.size(1);
    if (channels < 1 || channels % groups != 0 || kernel.size(1) != channels / groups) {
      throw mismatch(
          operation,
          x,
          weight,
          options,
          "groups times the weight's input channels to be the input's");
    }
    if (kernel.size(0) < 1 || kernel.size(0) % groups != 0) {
      throw mismatch(operation, x, weight, options, "groups to divide the output channels");
    }
    for (int axis = 0; axis < axes; axis++) {
      int size = kernel.size(axis + 2);
      int length = Windows.padded(operation, input.size(axis + 2), p[axis]);
      if (Windows.count(length, size, s[axis], d[axis]) < 1) {
        throw mismatch(
            operation,
            x,
            weight,
            options,
            "a kernel of at least 1 that fits into the padded input");
      }
    }
  }

  /** Returns the shape of the convolution whose input has the shape of the result. */
  static ConvShape transposed(
      String operation, Tensor x, Tensor weight, ConvOptions options, int axes) {
    int[] s = options.stride(operation, axes);
    int[] p = options.padding(operation, axes);
    int[] d = options.dilation(operation, axes);
    int[] more = options.outputPadding(operation, axes);
    int groups = options.groups();
    requireRanks(operation, x, weight, options, axes, "C, O / groups");
    if (x.size(1) < 1 || x.size(1) != weight.size(0) || x.size(1) % groups != 0) {
      throw mismatch(
          operation,
          x,
          weight,
          options,
          "as many input channels as the weight's axis 0, which the groups divide");
    }
    long[] sizes = new long[axes + 2];
    sizes[0] = x.size(0);
    sizes[1] = (long) weight.size(1) * groups;
    boolean fits = sizes[1] > 0;
    for (int i = 0; i < axes; i++) {
      int kernel = weight.size(i + 2);
      long padded = (x.size(i + 2) - 1L) * s[i] + d[i] * (kernel - 1L) + more[i] + 1;
      sizes[i + 2] = padded - 2L * p[i];
      fits &=
          x.size(i + 2) > 0
              && kernel > 0
              && sizes[i + 2] > 0
              && padded <= Shape.MAX_SIZE
              && more[i] < Math.max(s[i], d[i]);
    }
    if (!fits) {
      throw mismatch(
          operation,
          x,
          weight,
          options,
          "an input, kernel and output of at least 1, and an output padding below stride or"
              + " dilation");
    }
    return imageShape(
        operation, Shape.of(operation, sizes), weight.size(0), weight.shape(), options);
  }

  /** Returns the shape of a convolution of images, which signals are of one row. */
  private static ConvShape imageShape(
      String operation, Shape input, int outC, Shape kernel, ConvOptions options) {
    int axes = input.rank() - 2;
    int[] s = options.stride(operation, axes);
    int[] p = options.padding(operation, axes);
    int[] d = options.dilation(operation, axes);
    boolean isSignal = axes == 1;
    int last = axes - 1;
    return new ConvShape(
        input.size(0),
        input.size(1),
        isSignal ? 1 : input.size(2),
        input.size(last + 2),
        outC,
        isSignal ? 1 : kernel.size(2),
        kernel.size(last + 2),
        isSignal ? 1 : s[0],
        s[last],
        isSignal ? 0 : p[0],
        p[last],
        isSignal ? 1 : d[0],
        d[last],
        options.groups());
  }

  private static void requireRanks(
      String operation, Tensor x, Tensor weight, ConvOptions options, int axes, String channels) {
    if (x.rank() != axes + 2 || weight.rank() != axes + 2) {
      String lengths = "D, H, W".substring(axes == 2 ? 3 : 0);
      String kernel = "kd, kh, kw".substring(axes == 2 ? 4 : 0);
      throw mismatch(
          operation,
          x,
          weight,
          options,
          "(N, C, %s) and (%s, %s)"
              .formatted(axes == 1 ? "L" : lengths, channels, axes == 1 ? "k" : kernel));
    }
  }

  private static IllegalArgumentException mismatch(
      String operation, Tensor x, Tensor weight, ConvOptions options, String expected) {
    return new IllegalArgumentException(
        "%s: input of shape %s and weight of shape %s do not fit with %s; expected %s"
            .formatted(operation, x.shape(), weight.shape(), options, expected));
  }
}
