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
import java.util.Arrays;

/**
 * Convolutions of signals and images. As in PyTorch these are cross-correlations: the kernel is not
 * flipped.
 */
public final class Convolution {

  private Convolution() {}

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
    return conv(FORWARD, shape, x.unsqueeze(2), weight.unsqueeze(2)).squeeze(2);
  }

  /**
   * Convolves signals, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor conv1d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    return shifted("conv1d", x, weight, bias, conv1d(x, weight, options));
  }

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
    return conv(FORWARD, shape, x, weight);
  }

  /**
   * Convolves images, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor conv2d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    return shifted("conv2d", x, weight, bias, conv2d(x, weight, options));
  }

  /**
   * Spreads signals, as {@code torch.nn.functional.conv_transpose1d}: the gradient of a {@link
   * #conv1d} with this weight and these options with respect to its input, whose output x has the
   * shape of.
   *
   * @param x of shape (N, C, L)
   * @param weight of shape (C, O / groups, k)
   * @return of shape (N, O, OL), with {@code OL = (L - 1) stride - 2 padding + dilation (k - 1) +
   *     output padding + 1}
   * @throws IllegalArgumentException if the shapes do not fit, or the output would have no elements
   */
  public static Tensor convTranspose1d(Tensor x, Tensor weight, ConvOptions options) {
    ConvShape shape = transposedShape("convTranspose1d", x, weight, options, 1);
    Tensor line = lengthened(x, options).unsqueeze(2);
    return conv(INPUT_GRADIENT, shape, line, weight.unsqueeze(2)).squeeze(2);
  }

  /**
   * Spreads signals, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor convTranspose1d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    return shifted("convTranspose1d", x, weight, bias, convTranspose1d(x, weight, options));
  }

  /**
   * Spreads images, as {@code torch.nn.functional.conv_transpose2d}: the gradient of a {@link
   * #conv2d} with this weight and these options with respect to its input, whose output x has the
   * shape of.
   *
   * @param x of shape (N, C, H, W)
   * @param weight of shape (C, O / groups, kh, kw)
   * @return of shape (N, O, OH, OW), with {@code OH = (H - 1) stride - 2 padding + dilation (kh -
   *     1) + output padding + 1}
   * @throws IllegalArgumentException if the shapes do not fit, or the output would have no elements
   */
  public static Tensor convTranspose2d(Tensor x, Tensor weight, ConvOptions options) {
    ConvShape shape = transposedShape("convTranspose2d", x, weight, options, 2);
    return conv(INPUT_GRADIENT, shape, lengthened(x, options), weight);
  }

  /**
   * Spreads images, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor convTranspose2d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    return shifted("convTranspose2d", x, weight, bias, convTranspose2d(x, weight, options));
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
    ConvShape shape = imageShape(operation, input, kernel.size(0), kernel, options);
    var _ = Shape.of(operation, shape.n(), shape.outC(), shape.outH(), shape.outW());
    return shape;
  }

  /** Returns the shape of the convolution whose input has the shape of the result. */
  private static ConvShape transposedShape(
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

  /**
   * Adds the zeros that a convolution of the longest input would have as more outputs, where the
   * output padding is not below the stride.
   */
  private static Tensor lengthened(Tensor x, ConvOptions options) {
    int axes = x.rank() - 2;
    int[] more = options.outputPadding("pad", axes);
    int[] s = options.stride("pad", axes);
    Tensor longer = x;
    for (int i = 0; i < axes; i++) {
      longer = longer.pad(i + 2, 0, more[i] / s[i], 0);
    }
    return longer;
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

  private static Tensor shifted(String operation, Tensor x, Tensor weight, Tensor bias, Tensor y) {
    if (bias.rank() != 1 || bias.size(0) != y.size(1)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s, weight of shape %s and bias of shape %s; expected one bias for each output channel"
              .formatted(operation, x.shape(), weight.shape(), bias.shape()));
    }
    int[] sizes = new int[y.rank() - 1];
    Arrays.fill(sizes, 1);
    sizes[0] = -1;
    return y.plus(bias.reshape(sizes));
  }

  private static void requireRank(String operation, Tensor x, int rank, String expected) {
    if (x.rank() != rank) {
      throw new IllegalArgumentException(
          "%s: shape %s; expected %s".formatted(operation, x.shape(), expected));
    }
  }

  /** Returns the number of places of a kernel on each axis of images. */
  private static int[] places(String operation, int[] images, int[] kernel, ConvOptions options) {
    options.requireNoOutputPadding(operation);
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

  private static Tensor conv(Conv2d side, ConvShape shape, Tensor a, Tensor b) {
    DType dtype = DType.promote(a.dtype(), b.dtype());
    return Recorder.apply(new Conv(side, shape), a.to(dtype), b.to(dtype));
  }

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
