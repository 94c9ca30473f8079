package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatLanes.*;

import dev.adjoint.kernel.FloatNormLoops;
import org.jspecify.annotations.Nullable;

/** The loops of a normalization. What is left after the last whole step is done by others. */
public final class FloatNormLoop implements FloatNormLoops {

  private final FloatNormLoops remainder;

  /** Makes loops, which need others if their steps are of several elements. */
  public FloatNormLoop(@Nullable FloatNormLoops remainder) {
    this.remainder = remainder == null ? this : remainder;
  }

  @Override
  public void moments(
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] sums,
      int s) {
    int i = from;
    for (; i <= to - STEP; i += STEP) {
      float scale = load(set, i);
      float offset = load(set, width + i);
      float sum = load(sums, s + i);
      float squares = load(sums, s + width + i);
      if (rows % 2 > 0) {
        float d = fma(load(x, at + i), scale, offset);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
      }
      for (int r = rows % 2; r < rows; r += 2) { // two at a time, so that sums wait less
        int p = at + i + r * stride;
        float d = fma(load(x, p), scale, offset);
        float e = fma(load(x, p + stride), scale, offset);
        sum = plus(sum, plus(d, e));
        squares = plus(squares, fma(d, d, times(e, e)));
      }
      store(sum, sums, s + i);
      store(squares, sums, s + width + i);
    }
    if (i < to) {
      remainder.moments(x, at, stride, rows, set, width, i, to, sums, s);
    }
  }

  @Override
  public void apply(
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] h) {
    int i = from;
    for (; i <= to - STEP; i += STEP) {
      float scale = load(set, i);
      float offset = load(set, width + i);
      float inverse = load(set, 2 * width + i);
      float shift = load(set, 3 * width + i);
      float gain = load(set, 4 * width + i);
      float bias = load(set, 5 * width + i);
      for (int r = 0; r < rows; r++) {
        int p = at + i + r * stride;
        float y = fma(fma(load(x, p), scale, offset), inverse, shift);
        store(fma(y, gain, bias), h, p);
      }
    }
    if (i < to) {
      remainder.apply(x, at, stride, rows, set, width, i, to, h);
    }
  }

  @Override
  public void sums(
      float[] dh,
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] sums,
      int s) {
    int i = from;
    for (; i <= to - STEP; i += STEP) {
      float scale = load(set, i);
      float offset = load(set, width + i);
      float products = load(sums, s + i);
      float sum = load(sums, s + width + i);
      if (rows % 2 > 0) {
        float g = load(dh, at + i);
        products = fma(g, fma(load(x, at + i), scale, offset), products);
        sum = plus(sum, g);
      }
      for (int r = rows % 2; r < rows; r += 2) {
        int p = at + i + r * stride;
        float d = fma(load(x, p), scale, offset);
        float e = fma(load(x, p + stride), scale, offset);
        float g = load(dh, p);
        float h = load(dh, p + stride);
        products = plus(products, fma(g, d, times(h, e)));
        sum = plus(sum, plus(g, h));
      }
      store(products, sums, s + i);
      store(sum, sums, s + width + i);
    }
    if (i < to) {
      remainder.sums(dh, x, at, stride, rows, set, width, i, to, sums, s);
    }
  }

  @Override
  public void pullback(
      float[] dh,
      float[] x,
      int at,
      int stride,
      int rows,
      float[] set,
      int width,
      int from,
      int to,
      float[] dx) {
    int i = from;
    for (; i <= to - STEP; i += STEP) {
      float scale = load(set, i);
      float offset = load(set, width + i);
      float inverse = load(set, 2 * width + i);
      float gain = load(set, 4 * width + i);
      float slope = load(set, 5 * width + i);
      float mean = load(set, 6 * width + i);
      for (int r = 0; r < rows; r++) {
        int p = at + i + r * stride;
        float d = fma(load(x, p), scale, offset);
        float rest = fma(load(dh, p), gain, fma(d, slope, mean));
        store(times(times(rest, inverse), scale), dx, p);
      }
    }
    if (i < to) {
      remainder.pullback(dh, x, at, stride, rows, set, width, i, to, dx);
    }
  }

  @Override
  public void applyFeatures(
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int features,
      int from,
      int to,
      float[] h) {
    float scale = load(set, 0);
    float offset = load(set, LANES);
    float inverse = load(set, 2 * LANES);
    float shift = load(set, 3 * LANES);
    int i = from;
    for (; i <= to - STEP; i += STEP) {
      float y = fma(fma(load(x, at + i), scale, offset), inverse, shift);
      store(fma(y, load(affine, f + i), load(affine, features + f + i)), h, at + i);
    }
    if (i < to) {
      remainder.applyFeatures(x, at, set, affine, f, features, i, to, h);
    }
  }

  @Override
  public void sumsFeatures(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int from,
      int to,
      float[] sums) {
    float scale = load(set, 0);
    float offset = load(set, LANES);
    for (int lane = from; lane < LANES; lane += STEP) {
      float products = load(sums, lane);
      float sum = load(sums, LANES + lane);
      for (int i = lane; i <= to - STEP; i += LANES) {
        float q = times(load(dh, at + i), load(affine, f + i));
        products = fma(q, fma(load(x, at + i), scale, offset), products);
        sum = plus(sum, q);
      }
      store(products, sums, lane);
      store(sum, sums, LANES + lane);
    }
    int done = to / STEP * STEP;
    if (done < to) { // then there are fewer than 16
      remainder.sumsFeatures(dh, x, at, set, affine, f, done, to, sums);
    }
  }

  @Override
  public void pullbackFeatures(
      float[] dh,
      float[] x,
      int at,
      float[] set,
      float[] affine,
      int f,
      int features,
      int from,
      int to,
      float[] added,
      float[] dx) {
    float scale = load(set, 0);
    float offset = load(set, LANES);
    float inverse = load(set, 2 * LANES);
    float shift = load(set, 3 * LANES);
    float slope = load(set, 5 * LANES);
    float mean = load(set, 6 * LANES);
    int i = from;
    for (; i <= to - STEP; i += STEP) {
      float d = fma(load(x, at + i), scale, offset);
      float g = load(dh, at + i);
      store(fma(g, fma(d, inverse, shift), load(added, f + i)), added, f + i);
      int bias = features + f + i;
      store(plus(load(added, bias), g), added, bias);
      float rest = fma(g, load(affine, f + i), fma(d, slope, mean));
      store(times(times(rest, inverse), scale), dx, at + i);
    }
    if (i < to) {
      remainder.pullbackFeatures(dh, x, at, set, affine, f, features, i, to, added, dx);
    }
  }
}
