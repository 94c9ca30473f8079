package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatLanes.*;

import dev.adjoint.kernel.FloatNormLoops;
import dev.adjoint.kernel.Norm.Tile;
import org.jspecify.annotations.Nullable;

/**
 * The loops over columns, written out for the four rows that a tile mostly has: they begin at 0 and
 * have no loop inside, which is compiled best.
 */
public final class FloatColumnLoop extends FloatNormLoop {

  private static final int ROWS = 4;

  /** Makes loops, which need others if their steps are of several elements. */
  public FloatColumnLoop(@Nullable FloatNormLoops remainder) {
    super(remainder);
  }

  @Override
  public void moments(float[] x, Tile tile, float[] table, float[] sums) {
    if (tile.rows() != ROWS) {
      super.moments(x, tile, table, sums);
      return;
    }
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
    if (tile.rows() != ROWS) {
      super.apply(x, tile, table, h);
      return;
    }
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
  public void sums(float[] dh, float[] x, Tile tile, float[] table, float[] sums) {
    if (tile.rows() != ROWS) {
      super.sums(dh, x, tile, table, sums);
      return;
    }
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
  public void pullback(float[] dh, float[] x, Tile tile, float[] table, float[] dx) {
    if (tile.rows() != ROWS) {
      super.pullback(dh, x, tile, table, dx);
      return;
    }
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
}
