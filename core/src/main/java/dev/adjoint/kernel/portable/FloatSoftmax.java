package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.Kernels.BinaryLoop;
import dev.adjoint.kernel.Kernels.TernaryLoop;
import dev.adjoint.kernel.Kernels.UnaryLoop;

/**
 * Softmax and its relatives, by short passes over rows that stay in the nearest cache between
 * passes.
 */
final class FloatSoftmax {

  /**
   * So many elements at a time, where rows are short: one pass over several rows costs less than
   * several.
   */
  private static final int BLOCK = 2048;

  private final Fold max;
  private final Fold sum;
  private final Fold dot;
  private final UnaryLoop log;
  private final UnaryLoop exp;
  private final BinaryLoop minus;
  private final BinaryLoop div;
  private final TernaryLoop logSoftmax;
  private final TernaryLoop softmaxPullback;
  private final TernaryLoop minusMultiple;

  FloatSoftmax(FloatKernels kernels) {
    max = kernels.fold("first", "max");
    sum = kernels.fold("first", "plus");
    dot = kernels.fold("times", "plus");
    log = kernels.unary("log");
    exp = kernels.unary("exp");
    minus = kernels.binary("minus");
    div = kernels.binary("div");
    logSoftmax = kernels.ternary("logSoftmax");
    softmaxPullback = kernels.ternary("softmaxPullback");
    minusMultiple = kernels.ternary("minusMultiple");
  }

  void softmax(float[] x, int xFrom, int rows, int n, float[] out, int outFrom) {
    int block = block(rows, n);
    float[] folded = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      int to = outFrom + r * n;
      max.rows(x, xFrom + r * n, n, x, xFrom + r * n, n, height, n, folded, 0);
      expMinus(x, xFrom + r * n, folded, height, n, out, to);
      sum.rows(out, to, n, out, to, n, height, n, folded, 0);
      for (int i = 0; i < height; i++) {
        div.run(out, to + i * n, 1, folded, i, 0, out, to + i * n, n);
      }
    }
  }

  void softmaxPullback(
      float[] g, int gFrom, float[] y, int yFrom, int rows, int n, float[] out, int outFrom) {
    int block = block(rows, n);
    float[] dots = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      dot.rows(g, gFrom + r * n, n, y, yFrom + r * n, n, height, n, dots, 0);
      for (int i = 0; i < height; i++) {
        int at = (r + i) * n;
        softmaxPullback.run(g, gFrom + at, 1, y, yFrom + at, 1, dots, i, 0, out, outFrom + at, n);
      }
    }
  }

  void logSoftmax(float[] x, int xFrom, int rows, int n, float[] out, int outFrom) {
    int block = block(rows, n);
    float[] shifts = Buffers.uninitializedFloats(block);
    float[] logs = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      int from = xFrom + r * n;
      int to = outFrom + r * n;
      max.rows(x, from, n, x, from, n, height, n, shifts, 0);
      // The exponentials go where the result will be, which needs x once more: so x and out are
      // different arrays.
      expMinus(x, from, shifts, height, n, out, to);
      sum.rows(out, to, n, out, to, n, height, n, logs, 0);
      log.run(logs, 0, logs, 0, height);
      for (int i = 0; i < height; i++) {
        logSoftmax.run(x, from + i * n, 1, shifts, i, 0, logs, i, 0, out, to + i * n, n);
      }
    }
  }

  void logSoftmaxPullback(
      float[] g, int gFrom, float[] y, int yFrom, int rows, int n, float[] out, int outFrom) {
    int block = block(rows, n);
    float[] sums = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      sum.rows(g, gFrom + r * n, n, g, gFrom + r * n, n, height, n, sums, 0);
      exp.run(y, yFrom + r * n, out, outFrom + r * n, height * n);
      for (int i = 0; i < height; i++) {
        int at = (r + i) * n;
        minusMultiple.run(g, gFrom + at, 1, out, outFrom + at, 1, sums, i, 0, out, outFrom + at, n);
      }
    }
  }

  void logSumExp(float[] x, int xFrom, int rows, int n, float[] out, int outFrom) {
    int block = block(rows, n);
    float[] shifts = Buffers.uninitializedFloats(block);
    float[] exponentials = Buffers.uninitializedFloats(block * n);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      int to = outFrom + r;
      max.rows(x, xFrom + r * n, n, x, xFrom + r * n, n, height, n, shifts, 0);
      for (int i = 0; i < height; i++) { // infinity - infinity would be NaN
        shifts[i] = Float.isInfinite(shifts[i]) ? 0 : shifts[i];
      }
      expMinus(x, xFrom + r * n, shifts, height, n, exponentials, 0);
      sum.rows(exponentials, 0, n, exponentials, 0, n, height, n, out, to);
      log.run(out, to, out, to, height);
      for (int i = 0; i < height; i++) {
        out[to + i] += shifts[i];
      }
    }
  }

  /** Computes exp(x - shift); the exponential of all rows at once, since it is slow at the end of a run. */
  private void expMinus(float[] x, int xFrom, float[] shifts, int rows, int n, float[] out, int outFrom) {
    for (int i = 0; i < rows; i++) {
      minus.run(x, xFrom + i * n, 1, shifts, i, 0, out, outFrom + i * n, n);
    }
    exp.run(out, outFrom, out, outFrom, rows * n);
  }

  private static int block(int rows, int n) {
    return Math.min(rows, Math.max(1, BLOCK / Math.max(n, 1)));
  }
}
