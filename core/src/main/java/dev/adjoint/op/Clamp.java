package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;

/** Limits values to a range; the gradient is 1 inside and at the limits, 0 outside, NaN at NaN. */
public record Clamp(double low, double high) implements Primitive {

  /** Returns the values limited to {@code low <= x <= high}. */
  public static Tensor apply(Tensor x, double low, double high) {
    if (!(low <= high)) {
      throw new IllegalArgumentException("clamp: low %s is above high %s".formatted(low, high));
    }
    return Recorder.apply(new Clamp(low, high), x);
  }

  @Override
  public String name() {
    return "clamp";
  }

  @Override
  public Tensor forward(Tensor... x) {
    return x[0].untracked().max(number(low, x[0])).min(number(high, x[0]));
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Tensor isInside = x[0].greaterEqual(low).times(x[0].lessEqual(high));
    return g.times(Binary.orNaN(isInside, y));
  }

  private static Tensor number(double value, Tensor x) {
    return Tensor.scalar(value, x.dtype());
  }
}
