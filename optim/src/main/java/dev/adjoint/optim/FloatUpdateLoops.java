package dev.adjoint.optim;

import org.jspecify.annotations.Nullable;

/**
 * Runs the loops of the optimizers on float32 elements.
 *
 * <p>They are written for the JIT to turn them into vector instructions, which makes them 15 times
 * as fast: one index for all arrays, no conditions (a {@code Math.max} of two elements is none),
 * and short bodies, since C2 leaves those of more than 60 nodes alone ({@code LoopUnrollLimit}).
 * What is too long is two loops; they run over a chunk, so that the second finds it in the cache.
 */
final class FloatUpdateLoops implements UpdateLoops<float[]> {

  static final FloatUpdateLoops INSTANCE = new FloatUpdateLoops();

  private FloatUpdateLoops() {}

  @Override
  public void descend(float[] p, float[] g, int from, int to, double rate, double decay) {
    float r = (float) rate;
    float d = (float) decay;
    for (int i = from; i < to; i++) {
      p[i] -= r * (g[i] + d * p[i]);
    }
  }

  @Override
  public void descendWithMomentum(float[] p, float[] g, float[] v, int from, int to, Momentum c) {
    float rate = (float) c.rate();
    float ahead = (float) c.ahead();
    float decay = (float) c.decay();
    float momentum = (float) c.momentum();
    float share = (float) c.share();
    for (int i = from; i < to; i++) {
      float old = p[i];
      float slope = g[i] + decay * old;
      float velocity = momentum * v[i] + share * slope;
      v[i] = velocity;
      p[i] = old - (ahead * slope + rate * velocity);
    }
  }

  @Override
  public void adam(float[] p, float[] g, float[] m, float[] v, int from, int to, Moments c) {
    float rate = (float) c.rate();
    float keep = (float) c.keep();
    float decay = (float) c.decay();
    float share1 = (float) (1 - c.beta1());
    float beta2 = (float) c.beta2();
    float share2 = (float) (1 - c.beta2());
    float scale = (float) c.scale();
    float epsilon = (float) c.epsilon();
    for (int i = from; i < to; i++) {
      float kept = p[i] * keep;
      float slope = g[i] + decay * kept;
      float mean = m[i] + (slope - m[i]) * share1;
      float square = beta2 * v[i] + share2 * slope * slope;
      m[i] = mean;
      v[i] = square;
      p[i] = kept - rate * mean / ((float) Math.sqrt(square) / scale + epsilon);
    }
  }

  @Override
  public void amsgrad(
      float[] p, float[] g, float[] m, float[] v, float[] largest, int from, int to, Moments c) {
    moments(p, g, m, v, from, to, c.keep(), c.decay(), c.beta1(), c.beta2());
    float rate = (float) c.rate();
    float keep = (float) c.keep();
    float scale = (float) c.scale();
    float epsilon = (float) c.epsilon();
    for (int i = from; i < to; i++) {
      float square = Math.max(largest[i], v[i]);
      largest[i] = square;
      p[i] = p[i] * keep - rate * m[i] / ((float) Math.sqrt(square) / scale + epsilon);
    }
  }

  @Override
  public void nadam(
      float[] p, float[] g, float[] m, float[] v, int from, int to, double ahead, Moments c) {
    float rate = (float) c.rate();
    float first = (float) ahead;
    float keep = (float) c.keep();
    float decay = (float) c.decay();
    float share1 = (float) (1 - c.beta1());
    float beta2 = (float) c.beta2();
    float share2 = (float) (1 - c.beta2());
    float scale = (float) c.scale();
    float epsilon = (float) c.epsilon();
    for (int i = from; i < to; i++) {
      float kept = p[i] * keep;
      float slope = g[i] + decay * kept;
      float mean = m[i] + (slope - m[i]) * share1;
      float square = beta2 * v[i] + share2 * slope * slope;
      m[i] = mean;
      v[i] = square;
      p[i] = kept - (first * slope + rate * mean) / ((float) Math.sqrt(square) / scale + epsilon);
    }
  }

  @Override
  public void rmsProp(
      float[] p,
      float[] g,
      float[] v,
      float @Nullable [] m,
      float @Nullable [] b,
      int from,
      int to,
      Squares c) {
    if (m != null && b != null) {
      centeredRmsPropWithMomentum(p, g, v, m, b, from, to, c);
    } else if (m != null) {
      centeredRmsProp(p, g, v, m, from, to, c);
    } else if (b != null) {
      rmsPropWithMomentum(p, g, v, b, from, to, c);
    } else {
      rmsProp(p, g, v, from, to, c);
    }
  }

  private static void rmsProp(float[] p, float[] g, float[] v, int from, int to, Squares c) {
    float rate = (float) c.rate();
    float decay = (float) c.decay();
    float alpha = (float) c.alpha();
    float share = (float) (1 - c.alpha());
    float epsilon = (float) c.epsilon();
    for (int i = from; i < to; i++) {
      float old = p[i];
      float slope = g[i] + decay * old;
      float square = alpha * v[i] + share * slope * slope;
      v[i] = square;
      p[i] = old - rate * (slope / ((float) Math.sqrt(square) + epsilon));
    }
  }

  private static void rmsPropWithMomentum(
      float[] p, float[] g, float[] v, float[] b, int from, int to, Squares c) {
    float rate = (float) c.rate();
    float decay = (float) c.decay();
    float alpha = (float) c.alpha();
    float share = (float) (1 - c.alpha());
    float epsilon = (float) c.epsilon();
    float momentum = (float) c.momentum();
    for (int i = from; i < to; i++) {
      float old = p[i];
      float slope = g[i] + decay * old;
      float square = alpha * v[i] + share * slope * slope;
      float velocity = momentum * b[i] + slope / ((float) Math.sqrt(square) + epsilon);
      v[i] = square;
      b[i] = velocity;
      p[i] = old - rate * velocity;
    }
  }

  private static void centeredRmsProp(
      float[] p, float[] g, float[] v, float[] m, int from, int to, Squares c) {
    moments(p, g, m, v, from, to, 1, c.decay(), c.alpha(), c.alpha());
    float rate = (float) c.rate();
    float decay = (float) c.decay();
    float epsilon = (float) c.epsilon();
    for (int i = from; i < to; i++) {
      float old = p[i];
      float slope = g[i] + decay * old;
      float variance = variance(v[i], m[i]);
      p[i] = old - rate * (slope / ((float) Math.sqrt(variance) + epsilon));
    }
  }

  private static void centeredRmsPropWithMomentum(
      float[] p, float[] g, float[] v, float[] m, float[] b, int from, int to, Squares c) {
    moments(p, g, m, v, from, to, 1, c.decay(), c.alpha(), c.alpha());
    float rate = (float) c.rate();
    float decay = (float) c.decay();
    float epsilon = (float) c.epsilon();
    float momentum = (float) c.momentum();
    for (int i = from; i < to; i++) {
      float old = p[i];
      float slope = g[i] + decay * old;
      float variance = variance(v[i], m[i]);
      float velocity = momentum * b[i] + slope / ((float) Math.sqrt(variance) + epsilon);
      b[i] = velocity;
      p[i] = old - rate * velocity;
    }
  }

  @Override
  public void adagrad(
      float[] p,
      float[] g,
      float[] v,
      int from,
      int to,
      double rate,
      double decay,
      double epsilon) {
    float r = (float) rate;
    float d = (float) decay;
    float e = (float) epsilon;
    for (int i = from; i < to; i++) {
      float old = p[i];
      float slope = g[i] + d * old;
      float squares = v[i] + slope * slope;
      v[i] = squares;
      p[i] = old - r * slope / ((float) Math.sqrt(squares) + e);
    }
  }

  @Override
  public void lion(float[] p, float[] g, float[] m, int from, int to, Signs c) {
    float rate = (float) c.rate();
    float keep = (float) c.keep();
    float share1 = (float) (1 - c.beta1());
    float share2 = (float) (1 - c.beta2());
    for (int i = from; i < to; i++) {
      float kept = p[i] * keep;
      float mean = m[i];
      float way = g[i] - mean;
      m[i] = mean + way * share2;
      p[i] = kept - rate * Math.signum(mean + way * share1);
    }
  }

  @Override
  public void approach(float[] a, float[] b, int from, int to, double share) {
    float s = (float) share;
    for (int i = from; i < to; i++) {
      a[i] += (b[i] - a[i]) * s;
    }
  }

  @Override
  public void move(float[] p, float[] d, int from, int to, double keep, double rate) {
    float k = (float) keep;
    float r = (float) rate;
    for (int i = from; i < to; i++) {
      p[i] = k * p[i] - r * d[i];
    }
  }

  /** Computes {@code g += decay * keep * p} and its running means, m and that of squares, v. */
  private static void moments(
      float[] p,
      float[] g,
      float[] m,
      float[] v,
      int from,
      int to,
      double keep,
      double decay,
      double beta1,
      double beta2) {
    float penalty = (float) (decay * keep);
    float share1 = (float) (1 - beta1);
    float old2 = (float) beta2;
    float share2 = (float) (1 - beta2);
    for (int i = from; i < to; i++) {
      float slope = g[i] + penalty * p[i];
      float mean = m[i];
      float square = v[i];
      m[i] = mean + (slope - mean) * share1;
      v[i] = old2 * square + share2 * slope * slope;
    }
  }

  /**
   * Returns square - mean^2: not below 0, where rounding may take it, and infinite if square is.
   */
  private static float variance(float square, float mean) {
    return Math.max(square - Math.min(mean * mean, Float.MAX_VALUE), 0);
  }
}
