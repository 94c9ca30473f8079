package dev.adjoint.kernel.portable;

import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * The loops of a fold; lives in hidden copies, one for each pair of a function to fold and one to
 * fold by.
 */
final class FloatFoldLoop implements FloatFoldLoops {

  private static final MethodHandle MAP;
  private static final MethodHandle FOLD;
  private static final MethodHandle COMBINE;
  private static final float IDENTITY;

  static {
    try {
      MAP = classDataAt(lookup(), "_", MethodHandle.class, 0);
      FOLD = classDataAt(lookup(), "_", MethodHandle.class, 1);
      COMBINE = classDataAt(lookup(), "_", MethodHandle.class, 2);
      IDENTITY = (float) (double) classDataAt(lookup(), "_", Double.class, 3);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public float identity() {
    return IDENTITY;
  }

  @Override
  public double combine(double x, double y) {
    try {
      return (double) COMBINE.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }

  @Override
  public float lanes(float[] x, int xFrom, float[] y, int yFrom, int n, float[] scratch) {
    float a = everyFourth(x, xFrom, y, yFrom, n);
    float b = everyFourth(x, xFrom + 1, y, yFrom + 1, n);
    float c = everyFourth(x, xFrom + 2, y, yFrom + 2, n);
    float d = everyFourth(x, xFrom + 3, y, yFrom + 3, n);
    return fold(fold(a, c), fold(b, d));
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

  @Override
  public float halve(float[] lanes) {
    for (int half = LANES / 4; half > 0; half /= 2) {
      for (int l = 0; l < half; l++) {
        lanes[l] = fold(lanes[l], lanes[l + half]);
      }
    }
    return lanes[0];
  }

  @Override
  public float few(float[] x, int xFrom, float[] y, int yFrom, int n) {
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

  @Override
  public void shortRows(
      float[] x,
      int xFrom,
      int xStride,
      float[] y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      float[] out,
      int outFrom) {
    for (int r = 0; r < rows; r++) {
      out[outFrom + r] = n == 0 ? IDENTITY : few(x, xFrom + r * xStride, y, yFrom + r * yStride, n);
    }
  }

  @Override
  public void chunk(
      float[] x,
      int xFrom,
      int xStride,
      float[] y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      float[] out,
      int outFrom) {
    Arrays.fill(out, outFrom, outFrom + n, IDENTITY);
    int r = 0;
    for (; r + 3 < rows; r += 4) {
      int xRow = xFrom + r * xStride;
      int yRow = yFrom + r * yStride;
      for (int j = 0; j < n; j++) {
        float a = map(x[xRow + j], y[yRow + j]);
        float b = map(x[xRow + xStride + j], y[yRow + yStride + j]);
        float c = map(x[xRow + 2 * xStride + j], y[yRow + 2 * yStride + j]);
        float d = map(x[xRow + 3 * xStride + j], y[yRow + 3 * yStride + j]);
        out[outFrom + j] = fold(out[outFrom + j], fold(fold(a, b), fold(c, d)));
      }
    }
    for (; r < rows; r++) {
      int xRow = xFrom + r * xStride;
      int yRow = yFrom + r * yStride;
      for (int j = 0; j < n; j++) {
        out[outFrom + j] = fold(out[outFrom + j], map(x[xRow + j], y[yRow + j]));
      }
    }
  }

  private static float map(float[] x, int xFrom, float[] y, int yFrom, int i) {
    return map(x[xFrom + i], y[yFrom + i]);
  }

  private static float map(float x, float y) {
    try {
      return (float) MAP.invokeExact(x, y);
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
