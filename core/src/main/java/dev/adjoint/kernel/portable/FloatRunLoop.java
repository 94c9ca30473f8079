package dev.adjoint.kernel.portable;

import static dev.adjoint.kernel.portable.FloatLanes.*;

import dev.adjoint.kernel.FloatRunLoops;
import dev.adjoint.kernel.Norm.Run;
import org.jspecify.annotations.Nullable;

/**
 * The loops of a normalization over runs.
 *
 * <p>What is left after the last whole step is added up by a step whose other lanes are zeros, and
 * written by a step that begins earlier, and writes some elements once more. Others do what no step
 * fits into.
 */
public final class FloatRunLoop implements FloatRunLoops {

  private final FloatRunLoops remainder;

  /** Makes loops, which need others if their steps are of several elements. */
  public FloatRunLoop(@Nullable FloatRunLoops remainder) {
    this.remainder = remainder == null ? this : remainder;
  }

  @Override
  public void moments(float[] x, Run run, float[] numbers, int k, float[] sums) {
    if (STEP > 1 && !run.fits(run.at(), LANES, x.length)) {
      remainder.moments(x, run, numbers, k, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    int n = run.n();
    int whole = n / LANES * LANES;
    int alone = whole % (2 * LANES);
    for (int lane = 0; lane < LANES; lane += STEP) {
      int at = run.at() + lane;
      float sum = 0f;
      float squares = 0f;
      if (alone > 0) {
        float d = fma(load(x, at), scale, offset);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
      }
      for (int i = alone; i < whole; i += 2 * LANES) { // two at a time, so that sums wait less
        float d = fma(load(x, at + i), scale, offset);
        float e = fma(load(x, at + i + LANES), scale, offset);
        sum = plus(sum, plus(d, e));
        squares = plus(squares, fma(d, d, times(e, e)));
      }
      if (whole + lane < n) {
        float d = firstOf(fma(load(x, at + whole), scale, offset), n - whole - lane);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
      }
      store(sum, sums, lane);
      store(squares, sums, LANES + lane);
    }
  }

  @Override
  public void momentsPair(float[] x, Run run, float[] numbers, int k, float[] sums) {
    if (STEP > 1 && !run.fits(run.at() + run.next(), LANES, x.length)) {
      remainder.momentsPair(x, run, numbers, k, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float scale2 = repeat(numbers, k + NUMBERS);
    float offset2 = repeat(numbers, k + NUMBERS + 1);
    int n = run.n();
    int whole = n / LANES * LANES;
    int alone = whole % (2 * LANES);
    for (int lane = 0; lane < LANES; lane += STEP) {
      int at = run.at() + lane;
      int next = at + run.next();
      float sum = 0f;
      float squares = 0f;
      float sum2 = 0f;
      float squares2 = 0f;
      if (alone > 0) {
        float d = fma(load(x, at), scale, offset);
        float d2 = fma(load(x, next), scale2, offset2);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
        sum2 = plus(sum2, d2);
        squares2 = fma(d2, d2, squares2);
      }
      for (int i = alone; i < whole; i += 2 * LANES) {
        float d = fma(load(x, at + i), scale, offset);
        float e = fma(load(x, at + i + LANES), scale, offset);
        float d2 = fma(load(x, next + i), scale2, offset2);
        float e2 = fma(load(x, next + i + LANES), scale2, offset2);
        sum = plus(sum, plus(d, e));
        squares = plus(squares, fma(d, d, times(e, e)));
        sum2 = plus(sum2, plus(d2, e2));
        squares2 = plus(squares2, fma(d2, d2, times(e2, e2)));
      }
      if (whole + lane < n) {
        float d = firstOf(fma(load(x, at + whole), scale, offset), n - whole - lane);
        float d2 = firstOf(fma(load(x, next + whole), scale2, offset2), n - whole - lane);
        sum = plus(sum, d);
        squares = fma(d, d, squares);
        sum2 = plus(sum2, d2);
        squares2 = fma(d2, d2, squares2);
      }
      store(sum, sums, lane);
      store(squares, sums, LANES + lane);
      store(sum2, sums, 2 * LANES + lane);
      store(squares2, sums, 3 * LANES + lane);
    }
  }

  @Override
  public void apply(float[] x, Run run, float[] numbers, int k, float[] h) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float shift = repeat(numbers, k + 3);
    float gain = repeat(numbers, k + 4);
    float bias = repeat(numbers, k + 5);
    int at = run.at();
    int n = run.n();
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float y = fma(fma(load(x, at + i), scale, offset), inverse, shift);
      store(fma(y, gain, bias), h, at + i);
    }
    if (i < n) {
      lastLoops(n).apply(x, run.last(STEP), numbers, k, h);
    }
  }

  @Override
  public void applyFeatures(float[] x, Run run, float[] numbers, int k, float[] affine, float[] h) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float shift = repeat(numbers, k + 3);
    int at = run.at();
    int gain = run.feature();
    int bias = affine.length / 2 + gain;
    int n = run.n();
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float y = fma(fma(load(x, at + i), scale, offset), inverse, shift);
      store(fma(y, load(affine, gain + i), load(affine, bias + i)), h, at + i);
    }
    if (i < n) {
      lastLoops(n).applyFeatures(x, run.last(STEP), numbers, k, affine, h);
    }
  }

  @Override
  public void sums(float[] dh, float[] x, Run run, float[] numbers, int k, float[] sums) {
    if (STEP > 1 && !run.fits(run.at(), LANES, Math.min(x.length, dh.length))) {
      remainder.sums(dh, x, run, numbers, k, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    int n = run.n();
    int whole = n / LANES * LANES;
    int alone = whole % (2 * LANES);
    for (int lane = 0; lane < LANES; lane += STEP) {
      int at = run.at() + lane;
      float products = 0f;
      float sum = 0f;
      if (alone > 0) {
        float g = load(dh, at);
        products = fma(g, fma(load(x, at), scale, offset), products);
        sum = plus(sum, g);
      }
      for (int i = alone; i < whole; i += 2 * LANES) {
        float d = fma(load(x, at + i), scale, offset);
        float e = fma(load(x, at + i + LANES), scale, offset);
        float g = load(dh, at + i);
        float h = load(dh, at + i + LANES);
        products = plus(products, fma(g, d, times(h, e)));
        sum = plus(sum, plus(g, h));
      }
      if (whole + lane < n) {
        float d = firstOf(fma(load(x, at + whole), scale, offset), n - whole - lane);
        float g = firstOf(load(dh, at + whole), n - whole - lane);
        products = fma(g, d, products);
        sum = plus(sum, g);
      }
      store(products, sums, lane);
      store(sum, sums, LANES + lane);
    }
  }

  @Override
  public void sumsFeatures(
      float[] dh, float[] x, Run run, float[] numbers, int k, float[] affine, float[] sums) {
    if (STEP > 1
        && !(run.fits(run.at(), LANES, Math.min(x.length, dh.length))
            && run.fits(run.feature(), LANES, affine.length))) {
      remainder.sumsFeatures(dh, x, run, numbers, k, affine, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    int n = run.n();
    int whole = n / LANES * LANES;
    for (int lane = 0; lane < LANES; lane += STEP) {
      int at = run.at() + lane;
      int gain = run.feature() + lane;
      float products = 0f;
      float sum = 0f;
      for (int i = 0; i < whole; i += LANES) {
        float q = times(load(dh, at + i), load(affine, gain + i));
        products = fma(q, fma(load(x, at + i), scale, offset), products);
        sum = plus(sum, q);
      }
      if (whole + lane < n) {
        float d = firstOf(fma(load(x, at + whole), scale, offset), n - whole - lane);
        float q = times(load(dh, at + whole), load(affine, gain + whole));
        q = firstOf(q, n - whole - lane);
        products = fma(q, d, products);
        sum = plus(sum, q);
      }
      store(products, sums, lane);
      store(sum, sums, LANES + lane);
    }
  }

  @Override
  public void sumsPair(
      float[] dh, float[] x, Run run, float[] numbers, int k, float[] affine, float[] sums) {
    if (STEP > 1
        && !(run.fits(run.at() + run.next(), LANES, Math.min(x.length, dh.length))
            && run.fits(run.feature(), LANES, affine.length))) {
      remainder.sumsPair(dh, x, run, numbers, k, affine, sums);
      return;
    }
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float scale2 = repeat(numbers, k + NUMBERS);
    float offset2 = repeat(numbers, k + NUMBERS + 1);
    int n = run.n();
    int whole = n / LANES * LANES;
    for (int lane = 0; lane < LANES; lane += STEP) {
      int at = run.at() + lane;
      int next = at + run.next();
      int gain = run.feature() + lane;
      float products = 0f;
      float sum = 0f;
      float products2 = 0f;
      float sum2 = 0f;
      for (int i = 0; i < whole; i += LANES) {
        float q = times(load(dh, at + i), load(affine, gain + i));
        float q2 = times(load(dh, next + i), load(affine, gain + i));
        products = fma(q, fma(load(x, at + i), scale, offset), products);
        products2 = fma(q2, fma(load(x, next + i), scale2, offset2), products2);
        sum = plus(sum, q);
        sum2 = plus(sum2, q2);
      }
      if (whole + lane < n) {
        float d = firstOf(fma(load(x, at + whole), scale, offset), n - whole - lane);
        float d2 = firstOf(fma(load(x, next + whole), scale2, offset2), n - whole - lane);
        float q = times(load(dh, at + whole), load(affine, gain + whole));
        float q2 = times(load(dh, next + whole), load(affine, gain + whole));
        q = firstOf(q, n - whole - lane);
        q2 = firstOf(q2, n - whole - lane);
        products = fma(q, d, products);
        products2 = fma(q2, d2, products2);
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
  public void pullback(float[] dh, float[] x, Run run, float[] numbers, int k, float[] dx) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float gain = repeat(numbers, k + 4);
    float slope = repeat(numbers, k + 5);
    float mean = repeat(numbers, k + 6);
    int at = run.at();
    int n = run.n();
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float d = fma(load(x, at + i), scale, offset);
      float rest = fma(load(dh, at + i), gain, fma(d, slope, mean));
      store(times(times(rest, inverse), scale), dx, at + i);
    }
    if (i < n) {
      lastLoops(n).pullback(dh, x, run.last(STEP), numbers, k, dx);
    }
  }

  @Override
  public void pullbackFeatures(
      float[] dh,
      float[] x,
      Run run,
      float[] numbers,
      int k,
      float[] affine,
      float[] added,
      float[] dx) {
    float scale = repeat(numbers, k);
    float offset = repeat(numbers, k + 1);
    float inverse = repeat(numbers, k + 2);
    float shift = repeat(numbers, k + 3);
    float slope = repeat(numbers, k + 5);
    float mean = repeat(numbers, k + 6);
    int at = run.at();
    int gains = run.feature();
    int biases = added.length / 2 + gains;
    int n = run.n();
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float d = fma(load(x, at + i), scale, offset);
      float g = load(dh, at + i);
      store(fma(g, fma(d, inverse, shift), load(added, gains + i)), added, gains + i);
      store(plus(load(added, biases + i), g), added, biases + i);
      float rest = fma(g, load(affine, gains + i), fma(d, slope, mean));
      store(times(times(rest, inverse), scale), dx, at + i);
    }
    if (i < n) {
      remainder.pullbackFeatures(dh, x, run.after(i), numbers, k, affine, added, dx);
    }
  }

  @Override
  public void pullbackPair(
      float[] dh,
      float[] x,
      Run run,
      float[] numbers,
      int k,
      float[] affine,
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
    int at = run.at();
    int next = at + run.next();
    int gains = run.feature();
    int biases = added.length / 2 + gains;
    int n = run.n();
    int i = 0;
    for (; i <= n - STEP; i += STEP) {
      float d = fma(load(x, at + i), scale, offset);
      float d2 = fma(load(x, next + i), scale2, offset2);
      float g = load(dh, at + i);
      float g2 = load(dh, next + i);
      float gain = load(affine, gains + i);
      float products = fma(g, fma(d, inverse, shift), load(added, gains + i));
      store(fma(g2, fma(d2, inverse2, shift2), products), added, gains + i);
      store(plus(plus(load(added, biases + i), g), g2), added, biases + i);
      float rest = fma(g, gain, fma(d, slope, mean));
      float rest2 = fma(g2, gain, fma(d2, slope2, mean2));
      store(times(times(rest, inverse), scale), dx, at + i);
      store(times(times(rest2, inverse2), scale2), dx, next + i);
    }
    if (i < n) {
      remainder.pullbackPair(dh, x, run.after(i), numbers, k, affine, added, dx);
    }
  }

  /** Returns the loops for the last step of a run, or for a run that is shorter. */
  private FloatRunLoops lastLoops(int n) {
    return n < STEP ? remainder : this;
  }
}
