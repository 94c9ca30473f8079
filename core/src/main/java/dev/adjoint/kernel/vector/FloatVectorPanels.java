package dev.adjoint.kernel.vector;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.FloatPanels;
import dev.adjoint.kernel.Matrix;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Packs panels of a matrix by transposing blocks of eight rows in registers (ADR 84). */
final class FloatVectorPanels {

  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = S.length();
  private static final int ROWS = 8;

  /** Interleaves the first halves of two vectors, and their second halves. */
  private static final VectorShuffle<Float> LOW = zip(0);

  private static final VectorShuffle<Float> HIGH = zip(LANES / 2);

  private static final VectorSpecies<Float> EIGHT =
      VectorSpecies.of(float.class, VectorShape.forBitSize(ROWS * Float.SIZE));

  private FloatVectorPanels() {}

  private static VectorShuffle<Float> zip(int from) {
    return VectorShuffle.fromOp(S, i -> from + i / 2 + i % 2 * LANES);
  }

  /** Packs rows, as {@code Kernels.pack} says. */
  static void pack(Matrix x, float[] out, int outFrom, int width) {
    boolean isAlong = x.rowStride() == 1;
    boolean isKnown =
        isAlong ? width == ROWS : x.columnStride() == 1 && (width % ROWS == 0 || x.rows() <= width);
    if (LANES < ROWS || !isKnown || x.columns() < LANES) {
      FloatPanels.pack(x, out, outFrom, width);
      return;
    }
    float[] data = (float[]) x.data();
    int depth = x.columns();
    int columns = isAlong ? depth : depth / LANES * LANES;
    float[] block = Buffers.scratchFloats(width == ROWS ? 0 : ROWS * columns);
    for (int i = 0; i < x.rows(); i += ROWS) {
      int to = outFrom + i / width * width * depth + i % width;
      int rows = Math.min(ROWS, x.rows() - i);
      int packed = rows == ROWS ? columns : 0;
      if (isAlong) {
        copy(data, x.at(i, 0), x.columnStride(), packed, out, to, width);
      } else if (width == ROWS) {
        transpose(data, x.at(i, 0), x.rowStride(), packed, out, to);
      } else {
        transpose(data, x.at(i, 0), x.rowStride(), packed, block, 0);
        copy(block, 0, ROWS, packed, out, to, width);
      }
      if (packed < depth) {
        Matrix rest = x.block(i, packed, rows, depth - packed);
        FloatPanels.pack(rest, out, to + packed * width, width);
      }
    }
    Buffers.give(block);
  }

  /** Copies eight rows that lie side by side. */
  private static void copy(
      float[] x, int from, int step, int columns, float[] out, int outFrom, int width) {
    for (int j = 0; j < columns; j++) {
      FloatVector.fromArray(EIGHT, x, from + j * step).intoArray(out, outFrom + j * width);
    }
  }

  /** Transposes eight rows. */
  private static void transpose(
      float[] x, int from, int stride, int columns, float[] out, int outFrom) {
    half(LOW, x, from, stride, columns, out, outFrom);
    half(HIGH, x, from, stride, columns, out, outFrom + LANES / 2 * ROWS);
  }

  /**
   * Transposes the first halves of vectors, or the second: what C2 inlines into one method does not
   * suffice for both.
   */
  private static void half(
      VectorShuffle<Float> half,
      float[] x,
      int from,
      int stride,
      int columns,
      float[] out,
      int outFrom) {
    for (int j = 0; j < columns; j += LANES) {
      int p = from + j;
      FloatVector x0 = FloatVector.fromArray(S, x, p);
      FloatVector x1 = FloatVector.fromArray(S, x, p + stride);
      FloatVector x2 = FloatVector.fromArray(S, x, p + 2 * stride);
      FloatVector x3 = FloatVector.fromArray(S, x, p + 3 * stride);
      x0 = x0.rearrange(half, FloatVector.fromArray(S, x, p + 4 * stride));
      x1 = x1.rearrange(half, FloatVector.fromArray(S, x, p + 5 * stride));
      x2 = x2.rearrange(half, FloatVector.fromArray(S, x, p + 6 * stride));
      x3 = x3.rearrange(half, FloatVector.fromArray(S, x, p + 7 * stride));
      FloatVector y0 = x0.rearrange(LOW, x2);
      FloatVector y1 = x1.rearrange(LOW, x3);
      FloatVector y2 = x0.rearrange(HIGH, x2);
      FloatVector y3 = x1.rearrange(HIGH, x3);
      int q = outFrom + j * ROWS;
      y0.rearrange(LOW, y1).intoArray(out, q);
      y0.rearrange(HIGH, y1).intoArray(out, q + LANES);
      y2.rearrange(LOW, y3).intoArray(out, q + 2 * LANES);
      y2.rearrange(HIGH, y3).intoArray(out, q + 3 * LANES);
    }
  }
}
