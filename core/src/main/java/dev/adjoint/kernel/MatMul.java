package dev.adjoint.kernel;

/** The matrix product, for either element type. */
public final class MatMul {

  private MatMul() {}

  /**
   * Computes {@code c = a * b}, or {@code c += a * b} if {@code accumulate}: a is m by k, b is k by
   * n, c is m by n.
   *
   * <p>Rows and columns of a and b may lie anywhere (so transposing is free); a row of c is
   * contiguous. The arrays are all {@code float[]} or all {@code double[]}, as the kernels are; c
   * does not overlap a or b. Every 512 products of an element are summed from zero in a sequential
   * chain of fused multiply-adds, and these sums are added to c in their order: with the same bits
   * in any provider and on any number of threads.
   */
  public static void multiply(
      Kernels kernels,
      int m,
      int n,
      int k,
      Object a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      Object b,
      int bFrom,
      int bRowStride,
      int bColumnStride,
      Object c,
      int cFrom,
      int cRowStride,
      boolean accumulate) {
    if (c instanceof float[] floats) {
      FloatMatMul.multiply(
          kernels,
          m,
          n,
          k,
          new FloatMatrix((float[]) a, aFrom, aRowStride, aColumnStride),
          new FloatMatrix((float[]) b, bFrom, bRowStride, bColumnStride),
          new FloatMatrix(floats, cFrom, cRowStride, 1),
          accumulate);
    } else {
      DoubleMatMul.multiply(
          kernels,
          m,
          n,
          k,
          new DoubleMatrix((double[]) a, aFrom, aRowStride, aColumnStride),
          new DoubleMatrix((double[]) b, bFrom, bRowStride, bColumnStride),
          new DoubleMatrix((double[]) c, cFrom, cRowStride, 1),
          accumulate);
    }
  }

  /**
   * Computes {@code batch} products as {@link #multiply}; product {@code t} has its matrices {@code
   * t} batch strides after the first. A batch stride of a or b may be 0, or negative.
   */
  public static void multiplyBatch(
      Kernels kernels,
      int batch,
      int m,
      int n,
      int k,
      Object a,
      int aFrom,
      int aBatchStride,
      int aRowStride,
      int aColumnStride,
      Object b,
      int bFrom,
      int bBatchStride,
      int bRowStride,
      int bColumnStride,
      Object c,
      int cFrom,
      int cBatchStride,
      int cRowStride,
      boolean accumulate) {
    long work = Math.max(1, (long) m * n * k);
    // Large products are split themselves; small ones go to chunks that are worth a hand-over.
    int perChunk = work >= 1 << 24 ? batch : (int) Math.max(1, (1 << 20) / work);
    Parallel.run(
        Math.ceilDiv(batch, Math.max(1, perChunk)),
        batch * work / 32,
        chunk -> {
          int end = Math.min(batch, (chunk + 1) * perChunk);
          for (int t = chunk * perChunk; t < end; t++) {
            multiply(
                kernels,
                m,
                n,
                k,
                a,
                aFrom + t * aBatchStride,
                aRowStride,
                aColumnStride,
                b,
                bFrom + t * bBatchStride,
                bRowStride,
                bColumnStride,
                c,
                cFrom + t * cBatchStride,
                cRowStride,
                accumulate);
          }
        });
  }
}
