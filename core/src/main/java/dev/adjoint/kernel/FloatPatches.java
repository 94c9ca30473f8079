package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Unfolds parts of the input of a convolution, as much as fits a cache: row {@code k} of the
 * unfolded input is what the grid points see through tap {@code k % taps} of input channel {@code k
 * / taps}.
 *
 * @param x images of channels of {@code stencil.inH() x stencil.inW()} elements
 */
record FloatPatches(ConvStencil stencil, float[] x, int xFrom) {

  /** Grid points, and so columns of the unfolded input, that are unfolded at a time. */
  static final int POINTS = 256;

  /** Rows of the unfolded input that are unfolded at a time. */
  static final int DEPTH = 256;

  /** Distance of rows: a power of two would have them compete for the same cache lines. */
  static final int STRIDE = POINTS + 16;

  /** Returns scratch memory for some rows, to be given back. */
  static float[] take(int rows) {
    return FloatScratch.PATCHES.take(Math.min(rows, DEPTH) * STRIDE);
  }

  /**
   * Unfolds {@code rows} rows from {@code k} on, for {@code points} grid points from {@code point}
   * on.
   *
   * @param channel the channel of x that row 0 is about
   */
  void unfold(int channel, int k, int rows, int point, int points, float[] out) {
    int taps = stencil.taps();
    int plane = stencil.inH() * stencil.inW();
    int i = point / stencil.columns();
    int j = point % stencil.columns();
    for (int row = 0; row < rows; row++) {
      int from = xFrom + (channel + (k + row) / taps) * plane;
      unfoldRow((k + row) % taps, from, i, j, points, out, row * STRIDE);
    }
  }

  private void unfoldRow(int tap, int plane, int i, int j, int points, float[] out, int outFrom) {
    int to = outFrom;
    int end = outFrom + points;
    while (to < end) {
      int n = Math.min(stencil.columns() - j, end - to);
      int y = i * stencil.strideH() + stencil.dy()[tap];
      if (y < 0 || y >= stencil.inH()) {
        Arrays.fill(out, to, to + n, 0f);
      } else {
        int first = Math.clamp(stencil.first()[tap], j, j + n);
        int last = Math.clamp(stencil.last()[tap], first, j + n);
        int from = plane + y * stencil.inW() + first * stencil.strideW() + stencil.dx()[tap];
        Arrays.fill(out, to, to + first - j, 0f);
        copy(from, last - first, out, to + first - j);
        Arrays.fill(out, to + last - j, to + n, 0f);
      }
      to += n;
      i++;
      j = 0;
    }
  }

  private void copy(int from, int n, float[] out, int to) {
    int step = stencil.strideW();
    if (step == 1 && n > 0) {
      System.arraycopy(x, from, out, to, n);
    } else {
      for (int q = 0; q < n; q++) {
        out[to + q] = x[from + q * step];
      }
    }
  }
}
