package dev.adjoint.op;

import dev.adjoint.kernel.ConvShape;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/** Checks what a convolution is given, and tells its kernels the sizes. */
final class ConvShapes {

  private final String operation;
  private final Tensor x;
  private final Tensor weight;
  private final ConvOptions options;
  private final int axes;
  private final int[] s;
  private final int[] p;
  private final int[] d;

  /** Takes the operands of a convolution along so many axes. */
  ConvShapes(String operation, Tensor x, Tensor weight, ConvOptions options, int axes) {
    this.operation = operation;
    this.x = x;
    this.weight = weight;
    this.options = options;
    this.axes = axes;
    s = options.stride(operation, axes);
    p = options.padding(operation, axes);
    d = options.dilation(operation, axes);
  }

  /** Checks a convolution of signals or images, and returns its shape. */
  ConvShape convolved() {
    requireFit();
    ConvShape shape = imageShape(x.shape());
    var _ = Shape.of(operation, shape.n(), shape.outC(), shape.outH(), shape.outW());
    return shape;
  }

  /** Throws unless input, weight and options of a convolution fit. */
  void requireFit() {
    options.requireNoOutputPadding(operation);
    requireRanks("O, C / groups");
    int groups = options.groups();
    int channels = x.size(1);
    if (channels < 1 || channels % groups != 0 || weight.size(1) != channels / groups) {
      throw mismatch("groups times the weight's input channels to be the input's");
    }
    if (weight.size(0) < 1 || weight.size(0) % groups != 0) {
      throw mismatch("groups to divide the output channels");
    }
    for (int i = 0; i < axes; i++) {
      int length = Windows.padded(operation, x.size(i + 2), p[i]);
      if (Windows.count(length, weight.size(i + 2), s[i], d[i]) < 1) {
        throw mismatch("a kernel of at least 1 that fits into the padded input");
      }
    }
  }

  /** Returns the shape of the convolution whose input has the shape of the result. */
  ConvShape transposed() {
    int[] more = options.outputPadding(operation, axes);
    int groups = options.groups();
    requireRanks("C, O / groups");
    if (x.size(1) < 1 || x.size(1) != weight.size(0) || x.size(1) % groups != 0) {
      throw mismatch("as many input channels as the weight's axis 0, which the groups divide");
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
          "an input, kernel and output of at least 1, and an output padding below stride or"
              + " dilation");
    }
    return imageShape(Shape.of(operation, sizes));
  }

  /** Returns the shape of a convolution of images, which signals are of one row. */
  private ConvShape imageShape(Shape input) {
    boolean isSignal = axes == 1;
    int last = axes - 1;
    return new ConvShape(
        input.size(0),
        input.size(1),
        isSignal ? 1 : input.size(2),
        input.size(last + 2),
        weight.size(0),
        isSignal ? 1 : weight.size(2),
        weight.size(last + 2),
        isSignal ? 1 : s[0],
        s[last],
        isSignal ? 0 : p[0],
        p[last],
        isSignal ? 1 : d[0],
        d[last],
        options.groups());
  }

  private void requireRanks(String channels) {
    if (x.rank() != axes + 2 || weight.rank() != axes + 2) {
      String lengths = "D, H, W".substring(axes == 2 ? 3 : 0);
      String kernel = "kd, kh, kw".substring(axes == 2 ? 4 : 0);
      throw mismatch(
          "(N, C, %s) and (%s, %s)"
              .formatted(axes == 1 ? "L" : lengths, channels, axes == 1 ? "k" : kernel));
    }
  }

  private IllegalArgumentException mismatch(String expected) {
    return new IllegalArgumentException(
        "%s: input of shape %s and weight of shape %s do not fit with %s; expected %s"
            .formatted(operation, x.shape(), weight.shape(), options, expected));
  }
}
