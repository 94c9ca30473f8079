package dev.adjoint.kernel.vector;

import static dev.adjoint.kernel.vector.FloatLanes.SPECIES;

import dev.adjoint.kernel.portable.FloatNormLoops;
import jdk.incubator.vector.FloatVector;

/**
 * The loops of a normalization on vectors. A column that all elements use is loaded again and
 * again: it stays in the first cache, and one loop serves rows and columns.
 */
final class FloatNormLoop implements FloatNormLoops {

  private final dev.adjoint.kernel.portable.FloatNormLoop remainder =
      new dev.adjoint.kernel.portable.FloatNormLoop();

  @Override
  public void moments(float[] x, int at, float center, int n, float[] sums) {
    int bound = n / LANES * LANES;
    for (int lane = 0; lane < LANES; lane += SPECIES.length()) {
      FloatVector sum = FloatVector.zero(SPECIES);
      FloatVector squares = FloatVector.zero(SPECIES);
      for (int i = at + lane; i < at + bound; i += LANES) {
        FloatVector d = FloatVector.fromArray(SPECIES, x, i).sub(center);
        sum = sum.add(d);
        squares = d.fma(d, squares);
      }
      sum.intoArray(sums, lane);
      squares.intoArray(sums, LANES + lane);
    }
    remainder.moments(x, at, center, bound, n, sums);
  }

  @Override
  public void addMoments(float[] x, int at, float[] centers, int c, int n, float[] sums) {
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector d =
          FloatVector.fromArray(SPECIES, x, at + i)
              .sub(FloatVector.fromArray(SPECIES, centers, c + i));
      FloatVector.fromArray(SPECIES, sums, i).add(d).intoArray(sums, i);
      d.fma(d, FloatVector.fromArray(SPECIES, sums, n + i)).intoArray(sums, n + i);
    }
    remainder.addMoments(x, at, centers, c, bound, n, sums);
  }

  @Override
  public void apply(
      float[] x,
      int at,
      float[] set,
      int s,
      int setStride,
      int setStep,
      float[] affine,
      int f,
      int affineStride,
      int affineStep,
      float[] h,
      int n) {
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      int j = s + i * setStep;
      int k = f + i * affineStep;
      FloatVector.fromArray(SPECIES, x, at + i)
          .mul(FloatVector.fromArray(SPECIES, set, j))
          .sub(FloatVector.fromArray(SPECIES, set, j + setStride))
          .sub(FloatVector.fromArray(SPECIES, set, j + 2 * setStride))
          .mul(FloatVector.fromArray(SPECIES, set, j + 3 * setStride))
          .fma(
              FloatVector.fromArray(SPECIES, affine, k),
              FloatVector.fromArray(SPECIES, affine, k + affineStride))
          .intoArray(h, at + i);
    }
    if (bound < n) {
      remainder.apply(
          x,
          at + bound,
          set,
          s + bound * setStep,
          setStride,
          setStep,
          affine,
          f + bound * affineStep,
          affineStride,
          affineStep,
          h,
          n - bound);
    }
  }

  @Override
  public void sums(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int step,
      int n,
      float[] sums) {
    int bound = n / LANES * LANES;
    for (int lane = 0; lane < LANES; lane += SPECIES.length()) {
      FloatVector sum = FloatVector.zero(SPECIES);
      FloatVector products = FloatVector.zero(SPECIES);
      for (int i = lane; i < bound; i += LANES) {
        FloatVector q =
            FloatVector.fromArray(SPECIES, dh, at + i)
                .mul(FloatVector.fromArray(SPECIES, affine, f + i * step));
        sum = sum.add(q);
        products =
            FloatVector.fromArray(SPECIES, x, at + i)
                .mul(FloatVector.fromArray(SPECIES, set, 0))
                .sub(FloatVector.fromArray(SPECIES, set, LANES))
                .sub(FloatVector.fromArray(SPECIES, set, 2 * LANES))
                .mul(FloatVector.fromArray(SPECIES, set, 3 * LANES))
                .fma(q, products);
      }
      sum.intoArray(sums, lane);
      products.intoArray(sums, LANES + lane);
    }
    remainder.sums(dh, x, at, set, affine, f, step, bound, n, sums);
  }

  @Override
  public void addSums(float[] dh, float[] x, int at, float[] set, int n, float[] sums) {
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector g = FloatVector.fromArray(SPECIES, dh, at + i);
      FloatVector.fromArray(SPECIES, x, at + i)
          .mul(FloatVector.fromArray(SPECIES, set, i))
          .sub(FloatVector.fromArray(SPECIES, set, i + n))
          .sub(FloatVector.fromArray(SPECIES, set, i + 2 * n))
          .mul(FloatVector.fromArray(SPECIES, set, i + 3 * n))
          .fma(g, FloatVector.fromArray(SPECIES, sums, i))
          .intoArray(sums, i);
      FloatVector.fromArray(SPECIES, sums, n + i).add(g).intoArray(sums, n + i);
    }
    remainder.addSums(dh, x, at, set, bound, n, sums);
  }

  @Override
  public void pullback(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      int s,
      int setStride,
      int setStep,
      float[] affine,
      int f,
      int affineStep,
      float[] dx,
      int n) {
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      int j = s + i * setStep;
      FloatVector q =
          FloatVector.fromArray(SPECIES, dh, at + i)
              .mul(FloatVector.fromArray(SPECIES, affine, f + i * affineStep));
      FloatVector scale = FloatVector.fromArray(SPECIES, set, j);
      FloatVector inverse = FloatVector.fromArray(SPECIES, set, j + 3 * setStride);
      FloatVector.fromArray(SPECIES, x, at + i)
          .mul(scale)
          .sub(FloatVector.fromArray(SPECIES, set, j + setStride))
          .sub(FloatVector.fromArray(SPECIES, set, j + 2 * setStride))
          .mul(inverse)
          .fma(FloatVector.fromArray(SPECIES, set, j + 5 * setStride), q)
          .sub(FloatVector.fromArray(SPECIES, set, j + 4 * setStride))
          .mul(inverse)
          .mul(scale)
          .intoArray(dx, at + i);
    }
    if (bound < n) {
      remainder.pullback(
          dh,
          x,
          at + bound,
          set,
          s + bound * setStep,
          setStride,
          setStep,
          affine,
          f + bound * affineStep,
          affineStep,
          dx,
          n - bound);
    }
  }

  @Override
  public void pullback(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int affineStride,
      float[] added,
      float[] dx,
      int n) {
    int bound = SPECIES.loopBound(n);
    for (int i = 0; i < bound; i += SPECIES.length()) {
      FloatVector scale = FloatVector.fromArray(SPECIES, set, 0);
      FloatVector inverse = FloatVector.fromArray(SPECIES, set, 3 * LANES);
      FloatVector g = FloatVector.fromArray(SPECIES, dh, at + i);
      FloatVector y =
          FloatVector.fromArray(SPECIES, x, at + i)
              .mul(scale)
              .sub(FloatVector.fromArray(SPECIES, set, LANES))
              .sub(FloatVector.fromArray(SPECIES, set, 2 * LANES))
              .mul(inverse);
      g.fma(y, FloatVector.fromArray(SPECIES, added, f + i)).intoArray(added, f + i);
      int bias = f + affineStride + i;
      FloatVector.fromArray(SPECIES, added, bias).add(g).intoArray(added, bias);
      y.fma(
              FloatVector.fromArray(SPECIES, set, 5 * LANES),
              g.mul(FloatVector.fromArray(SPECIES, affine, f + i)))
          .sub(FloatVector.fromArray(SPECIES, set, 4 * LANES))
          .mul(inverse)
          .mul(scale)
          .intoArray(dx, at + i);
    }
    if (bound < n) {
      remainder.pullback(
          dh, x, at + bound, set, affine, f + bound, affineStride, added, dx, n - bound);
    }
  }
}
