package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Specializer;
import dev.adjoint.kernel.portable.FloatFoldLoops;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * The loops of a fold, in the portable ones' order; lives in hidden copies, one for each pair of a
 * function to fold and one to fold by. No helper methods take vectors here, since C2 would leave
 * those on the heap (ADR 38).
 */
final class FloatFoldLoop implements FloatFoldLoops {

  private static final MethodHandle MAP;
  private static final MethodHandle FOLD;

  static {
    try {
      MAP = classDataAt(lookup(), "_", MethodHandle.class, 0);
      FOLD = classDataAt(lookup(), "_", MethodHandle.class, 1);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public void lanes(float[] x, int xFrom, float[] y, int yFrom, int n, float[] lanes) {
    try {
      for (int lane = 0; lane < LANES / 2; lane += SPECIES.length()) {
        int other = lane + LANES / 2;
        FloatVector yA = FloatVector.fromArray(SPECIES, y, yFrom + lane);
        FloatVector yB = FloatVector.fromArray(SPECIES, y, yFrom + other);
        FloatVector a =
            (FloatVector) MAP.invokeExact(FloatVector.fromArray(SPECIES, x, xFrom + lane), yA);
        FloatVector b =
            (FloatVector) MAP.invokeExact(FloatVector.fromArray(SPECIES, x, xFrom + other), yB);
        for (int i = LANES; i < n; i += LANES) {
          yA = FloatVector.fromArray(SPECIES, y, yFrom + i + lane);
          yB = FloatVector.fromArray(SPECIES, y, yFrom + i + other);
          FloatVector nextA =
              (FloatVector)
                  MAP.invokeExact(FloatVector.fromArray(SPECIES, x, xFrom + i + lane), yA);
          FloatVector nextB =
              (FloatVector)
                  MAP.invokeExact(FloatVector.fromArray(SPECIES, x, xFrom + i + other), yB);
          a = (FloatVector) FOLD.invokeExact(a, nextA);
          b = (FloatVector) FOLD.invokeExact(b, nextB);
        }
        ((FloatVector) FOLD.invokeExact(a, b)).intoArray(lanes, lane);
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
  }

  @Override
  public int chunk(
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
    int fours = rows / 4 * 4;
    for (int r = 0; r < fours; r += 4) {
      foldFour(
          x, xFrom + r * xStride, xStride, y, yFrom + r * yStride, yStride, bound, out, outFrom);
    }
    for (int r = fours; r < rows; r++) {
      foldOne(x, xFrom + r * xStride, y, yFrom + r * yStride, bound, out, outFrom);
    }
    return bound;
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
    try {
      for (int j = 0; j < n; j += SPECIES.length()) {
        FloatVector a =
            (FloatVector)
                MAP.invokeExact(
                    FloatVector.fromArray(SPECIES, x, xFrom + j),
                    FloatVector.fromArray(SPECIES, y, yFrom + j));
        FloatVector b =
            (FloatVector)
                MAP.invokeExact(
                    FloatVector.fromArray(SPECIES, x, xFrom + xStride + j),
                    FloatVector.fromArray(SPECIES, y, yFrom + yStride + j));
        FloatVector c =
            (FloatVector)
                MAP.invokeExact(
                    FloatVector.fromArray(SPECIES, x, xFrom + 2 * xStride + j),
                    FloatVector.fromArray(SPECIES, y, yFrom + 2 * yStride + j));
        FloatVector d =
            (FloatVector)
                MAP.invokeExact(
                    FloatVector.fromArray(SPECIES, x, xFrom + 3 * xStride + j),
                    FloatVector.fromArray(SPECIES, y, yFrom + 3 * yStride + j));
        FloatVector ab = (FloatVector) FOLD.invokeExact(a, b);
        FloatVector cd = (FloatVector) FOLD.invokeExact(c, d);
        FloatVector abcd = (FloatVector) FOLD.invokeExact(ab, cd);
        FloatVector total =
            (FloatVector) FOLD.invokeExact(FloatVector.fromArray(SPECIES, out, outFrom + j), abcd);
        total.intoArray(out, outFrom + j);
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
  }

  private static void foldOne(
      float[] x, int xFrom, float[] y, int yFrom, int n, float[] out, int outFrom) {
    try {
      for (int j = 0; j < n; j += SPECIES.length()) {
        FloatVector a =
            (FloatVector)
                MAP.invokeExact(
                    FloatVector.fromArray(SPECIES, x, xFrom + j),
                    FloatVector.fromArray(SPECIES, y, yFrom + j));
        FloatVector total =
            (FloatVector) FOLD.invokeExact(FloatVector.fromArray(SPECIES, out, outFrom + j), a);
        total.intoArray(out, outFrom + j);
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
  }
}
