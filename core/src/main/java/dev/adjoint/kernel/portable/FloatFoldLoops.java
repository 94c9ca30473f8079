package dev.adjoint.kernel.portable;

/** The loops that a {@link FloatFold} puts together, which providers write in their own ways. */
public interface FloatFoldLoops {

  /** How many lanes a row is folded by. */
  int LANES = 32;

  /** Returns what folding nothing gives. */
  float identity();

  /** Folds two chunks. */
  double combine(double x, double y);

  /** Folds a multiple of 32 elements by lanes. */
  float lanes(float[] x, int xFrom, float[] y, int yFrom, int n, float[] scratch);

  /** Folds 16 lanes with one another in halves. */
  float halve(float[] lanes);

  /** Folds one to 31 elements. */
  float few(float[] x, int xFrom, float[] y, int yFrom, int n);

  /** Folds rows of up to 31 elements. */
  void shortRows(
      float[] x,
      int xFrom,
      int xStride,
      float[] y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      float[] out,
      int outFrom);

  /** Folds columns of up to 256 elements. */
  void chunk(
      float[] x,
      int xFrom,
      int xStride,
      float[] y,
      int yFrom,
      int yStride,
      int rows,
      int n,
      float[] out,
      int outFrom);
}
