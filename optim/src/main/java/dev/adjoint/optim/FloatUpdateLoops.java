package dev.adjoint.optim;

/**
 * Runs the loops of the optimizers on float32 elements.
 *
 * <p>Each is one pass with one index for all arrays, and without a condition inside: so the JIT
 * turns it into vector instructions.
 */
final class FloatUpdateLoops implements UpdateLoops {

  static final FloatUpdateLoops INSTANCE = new FloatUpdateLoops();

  private FloatUpdateLoops() {}

  @Override
  public void descend(Object p, Object g, int from, int to, double rate, double decay) {
    descend((float[]) p, (float[]) g, from, to, (float) rate, (float) decay);
  }

  private static void descend(float[] p, float[] g, int from, int to, float rate, float decay) {
    for (int i = from; i < to; i++) {
      p[i] -= rate * (g[i] + decay * p[i]);
    }
  }

  @Override
  public void descendWithMomentum(
      Object p,
      Object g,
      Object v,
      int from,
      int to,
      double rate,
      double decay,
      double momentum,
      double share,
      boolean nesterov) {
    if (nesterov) {
      nesterov(
          (float[]) p,
          (float[]) g,
          (float[]) v,
          from,
          to,
          (float) rate,
          (float) decay,
          (float) momentum);
    } else {
      heavyBall(
          (float[]) p,
          (float[]) g,
          (float[]) v,
          from,
          to,
          (float) rate,
          (float) decay,
          (float) momentum,
          (float) share);
    }
  }

  private static void heavyBall(
      float[] p,
      float[] g,
      float[] v,
      int from,
      int to,
      float rate,
      float decay,
      float momentum,
      float share) {
    for (int i = from; i < to; i++) {
      float velocity = momentum * v[i] + share * (g[i] + decay * p[i]);
      v[i] = velocity;
      p[i] -= rate * velocity;
    }
  }

  private static void nesterov(
      float[] p, float[] g, float[] v, int from, int to, float rate, float decay, float momentum) {
    for (int i = from; i < to; i++) {
      float slope = g[i] + decay * p[i];
      float velocity = momentum * v[i] + slope;
      v[i] = velocity;
      p[i] -= rate * (slope + momentum * velocity);
    }
  }

  @Override
  public void adam(
      Object p,
      Object g,
      Object m,
      Object v,
      int from,
      int to,
      double rate,
      double keep,
      double decay,
      double beta1,
      double beta2,
      double scale,
      double epsilon) {
    adam(
        (float[]) p,
        (float[]) g,
        (float[]) m,
        (float[]) v,
        from,
        to,
        (float) rate,
        (float) keep,
        (float) decay,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) scale,
        (float) epsilon);
  }

  private static void adam(
      float[] p,
      float[] g,
      float[] m,
      float[] v,
      int from,
      int to,
      float rate,
      float keep,
      float decay,
      float share1,
      float beta2,
      float share2,
      float scale,
      float epsilon) {
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
}
