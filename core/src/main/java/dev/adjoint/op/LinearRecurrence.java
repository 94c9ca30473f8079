package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Computes y[0] = b[0] and y[i] = a[i] * y[i - 1] + b[i] along an axis; in double precision.
 *
 * <p>Its pullback is such a recurrence from the last element to the first, which divides by
 * nothing: the gradient of a running product is right for zeros, too (ADR 54).
 */
record LinearRecurrence(int axis) implements Primitive {

  @Override
  public Tensor forward(Tensor... x) {
    return CumulativeSum.running(x[0], x[1], axis);
  }

  @Override
  public Tensor batched(BatchedInputs x) {
    return Recorder.apply(new LinearRecurrence(axis + 1), x.all());
  }

  @Override
  public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    int n = y.size(axis);
    // y[i] reaches the loss by itself and, times a[i + 1], by y[i + 1].
    Tensor next = x[0].slice(axis, 1, n).pad(axis, 0, 1, 0);
    Tensor reach = Recorder.apply(this, next.flip(axis), g.flip(axis)).flip(axis);
    return new @Nullable Tensor[] {
      needed[0] ? reach.slice(axis, 1, n).times(y.slice(axis, 0, n - 1)).pad(axis, 1, 0, 0) : null,
      needed[1] ? reach : null
    };
  }
}
