package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Specializer;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/**
 * The loop over a function of one vector; lives in hidden copies, one for each function.
 *
 * <p>Vectors are objects until C2 has inlined everything that takes or returns one, and C2 gives up
 * on methods of one's own after so many nodes. Hence the shape of this loop: the function is called
 * in one place, for whole vectors and the tail alike; through a variable that the loop assigns, so
 * that C2 inlines it only once it has seen the whole loop, when far more nodes are allowed; and
 * there are no helper methods that take vectors.
 */
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
    MethodHandle function = FUNCTION;
    try {
      for (int i = 0; i < n; i += SPECIES.length()) {
        FloatVector xVector;
        if (i < bound) {
          xVector = FloatVector.fromArray(SPECIES, xs, xFrom + i);
        } else {
          VectorMask<Float> tail = SPECIES.indexInRange(i, n);
          xVector = FloatVector.fromArray(SPECIES, xs, xFrom + i, tail);
        }
        FloatVector result = (FloatVector) function.invokeExact(xVector);
        if (i < bound) {
          result.intoArray(outs, outFrom + i);
        } else {
          result.intoArray(outs, outFrom + i, SPECIES.indexInRange(i, n));
        }
        function = FUNCTION;
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
  }
}
