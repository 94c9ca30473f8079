package dev.adjoint.kernel.portable;

import java.util.Arrays;

/**
 * The loops of a normalization in plain Java. They begin where others left off: with what is left
 * after the last whole vector.
 */
public final class FloatNormLoop implements FloatNormLoops {

  /** Makes the loops, which have no state. */
  public FloatNormLoop() {}

  @Override
  public void moments(float[] x, int at, float center, int n, float[] sums) {
    Arrays.fill(sums, 0, 2 * LANES, 0);
    moments(x, at, center, 0, n, sums);
  }

  /** Adds elements from the i-th on to the lanes, and the lanes to one another. */
  public void moments(float[] x, int at, float center, int from, int n, float[] lanes) {
    for (int i = from; i < n; i++) {
      int lane = i % LANES;
      float d = x[at + i] - center;
      lanes[lane] += d;
      lanes[LANES + lane] = FloatLanes.fma(d, d, lanes[LANES + lane]);
    }
    total(lanes);
  }

  @Override
  public void addMoments(float[] x, int at, float[] centers, int c, int n, float[] sums) {
    addMoments(x, at, centers, c, 0, n, sums);
  }

  /** Adds the columns from the i-th on. */
  public void addMoments(float[] x, int at, float[] centers, int c, int from, int n, float[] sums) {
    for (int i = from; i < n; i++) {
      float d = x[at + i] - centers[c + i];
      sums[i] += d;
      sums[n + i] = FloatLanes.fma(d, d, sums[n + i]);
    }
  }

  private static void total(float[] lanes) {
    lanes[0] = FloatNormLoops.total(lanes, 0);
    lanes[1] = FloatNormLoops.total(lanes, LANES);
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
    for (int i = 0; i < n; i++) {
      int k = f + i * affineStep;
      float y = y(x[at + i], set, s + i * setStep, setStride);
      h[at + i] = FloatLanes.fma(y, affine[k], affine[k + affineStride]);
    }
  }

  private static float y(float x, float[] set, int s, int stride) {
    float centred = x * set[s] - set[s + stride] - set[s + 2 * stride];
    return centred * set[s + 3 * stride];
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
    Arrays.fill(sums, 0, 2 * LANES, 0);
    sums(dh, x, at, set, affine, f, step, 0, n, sums);
  }

  /** Adds elements from the i-th on to the lanes, and the lanes to one another. */
  public void sums(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int step,
      int from,
      int n,
      float[] lanes) {
    for (int i = from; i < n; i++) {
      int lane = i % LANES;
      float q = dh[at + i] * affine[f + i * step];
      lanes[lane] += q;
      lanes[LANES + lane] = FloatLanes.fma(q, y(x[at + i], set, 0, LANES), lanes[LANES + lane]);
    }
    total(lanes);
  }

  @Override
  public void addSums(float[] dh, float[] x, int at, float[] set, int n, float[] sums) {
    addSums(dh, x, at, set, 0, n, sums);
  }

  /** Adds the columns from the i-th on. */
  public void addSums(float[] dh, float[] x, int at, float[] set, int from, int n, float[] sums) {
    for (int i = from; i < n; i++) {
      float g = dh[at + i];
      sums[i] = FloatLanes.fma(g, y(x[at + i], set, i, n), sums[i]);
      sums[n + i] += g;
    }
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
    for (int i = 0; i < n; i++) {
      int j = s + i * setStep;
      float q = dh[at + i] * affine[f + i * affineStep];
      dx[at + i] = dx(q, y(x[at + i], set, j, setStride), set, j, setStride);
    }
  }

  private static float dx(float q, float y, float[] set, int s, int stride) {
    float rest = FloatLanes.fma(y, set[s + 5 * stride], q) - set[s + 4 * stride];
    return rest * set[s + 3 * stride] * set[s];
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
    for (int i = 0; i < n; i++) {
      float y = y(x[at + i], set, 0, LANES);
      float g = dh[at + i];
      added[f + i] = FloatLanes.fma(g, y, added[f + i]);
      added[f + affineStride + i] += g;
      dx[at + i] = dx(g * affine[f + i], y, set, 0, LANES);
    }
  }
}
