package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Specializer;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * The loop over a function of one vector; lives in hidden copies, one for each function. What is left after the last
 * whole vector goes to the portable loop, which has the same bits.
 *
 * <p>Vectors are objects until C2 has inlined everything that takes or returns one, and C2 gives up on methods that are
 * not the JDK's after so many nodes. Hence two oddities: there are no helper methods that take vectors; and the function
 * is called through a variable that the loop assigns, so that C2 inlines it only once it has seen the whole loop, when
 * far more nodes are allowed.
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

  private final Kernels.UnaryLoop remainder;

  FloatUnaryLoop(Kernels.UnaryLoop remainder) {
    this.remainder = remainder;
  }

  @Override
  public void run(Object x, int xFrom, Object out, int outFrom, int n) {
    float[] xs = (float[]) x;
    float[] outs = (float[]) out;
    int bound = SPECIES.loopBound(n);
    MethodHandle function = FUNCTION;
    try {
      for (int i = 0; i < bound; i += SPECIES.length()) {
        FloatVector xVector = FloatVector.fromArray(SPECIES, xs, xFrom + i);
        FloatVector result = (FloatVector) function.invokeExact(xVector);
        result.intoArray(outs, outFrom + i);
        function = FUNCTION;
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
    if (bound < n) {
      remainder.run(x, xFrom + bound, out, outFrom + bound, n - bound);
    }
  }
}
