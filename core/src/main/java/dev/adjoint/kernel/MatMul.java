package dev.adjoint.kernel;

/** The matrix product, for either element type. */
public final class MatMul {

  /** Elements of a right side that a product reads where they are: so few are not packed. */
  private static final int IN_PLACE = 8192;

  private MatMul() {}

  /**
   * Computes {@code c = a * b}, or {@code c += a * b} if {@code accumulate}.
   *
   * <p>Rows and columns of a and b may lie anywhere (so transposing is free); a row of c is
   * contiguous. The arrays are all {@code float[]} or all {@code double[]}, as the kernels are; c
   * does not overlap a or b. Every 512 products of an element are summed from zero in a sequential
   * chain of fused multiply-adds, and these sums are added to c in their order: with the same bits
   * in any provider and on any number of threads.
   */
  public static void multiply(Kernels kernels, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    Elements.of(c.data()).multiply(kernels, a, b, c, accumulate);
  }

  /** Computes each c of a batch, as {@link #multiply}. */
  public static void multiplyBatch(
      Kernels kernels, Matrices a, Matrices b, Matrices c, boolean accumulate) {
    int batch = c.starts().length;
    long work = Math.max(1, (long) a.rows() * a.columns() * b.columns());
    // Large products are split themselves; small ones go to chunks that are worth a hand-over.
    Parallel.runRanges(
        batch,
        work,
        work >= 1 << 24 ? Long.MAX_VALUE : 1 << 20,
        batch * work / 32,
        (from, to) -> {
          for (int t = from; t < to; t++) {
            multiply(kernels, a.get(t), b.get(t), c.get(t), accumulate);
          }
        });
  }

  /**
   * Multiplies by some columns at a time: so few, if they are contiguous side by side, that a
   * product reads them where they are. To pack them pays only for many rows.
   */
  public static void multiplyInPlace(
      Kernels kernels, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    int most = inPlace(b.rows());
    Parallel.run(
        Math.ceilDiv(b.columns(), most),
        (long) a.rows() * b.rows() * b.columns() / 32,
        part -> {
          int j = part * most;
          int some = Math.min(most, b.columns() - j);
          Matrix columns = b.block(0, j, b.rows(), some);
          multiply(kernels, a, columns, c.block(0, j, a.rows(), some), accumulate);
        });
  }

  /** Returns how many rows or columns of so many elements a product reads where they are. */
  public static int inPlace(int elements) {
    return Math.max(64, IN_PLACE / Math.max(1, elements));
  }
}
