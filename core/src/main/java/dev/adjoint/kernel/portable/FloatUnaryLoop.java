package dev.adjoint.kernel.portable;

import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import java.lang.invoke.MethodHandle;

/** The loop over a function of one value; lives in hidden copies, one for each function. */
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
    if (xFrom == outFrom) { // with one index for both arrays, C2 vectorizes
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xs[i]);
      }
    } else {
      for (int i = 0; i < n; i++) {
        outs[outFrom + i] = apply(xs[xFrom + i]);
      }
    }
  }

  private static float apply(float x) {
    try {
      return (float) FUNCTION.invokeExact(x);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
