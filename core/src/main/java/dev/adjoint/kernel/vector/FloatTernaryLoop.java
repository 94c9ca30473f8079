package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The loop over a function of three vectors; lives in hidden copies, one for each function. */
final class FloatTernaryLoop implements Kernels.TernaryLoop {

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
      Object z,
      int zFrom,
      int zStep,
      Object out,
      int outFrom,
      int n) {
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] zs = (float[]) z;
    float[] outs = (float[]) out;
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      apply(load(xs, xFrom, xStep, i), load(ys, yFrom, yStep, i), load(zs, zFrom, zStep, i))
          .intoArray(outs, outFrom + i);
    }
    if (bound < n) {
      VectorMask<Float> tail = SPECIES.indexInRange(bound, n);
      FloatVector lastX = load(xs, xFrom, xStep, bound, tail);
      FloatVector lastY = load(ys, yFrom, yStep, bound, tail);
      FloatVector lastZ = load(zs, zFrom, zStep, bound, tail);
      apply(lastX, lastY, lastZ).intoArray(outs, outFrom + bound, tail);
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

  private static FloatVector apply(FloatVector x, FloatVector y, FloatVector z) {
    try {
      return (FloatVector) FUNCTION.invokeExact(x, y, z);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
