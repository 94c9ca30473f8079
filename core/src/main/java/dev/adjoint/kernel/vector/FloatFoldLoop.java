package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.portable.FloatFold;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The loops of a fold, in the portable ones' order; lives in hidden copies, one for each pair of a
 * function to fold and one to fold by. What is too short for vectors is left to the portable loops.
 */
final class FloatFoldLoop extends FloatFold {

  private static final MethodHandle MAP;
  private static final MethodHandle FOLD;
  private static final int Y_STEP;

  static {
    try {
      MAP = classDataAt(lookup(), "_", MethodHandle.class, 0);
      FOLD = classDataAt(lookup(), "_", MethodHandle.class, 1);
      Y_STEP = classDataAt(lookup(), "_", Integer.class, 2);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final FloatFold portable;

  FloatFoldLoop(FloatFold portable) {
    this.portable = portable;
  }

  @Override
  public float lanes(float[] x, int xFrom, float[] y, int yFrom, int n, float[] scratch) {
    for (int lane = 0; lane < LANES / 2; lane += SPECIES.length()) {
      int other = lane + LANES / 2;
      FloatVector a = along(x, xFrom, y, yFrom, lane);
      FloatVector b = along(x, xFrom, y, yFrom, other);
      for (int i = LANES; i < n; i += LANES) {
        a = fold(a, along(x, xFrom, y, yFrom, i + lane));
        b = fold(b, along(x, xFrom, y, yFrom, i + other));
      }
      fold(a, b).intoArray(scratch, lane);
    }
    return portable.halve(scratch);
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
    int bound = SPECIES.loopBound(n);
    if (bound > 0) {
      int fours = rows / 4 * 4;
      Arrays.fill(out, outFrom, outFrom + bound, identity());
      for (int r = 0; r < fours; r += 4) {
        foldFour(
            x, xFrom + r * xStride, xStride, y, yFrom + r * yStride, yStride, bound, out, outFrom);
      }
      for (int r = fours; r < rows; r++) {
        foldOne(x, xFrom + r * xStride, y, yFrom + r * yStride, bound, out, outFrom);
      }
    }
    if (bound < n) {
      portable.chunk(
          x,
          xFrom + bound,
          xStride,
          y,
          yFrom + bound,
          yStride,
          rows,
          n - bound,
          out,
          outFrom + bound);
    }
  }

  private static void foldFour(
      float[] x,
      int xFrom,
      int xStride,
      float[] y,
      int yFrom,
      int yStride,
      int n,
      float[] out,
      int outFrom) {
    for (int j = 0; j < n; j += SPECIES.length()) {
      FloatVector a = at(x, xFrom + j, y, yFrom + j);
      FloatVector b = at(x, xFrom + xStride + j, y, yFrom + yStride + j);
      FloatVector c = at(x, xFrom + 2 * xStride + j, y, yFrom + 2 * yStride + j);
      FloatVector d = at(x, xFrom + 3 * xStride + j, y, yFrom + 3 * yStride + j);
      FloatVector sum = FloatVector.fromArray(SPECIES, out, outFrom + j);
      fold(sum, fold(fold(a, b), fold(c, d))).intoArray(out, outFrom + j);
    }
  }

  private static void foldOne(
      float[] x, int xFrom, float[] y, int yFrom, int n, float[] out, int outFrom) {
    for (int j = 0; j < n; j += SPECIES.length()) {
      FloatVector sum = FloatVector.fromArray(SPECIES, out, outFrom + j);
      fold(sum, at(x, xFrom + j, y, yFrom + j)).intoArray(out, outFrom + j);
    }
  }

  @Override
  public float halve(float[] lanes) {
    return portable.halve(lanes);
  }

  @Override
  public float few(float[] x, int xFrom, float[] y, int yFrom, int n) {
    return portable.few(x, xFrom, y, yFrom, n);
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
    portable.shortRows(x, xFrom, xStride, y, yFrom, yStride, rows, n, out, outFrom);
  }

  @Override
  public double combine(double x, double y) {
    return portable.combine(x, y);
  }

  @Override
  public float identity() {
    return portable.identity();
  }

  @Override
  public int yStep() {
    return Y_STEP;
  }

  /** The function of x and y, i elements further along a row. */
  private static FloatVector along(float[] x, int xFrom, float[] y, int yFrom, int i) {
    return Y_STEP == 0
        ? map(
            FloatVector.fromArray(SPECIES, x, xFrom + i), FloatVector.broadcast(SPECIES, y[yFrom]))
        : at(x, xFrom + i, y, yFrom + i);
  }

  private static FloatVector at(float[] x, int xFrom, float[] y, int yFrom) {
    return map(FloatVector.fromArray(SPECIES, x, xFrom), FloatVector.fromArray(SPECIES, y, yFrom));
  }

  private static FloatVector map(FloatVector x, FloatVector y) {
    try {
      return (FloatVector) MAP.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }

  private static FloatVector fold(FloatVector x, FloatVector y) {
    try {
      return (FloatVector) FOLD.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
