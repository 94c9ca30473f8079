package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Limits values to a range; the gradient is 1 inside and at the limits, 0 outside, NaN at NaN. */
public record Clamp(double low, double high) implements Primitive {

  private static final Program.Pullbacks PULLBACK =
      new Program.Pullbacks("clamp", 3, 2, (needed, g, x, y) -> cotangents(g, x[0], x[1], x[2], y));

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
  public Tensor batched(Batch x) {
    return Recorder.apply(this, x.aligned());
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Tensor[] limited = {x[0], number(low, x[0]), number(high, x[0])};
    return Objects.requireNonNull(
        PULLBACK.apply(new boolean[] {true, false, false}, g, limited, y)[0]);
  }

  private static @Nullable Tensor[] cotangents(
      Tensor g, Tensor x, Tensor low, Tensor high, Tensor y) {
    Tensor isInside = x.greaterEqual(low).times(x.lessEqual(high));
    return new @Nullable Tensor[] {g.times(Binary.orNaN(isInside, y)), null, null};
  }

  private static Tensor number(double value, Tensor x) {
    return Tensor.scalar(value, x.dtype());
  }
}
