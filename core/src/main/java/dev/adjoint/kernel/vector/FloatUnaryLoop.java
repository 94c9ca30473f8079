package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** The loop over a function of one vector; lives in hidden copies, one for each function. */
final class FloatUnaryLoop implements Kernels.UnaryLoop {

  private static final MethodHandle FUNCTION;

  static {
    try {
      FUNCTION = classDataAt(lookup(), "_", MethodHandle.class, 0);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public void run(Object x, int xFrom, Object out, int outFrom, int n) {
    float[] xs = (float[]) x;
    float[] outs = (float[]) out;
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      apply(FloatVector.fromArray(SPECIES, xs, xFrom + i)).intoArray(outs, outFrom + i);
    }
    if (bound < n) {
      VectorMask<Float> tail = SPECIES.indexInRange(bound, n);
      apply(FloatVector.fromArray(SPECIES, xs, xFrom + bound, tail))
          .intoArray(outs, outFrom + bound, tail);
    }
  }

  private static FloatVector apply(FloatVector x) {
    try {
      return (FloatVector) FUNCTION.invokeExact(x);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
