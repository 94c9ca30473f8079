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

/** Convolutions, which as in PyTorch are cross-correlations: the kernel is not flipped. */
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
    ConvOptions.Padded in = options.pad("conv1d", x, weight, 1);
    ConvShape shape = new ConvShapes("conv1d", in.x(), weight, in.options(), 1).convolved();
    return Recorder.composite(
        "conv",
        in.options(),
        () -> conv(FORWARD, shape, in.x().unsqueeze(2), weight.unsqueeze(2)).squeeze(2),
        in.x(),
        weight);
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
    ConvOptions.Padded in = options.pad("conv2d", x, weight, 2);
    ConvShape shape = new ConvShapes("conv2d", in.x(), weight, in.options(), 2).convolved();
    return Recorder.composite(
        "conv", in.options(), () -> conv(FORWARD, shape, in.x(), weight), in.x(), weight);
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
   * Convolves volumes: images whose channels are those of all slices under the kernel (ADR 43).
   *
   * @param x of shape (N, C, D, H, W)
   * @param weight of shape (O, C / groups, kd, kh, kw)
   * @return of shape (N, O, OD, OH, OW), with {@code OD = (D + 2 padding - dilation (kd - 1) - 1) /
   *     stride + 1}
   * @throws IllegalArgumentException if the shapes do not fit
   */
  public static Tensor conv3d(Tensor x, Tensor weight, ConvOptions options) {
    ConvOptions.Padded in = options.pad("conv3d", x, weight, 3);
    ConvOptions rest = in.options();
    new ConvShapes("conv3d", in.x(), weight, rest, 3).requireFit();
    return Recorder.composite("conv", rest, () -> ofSlices(in.x(), weight, rest), in.x(), weight);
  }

  private static Tensor ofSlices(Tensor x, Tensor weight, ConvOptions options) {
    int[] s = options.stride("conv3d", 3);
    int[] p = options.padding("conv3d", 3);
    int[] d = options.dilation("conv3d", 3);
    Tensor padded = x.pad(2, p[0], p[0], 0);
    Tensor windows = Windows.unfold(padded, 2, weight.size(2), s[0], d[0]); // (N, C, OD, H, W, kd)
    Shape slices = windows.shape();
    Shape images =
        Shape.of(
            "conv3d",
            (long) slices.size(0) * slices.size(2),
            (long) slices.size(1) * slices.size(5),
            slices.size(3),
            slices.size(4));
    ConvOptions flat = options.stride(s[1], s[2]).padding(p[1], p[2]).dilation(d[1], d[2]);
    Tensor y =
        conv2d(windows.permute(0, 2, 1, 5, 3, 4).reshape(images), weight.flatten(1, 2), flat);
    return y.reshape(slices.size(0), slices.size(2), y.size(1), y.size(2), y.size(3))
        .transpose(1, 2);
  }

  /**
   * Convolves volumes, and adds a number to each channel.
   *
   * @param bias of shape (O)
   */
  public static Tensor conv3d(Tensor x, Tensor weight, Tensor bias, ConvOptions options) {
    return shifted("conv3d", x, weight, bias, conv3d(x, weight, options));
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
    ConvShape shape = new ConvShapes("convTranspose1d", x, weight, options, 1).transposed();
    return Recorder.composite(
        "convTranspose",
        options,
        () ->
            conv(INPUT_GRADIENT, shape, lengthened(x, options).unsqueeze(2), weight.unsqueeze(2))
                .squeeze(2),
        x,
        weight);
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
    ConvShape shape = new ConvShapes("convTranspose2d", x, weight, options, 2).transposed();
    return Recorder.composite(
        "convTranspose",
        options,
        () -> conv(INPUT_GRADIENT, shape, lengthened(x, options), weight),
        x,
        weight);
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

  private static Tensor shifted(String operation, Tensor x, Tensor weight, Tensor bias, Tensor y) {
    if (bias.rank() != 1 || bias.size(0) != y.size(1)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s, weight of shape %s and bias of shape %s; expected one bias for each output channel"
              .formatted(operation, x.shape(), weight.shape(), bias.shape()));
    }
    return y.plus(bias.reshape(Shape.along(0, bias.size(), y.rank() - 1)));
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
    return Recorder.apply(new Conv(side, shape), Engine.promoted(a, b));
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

    /** Examples that share the weight are more images; with weights of their own, more groups. */
    @Override
    public Tensor batched(BatchedInputs x) {
      boolean shared = side != WEIGHT_GRADIENT && !x.isMapped(1);
      ConvShape all = shared ? shape.images(x.size()) : shape.groups(x.size());
      Tensor first = shared ? x.get(0).flatten(0, 1) : channels(x.all(0));
      Tensor second =
          shared ? x.get(1) : side == WEIGHT_GRADIENT ? channels(x.all(1)) : x.all(1).flatten(0, 1);
      Tensor y = Recorder.apply(new Conv(side, all), first, second);
      int axis = shared || side == WEIGHT_GRADIENT ? 0 : 1;
      int[] sizes = y.shape().toArray();
      int[] split = new int[5];
      System.arraycopy(sizes, 0, split, 0, axis);
      split[axis] = x.size();
      System.arraycopy(sizes, axis, split, axis + 1, 4 - axis);
      split[axis + 1] /= x.size();
      return Movement.moved(y.reshape(split), axis, 0);
    }

    /** Turns images of examples (examples, n, c, h, w) into (n, examples * c, h, w). */
    private static Tensor channels(Tensor x) {
      return x.transpose(0, 1).flatten(1, 2);
    }

    private Tensor apply(Conv2d other, Tensor a, Tensor b) {
      return Recorder.apply(new Conv(other, shape), a, b);
    }
  }
}
