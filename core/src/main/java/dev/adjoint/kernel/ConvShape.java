package dev.adjoint.kernel;

/**
 * The sizes of a 2-D convolution: input {@code n x inC x h x w}, weights {@code outC x inC / groups
 * x kh x kw}, output {@code n x outC x outH x outW}, all contiguous.
 *
 * @param strideH rows of the input from one output row to the next
 * @param strideW columns of the input from one output column to the next
 * @param padH rows of zeros above and below the input
 * @param padW columns of zeros left and right of the input
 * @param dilationH rows of the input from one kernel row to the next
 * @param dilationW columns of the input from one kernel column to the next
 * @param groups into how many groups the channels are split, each convolved by itself
 */
public record ConvShape(
    int n,
    int inC,
    int h,
    int w,
    int outC,
    int kh,
    int kw,
    int strideH,
    int strideW,
    int padH,
    int padW,
    int dilationH,
    int dilationW,
    int groups) {

  /** Checks the sizes. */
  public ConvShape {
    check(n >= 0 && h >= 0 && w >= 0, "sizes of the input must not be negative");
    check(inC >= 1 && outC >= 1, "channels must be at least 1");
    check(kh >= 1 && kw >= 1, "the kernel must be at least 1 x 1");
    check(strideH >= 1 && strideW >= 1, "strides must be at least 1");
    check(padH >= 0 && padW >= 0, "paddings must not be negative");
    check(dilationH >= 1 && dilationW >= 1, "dilations must be at least 1");
    check(
        groups >= 1 && inC % groups == 0 && outC % groups == 0, "groups must divide the channels");
    check(
        padded(h, padH) > dilationH * (kh - 1L) && padded(w, padW) > dilationW * (kw - 1L),
        "the kernel must fit into the padded input");
  }

  /** Returns the sizes with so many times the images. */
  public ConvShape images(int times) {
    return new ConvShape(
        n * times, inC, h, w, outC, kh, kw, strideH, strideW, padH, padW, dilationH, dilationW,
        groups);
  }

  /** Returns the sizes with so many times the channels, of which each part has its own weights. */
  public ConvShape groups(int times) {
    return new ConvShape(
        n,
        inC * times,
        h,
        w,
        outC * times,
        kh,
        kw,
        strideH,
        strideW,
        padH,
        padW,
        dilationH,
        dilationW,
        groups * times);
  }

  /** Returns the number of rows of the output. */
  public int outH() {
    return (h + 2 * padH - dilationH * (kh - 1) - 1) / strideH + 1;
  }

  /** Returns the number of columns of the output. */
  public int outW() {
    return (w + 2 * padW - dilationW * (kw - 1) - 1) / strideW + 1;
  }

  /** Returns whether every channel is convolved by itself. */
  boolean isDepthwise() {
    return groups == inC && groups == outC;
  }

  private static long padded(int length, int padding) {
    return length + 2L * padding;
  }

  int groupInC() {
    return inC / groups;
  }

  int groupOutC() {
    return outC / groups;
  }

  private static void check(boolean holds, String rule) {
    if (!holds) {
      throw new IllegalArgumentException("convolution: " + rule);
    }
  }
}
