package dev.adjoint.op;

import static dev.adjoint.kernel.Conv2d.FORWARD;
import static dev.adjoint.kernel.Conv2d.INPUT_GRADIENT;
import static dev.adjoint.kernel.Conv2d.WEIGHT_GRADIENT;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Conv2d;
import dev.adjoint.kernel.ConvShape;
import dev.adjoint.kernel.Span;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Convolutions of signals and images. As in PyTorch these are cross-correlations: the kernel is not
 * flipped.
 */
public final class Convolution {

  private Convolution() {}

  /**
   * Convolves images.
   *
   * @param x of shape (N, C, H, W)
   * @param weight of shape (O, C / groups, kh, kw)
   * @return of shape (N, O, OH, OW), with {@code OH = (H + 2 padding - dilation (kh - 1) - 1) /
   *     stride + 1}
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public static Tensor conv2d(Tensor x, Tensor weight, ConvOptions options) {
    ConvShape shape = shape("conv2d", x, weight, options, 2);
    DType dtype = DType.promote(x.dtype(), weight.dtype());
    return Recorder.apply(new Conv(FORWARD, shape), x.to(dtype), weight.to(dtype));
  }

  /**
   * Convolves images, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    checkBias("conv2d", x, weight, bias);
    return conv2d(x, weight, options).plus(bias.reshape(-1, 1, 1));
  }

  /**
   * Convolves signals.
   *
   * @param x of shape (N, C, L)
   * @param weight of shape (O, C / groups, k)
   * @return of shape (N, O, OL), with {@code OL = (L + 2 padding - dilation (k - 1) - 1) / stride +
   *     1}
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public static Tensor conv1d(Tensor x, Tensor weight, ConvOptions options) {
    ConvShape shape = shape("conv1d", x, weight, options, 1);
    DType dtype = DType.promote(x.dtype(), weight.dtype());
    Tensor y =
        Recorder.apply(
            new Conv(FORWARD, shape), x.to(dtype).unsqueeze(2), weight.to(dtype).unsqueeze(2));
    return y.squeeze(2);
  }

  /**
   * Convolves signals, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor conv1d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    checkBias("conv1d", x, weight, bias);
    return conv1d(x, weight, options).plus(bias.unsqueeze(1));
  }

  /**
   * Copies what lies under the kernel at each of its L places into a column, as {@code
   * torch.nn.functional.unfold}.
   *
   * @param x of shape (N, C, H, W)
   * @return of shape (N, C * kh * kw, L)
   */
  public static Tensor unfold(Tensor x, int kh, int kw, ConvOptions options) {
    requireRank("unfold", x, 4, "(N, C, H, W)");
    int[] s = options.stride("unfold", 2);
    int[] p = options.padding("unfold", 2);
    int[] d = options.dilation("unfold", 2);
    int[] places = places("unfold", new int[] {x.size(2), x.size(3)}, new int[] {kh, kw}, options);
    int oh = places[0];
    int ow = places[1];
    Shape whole = Shape.of("unfold", x.size(0), x.size(1), kh, kw, oh, ow); // no product overflows
    Tensor padded = x.pad(2, p[0], p[0], 0).pad(3, p[1], p[1], 0);
    Tensor windows = Windows.unfold(Windows.unfold(padded, 2, kh, s[0], d[0]), 3, kw, s[1], d[1]);
    return windows // (N, C, oh, ow, kh, kw)
        .permute(0, 1, 4, 5, 2, 3)
        .reshape(whole)
        .flatten(4, 5)
        .flatten(1, 3);
  }

  /**
   * Adds columns up to images, as {@code torch.nn.functional.fold}: the adjoint of {@link #unfold}.
   *
   * @param x of shape (N, C * kh * kw, L)
   * @param height of the result, and {@code width} of it
   * @return of shape (N, C, height, width)
   */
  public static Tensor fold(Tensor x, int height, int width, int kh, int kw, ConvOptions options) {
    requireRank("fold", x, 3, "(N, C * kh * kw, L)");
    int[] s = options.stride("fold", 2);
    int[] p = options.padding("fold", 2);
    int[] d = options.dilation("fold", 2);
    int[] places = places("fold", new int[] {height, width}, new int[] {kh, kw}, options);
    int oh = places[0];
    int ow = places[1];
    if (x.size(1) % ((long) kh * kw) != 0 || x.size(2) != (long) oh * ow) {
      throw new IllegalArgumentException(
          "fold: shape %s to images of %d x %d with kernel %d x %d, %s; expected a multiple of %d rows and %d columns"
              .formatted(
                  x.shape(), height, width, kh, kw, options, (long) kh * kw, (long) oh * ow));
    }
    Tensor windows =
        x.reshape(x.size(0), x.size(1) / (kh * kw), kh, kw, oh, ow).permute(0, 1, 4, 5, 2, 3);
    Tensor columns = Windows.fold(windows, 3, s[1], d[1], width + 2 * p[1]);
    Tensor padded = Windows.fold(columns, 2, s[0], d[0], height + 2 * p[0]);
    return padded.slice(2, p[0], p[0] + height).slice(3, p[1], p[1] + width);
  }

  // ---- checks --------------------------------------------------------------------------------

  private static ConvShape shape(
      String operation, Tensor x, Tensor weight, ConvOptions options, int axes) {
    Shape input = x.shape();
    Shape kernel = weight.shape();
    int[] s = options.stride(operation, axes);
    int[] p = options.padding(operation, axes);
    int[] d = options.dilation(operation, axes);
    int groups = options.groups();
    if (input.rank() != axes + 2 || kernel.rank() != axes + 2) {
      String expected =
          axes == 1
              ? "(N, C, L) and (O, C / groups, k)"
              : "(N, C, H, W) and (O, C / groups, kh, kw)";
      throw mismatch(operation, x, weight, options, expected);
    }
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
    boolean isSignal = axes == 1; // an image of one row
    int last = axes - 1;
    ConvShape shape =
        new ConvShape(
            input.size(0),
            channels,
            isSignal ? 1 : input.size(2),
            input.size(last + 2),
            kernel.size(0),
            isSignal ? 1 : kernel.size(2),
            kernel.size(last + 2),
            isSignal ? 1 : s[0],
            s[last],
            isSignal ? 0 : p[0],
            p[last],
            isSignal ? 1 : d[0],
            d[last],
            groups);
    var _ = Shape.of(operation, shape.n(), shape.outC(), shape.outH(), shape.outW());
    return shape;
  }

  private static IllegalArgumentException mismatch(
      String operation, Tensor x, Tensor weight, ConvOptions options, String expected) {
    return new IllegalArgumentException(
        "%s: input of shape %s and weight of shape %s do not fit with %s; expected %s"
            .formatted(operation, x.shape(), weight.shape(), options, expected));
  }

  private static void checkBias(String operation, Tensor x, Tensor weight, Tensor bias) {
    if (weight.rank() == 0 || bias.rank() != 1 || bias.size(0) != weight.size(0)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s, weight of shape %s and bias of shape %s; expected one bias for each output channel"
              .formatted(operation, x.shape(), weight.shape(), bias.shape()));
    }
  }

  private static void requireRank(String operation, Tensor x, int rank, String expected) {
    if (x.rank() != rank) {
      throw new IllegalArgumentException(
          "%s: shape %s; expected %s".formatted(operation, x.shape(), expected));
    }
  }

  /** Returns the number of places of a kernel on each axis of images. */
  private static int[] places(String operation, int[] images, int[] kernel, ConvOptions options) {
    int[] s = options.stride(operation, 2);
    int[] p = options.padding(operation, 2);
    int[] d = options.dilation(operation, 2);
    int[] places = new int[2];
    for (int axis = 0; axis < 2; axis++) {
      int length = Windows.padded(operation, images[axis], p[axis]);
      places[axis] = Windows.count(length, kernel[axis], s[axis], d[axis]);
      if (images[axis] < 0 || places[axis] < 1) {
        throw new IllegalArgumentException(
            "%s: kernel %d x %d for images of %d x %d with padding %d x %d and dilation %d x %d; expected a kernel of at least 1 that fits into the padded image"
                .formatted(
                    operation, kernel[0], kernel[1], images[0], images[1], p[0], p[1], d[0], d[1]));
      }
    }
    return places;
  }

  // ---- primitives ----------------------------------------------------------------------------

  /**
   * One of three bilinear functions, each of which has the other two as its pullbacks: so every
   * order of derivative is made of the same three kernels.
   */
  record Conv(Conv2d side, ConvShape shape) implements Primitive {
    @Override
    public String name() {
      return switch (side) {
        case FORWARD -> "conv2d";
        case INPUT_GRADIENT -> "conv2dInputGradient";
        case WEIGHT_GRADIENT -> "conv2dWeightGradient";
      };
    }

    @Override
    public Tensor forward(Tensor... x) {
      Tensor first = Engine.packed(x[0]);
      Tensor second = Engine.packed(x[1]);
      DType dtype = first.dtype();
      Shape result =
          switch (side) {
            case FORWARD -> Shape.of(shape.n(), shape.outC(), shape.outH(), shape.outW());
            case INPUT_GRADIENT -> Shape.of(shape.n(), shape.inC(), shape.h(), shape.w());
            case WEIGHT_GRADIENT ->
                Shape.of(shape.outC(), shape.inC() / shape.groups(), shape.kh(), shape.kw());
          };
      Span out = new Span(Engine.uninitialized(dtype, result.size()), 0);
      side.run(Engine.kernels(dtype), shape, Engine.span(first), Engine.span(second), out);
      return Engine.tensor(out.data(), dtype, result);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      boolean ofFirst = input == 0;
      return switch (side) {
        case FORWARD -> // input, weight
            ofFirst ? apply(INPUT_GRADIENT, g, x[1]) : apply(WEIGHT_GRADIENT, g, x[0]);
        case INPUT_GRADIENT -> // output, weight
            ofFirst ? apply(FORWARD, g, x[1]) : apply(WEIGHT_GRADIENT, x[0], g);
        case WEIGHT_GRADIENT -> // output, input
            ofFirst ? apply(FORWARD, x[1], g) : apply(INPUT_GRADIENT, x[0], g);
      };
    }

    private Tensor apply(Conv2d other, Tensor a, Tensor b) {
      return Recorder.apply(new Conv(other, shape), a, b);
    }
  }
}
