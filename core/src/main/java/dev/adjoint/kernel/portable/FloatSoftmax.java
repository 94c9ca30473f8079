package dev.adjoint.kernel.portable;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fold;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;

/**
 * Softmax and its relatives, by short passes over rows that stay in the nearest cache between
 * passes.
 */
final class FloatSoftmax implements Kernels.Rows {

  /**
   * So many elements at a time, where rows are short: one pass over several rows costs less than
   * several. More of them would be read from memory without anything to compute beside it.
   */
  private static final int BLOCK = 1024;

  /** Rows from here on are exponentiated one by one, in the pass that shifts them. */
  private static final int LONG = 256;

  private final Fold max;
  private final Fold atLeast;
  private final Fold sum;
  private final Fold dot;
  private final Fold sumBelowOne;
  private final Loop log;
  private final Loop log1p;
  private final Loop expNegative;
  private final Loop expMinus;
  private final Loop minus;
  private final Loop div;
  private final Loop equal;
  private final Loop logSoftmax;
  private final Loop softmaxPullback;
  private final Loop minusMultiple;
  private final Loop logSoftmaxPullback;

  FloatSoftmax(FloatKernels kernels) {
    max = kernels.fold("first", "max");
    atLeast = kernels.fold("first", "atLeast");
    sum = kernels.fold("first", "plus");
    dot = kernels.fold("times", "plus");
    sumBelowOne = kernels.fold("belowOne", "plus");
    log = kernels.loop("log", 1);
    log1p = kernels.loop("log1p", 1);
    expNegative = kernels.loop("expNegative", 1);
    expMinus = kernels.loop("expMinus", 2);
    minus = kernels.loop("minus", 2);
    div = kernels.loop("div", 2);
    equal = kernels.loop("equal", 2);
    logSoftmax = kernels.loop("logSoftmax", 3);
    softmaxPullback = kernels.loop("softmaxPullback", 3);
    minusMultiple = kernels.loop("minusMultiple", 3);
    logSoftmaxPullback = kernels.loop("logSoftmaxPullback", 3);
  }

  @Override
  public void softmax(Object x, int xFrom, int rows, int n, Object out, int outFrom) {
    int block = block(rows, n);
    float[] shifts = Buffers.uninitializedFloats(block);
    float[] sums = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      int from = xFrom + r * n;
      int to = outFrom + r * n;
      largest(x, from, height, n, shifts, 0);
      expMinus(x, from, shifts, 0, height, n, out, to);
      sum.rows(out, to, height, n, sums, 0);
      for (int i = 0; i < height; i++) {
        div.run(out, to + i * n, 1, sums, i, 0, out, to + i * n, n);
      }
    }
  }

  @Override
  public void exponentials(Object x, int xFrom, int rows, int n, Object out, int outFrom) {
    int block = block(rows, n);
    float[] shifts = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      largest(x, xFrom + r * n, height, n, shifts, 0);
      expMinus(x, xFrom + r * n, shifts, 0, height, n, out, outFrom + r * n);
    }
  }

  /**
   * Finds the largest value of each row. A NaN comes in by its exponential and need not be found
   * here, which takes half the time; but beside an infinity, the limit would hide it.
   */
  private void largest(Object x, int xFrom, int rows, int n, float[] out, int outFrom) {
    atLeast.rows(x, xFrom, rows, n, out, outFrom);
    for (int i = 0; i < rows; i++) {
      if (out[outFrom + i] == Float.POSITIVE_INFINITY) {
        max.rows(x, xFrom + i * n, 1, n, out, outFrom + i);
      }
    }
  }

  @Override
  public void softmaxPullback(
      Object g, int gFrom, Object y, int yFrom, int rows, int n, Object out, int outFrom) {
    int block = block(rows, n);
    float[] dots = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      dot.rows(g, gFrom + r * n, y, yFrom + r * n, height, n, dots, 0);
      for (int i = 0; i < height; i++) {
        int at = (r + i) * n;
        softmaxPullback.run(g, gFrom + at, 1, y, yFrom + at, 1, dots, i, 0, out, outFrom + at, n);
      }
    }
  }

  @Override
  public void logSoftmax(Object x, int xFrom, int rows, int n, Object out, int outFrom) {
    int block = block(rows, n);
    float[] shifts = Buffers.uninitializedFloats(block);
    float[] logs = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      int from = xFrom + r * n;
      int to = outFrom + r * n;
      // The exponentials go where the result will be, which needs x once more: so x and out are
      // different arrays.
      largest(x, from, height, n, shifts, 0);
      expMinus(x, from, shifts, 0, height, n, out, to);
      logOfSums(out, to, height, n, logs, 0);
      for (int i = 0; i < height; i++) {
        if (shifts[i] == Float.POSITIVE_INFINITY) { // infinity - infinity would be NaN
          log.run(out, to + i * n, out, to + i * n, n);
          minus.run(out, to + i * n, 1, logs, i, 0, out, to + i * n, n);
          continue;
        }
        logSoftmax.run(x, from + i * n, 1, shifts, i, 0, logs, i, 0, out, to + i * n, n);
      }
    }
  }

  @Override
  public void logSoftmaxPullback(
      Object g, int gFrom, Object y, int yFrom, int rows, int n, Object out, int outFrom) {
    int block = block(rows, n);
    float[] sums = Buffers.uninitializedFloats(block);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      sum.rows(g, gFrom + r * n, height, n, sums, 0);
      if (n < LONG) {
        expNegative.run(y, yFrom + r * n, out, outFrom + r * n, height * n);
      }
      for (int i = 0; i < height; i++) {
        int at = (r + i) * n;
        if (n < LONG) {
          minusMultiple.run(
              g, gFrom + at, 1, out, outFrom + at, 1, sums, i, 0, out, outFrom + at, n);
        } else {
          logSoftmaxPullback.run(
              g, gFrom + at, 1, y, yFrom + at, 1, sums, i, 0, out, outFrom + at, n);
        }
      }
    }
  }

  @Override
  public void logSumExp(
      Object x, int xFrom, int rows, int n, Object shift, int shiftFrom, Object log, int logFrom) {
    float[] shifts = (float[]) shift;
    float[] logs = (float[]) log;
    int block = block(rows, n);
    float[] exponentials = Buffers.scratchFloats((long) block * n);
    for (int r = 0; r < rows; r += block) {
      int height = Math.min(block, rows - r);
      int from = xFrom + r * n;
      int first = shiftFrom + r;
      largest(x, from, height, n, shifts, first);
      for (int i = first; i < first + height; i++) { // infinity - infinity would be NaN
        shifts[i] = shifts[i] == Float.NEGATIVE_INFINITY ? 0 : shifts[i];
      }
      expMinus(x, from, shifts, first, height, n, exponentials, 0);
      logOfSums(exponentials, 0, height, n, logs, logFrom + r);
    }
    Buffers.give(exponentials);
  }

  /**
   * Computes the logarithm of the sum of each row of exponentials. A sum below 2 is that of a 1 and
   * of others below it, whose own sum says more than what is left of it beside the 1.
   */
  private void logOfSums(Object exponentials, int from, int rows, int n, float[] out, int to) {
    sum.rows(exponentials, from, rows, n, out, to);
    boolean isCertain = false; // of one value in some row
    for (int i = to; i < to + rows; i++) {
      isCertain |= out[i] >= 1 && out[i] < 2;
    }
    if (!isCertain) {
      log.run(out, to, out, to, rows);
      return;
    }
    float[] others = Buffers.uninitializedFloats(rows);
    sumBelowOne.rows(exponentials, from, rows, n, others, 0);
    log1p.run(others, 0, others, 0, rows);
    float[] logs = Buffers.uninitializedFloats(rows);
    log.run(out, to, logs, 0, rows);
    for (int i = 0; i < rows; i++) {
      out[to + i] = out[to + i] >= 1 && out[to + i] < 2 ? others[i] : logs[i];
    }
  }

  /**
   * Computes exp(x - shift); the exponential of short rows at once, since it is slow at the end of
   * a run. Of a row whose largest value is infinite it is the limit: 1 for that value, else 0.
   */
  private void expMinus(
      Object x, int xFrom, float[] shifts, int shiftsFrom, int rows, int n, Object out, int to) {
    Loop first = n < LONG ? minus : expMinus;
    for (int i = 0; i < rows; i++) {
      first.run(x, xFrom + i * n, 1, shifts, shiftsFrom + i, 0, out, to + i * n, n);
    }
    if (n < LONG) {
      expNegative.run(out, to, out, to, rows * n);
    }
    for (int i = 0; i < rows; i++) {
      if (shifts[shiftsFrom + i] == Float.POSITIVE_INFINITY) {
        equal.run(x, xFrom + i * n, 1, shifts, shiftsFrom + i, 0, out, to + i * n, n);
      }
    }
  }

  private static int block(int rows, int n) {
    return Math.min(rows, Math.max(1, BLOCK / Math.max(n, 1)));
  }
}
