package dev.adjoint.kernel.portable;

import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import java.lang.invoke.MethodHandle;

/** The loop over a function of two values; lives in hidden copies, one for each function. */
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
    if (n == 0) {
      return;
    }
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] outs = (float[]) out;
    // With one index for all arrays, C2 vectorizes.
    if (xStep == 1 && yStep == 1 && xFrom == outFrom && yFrom == outFrom) {
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xs[i], ys[i]);
      }
    } else if (xStep == 1 && yStep == 0 && xFrom == outFrom) {
      float yOnly = ys[yFrom];
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xs[i], yOnly);
      }
    } else if (xStep == 0 && yStep == 1 && yFrom == outFrom) {
      float xOnly = xs[xFrom];
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xOnly, ys[i]);
      }
    } else {
      for (int i = 0; i < n; i++) {
        outs[outFrom + i] = apply(xs[xFrom + i * xStep], ys[yFrom + i * yStep]);
      }
    }
  }

  private static float apply(float x, float y) {
    try {
      return (float) FUNCTION.invokeExact(x, y);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
