package dev.adjoint.kernel;

/**
 * Packs operands of the matrix product into panels: strips of a matrix as wide as the register
 * tile, stored one step of k after another, so that the tile reads memory in order.
 */
final class FloatPanels {

  private FloatPanels() {}

  /**
   * Packs lines of x (its rows) into panels of {@code width} lines, one behind the other. The last
   * panel may have fewer lines; the rest of it is left as it was, and is not read.
   */
  static void pack(
      FloatMatrix x, int line, int lines, int k, int depth, float[] out, int outFrom, int width) {
    if (x.rowStride() == 1) {
      packAlong(x, line, lines, k, depth, out, outFrom, width);
      return;
    }
    for (int i = 0; i < lines; i += width) {
      packAcross(
          x, line + i, Math.min(width, lines - i), k, depth, out, outFrom + i * depth, width);
    }
  }

  /** Lines are contiguous side by side: whole runs are copied, in the order of memory. */
  private static void packAlong(
      FloatMatrix x, int line, int lines, int k, int depth, float[] out, int outFrom, int width) {
    for (int l = 0; l < depth; l++) {
      int from = x.at(line, k + l);
      int to = outFrom + l * width;
      for (int i = 0; i < lines; i += width) {
        System.arraycopy(x.data(), from + i, out, to + i * depth, Math.min(width, lines - i));
      }
    }
  }

  /** Lines are apart: four of them are followed at a time, which fills store buffers better. */
  private static void packAcross(
      FloatMatrix x, int line, int lines, int k, int depth, float[] out, int outFrom, int width) {
    float[] data = x.data();
    int stride = x.rowStride();
    int step = x.step();
    int i = 0;
    for (; i + 4 <= lines; i += 4) {
      int p = x.at(line + i, k);
      int q = outFrom + i;
      for (int l = 0; l < depth; l++, p += step, q += width) {
        out[q] = data[p];
        out[q + 1] = data[p + stride];
        out[q + 2] = data[p + 2 * stride];
        out[q + 3] = data[p + 3 * stride];
      }
    }
    for (; i < lines; i++) {
      int p = x.at(line + i, k);
      int q = outFrom + i;
      for (int l = 0; l < depth; l++, p += step, q += width) {
        out[q] = data[p];
      }
    }
  }
}
