package dev.adjoint.kernel.portable;

import static java.lang.invoke.MethodHandles.classDataAt;
import static java.lang.invoke.MethodHandles.lookup;

import dev.adjoint.kernel.Kernels;
import java.lang.invoke.MethodHandle;

/**
 * The loop over a function of one, two or three values; lives in hidden copies, one for each
 * function.
 */
final class FloatLoop implements Kernels.Loop {

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
    if (n == 0) {
      return;
    }
    float[] xs = (float[]) x;
    float[] ys = (float[]) y;
    float[] zs = (float[]) z;
    float[] outs = (float[]) out;
    int steps = xStep + yStep + zStep;
    // With one index for all arrays, C2 vectorizes.
    if (steps == 3 && xFrom == outFrom && yFrom == outFrom && zFrom == outFrom) {
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xs[i], ys[i], zs[i]);
      }
    } else if (steps == 1 && xStep == 1 && xFrom == outFrom) {
      float yOnly = ys[yFrom];
      float zOnly = zs[zFrom];
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xs[i], yOnly, zOnly);
      }
    } else if (steps == 2 && xStep == 0 && yFrom == outFrom && zFrom == outFrom) {
      float xOnly = xs[xFrom];
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xOnly, ys[i], zs[i]);
      }
    } else if (steps == 2 && zStep == 0 && xFrom == outFrom && yFrom == outFrom) {
      float zOnly = zs[zFrom];
      for (int i = outFrom, to = outFrom + n; i < to; i++) {
        outs[i] = apply(xs[i], ys[i], zOnly);
      }
    } else {
      for (int i = 0; i < n; i++) {
        outs[outFrom + i] =
            apply(xs[xFrom + i * xStep], ys[yFrom + i * yStep], zs[zFrom + i * zStep]);
      }
    }
  }

  private static float apply(float x, float y, float z) {
    try {
      return (float) FUNCTION.invokeExact(x, y, z);
    } catch (Throwable e) {
      throw new AssertionError(e); // functions throw nothing
    }
  }
}
