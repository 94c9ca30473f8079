package dev.adjoint.kernel;

import java.util.Arrays;

/**
 * Allocates every array that holds tensor elements: the one allocation point of the engine.
 *
 * <p>Kernels must write every element of an uninitialized buffer. With {@code
 * -Dadjoint.poison=true} (as in the tests) such a buffer is filled with NaN, so that a forgotten
 * element shows.
 */
public final class Buffers {

  private static final boolean POISON = Boolean.getBoolean("adjoint.poison");

  private Buffers() {}

  /** Returns an array of {@code n} floats whose contents the caller must write in full. */
  public static float[] uninitializedFloats(int n) {
    Budget.chargeBytes((long) n * Float.BYTES);
    float[] array = new float[n];
    if (POISON) {
      Arrays.fill(array, Float.NaN);
    }
    return array;
  }

  /** Returns an array of {@code n} doubles whose contents the caller must write in full. */
  public static double[] uninitializedDoubles(int n) {
    Budget.chargeBytes((long) n * Double.BYTES);
    double[] array = new double[n];
    if (POISON) {
      Arrays.fill(array, Double.NaN);
    }
    return array;
  }

  /** Returns an array of {@code n} zeros. */
  public static float[] zeroedFloats(int n) {
    Budget.chargeBytes((long) n * Float.BYTES);
    return new float[n];
  }

  /** Returns an array of {@code n} zeros. */
  public static double[] zeroedDoubles(int n) {
    Budget.chargeBytes((long) n * Double.BYTES);
    return new double[n];
  }
}
