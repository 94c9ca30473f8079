package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Specializer;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * The loop over a function of one, two or three vectors; lives in hidden copies, one for each
 * function. What is left after the last whole vector goes to the portable loop, which has the same
 * bits.
 *
 * <p>Vectors are objects until C2 has inlined everything that takes or returns one, and C2 gives up
 * on methods that are not the JDK's after so many nodes. Hence two oddities: there are no helper
 * methods that take vectors; and the function is called through a variable that the loop assigns,
 * so that C2 inlines it only once it has seen the whole loop, when far more nodes are allowed.
 * Loads that the function does not look at are none: C2 drops them.
 */
final class FloatLoop implements Kernels.Loop {

  private static final MethodHandle FUNCTION;
  private static final int ARITY;

  static {
    try {
      ARITY = classDataAt(lookup(), "_", Integer.class, 1);
      FUNCTION = classDataAt(lookup(), "_", MethodHandle.class, 0);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Kernels.Loop remainder;

  FloatLoop(Kernels.Loop remainder) {
    this.remainder = remainder;
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
    // One value again and again: rare, and a broadcast would cost nodes that gelu has not to spare.
    int bound = ARITY == 1 && xStep == 0 ? 0 : SPECIES.loopBound(n);
    MethodHandle function = FUNCTION;
    try {
      for (int i = 0; i < bound; i += SPECIES.length()) {
        FloatVector xVector =
            ARITY == 1 || xStep != 0
                ? FloatVector.fromArray(SPECIES, xs, xFrom + i)
                : FloatVector.broadcast(SPECIES, xs[xFrom]);
        FloatVector yVector =
            ARITY < 2
                ? xVector
                : yStep == 0
                    ? FloatVector.broadcast(SPECIES, ys[yFrom])
                    : FloatVector.fromArray(SPECIES, ys, yFrom + i);
        FloatVector zVector =
            ARITY < 3
                ? xVector
                : zStep == 0
                    ? FloatVector.broadcast(SPECIES, zs[zFrom])
                    : FloatVector.fromArray(SPECIES, zs, zFrom + i);
        FloatVector result =
            ARITY == 1
                ? (FloatVector) function.invokeExact(xVector)
                : ARITY == 2
                    ? (FloatVector) function.invokeExact(xVector, yVector)
                    : (FloatVector) function.invokeExact(xVector, yVector, zVector);
        result.intoArray(outs, outFrom + i);
        function = FUNCTION;
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
    if (bound < n) {
      remainder.run(
          x,
          xFrom + bound * xStep,
          xStep,
          y,
          yFrom + bound * yStep,
          yStep,
          z,
          zFrom + bound * zStep,
          zStep,
          out,
          outFrom + bound,
          n - bound);
    }
  }
}
