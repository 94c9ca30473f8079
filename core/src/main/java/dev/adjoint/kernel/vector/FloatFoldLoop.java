package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.Specializer.constant;
import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
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

  private static final MethodHandle MAP = constant(lookup(), 0, MethodHandle.class);
  private static final MethodHandle FOLD = constant(lookup(), 1, MethodHandle.class);

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
  public int chunk(float[] x, int from, int stride, int rows, int n, float[] out, int outFrom) {
    int bound = SPECIES.loopBound(n);
    int fours = rows / 4 * 4;
    for (int r = 0; r < fours; r += 4) {
      foldFour(x, from + r * stride, stride, bound, out, outFrom);
    }
    for (int r = fours; r < rows; r++) {
      foldOne(x, from + r * stride, bound, out, outFrom);
    }
    return bound;
  }

  private static void foldFour(float[] x, int from, int stride, int n, float[] out, int outFrom) {
    try {
      for (int j = 0; j < n; j += SPECIES.length()) {
        FloatVector a = FloatVector.fromArray(SPECIES, x, from + j);
        FloatVector b = FloatVector.fromArray(SPECIES, x, from + stride + j);
        FloatVector c = FloatVector.fromArray(SPECIES, x, from + 2 * stride + j);
        FloatVector d = FloatVector.fromArray(SPECIES, x, from + 3 * stride + j);
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

  private static void foldOne(float[] x, int from, int n, float[] out, int outFrom) {
    try {
      for (int j = 0; j < n; j += SPECIES.length()) {
        FloatVector a = FloatVector.fromArray(SPECIES, x, from + j);
        FloatVector total =
            (FloatVector) FOLD.invokeExact(FloatVector.fromArray(SPECIES, out, outFrom + j), a);
        total.intoArray(out, outFrom + j);
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
  }
}
