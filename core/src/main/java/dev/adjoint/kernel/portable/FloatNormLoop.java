package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatLanes.*;

import dev.adjoint.kernel.FloatNormLoops;
import dev.adjoint.kernel.Norm.Tile;
import org.jspecify.annotations.Nullable;

/** The loops of a normalization. What is left after the last whole step is done by others. */
public class FloatNormLoop implements FloatNormLoops {

  final FloatNormLoops remainder;

  /** Makes loops, which need others if their steps are of several elements. */
  public FloatNormLoop(@Nullable FloatNormLoops remainder) {
    this.remainder = remainder == null ? this : remainder;
  }

  @Override
  public void repeatNumbers(float[] numbers, int k, float[] table) {
    for (int i = 0; i < NUMBERS * LANES; i += STEP) {
      store(repeat(numbers, k + i / LANES), table, i);
    }
  }

  @Override
  public void moments(float[] x, Tile tile, float[] table, float[] sums) {
    int stride = tile.stride();
    int rows = tile.rows();
    int i = tile.from();
    for (; i <= tile.to() - STEP; i += STEP) {
      float scale = load(table, i);
      float offset = load(table, stride + i);
      float sum = load(sums, i);
      float squares = load(sums, stride + i);
      int p = tile.at() + i;
      if (rows % 2 > 0) {
        float d = fma(load(x, p), scale, offset);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
        p += stride;
      }
      for (int r = rows / 2; r > 0; r--) { // two at a time, so that sums wait less
        float d = fma(load(x, p), scale, offset);
        float e = fma(load(x, p + stride), scale, offset);
        sum = plus(sum, plus(d, e));
        squares = plus(squares, fma(d, d, times(e, e)));
        p += 2 * stride;
      }
      store(sum, sums, i);
      store(squares, sums, stride + i);
    }
    if (i < tile.to()) {
      remainder.moments(x, tile.rest(i), table, sums);
    }
  }

  @Override
  public void momentsPair(float[] x, Tile tile, float[] numbers, int k, float[] sums) {
    if (tile.to() % STEP > 0) {
      remainder.momentsPair(x, tile, numbers, k, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float scale2 = repeat(numbers, k + NUMBERS);
    float offset2 = repeat(numbers, k + NUMBERS + 1);
    int at = tile.at();
    int next = at + tile.stride();
    int alone = (tile.to() + LANES - 1) / LANES % 2 * LANES;
    for (int lane = 0; lane < LANES; lane += STEP) {
      float sum = load(sums, lane);
      float squares = load(sums, LANES + lane);
      float sum2 = load(sums, 2 * LANES + lane);
      float squares2 = load(sums, 3 * LANES + lane);
      if (lane <= Math.min(alone, tile.to()) - STEP) {
        float d = fma(load(x, at + lane), scale, offset);
        float d2 = fma(load(x, next + lane), scale2, offset2);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
        sum2 = plus(sum2, d2);
        squares2 = fma(d2, d2, squares2);
      }
      for (int i = lane; i <= tile.to() - alone - LANES - STEP; i += 2 * LANES) {
        int p = at + alone + i;
        int q = next + alone + i;
        float d = fma(load(x, p), scale, offset);
        float e = fma(load(x, p + LANES), scale, offset);
        float d2 = fma(load(x, q), scale2, offset2);
        float e2 = fma(load(x, q + LANES), scale2, offset2);
        sum = plus(sum, plus(d, e));
        squares = plus(squares, fma(d, d, times(e, e)));
        sum2 = plus(sum2, plus(d2, e2));
        squares2 = plus(squares2, fma(d2, d2, times(e2, e2)));
      }
      store(sum, sums, lane);
      store(squares, sums, LANES + lane);
      store(sum2, sums, 2 * LANES + lane);
      store(squares2, sums, 3 * LANES + lane);
    }
  }

  @Override
  public void apply(float[] x, Tile tile, float[] table, float[] h) {
    int stride = tile.stride();
    int i = tile.from();
    for (; i <= tile.to() - STEP; i += STEP) {
      float scale = load(table, i);
      float offset = load(table, stride + i);
      float inverse = load(table, 2 * stride + i);
      float shift = load(table, 3 * stride + i);
      float gain = load(table, 4 * stride + i);
      float bias = load(table, 5 * stride + i);
      for (int r = 0; r < tile.rows(); r++) {
        int p = tile.at() + i + r * stride;
        float y = fma(fma(load(x, p), scale, offset), inverse, shift);
        store(fma(y, gain, bias), h, p);
      }
    }
    if (i < tile.to()) {
      remainder.apply(x, tile.rest(i), table, h);
    }
  }

  @Override
  public void sums(float[] dh, float[] x, Tile tile, float[] table, float[] sums) {
    int stride = tile.stride();
    int rows = tile.rows();
    int i = tile.from();
    for (; i <= tile.to() - STEP; i += STEP) {
      float scale = load(table, i);
      float offset = load(table, stride + i);
      float products = load(sums, i);
      float sum = load(sums, stride + i);
      if (rows % 2 > 0) {
        int p = tile.at() + i;
        float g = load(dh, p);
        products = fma(g, fma(load(x, p), scale, offset), products);
        sum = plus(sum, g);
      }
      for (int r = rows % 2; r < rows; r += 2) {
        int p = tile.at() + i + r * stride;
        float d = fma(load(x, p), scale, offset);
        float e = fma(load(x, p + stride), scale, offset);
        float g = load(dh, p);
        float h = load(dh, p + stride);
        products = plus(products, fma(g, d, times(h, e)));
        sum = plus(sum, plus(g, h));
      }
      store(products, sums, i);
      store(sum, sums, stride + i);
    }
    if (i < tile.to()) {
      remainder.sums(dh, x, tile.rest(i), table, sums);
    }
  }

  @Override
  public void pullback(float[] dh, float[] x, Tile tile, float[] table, float[] dx) {
    int stride = tile.stride();
    int i = tile.from();
    for (; i <= tile.to() - STEP; i += STEP) {
      float scale = load(table, i);
      float offset = load(table, stride + i);
      float inverse = load(table, 2 * stride + i);
      float gain = load(table, 4 * stride + i);
      float slope = load(table, 5 * stride + i);
      float mean = load(table, 6 * stride + i);
      for (int r = 0; r < tile.rows(); r++) {
        int p = tile.at() + i + r * stride;
        float d = fma(load(x, p), scale, offset);
        float rest = fma(load(dh, p), gain, fma(d, slope, mean));
        store(times(times(rest, inverse), scale), dx, p);
      }
    }
    if (i < tile.to()) {
      remainder.pullback(dh, x, tile.rest(i), table, dx);
    }
  }

  @Override
  public void applyFeatures(
      float[] x, Tile tile, float[] numbers, int k, float[] affine, int f, float[] h) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float shift = repeat(numbers, k + 3);
    int at = tile.at();
    int bias = affine.length / 2 + f;
    int i = 0;
    for (; i <= tile.to() - STEP; i += STEP) {
      float y = fma(fma(load(x, at + i), scale, offset), inverse, shift);
      store(fma(y, load(affine, f + i), load(affine, bias + i)), h, at + i);
    }
    if (i < tile.to()) {
      remainder.applyFeatures(x, tile.after(i), numbers, k, affine, f + i, h);
    }
  }

  @Override
  public void sumsFeatures(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] sums) {
    if (tile.to() % STEP > 0) {
      remainder.sumsFeatures(dh, x, tile, numbers, k, affine, f, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    int at = tile.at();
    for (int lane = 0; lane < LANES; lane += STEP) {
      float products = load(sums, lane);
      float sum = load(sums, LANES + lane);
      for (int i = lane; i <= tile.to() - STEP; i += LANES) {
        float q = times(load(dh, at + i), load(affine, f + i));
        products = fma(q, fma(load(x, at + i), scale, offset), products);
        sum = plus(sum, q);
      }
      store(products, sums, lane);
      store(sum, sums, LANES + lane);
    }
  }

  @Override
  public void sumsPair(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] sums) {
    if (tile.to() % STEP > 0) {
      remainder.sumsPair(dh, x, tile, numbers, k, affine, f, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float scale2 = repeat(numbers, k + NUMBERS);
    float offset2 = repeat(numbers, k + NUMBERS + 1);
    int at = tile.at();
    int next = at + tile.stride();
    for (int lane = 0; lane < LANES; lane += STEP) {
      float products = load(sums, lane);
      float sum = load(sums, LANES + lane);
      float products2 = load(sums, 2 * LANES + lane);
      float sum2 = load(sums, 3 * LANES + lane);
      for (int i = lane; i <= tile.to() - STEP; i += LANES) {
        float gain = load(affine, f + i);
        float q = times(load(dh, at + i), gain);
        float q2 = times(load(dh, next + i), gain);
        products = fma(q, fma(load(x, at + i), scale, offset), products);
        products2 = fma(q2, fma(load(x, next + i), scale2, offset2), products2);
        sum = plus(sum, q);
        sum2 = plus(sum2, q2);
      }
      store(products, sums, lane);
      store(sum, sums, LANES + lane);
      store(products2, sums, 2 * LANES + lane);
      store(sum2, sums, 3 * LANES + lane);
    }
  }

  @Override
  public void pullbackFeatures(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] added,
      float[] dx) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float shift = repeat(numbers, k + 3);
    float slope = repeat(numbers, k + 5);
    float mean = repeat(numbers, k + 6);
    int at = tile.at();
    int bias = added.length / 2 + f;
    int i = 0;
    for (; i <= tile.to() - STEP; i += STEP) {
      float d = fma(load(x, at + i), scale, offset);
      float g = load(dh, at + i);
      store(fma(g, fma(d, inverse, shift), load(added, f + i)), added, f + i);
      store(plus(load(added, bias + i), g), added, bias + i);
      float rest = fma(g, load(affine, f + i), fma(d, slope, mean));
      store(times(times(rest, inverse), scale), dx, at + i);
    }
    if (i < tile.to()) {
      remainder.pullbackFeatures(dh, x, tile.after(i), numbers, k, affine, f + i, added, dx);
    }
  }

  @Override
  public void pullbackPair(
      float[] dh,
      float[] x,
      Tile tile,
      float[] numbers,
      int k,
      float[] affine,
      int f,
      float[] added,
      float[] dx) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float shift = repeat(numbers, k + 3);
    float slope = repeat(numbers, k + 5);
    float mean = repeat(numbers, k + 6);
    float scale2 = repeat(numbers, k + NUMBERS);
    float offset2 = repeat(numbers, k + NUMBERS + 1);
    float inverse2 = repeat(numbers, k + NUMBERS + 2);
    float shift2 = repeat(numbers, k + NUMBERS + 3);
    float slope2 = repeat(numbers, k + NUMBERS + 5);
    float mean2 = repeat(numbers, k + NUMBERS + 6);
    int at = tile.at();
    int next = at + tile.stride();
    int bias = added.length / 2 + f;
    int i = 0;
    for (; i <= tile.to() - STEP; i += STEP) {
      float d = fma(load(x, at + i), scale, offset);
      float d2 = fma(load(x, next + i), scale2, offset2);
      float g = load(dh, at + i);
      float g2 = load(dh, next + i);
      float gain = load(affine, f + i);
      float products = fma(g, fma(d, inverse, shift), load(added, f + i));
      store(fma(g2, fma(d2, inverse2, shift2), products), added, f + i);
      store(plus(plus(load(added, bias + i), g), g2), added, bias + i);
      float rest = fma(g, gain, fma(d, slope, mean));
      float rest2 = fma(g2, gain, fma(d2, slope2, mean2));
      store(times(times(rest, inverse), scale), dx, at + i);
      store(times(times(rest2, inverse2), scale2), dx, next + i);
    }
    if (i < tile.to()) {
      remainder.pullbackPair(dh, x, tile.after(i), numbers, k, affine, f + i, added, dx);
    }
  }

  @Override
  public void applyRows(float[] x, Tile tile, float[] table, float[] affine, int f, float[] h) {
    int stride = tile.stride();
    int i = tile.from();
    for (; i <= tile.to() - STEP; i += STEP) {
      float scale = load(table, i);
      float offset = load(table, stride + i);
      float inverse = load(table, 2 * stride + i);
      float shift = load(table, 3 * stride + i);
      for (int r = 0; r < tile.rows(); r++) {
        int p = tile.at() + i + r * stride;
        float y = fma(fma(load(x, p), scale, offset), inverse, shift);
        float gain = repeat(affine, f + r);
        store(fma(y, gain, repeat(affine, affine.length / 2 + f + r)), h, p);
      }
    }
    if (i < tile.to()) {
      remainder.applyRows(x, tile.rest(i), table, affine, f, h);
    }
  }

  @Override
  public void sumsRows(
      float[] dh,
      float[] x,
      Tile tile,
      float[] table,
      float[] affine,
      int f,
      float[] sums,
      float[] lanes) {
    int stride = tile.stride();
    int n = STEP == 1 ? tile.to() : tile.to() / LANES * LANES;
    for (int r = 0; r < tile.rows(); r++) {
      float gain = repeat(affine, f + r);
      int at = tile.at() + r * stride;
      for (int lane = 0; lane < Math.min(LANES, n - tile.from()); lane += STEP) {
        int own = 2 * LANES * r + lane;
        float gains = load(lanes, own);
        float biases = load(lanes, own + LANES);
        for (int i = tile.from() + lane; i < n; i += LANES) {
          float d = fma(load(x, at + i), load(table, i), load(table, stride + i));
          float y = fma(d, load(table, 2 * stride + i), load(table, 3 * stride + i));
          float g = load(dh, at + i);
          float q = times(g, gain);
          store(fma(q, d, load(sums, i)), sums, i);
          store(plus(load(sums, stride + i), q), sums, stride + i);
          gains = fma(g, y, gains);
          biases = plus(biases, g);
        }
        store(gains, lanes, own);
        store(biases, lanes, own + LANES);
      }
    }
    if (n < tile.to()) {
      remainder.sumsRows(dh, x, tile.rest(n), table, affine, f, sums, lanes);
    }
  }

  @Override
  public void pullbackRows(
      float[] dh, float[] x, Tile tile, float[] table, float[] affine, int f, float[] dx) {
    int stride = tile.stride();
    int i = tile.from();
    for (; i <= tile.to() - STEP; i += STEP) {
      float scale = load(table, i);
      float offset = load(table, stride + i);
      float inverse = load(table, 2 * stride + i);
      float slope = load(table, 5 * stride + i);
      float mean = load(table, 6 * stride + i);
      for (int r = 0; r < tile.rows(); r++) {
        int p = tile.at() + i + r * stride;
        float d = fma(load(x, p), scale, offset);
        float rest = fma(load(dh, p), repeat(affine, f + r), fma(d, slope, mean));
        store(times(times(rest, inverse), scale), dx, p);
      }
    }
    if (i < tile.to()) {
      remainder.pullbackRows(dh, x, tile.rest(i), table, affine, f, dx);
    }
  }
}
