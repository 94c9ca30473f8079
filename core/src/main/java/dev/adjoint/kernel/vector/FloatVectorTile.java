package dev.adjoint.kernel.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tile of the matrix product on the Vector API.
 *
 * <p>Each method keeps a block of c in registers while it walks down k. A block is as many rows as
 * the registers hold: 8 by 2 vectors where there are 32 of them, 4 by 2 where there are 16. Sums
 * start from zeros that are loaded, each from a place of its own: started from one shared vector,
 * C2 boxes all of them.
 */
public final class FloatVectorTile {

  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();
  private static final float[] ZEROS = new float[16 * LANES];

  /** All but 256-bit vectors come with 32 registers (AVX-512, NEON, SVE). */
  private static final int ROWS = S.vectorBitSize() == 256 ? 4 : 8;

  private FloatVectorTile() {}

  /** Returns the most rows that a tile may have. */
  public static int tileRows() {
    return ROWS;
  }

  /** Returns the most columns that a tile may have. */
  public static int tileColumns() {
    return 2 * LANES;
  }

  /** Adds a product to a tile of c, as {@code Kernels.tile} says. */
  public static void tile(
      int rows,
      int columns,
      int depth,
      float[] a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      float[] c,
      int cFrom,
      int cRowStride) {
    if (rows == 8 && columns == 2 * LANES) {
      rows8(depth, a, aFrom, aRowStride, aColumnStride, b, bFrom, bRowStride, c, cFrom, cRowStride);
      return;
    }
    int i = 0;
    if (columns == 2 * LANES) {
      for (; i + 4 <= rows; i += 4) {
        rows4(
            depth,
            a,
            aFrom + i * aRowStride,
            aRowStride,
            aColumnStride,
            b,
            bFrom,
            bRowStride,
            c,
            cFrom + i * cRowStride,
            cRowStride);
      }
    }
    for (; i + 4 <= rows; i += 4) {
      for (int j = 0; j < columns; j += LANES) {
        rows4masked(
            columns - j,
            depth,
            a,
            aFrom + i * aRowStride,
            aRowStride,
            aColumnStride,
            b,
            bFrom + j,
            bRowStride,
            c,
            cFrom + i * cRowStride + j,
            cRowStride);
      }
    }
    if (columns == 2 * LANES) {
      for (; i < rows; i++) {
        row1(
            depth,
            a,
            aFrom + i * aRowStride,
            aColumnStride,
            b,
            bFrom,
            bRowStride,
            c,
            cFrom + i * cRowStride);
      }
    }
    for (; i < rows; i++) {
      for (int j = 0; j < columns; j += LANES) {
        row1masked(
            columns - j,
            depth,
            a,
            aFrom + i * aRowStride,
            aColumnStride,
            b,
            bFrom + j,
            bRowStride,
            c,
            cFrom + i * cRowStride + j);
      }
    }
  }

  private static void rows8(
      int depth,
      float[] a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      float[] c,
      int cFrom,
      int cRowStride) {
    int i1 = cFrom + cRowStride;
    int i2 = i1 + cRowStride;
    int i3 = i2 + cRowStride;
    int i4 = i3 + cRowStride;
    int i5 = i4 + cRowStride;
    int i6 = i5 + cRowStride;
    int i7 = i6 + cRowStride;
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector d0 = FloatVector.fromArray(S, ZEROS, LANES);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector d1 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 4 * LANES);
    FloatVector d2 = FloatVector.fromArray(S, ZEROS, 5 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 6 * LANES);
    FloatVector d3 = FloatVector.fromArray(S, ZEROS, 7 * LANES);
    FloatVector c4 = FloatVector.fromArray(S, ZEROS, 8 * LANES);
    FloatVector d4 = FloatVector.fromArray(S, ZEROS, 9 * LANES);
    FloatVector c5 = FloatVector.fromArray(S, ZEROS, 10 * LANES);
    FloatVector d5 = FloatVector.fromArray(S, ZEROS, 11 * LANES);
    FloatVector c6 = FloatVector.fromArray(S, ZEROS, 12 * LANES);
    FloatVector d6 = FloatVector.fromArray(S, ZEROS, 13 * LANES);
    FloatVector c7 = FloatVector.fromArray(S, ZEROS, 14 * LANES);
    FloatVector d7 = FloatVector.fromArray(S, ZEROS, 15 * LANES);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aColumnStride, q += bRowStride) {
      FloatVector u = FloatVector.fromArray(S, b, q);
      FloatVector v = FloatVector.fromArray(S, b, q + LANES);
      FloatVector x0 = FloatVector.broadcast(S, a[p]);
      c0 = x0.fma(u, c0);
      d0 = x0.fma(v, d0);
      FloatVector x1 = FloatVector.broadcast(S, a[p + aRowStride]);
      c1 = x1.fma(u, c1);
      d1 = x1.fma(v, d1);
      FloatVector x2 = FloatVector.broadcast(S, a[p + 2 * aRowStride]);
      c2 = x2.fma(u, c2);
      d2 = x2.fma(v, d2);
      FloatVector x3 = FloatVector.broadcast(S, a[p + 3 * aRowStride]);
      c3 = x3.fma(u, c3);
      d3 = x3.fma(v, d3);
      FloatVector x4 = FloatVector.broadcast(S, a[p + 4 * aRowStride]);
      c4 = x4.fma(u, c4);
      d4 = x4.fma(v, d4);
      FloatVector x5 = FloatVector.broadcast(S, a[p + 5 * aRowStride]);
      c5 = x5.fma(u, c5);
      d5 = x5.fma(v, d5);
      FloatVector x6 = FloatVector.broadcast(S, a[p + 6 * aRowStride]);
      c6 = x6.fma(u, c6);
      d6 = x6.fma(v, d6);
      FloatVector x7 = FloatVector.broadcast(S, a[p + 7 * aRowStride]);
      c7 = x7.fma(u, c7);
      d7 = x7.fma(v, d7);
    }
    c0.add(FloatVector.fromArray(S, c, cFrom)).intoArray(c, cFrom);
    d0.add(FloatVector.fromArray(S, c, cFrom + LANES)).intoArray(c, cFrom + LANES);
    c1.add(FloatVector.fromArray(S, c, i1)).intoArray(c, i1);
    d1.add(FloatVector.fromArray(S, c, i1 + LANES)).intoArray(c, i1 + LANES);
    c2.add(FloatVector.fromArray(S, c, i2)).intoArray(c, i2);
    d2.add(FloatVector.fromArray(S, c, i2 + LANES)).intoArray(c, i2 + LANES);
    c3.add(FloatVector.fromArray(S, c, i3)).intoArray(c, i3);
    d3.add(FloatVector.fromArray(S, c, i3 + LANES)).intoArray(c, i3 + LANES);
    c4.add(FloatVector.fromArray(S, c, i4)).intoArray(c, i4);
    d4.add(FloatVector.fromArray(S, c, i4 + LANES)).intoArray(c, i4 + LANES);
    c5.add(FloatVector.fromArray(S, c, i5)).intoArray(c, i5);
    d5.add(FloatVector.fromArray(S, c, i5 + LANES)).intoArray(c, i5 + LANES);
    c6.add(FloatVector.fromArray(S, c, i6)).intoArray(c, i6);
    d6.add(FloatVector.fromArray(S, c, i6 + LANES)).intoArray(c, i6 + LANES);
    c7.add(FloatVector.fromArray(S, c, i7)).intoArray(c, i7);
    d7.add(FloatVector.fromArray(S, c, i7 + LANES)).intoArray(c, i7 + LANES);
  }

  private static void rows4(
      int depth,
      float[] a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      float[] c,
      int cFrom,
      int cRowStride) {
    int i1 = cFrom + cRowStride;
    int i2 = i1 + cRowStride;
    int i3 = i2 + cRowStride;
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector d0 = FloatVector.fromArray(S, ZEROS, LANES);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector d1 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 4 * LANES);
    FloatVector d2 = FloatVector.fromArray(S, ZEROS, 5 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 6 * LANES);
    FloatVector d3 = FloatVector.fromArray(S, ZEROS, 7 * LANES);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aColumnStride, q += bRowStride) {
      FloatVector u = FloatVector.fromArray(S, b, q);
      FloatVector v = FloatVector.fromArray(S, b, q + LANES);
      FloatVector x0 = FloatVector.broadcast(S, a[p]);
      c0 = x0.fma(u, c0);
      d0 = x0.fma(v, d0);
      FloatVector x1 = FloatVector.broadcast(S, a[p + aRowStride]);
      c1 = x1.fma(u, c1);
      d1 = x1.fma(v, d1);
      FloatVector x2 = FloatVector.broadcast(S, a[p + 2 * aRowStride]);
      c2 = x2.fma(u, c2);
      d2 = x2.fma(v, d2);
      FloatVector x3 = FloatVector.broadcast(S, a[p + 3 * aRowStride]);
      c3 = x3.fma(u, c3);
      d3 = x3.fma(v, d3);
    }
    c0.add(FloatVector.fromArray(S, c, cFrom)).intoArray(c, cFrom);
    d0.add(FloatVector.fromArray(S, c, cFrom + LANES)).intoArray(c, cFrom + LANES);
    c1.add(FloatVector.fromArray(S, c, i1)).intoArray(c, i1);
    d1.add(FloatVector.fromArray(S, c, i1 + LANES)).intoArray(c, i1 + LANES);
    c2.add(FloatVector.fromArray(S, c, i2)).intoArray(c, i2);
    d2.add(FloatVector.fromArray(S, c, i2 + LANES)).intoArray(c, i2 + LANES);
    c3.add(FloatVector.fromArray(S, c, i3)).intoArray(c, i3);
    d3.add(FloatVector.fromArray(S, c, i3 + LANES)).intoArray(c, i3 + LANES);
  }

  private static void row1(
      int depth,
      float[] a,
      int aFrom,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      float[] c,
      int cFrom) {
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector d0 = FloatVector.fromArray(S, ZEROS, LANES);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aColumnStride, q += bRowStride) {
      FloatVector x0 = FloatVector.broadcast(S, a[p]);
      c0 = x0.fma(FloatVector.fromArray(S, b, q), c0);
      d0 = x0.fma(FloatVector.fromArray(S, b, q + LANES), d0);
    }
    c0.add(FloatVector.fromArray(S, c, cFrom)).intoArray(c, cFrom);
    d0.add(FloatVector.fromArray(S, c, cFrom + LANES)).intoArray(c, cFrom + LANES);
  }

  /** Four rows of at most one vector; lanes past {@code columns} are neither read nor written. */
  private static void rows4masked(
      int columns,
      int depth,
      float[] a,
      int aFrom,
      int aRowStride,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      float[] c,
      int cFrom,
      int cRowStride) {
    VectorMask<Float> mask = S.indexInRange(0, columns);
    int i1 = cFrom + cRowStride;
    int i2 = i1 + cRowStride;
    int i3 = i2 + cRowStride;
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aColumnStride, q += bRowStride) {
      FloatVector u = FloatVector.fromArray(S, b, q, mask);
      c0 = FloatVector.broadcast(S, a[p]).fma(u, c0);
      c1 = FloatVector.broadcast(S, a[p + aRowStride]).fma(u, c1);
      c2 = FloatVector.broadcast(S, a[p + 2 * aRowStride]).fma(u, c2);
      c3 = FloatVector.broadcast(S, a[p + 3 * aRowStride]).fma(u, c3);
    }
    c0.add(FloatVector.fromArray(S, c, cFrom, mask)).intoArray(c, cFrom, mask);
    c1.add(FloatVector.fromArray(S, c, i1, mask)).intoArray(c, i1, mask);
    c2.add(FloatVector.fromArray(S, c, i2, mask)).intoArray(c, i2, mask);
    c3.add(FloatVector.fromArray(S, c, i3, mask)).intoArray(c, i3, mask);
  }

  private static void row1masked(
      int columns,
      int depth,
      float[] a,
      int aFrom,
      int aColumnStride,
      float[] b,
      int bFrom,
      int bRowStride,
      float[] c,
      int cFrom) {
    VectorMask<Float> mask = S.indexInRange(0, columns);
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aColumnStride, q += bRowStride) {
      FloatVector u = FloatVector.fromArray(S, b, q, mask);
      c0 = FloatVector.broadcast(S, a[p]).fma(u, c0);
    }
    c0.add(FloatVector.fromArray(S, c, cFrom, mask)).intoArray(c, cFrom, mask);
  }
}
