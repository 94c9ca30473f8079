package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;
import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Specializer;
import java.lang.invoke.MethodHandle;
import jdk.incubator.vector.FloatVector;

/**
 * The loop over a function of two vectors; lives in hidden copies, one for each function.
 *
 * <p>Its shape is that of {@link FloatUnaryLoop}, for the reasons given there.
 */
final class FloatBinaryLoop implements Kernels.BinaryLoop {

  private static final MethodHandle FUNCTION;

  static {
    try {
      FUNCTION = classDataAt(lookup(), "_", MethodHandle.class, 0);
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Kernels.BinaryLoop remainder;

  FloatBinaryLoop(Kernels.BinaryLoop remainder) {
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
      Object out,
      int outFrom,
      int n) {
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] outs = (float[]) out;
    int bound = SPECIES.loopBound(n);
    MethodHandle function = FUNCTION;
    try {
      for (int i = 0; i < bound; i += SPECIES.length()) {
        FloatVector xVector =
            xStep == 0 ? FloatVector.broadcast(SPECIES, xs[xFrom]) : FloatVector.fromArray(SPECIES, xs, xFrom + i);
        FloatVector yVector =
            yStep == 0 ? FloatVector.broadcast(SPECIES, ys[yFrom]) : FloatVector.fromArray(SPECIES, ys, yFrom + i);
        FloatVector result = (FloatVector) function.invokeExact(xVector, yVector);
        result.intoArray(outs, outFrom + i);
        function = FUNCTION;
      }
    } catch (Throwable e) {
      throw Specializer.rethrown(e);
    }
    if (bound < n) {
      remainder.run(
          x, xFrom + bound * xStep, xStep,
          y, yFrom + bound * yStep, yStep,
          out, outFrom + bound, n - bound);
    }
  }
}
