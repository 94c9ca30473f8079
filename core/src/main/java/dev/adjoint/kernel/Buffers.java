package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Allocates every array that holds tensor elements: the one allocation point of the engine.
 *
 * <p>Within a {@link Region}, arrays that regions have given back are used again: a new one of
 * megabytes is zeroed by one thread and cold in cache. At most a quarter of the heap is kept for
 * this.
 *
 * <p>Kernels must write every element of an uninitialized buffer. With {@code
 * -Dadjoint.poison=true} (as in the tests) such a buffer is filled with NaN, so that a forgotten
 * element shows, and so is what is given back, so that one that is read too late shows.
 */
public final class Buffers {

  private static final boolean POISON = Boolean.getBoolean("adjoint.poison");

  private static final ArrayPool RECYCLED = new ArrayPool(Runtime.getRuntime().maxMemory() / 4);

  private Buffers() {}

  /** Returns an array of {@code n} floats whose contents the caller must write in full. */
  public static float[] uninitializedFloats(int n) {
    float[] array = floats(n, false);
    if (POISON) {
      Arrays.fill(array, Float.NaN);
    }
    return array;
  }

  /** Returns an array of {@code n} doubles whose contents the caller must write in full. */
  public static double[] uninitializedDoubles(int n) {
    double[] array = doubles(n, false);
    if (POISON) {
      Arrays.fill(array, Double.NaN);
    }
    return array;
  }

  /** Returns an array of {@code n} zeros. */
  public static float[] zeroedFloats(int n) {
    return floats(n, true);
  }

  /** Returns an array of {@code n} zeros. */
  public static double[] zeroedDoubles(int n) {
    return doubles(n, true);
  }

  private static float[] floats(int n, boolean zeroed) {
    long bytes = (long) n * Float.BYTES;
    Budget.chargeBytes(bytes);
    if (Region.recycles(bytes) && RECYCLED.take(float[].class, n) instanceof float[] array) {
      if (zeroed) {
        Arrays.fill(array, 0);
      }
      return array;
    }
    return new float[n];
  }

  private static double[] doubles(int n, boolean zeroed) {
    long bytes = (long) n * Double.BYTES;
    Budget.chargeBytes(bytes);
    if (Region.recycles(bytes) && RECYCLED.take(double[].class, n) instanceof double[] array) {
      if (zeroed) {
        Arrays.fill(array, 0);
      }
      return array;
    }
    return new double[n];
  }

  /** Takes an array back that nobody will read or write any more. */
  static void recycle(Object array) {
    if (POISON) {
      if (array instanceof float[] floats) {
        Arrays.fill(floats, Float.NaN);
      } else {
        Arrays.fill((double[]) array, Double.NaN);
      }
    }
    RECYCLED.give(array);
  }
}
