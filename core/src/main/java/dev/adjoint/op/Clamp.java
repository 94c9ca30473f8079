package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Limits values to a range; the gradient is 1 inside, 0 outside, NaN at NaN.
 *
 * @param open whether the gradient at the limits is 0, as of hardtanh, or 1, as of clamp
 */
public record Clamp(double low, double high, boolean open) implements Primitive.Broadcasting {

  private static final Program.Pullbacks CLOSED =
      new Program.Pullbacks(
          "clamp",
          3,
          2,
          (needed, g, x, y) -> of(g, x[0].greaterEqual(x[1]), x[0].lessEqual(x[2]), y));

  private static final Program.Pullbacks OPEN =
      new Program.Pullbacks(
          "hardtanh", 3, 2, (needed, g, x, y) -> of(g, x[0].greater(x[1]), x[0].less(x[2]), y));

  /** Returns the values limited to {@code low <= x <= high}. */
  public static Tensor apply(Tensor x, double low, double high) {
    return new Clamp(low, high, false).apply(x);
  }

  Tensor apply(Tensor x) {
    if (!(low <= high)) {
      throw new IllegalArgumentException(
          "%s: low %s is above high %s; expected low <= high".formatted(name(), low, high));
    }
    return Recorder.apply(this, x);
  }

  @Override
  public String name() {
    return open ? "hardtanh" : "clamp";
  }

  @Override
  public Tensor forward(Tensor... x) {
    return x[0].untracked().max(number(low, x[0])).min(number(high, x[0]));
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    Tensor[] limited = {x[0], number(low, x[0]), number(high, x[0])};
    Program.Pullbacks pullback = open ? OPEN : CLOSED;
    return Objects.requireNonNull(
        pullback.apply(new boolean[] {true, false, false}, g, limited, y)[0]);
  }

  private static @Nullable Tensor[] of(Tensor g, Tensor isAbove, Tensor isBelow, Tensor y) {
    Tensor isInside = isAbove.times(isBelow);
    return new @Nullable Tensor[] {g.times(Binary.orNaN(isInside, y)), null, null};
  }

  private static Tensor number(double value, Tensor x) {
    return Tensor.scalar(value, x.dtype());
  }
}
