package dev.adjoint.kernel;

import java.util.Arrays;

/** Unfolds parts of the input of a convolution, as much as fits a cache. */
final class FloatPatches {

  private FloatPatches() {}

  /**
   * Writes what {@code count} grid points, from {@code point} on in row-major order, see through
   * one tap: {@code out[outFrom + q]} is the input element, or 0 outside.
   *
   * @param plane where the channel begins in x
   */
  static void unfold(
      ConvStencil s,
      int tap,
      float[] x,
      int plane,
      int point,
      int count,
      float[] out,
      int outFrom) {
    int i = point / s.columns();
    int j = point % s.columns();
    int to = outFrom;
    int end = outFrom + count;
    while (to < end) {
      int n = Math.min(s.columns() - j, end - to);
      int y = i * s.strideH() + s.dy()[tap];
      if (y < 0 || y >= s.inH()) {
        Arrays.fill(out, to, to + n, 0f);
      } else {
        int first = Math.clamp(s.first()[tap], j, j + n);
        int last = Math.clamp(s.last()[tap], first, j + n);
        Arrays.fill(out, to, to + first - j, 0f);
        if (first < last) {
          int from = plane + y * s.inW() + first * s.strideW() + s.dx()[tap];
          copy(x, from, s.strideW(), out, to + first - j, last - first);
        }
        Arrays.fill(out, to + last - j, to + n, 0f);
      }
      to += n;
      i++;
      j = 0;
    }
  }

  private static void copy(float[] x, int from, int step, float[] out, int to, int n) {
    if (step == 1) {
      System.arraycopy(x, from, out, to, n);
    } else {
      for (int q = 0; q < n; q++) {
        out[to + q] = x[from + q * step];
      }
    }
  }
}
