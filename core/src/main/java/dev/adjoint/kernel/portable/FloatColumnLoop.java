package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.FloatRunLoops.LANES;
import static dev.adjoint.kernel.portable.FloatLanes.*;

import dev.adjoint.kernel.FloatColumnLoops;
import dev.adjoint.kernel.Norm.Tile;
import org.jspecify.annotations.Nullable;

/**
 * The loops of a normalization over columns. What is left after the last whole step is done by
 * others.
 *
 * <p>They are written out for the four rows that a tile mostly has: those loops begin at 0 and have
 * no loop inside, which is compiled best.
 */
public final class FloatColumnLoop implements FloatColumnLoops {

  private static final int ROWS = 4;

  private final FloatColumnLoops remainder;

  /** Makes loops, which need others if their steps are of several elements. */
  public FloatColumnLoop(@Nullable FloatColumnLoops remainder) {
    this.remainder = remainder == null ? this : remainder;
  }

  @Override
  public void moments(float[] x, Tile tile, float[] table, float[] sums) {
    if (tile.rows() == ROWS) {
      momentsOfFour(x, tile, table, sums);
      return;
    }
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

  private void momentsOfFour(float[] x, Tile tile, float[] table, float[] sums) {
    int stride = tile.stride();
    int first = tile.from();
    int second = stride + first;
    int at = tile.at() + first;
    int b = at + stride;
    int c = b + stride;
    int d = c + stride;
    int n = tile.to() - first;
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float scale = load(table, first + i);
      float offset = load(table, second + i);
      float xa = fma(load(x, at + i), scale, offset);
      float xb = fma(load(x, b + i), scale, offset);
      float xc = fma(load(x, c + i), scale, offset);
      float xd = fma(load(x, d + i), scale, offset);
      float sum = plus(load(sums, first + i), plus(xa, xb));
      float squares = plus(load(sums, second + i), fma(xa, xa, times(xb, xb)));
      store(plus(sum, plus(xc, xd)), sums, first + i);
      store(plus(squares, fma(xc, xc, times(xd, xd))), sums, second + i);
    }
    if (i < n) {
      remainder.moments(x, tile.rest(first + i), table, sums);
    }
  }

  @Override
  public void apply(float[] x, Tile tile, float[] table, float[] h) {
    if (tile.rows() == ROWS) {
      applyOfFour(x, tile, table, h);
      return;
    }
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

  private void applyOfFour(float[] x, Tile tile, float[] table, float[] h) {
    int stride = tile.stride();
    int first = tile.from();
    int at = tile.at() + first;
    int b = at + stride;
    int c = b + stride;
    int d = c + stride;
    int n = tile.to() - first;
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float scale = load(table, first + i);
      float offset = load(table, first + stride + i);
      float inverse = load(table, first + 2 * stride + i);
      float shift = load(table, first + 3 * stride + i);
      float gain = load(table, first + 4 * stride + i);
      float bias = load(table, first + 5 * stride + i);
      float ya = fma(fma(load(x, at + i), scale, offset), inverse, shift);
      float yb = fma(fma(load(x, b + i), scale, offset), inverse, shift);
      float yc = fma(fma(load(x, c + i), scale, offset), inverse, shift);
      float yd = fma(fma(load(x, d + i), scale, offset), inverse, shift);
      store(fma(ya, gain, bias), h, at + i);
      store(fma(yb, gain, bias), h, b + i);
      store(fma(yc, gain, bias), h, c + i);
      store(fma(yd, gain, bias), h, d + i);
    }
    if (i < n) {
      remainder.apply(x, tile.rest(first + i), table, h);
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
  public void sums(float[] dh, float[] x, Tile tile, float[] table, float[] sums) {
    if (tile.rows() == ROWS) {
      sumsOfFour(dh, x, tile, table, sums);
      return;
    }
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

  private void sumsOfFour(float[] dh, float[] x, Tile tile, float[] table, float[] sums) {
    int stride = tile.stride();
    int first = tile.from();
    int second = stride + first;
    int at = tile.at() + first;
    int b = at + stride;
    int c = b + stride;
    int d = c + stride;
    int n = tile.to() - first;
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float scale = load(table, first + i);
      float offset = load(table, second + i);
      float ga = load(dh, at + i);
      float gb = load(dh, b + i);
      float gc = load(dh, c + i);
      float gd = load(dh, d + i);
      float xa = fma(load(x, at + i), scale, offset);
      float xb = fma(load(x, b + i), scale, offset);
      float xc = fma(load(x, c + i), scale, offset);
      float xd = fma(load(x, d + i), scale, offset);
      float products = plus(load(sums, first + i), fma(ga, xa, times(gb, xb)));
      float sum = plus(load(sums, second + i), plus(ga, gb));
      store(plus(products, fma(gc, xc, times(gd, xd))), sums, first + i);
      store(plus(sum, plus(gc, gd)), sums, second + i);
    }
    if (i < n) {
      remainder.sums(dh, x, tile.rest(first + i), table, sums);
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
  public void pullback(float[] dh, float[] x, Tile tile, float[] table, float[] dx) {
    if (tile.rows() == ROWS) {
      pullbackOfFour(dh, x, tile, table, dx);
      return;
    }
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

  private void pullbackOfFour(float[] dh, float[] x, Tile tile, float[] table, float[] dx) {
    int stride = tile.stride();
    int first = tile.from();
    int at = tile.at() + first;
    int b = at + stride;
    int c = b + stride;
    int d = c + stride;
    int n = tile.to() - first;
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float scale = load(table, first + i);
      float offset = load(table, first + stride + i);
      float inverse = load(table, first + 2 * stride + i);
      float gain = load(table, first + 4 * stride + i);
      float slope = load(table, first + 5 * stride + i);
      float mean = load(table, first + 6 * stride + i);
      float ra = fma(fma(load(x, at + i), scale, offset), slope, mean);
      float rb = fma(fma(load(x, b + i), scale, offset), slope, mean);
      float rc = fma(fma(load(x, c + i), scale, offset), slope, mean);
      float rd = fma(fma(load(x, d + i), scale, offset), slope, mean);
      store(times(times(fma(load(dh, at + i), gain, ra), inverse), scale), dx, at + i);
      store(times(times(fma(load(dh, b + i), gain, rb), inverse), scale), dx, b + i);
      store(times(times(fma(load(dh, c + i), gain, rc), inverse), scale), dx, c + i);
      store(times(times(fma(load(dh, d + i), gain, rd), inverse), scale), dx, d + i);
    }
    if (i < n) {
      remainder.pullback(dh, x, tile.rest(first + i), table, dx);
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
