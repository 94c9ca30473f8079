package dev.adjoint.kernel.vector;

/** Sines and cosines of angles of any size, one after another: they are seldom far from 0. */
final class FloatFarAngles {

  private FloatFarAngles() {}

  /** Replaces elements by their sines; returns the array. */
  static float[] sin(float[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) StrictMath.sin(x[i]);
    }
    return x;
  }

  /** Replaces elements by their cosines; returns the array. */
  static float[] cos(float[] x) {
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) StrictMath.cos(x[i]);
    }
    return x;
  }
}
