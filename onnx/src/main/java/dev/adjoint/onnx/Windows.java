package dev.adjoint.onnx;

import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * The windows of a convolution or pooling, one entry for each axis of positions.
 *
 * @param kernel the size of a window
 * @param stride from one window to the next
 * @param dilation from one element of a window to the next
 * @param before what is added before the input
 * @param after what is added behind it
 * @param overhang what the last window needs behind that, if sizes are rounded up
 */
record Windows(
    int[] kernel, int[] stride, int[] dilation, int[] before, int[] after, int[] overhang) {

  /** Returns the windows of a node over an input of shape (N, C, positions...). */
  static Windows of(Call call, Tensor x, int[] kernel) {
    int n = x.rank() - 2;
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    int[] stride = call.ints("strides", ones);
    int[] dilation = call.ints("dilations", ones);
    int[] pads = call.ints("pads", new int[2 * n]).clone();
    String auto = call.text("auto_pad", "NOTSET");
    int[] overhang = new int[n];
    if (kernel.length != n || stride.length != n || dilation.length != n || pads.length != 2 * n) {
      throw call.refuse(
          "kernel %s, strides %s, dilations %s and pads %s for an input of shape %s; expected one number an axis of positions, of pads two"
              .formatted(
                  Arrays.toString(kernel),
                  Arrays.toString(stride),
                  Arrays.toString(dilation),
                  Arrays.toString(pads),
                  x.shape()));
    }
    for (int i = 0; i < n; i++) {
      int span = (kernel[i] - 1) * dilation[i] + 1;
      int size = x.size(i + 2);
      if (auto.startsWith("SAME")) {
        int missing = Math.max(0, (Math.ceilDiv(size, stride[i]) - 1) * stride[i] + span - size);
        int half = auto.equals("SAME_UPPER") ? missing / 2 : missing - missing / 2;
        pads[i] = half;
        pads[n + i] = missing - half;
      } else if (auto.equals("VALID")) {
        pads[i] = 0;
        pads[n + i] = 0;
      }
      if (call.flag("ceil_mode", false)) {
        int padded = size + pads[i] + pads[n + i];
        int out = Math.ceilDiv(padded - span, stride[i]) + 1;
        if ((out - 1) * stride[i] >= size + pads[i]) {
          out--; // the last window would start in the padding
        }
        overhang[i] = Math.max(0, (out - 1) * stride[i] + span - padded);
      }
    }
    return new Windows(
        kernel,
        stride,
        dilation,
        Arrays.copyOf(pads, n),
        Arrays.copyOfRange(pads, n, 2 * n),
        overhang);
  }

  /** Tells whether both sides of each axis get the same, and nothing hangs over. */
  boolean isSymmetric() {
    return Arrays.equals(before, after) && Arrays.stream(overhang).allMatch(more -> more == 0);
  }

  boolean isDilated() {
    return Arrays.stream(dilation).anyMatch(d -> d != 1);
  }

  /** Returns the input with a value around it. */
  Tensor padded(Tensor x, double value) {
    return overhung(inPads(x, value), value);
  }

  Tensor inPads(Tensor x, double value) {
    Tensor y = x;
    for (int i = 0; i < before.length; i++) {
      y = before[i] + after[i] == 0 ? y : y.pad(i + 2, before[i], after[i], value);
    }
    return y;
  }

  Tensor overhung(Tensor x, double value) {
    Tensor y = x;
    for (int i = 0; i < overhang.length; i++) {
      y = overhang[i] == 0 ? y : y.pad(i + 2, 0, overhang[i], value);
    }
    return y;
  }
}
