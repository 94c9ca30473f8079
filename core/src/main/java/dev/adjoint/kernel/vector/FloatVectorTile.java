package dev.adjoint.kernel.vector;

import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Tiles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tile of the matrix product on the Vector API.
 *
 * <p>Each method keeps a block of c in registers while it walks down k. A block is as many rows as
 * the registers hold: 8 by 2 vectors where there are 32 of them, 4 by 2 where there are 16. Sums
 * start from zeros that are loaded, each from a place of its own: started from one shared vector,
 * C2 boxes all of them. Where a block has fewer rows, the last is computed several times, and where
 * it has fewer columns, both vectors share some: c is read before it is written.
 *
 * <p>Lives in hidden copies, whose constants say how the operands lie (ADR 75). What C2 keeps in
 * registers depends on how these methods are written: with operands as parameters, or with places
 * in c computed after the loop, convolutions took 1.1 to 1.8 times as long.
 */
final class FloatVectorTile implements FloatTileLoop {

  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();
  private static final float[] ZEROS = Buffers.zeroedFloats(16 * LANES);

  /** Whether all rows of the block are there, and those of a lie side by side, as in a panel. */
  private static final boolean IS_PANEL;

  /** Whether rows of b are equally far apart: without a table. */
  private static final boolean IS_PLAIN;

  static {
    try {
      IS_PANEL = classDataAt(lookup(), "_", Boolean.class, 0);
      IS_PLAIN = classDataAt(lookup(), "_", Boolean.class, 1);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public void add(
      Tiles t, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    if (columns < LANES) {
      for (int i = 0; i < rows; i += 4) {
        int to = cFrom + i * t.cRowStride();
        narrow(t, rows - i, columns, depth, aFrom, aRow + i, bFrom, to);
      }
    } else if (columns > 2 * LANES) {
      row(t, columns, depth, aFrom + t.aRows()[aRow], bFrom, cFrom);
    } else if (rows > 4) {
      rows8(t, rows, columns, depth, aFrom, aRow, bFrom, cFrom);
    } else {
      rows4(t, rows, columns, depth, aFrom, aRow, bFrom, cFrom);
    }
  }

  private static void rows8(
      Tiles t, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    float[] a = (float[]) t.a();
    float[] b = (float[]) t.b();
    float[] c = (float[]) t.c();
    int[] bRows = t.bRows();
    int[] aRows = t.aRows();
    int aStep = t.aStep();
    int bRowStride = t.bRowStride();
    int cRowStride = t.cRowStride();
    int second = columns - LANES;
    int last = IS_PANEL ? 7 : rows - 1;
    int i1 = Math.min(1, last);
    int i2 = Math.min(2, last);
    int i3 = Math.min(3, last);
    int i4 = Math.min(4, last);
    int i5 = Math.min(5, last);
    int i6 = Math.min(6, last);
    int i7 = Math.min(7, last);
    int first = IS_PANEL ? aFrom + aRows[aRow] : aFrom;
    int p0 = IS_PANEL ? 0 : aRows[aRow];
    int p1 = IS_PANEL ? 1 : aRows[aRow + i1];
    int p2 = IS_PANEL ? 2 : aRows[aRow + i2];
    int p3 = IS_PANEL ? 3 : aRows[aRow + i3];
    int p4 = IS_PANEL ? 4 : aRows[aRow + i4];
    int p5 = IS_PANEL ? 5 : aRows[aRow + i5];
    int p6 = IS_PANEL ? 6 : aRows[aRow + i6];
    int p7 = IS_PANEL ? 7 : aRows[aRow + i7];
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
    for (int k = 0, p = first, q = bFrom; k < depth; k++, p += aStep, q += bRowStride) {
      int at = IS_PLAIN ? q : bFrom + bRows[k];
      FloatVector u = FloatVector.fromArray(S, b, at);
      FloatVector v = FloatVector.fromArray(S, b, at + second);
      FloatVector x0 = FloatVector.broadcast(S, a[p + p0]);
      c0 = x0.fma(u, c0);
      d0 = x0.fma(v, d0);
      FloatVector x1 = FloatVector.broadcast(S, a[p + p1]);
      c1 = x1.fma(u, c1);
      d1 = x1.fma(v, d1);
      FloatVector x2 = FloatVector.broadcast(S, a[p + p2]);
      c2 = x2.fma(u, c2);
      d2 = x2.fma(v, d2);
      FloatVector x3 = FloatVector.broadcast(S, a[p + p3]);
      c3 = x3.fma(u, c3);
      d3 = x3.fma(v, d3);
      FloatVector x4 = FloatVector.broadcast(S, a[p + p4]);
      c4 = x4.fma(u, c4);
      d4 = x4.fma(v, d4);
      FloatVector x5 = FloatVector.broadcast(S, a[p + p5]);
      c5 = x5.fma(u, c5);
      d5 = x5.fma(v, d5);
      FloatVector x6 = FloatVector.broadcast(S, a[p + p6]);
      c6 = x6.fma(u, c6);
      d6 = x6.fma(v, d6);
      FloatVector x7 = FloatVector.broadcast(S, a[p + p7]);
      c7 = x7.fma(u, c7);
      d7 = x7.fma(v, d7);
    }
    i1 = cFrom + i1 * cRowStride;
    i2 = cFrom + i2 * cRowStride;
    i3 = cFrom + i3 * cRowStride;
    i4 = cFrom + i4 * cRowStride;
    i5 = cFrom + i5 * cRowStride;
    i6 = cFrom + i6 * cRowStride;
    i7 = cFrom + i7 * cRowStride;
    c0 = c0.add(FloatVector.fromArray(S, c, cFrom));
    d0 = d0.add(FloatVector.fromArray(S, c, cFrom + second));
    c1 = c1.add(FloatVector.fromArray(S, c, i1));
    d1 = d1.add(FloatVector.fromArray(S, c, i1 + second));
    c2 = c2.add(FloatVector.fromArray(S, c, i2));
    d2 = d2.add(FloatVector.fromArray(S, c, i2 + second));
    c3 = c3.add(FloatVector.fromArray(S, c, i3));
    d3 = d3.add(FloatVector.fromArray(S, c, i3 + second));
    c4 = c4.add(FloatVector.fromArray(S, c, i4));
    d4 = d4.add(FloatVector.fromArray(S, c, i4 + second));
    c5 = c5.add(FloatVector.fromArray(S, c, i5));
    d5 = d5.add(FloatVector.fromArray(S, c, i5 + second));
    c6 = c6.add(FloatVector.fromArray(S, c, i6));
    d6 = d6.add(FloatVector.fromArray(S, c, i6 + second));
    c7 = c7.add(FloatVector.fromArray(S, c, i7));
    d7 = d7.add(FloatVector.fromArray(S, c, i7 + second));
    c0.intoArray(c, cFrom);
    d0.intoArray(c, cFrom + second);
    c1.intoArray(c, i1);
    d1.intoArray(c, i1 + second);
    c2.intoArray(c, i2);
    d2.intoArray(c, i2 + second);
    c3.intoArray(c, i3);
    d3.intoArray(c, i3 + second);
    c4.intoArray(c, i4);
    d4.intoArray(c, i4 + second);
    c5.intoArray(c, i5);
    d5.intoArray(c, i5 + second);
    c6.intoArray(c, i6);
    d6.intoArray(c, i6 + second);
    c7.intoArray(c, i7);
    d7.intoArray(c, i7 + second);
  }

  private static void rows4(
      Tiles t, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    float[] a = (float[]) t.a();
    float[] b = (float[]) t.b();
    float[] c = (float[]) t.c();
    int[] bRows = t.bRows();
    int[] aRows = t.aRows();
    int aStep = t.aStep();
    int bRowStride = t.bRowStride();
    int cRowStride = t.cRowStride();
    int second = columns - LANES;
    int last = IS_PANEL ? 3 : rows - 1;
    int i1 = Math.min(1, last);
    int i2 = Math.min(2, last);
    int i3 = Math.min(3, last);
    int first = IS_PANEL ? aFrom + aRows[aRow] : aFrom;
    int p0 = IS_PANEL ? 0 : aRows[aRow];
    int p1 = IS_PANEL ? 1 : aRows[aRow + i1];
    int p2 = IS_PANEL ? 2 : aRows[aRow + i2];
    int p3 = IS_PANEL ? 3 : aRows[aRow + i3];
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector d0 = FloatVector.fromArray(S, ZEROS, LANES);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector d1 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 4 * LANES);
    FloatVector d2 = FloatVector.fromArray(S, ZEROS, 5 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 6 * LANES);
    FloatVector d3 = FloatVector.fromArray(S, ZEROS, 7 * LANES);
    for (int k = 0, p = first, q = bFrom; k < depth; k++, p += aStep, q += bRowStride) {
      int at = IS_PLAIN ? q : bFrom + bRows[k];
      FloatVector u = FloatVector.fromArray(S, b, at);
      FloatVector v = FloatVector.fromArray(S, b, at + second);
      FloatVector x0 = FloatVector.broadcast(S, a[p + p0]);
      c0 = x0.fma(u, c0);
      d0 = x0.fma(v, d0);
      FloatVector x1 = FloatVector.broadcast(S, a[p + p1]);
      c1 = x1.fma(u, c1);
      d1 = x1.fma(v, d1);
      FloatVector x2 = FloatVector.broadcast(S, a[p + p2]);
      c2 = x2.fma(u, c2);
      d2 = x2.fma(v, d2);
      FloatVector x3 = FloatVector.broadcast(S, a[p + p3]);
      c3 = x3.fma(u, c3);
      d3 = x3.fma(v, d3);
    }
    i1 = cFrom + i1 * cRowStride;
    i2 = cFrom + i2 * cRowStride;
    i3 = cFrom + i3 * cRowStride;
    c0 = c0.add(FloatVector.fromArray(S, c, cFrom));
    d0 = d0.add(FloatVector.fromArray(S, c, cFrom + second));
    c1 = c1.add(FloatVector.fromArray(S, c, i1));
    d1 = d1.add(FloatVector.fromArray(S, c, i1 + second));
    c2 = c2.add(FloatVector.fromArray(S, c, i2));
    d2 = d2.add(FloatVector.fromArray(S, c, i2 + second));
    c3 = c3.add(FloatVector.fromArray(S, c, i3));
    d3 = d3.add(FloatVector.fromArray(S, c, i3 + second));
    c0.intoArray(c, cFrom);
    d0.intoArray(c, cFrom + second);
    c1.intoArray(c, i1);
    d1.intoArray(c, i1 + second);
    c2.intoArray(c, i2);
    d2.intoArray(c, i2 + second);
    c3.intoArray(c, i3);
    d3.intoArray(c, i3 + second);
  }

  /** One row of more columns, 8 vectors side by side. */
  private static void row(Tiles t, int columns, int depth, int aFrom, int bFrom, int cFrom) {
    float[] a = (float[]) t.a();
    float[] b = (float[]) t.b();
    float[] c = (float[]) t.c();
    int[] bRows = t.bRows();
    int aStep = t.aStep();
    int bRowStride = t.bRowStride();
    int last = columns - LANES;
    int j1 = Math.min(1 * LANES, last);
    int j2 = Math.min(2 * LANES, last);
    int j3 = Math.min(3 * LANES, last);
    int j4 = Math.min(4 * LANES, last);
    int j5 = Math.min(5 * LANES, last);
    int j6 = Math.min(6 * LANES, last);
    int j7 = Math.min(7 * LANES, last);
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, 1 * LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    FloatVector c4 = FloatVector.fromArray(S, ZEROS, 4 * LANES);
    FloatVector c5 = FloatVector.fromArray(S, ZEROS, 5 * LANES);
    FloatVector c6 = FloatVector.fromArray(S, ZEROS, 6 * LANES);
    FloatVector c7 = FloatVector.fromArray(S, ZEROS, 7 * LANES);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aStep, q += bRowStride) {
      int at = IS_PLAIN ? q : bFrom + bRows[k];
      FloatVector x = FloatVector.broadcast(S, a[p]);
      c0 = x.fma(FloatVector.fromArray(S, b, at), c0);
      c1 = x.fma(FloatVector.fromArray(S, b, at + j1), c1);
      c2 = x.fma(FloatVector.fromArray(S, b, at + j2), c2);
      c3 = x.fma(FloatVector.fromArray(S, b, at + j3), c3);
      c4 = x.fma(FloatVector.fromArray(S, b, at + j4), c4);
      c5 = x.fma(FloatVector.fromArray(S, b, at + j5), c5);
      c6 = x.fma(FloatVector.fromArray(S, b, at + j6), c6);
      c7 = x.fma(FloatVector.fromArray(S, b, at + j7), c7);
    }
    c0 = c0.add(FloatVector.fromArray(S, c, cFrom));
    c1 = c1.add(FloatVector.fromArray(S, c, cFrom + j1));
    c2 = c2.add(FloatVector.fromArray(S, c, cFrom + j2));
    c3 = c3.add(FloatVector.fromArray(S, c, cFrom + j3));
    c4 = c4.add(FloatVector.fromArray(S, c, cFrom + j4));
    c5 = c5.add(FloatVector.fromArray(S, c, cFrom + j5));
    c6 = c6.add(FloatVector.fromArray(S, c, cFrom + j6));
    c7 = c7.add(FloatVector.fromArray(S, c, cFrom + j7));
    c0.intoArray(c, cFrom);
    c1.intoArray(c, cFrom + j1);
    c2.intoArray(c, cFrom + j2);
    c3.intoArray(c, cFrom + j3);
    c4.intoArray(c, cFrom + j4);
    c5.intoArray(c, cFrom + j5);
    c6.intoArray(c, cFrom + j6);
    c7.intoArray(c, cFrom + j7);
  }

  /** Up to four rows of less than a vector; lanes past {@code columns} are not touched. */
  private static void narrow(
      Tiles t, int rows, int columns, int depth, int aFrom, int aRow, int bFrom, int cFrom) {
    float[] a = (float[]) t.a();
    float[] b = (float[]) t.b();
    float[] c = (float[]) t.c();
    int[] bRows = t.bRows();
    int[] aRows = t.aRows();
    int aStep = t.aStep();
    int bRowStride = t.bRowStride();
    int cRowStride = t.cRowStride();
    VectorMask<Float> mask = S.indexInRange(0, columns);
    int last = rows - 1;
    int i1 = Math.min(1, last);
    int i2 = Math.min(2, last);
    int i3 = Math.min(3, last);
    int p0 = aRows[aRow];
    int p1 = aRows[aRow + i1];
    int p2 = aRows[aRow + i2];
    int p3 = aRows[aRow + i3];
    FloatVector c0 = FloatVector.fromArray(S, ZEROS, 0);
    FloatVector c1 = FloatVector.fromArray(S, ZEROS, LANES);
    FloatVector c2 = FloatVector.fromArray(S, ZEROS, 2 * LANES);
    FloatVector c3 = FloatVector.fromArray(S, ZEROS, 3 * LANES);
    for (int k = 0, p = aFrom, q = bFrom; k < depth; k++, p += aStep, q += bRowStride) {
      int at = IS_PLAIN ? q : bFrom + bRows[k];
      FloatVector u = FloatVector.fromArray(S, b, at, mask);
      c0 = FloatVector.broadcast(S, a[p + p0]).fma(u, c0);
      c1 = FloatVector.broadcast(S, a[p + p1]).fma(u, c1);
      c2 = FloatVector.broadcast(S, a[p + p2]).fma(u, c2);
      c3 = FloatVector.broadcast(S, a[p + p3]).fma(u, c3);
    }
    i1 = cFrom + i1 * cRowStride;
    i2 = cFrom + i2 * cRowStride;
    i3 = cFrom + i3 * cRowStride;
    c0 = c0.add(FloatVector.fromArray(S, c, cFrom, mask));
    c1 = c1.add(FloatVector.fromArray(S, c, i1, mask));
    c2 = c2.add(FloatVector.fromArray(S, c, i2, mask));
    c3 = c3.add(FloatVector.fromArray(S, c, i3, mask));
    c0.intoArray(c, cFrom, mask);
    c1.intoArray(c, i1, mask);
    c2.intoArray(c, i2, mask);
    c3.intoArray(c, i3, mask);
  }
}
