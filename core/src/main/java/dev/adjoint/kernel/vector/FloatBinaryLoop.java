package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The loop over a function of two vectors; lives in hidden copies, one for each function. */
final class FloatBinaryLoop implements Kernels.BinaryLoop {

  private static final MethodHandle FUNCTION;

  static {
    try {
      FUNCTION = classDataAt(lookup(), "_", MethodHandle.class, 0);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public void run(
      Object x,
      int xFrom,
      int xStep,
      Object y,
      int yFrom,
      int yStep,
      Object out,
      int outFrom,
      int n) {
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] outs = (float[]) out;
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      apply(load(xs, xFrom, xStep, i), load(ys, yFrom, yStep, i)).intoArray(outs, outFrom + i);
    }
    if (bound < n) {
      VectorMask<Float> tail = SPECIES.indexInRange(bound, n);
      FloatVector last =
          apply(load(xs, xFrom, xStep, bound, tail), load(ys, yFrom, yStep, bound, tail));
      last.intoArray(outs, outFrom + bound, tail);
    }
  }

  private static FloatVector load(float[] x, int from, int step, int i) {
    return step == 0
        ? FloatVector.broadcast(SPECIES, x[from])
        : FloatVector.fromArray(SPECIES, x, from + i);
  }

  private static FloatVector load(float[] x, int from, int step, int i, VectorMask<Float> tail) {
    return step == 0
        ? FloatVector.broadcast(SPECIES, x[from])
        : FloatVector.fromArray(SPECIES, x, from + i, tail);
  }

  private static FloatVector apply(FloatVector x, FloatVector y) {
    try {
      return (FloatVector) FUNCTION.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
