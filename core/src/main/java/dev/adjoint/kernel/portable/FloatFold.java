package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.Specializer.constant;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Fold;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The order in which both providers fold, which depends on the number of elements only.
 *
 * <p>Along a row, element i of a chunk belongs to lane i mod 32; lanes are folded over the chunk,
 * then with one another in halves (l with l + 16, then l + 8, and so on), then the chunks in double
 * precision, then what is left over after the last 32. Down columns, rows are folded by fours,
 * these over a chunk of rows, and the chunks in double precision.
 *
 * <p>Lives in hidden copies, one for each pair of a function to fold and one to fold by. What fills
 * vectors is left to the loops over them, if there are any.
 */
final class FloatFold implements Fold {

  private static final int CHUNK = 4096;

  private static final MethodHandle MAP = constant(lookup(), 0, MethodHandle.class);
  private static final MethodHandle FOLD = constant(lookup(), 1, MethodHandle.class);
  private static final MethodHandle COMBINE = constant(lookup(), 2, MethodHandle.class);
  private static final float IDENTITY = (float) (double) constant(lookup(), 3, Double.class);

  private final @Nullable FloatFoldLoops vectors;

  FloatFold(@Nullable FloatFoldLoops vectors) {
    this.vectors = vectors;
  }

  @Override
  public void rows(
      Object x, int xFrom, Object y, int yFrom, int rows, int n, Object out, int outFrom) {
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] outs = (float[]) out;
    if (n < LANES) {
      for (int r = 0; r < rows; r++) {
        outs[outFrom + r] = n == 0 ? IDENTITY : few(xs, xFrom + r * n, ys, yFrom + r * n, n);
      }
      return;
    }
    float[] scratch = Buffers.uninitializedFloats(LANES / 2);
    for (int r = 0; r < rows; r++) {
      outs[outFrom + r] = row(xs, xFrom + r * n, ys, yFrom + r * n, n, scratch);
    }
  }

  private float row(float[] x, int xFrom, float[] y, int yFrom, int n, float[] scratch) {
    double total = 0;
    int i = 0;
    while (n - i >= LANES) {
      int length = Math.min(n - i, CHUNK) / LANES * LANES;
      float chunk = lanes(x, xFrom + i, y, yFrom + i, length, scratch);
      total = i == 0 ? chunk : combine(total, chunk);
      i += length;
    }
    if (i < n) {
      total = combine(total, few(x, xFrom + i, y, yFrom + i, n - i));
    }
    return (float) total;
  }

  @Override
  public void columns(Object x, int from, int rows, int stride, int n, Object out, int outFrom) {
    float[] xs = (float[]) x;
    if (rows <= CHUNK_ROWS) {
      chunk(xs, from, stride, rows, n, (float[]) out, outFrom);
      return;
    }
    int chunks = Math.ceilDiv(rows, CHUNK_ROWS);
    float[] parts = Buffers.scratchFloats((long) chunks * n);
    for (int i = 0, r = 0; i < chunks; i++, r += CHUNK_ROWS) {
      chunk(xs, from + r * stride, stride, Math.min(CHUNK_ROWS, rows - r), n, parts, i * n);
    }
    chunks(parts, 0, chunks, n, out, outFrom);
    Buffers.give(parts);
  }

  @Override
  public void chunks(Object parts, int from, int chunks, int n, Object out, int outFrom) {
    float[] folded = (float[]) parts;
    float[] outs = (float[]) out;
    double[] totals = Buffers.uninitializedDoubles(n);
    for (int j = 0; j < n; j++) {
      totals[j] = folded[from + j];
    }
    for (int at = from + n; at < from + chunks * n; at += n) {
      for (int j = 0; j < n; j++) {
        totals[j] = combine(totals[j], folded[at + j]);
      }
    }
    for (int j = 0; j < n; j++) {
      outs[outFrom + j] = (float) totals[j];
    }
  }

  private static double combine(double x, double y) {
    try {
      return (double) COMBINE.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }

  /** Folds a multiple of 32 elements by lanes. */
  private float lanes(float[] x, int xFrom, float[] y, int yFrom, int n, float[] scratch) {
    if (vectors == null) {
      float a = everyFourth(x, xFrom, y, yFrom, n);
      float b = everyFourth(x, xFrom + 1, y, yFrom + 1, n);
      float c = everyFourth(x, xFrom + 2, y, yFrom + 2, n);
      float d = everyFourth(x, xFrom + 3, y, yFrom + 3, n);
      return fold(fold(a, c), fold(b, d));
    }
    vectors.lanes(x, xFrom, y, yFrom, n, scratch);
    float even = fold(quarter(scratch, 0), quarter(scratch, 2));
    return fold(even, fold(quarter(scratch, 1), quarter(scratch, 3)));
  }

  /** Folds every fourth of 16 lanes, in halves. */
  private static float quarter(float[] lanes, int i) {
    return fold(fold(lanes[i], lanes[i + 8]), fold(lanes[i + 4], lanes[i + 12]));
  }

  /** Folds lanes 0, 4, 8, ..., 28, counted from the first element. */
  private static float everyFourth(float[] x, int xFrom, float[] y, int yFrom, int n) {
    float a = map(x, xFrom, y, yFrom, 0);
    float b = map(x, xFrom, y, yFrom, 4);
    float c = map(x, xFrom, y, yFrom, 8);
    float d = map(x, xFrom, y, yFrom, 12);
    float e = map(x, xFrom, y, yFrom, 16);
    float f = map(x, xFrom, y, yFrom, 20);
    float g = map(x, xFrom, y, yFrom, 24);
    float h = map(x, xFrom, y, yFrom, 28);
    for (int i = LANES; i < n; i += LANES) {
      a = fold(a, map(x, xFrom, y, yFrom, i));
      b = fold(b, map(x, xFrom, y, yFrom, i + 4));
      c = fold(c, map(x, xFrom, y, yFrom, i + 8));
      d = fold(d, map(x, xFrom, y, yFrom, i + 12));
      e = fold(e, map(x, xFrom, y, yFrom, i + 16));
      f = fold(f, map(x, xFrom, y, yFrom, i + 20));
      g = fold(g, map(x, xFrom, y, yFrom, i + 24));
      h = fold(h, map(x, xFrom, y, yFrom, i + 28));
    }
    return fold(fold(fold(a, e), fold(c, g)), fold(fold(b, f), fold(d, h)));
  }

  /** Folds one to 31 elements. */
  private static float few(float[] x, int xFrom, float[] y, int yFrom, int n) {
    float a = map(x, xFrom, y, yFrom, 0);
    int i = 1;
    if (n >= 4) {
      float b = map(x, xFrom, y, yFrom, 1);
      float c = map(x, xFrom, y, yFrom, 2);
      float d = map(x, xFrom, y, yFrom, 3);
      for (i = 4; i + 3 < n; i += 4) {
        a = fold(a, map(x, xFrom, y, yFrom, i));
        b = fold(b, map(x, xFrom, y, yFrom, i + 1));
        c = fold(c, map(x, xFrom, y, yFrom, i + 2));
        d = fold(d, map(x, xFrom, y, yFrom, i + 3));
      }
      a = fold(fold(a, b), fold(c, d));
    }
    for (; i < n; i++) {
      a = fold(a, map(x, xFrom, y, yFrom, i));
    }
    return a;
  }

  /** Folds columns of up to 256 elements. */
  private void chunk(float[] x, int from, int stride, int rows, int n, float[] out, int outFrom) {
    Arrays.fill(out, outFrom, outFrom + n, IDENTITY);
    int done = vectors == null ? 0 : vectors.chunk(x, from, stride, rows, n, out, outFrom);
    int r = 0;
    for (; r + 3 < rows; r += 4) {
      int row = from + r * stride;
      for (int j = done; j < n; j++) {
        float ab = fold(x[row + j], x[row + stride + j]);
        float cd = fold(x[row + 2 * stride + j], x[row + 3 * stride + j]);
        out[outFrom + j] = fold(out[outFrom + j], fold(ab, cd));
      }
    }
    for (; r < rows; r++) {
      int row = from + r * stride;
      for (int j = done; j < n; j++) {
        out[outFrom + j] = fold(out[outFrom + j], x[row + j]);
      }
    }
  }

  private static float map(float[] x, int xFrom, float[] y, int yFrom, int i) {
    try {
      return (float) MAP.invokeExact(x[xFrom + i], y[yFrom + i]);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }

  private static float fold(float x, float y) {
    try {
      return (float) FOLD.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
