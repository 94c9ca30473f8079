package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Places a tensor inside a larger one along an axis, every {@code step} positions from {@code
 * from}; the rest is {@code value}. The opposite of a slice.
 */
public record Pad(int axis, int from, int step, int size, double value) implements Primitive {

  /** Adds copies of a number before and after an axis. */
  public static Tensor apply(Tensor x, int axis, int before, int after, double value) {
    int resolved = x.shape().axis("pad", axis);
    if (before < 0 || after < 0) {
      throw new IllegalArgumentException(
          "pad: %d before and %d after axis %d of shape %s; expected at least 0"
              .formatted(before, after, axis, x.shape()));
    }
    if (before == 0 && after == 0) {
      return x;
    }
    long size = (long) before + x.shape().size(resolved) + after;
    Shape shape = x.shape().with("pad", resolved, size);
    return Recorder.apply(new Pad(resolved, before, 1, shape.size(resolved), value), x);
  }

  /** Adds elements before and after an axis: slices of the tensor itself, joined to it. */
  public static Tensor apply(Tensor x, int axis, int before, int after, PadMode mode) {
    return apply("pad", x, axis, before, after, mode);
  }

  static Tensor apply(String operation, Tensor x, int axis, int before, int after, PadMode mode) {
    if (mode == PadMode.ZEROS) {
      return apply(x, axis, before, after, 0);
    }
    int resolved = x.shape().axis(operation, axis);
    int n = x.size(resolved);
    int most = mode.most(n);
    if (before < 0 || after < 0 || before > most || after > most) {
      throw new IllegalArgumentException(
          "%s: %d before and %d after axis %d of shape %s, mode %s; expected at least 0%s"
              .formatted(
                  operation,
                  before,
                  after,
                  axis,
                  x.shape(),
                  mode,
                  most == Integer.MAX_VALUE ? "" : " and at most " + most));
    }
    var _ = x.shape().with(operation, resolved, (long) before + n + after);
    List<Tensor> parts = new ArrayList<>(List.of(x));
    if (before > 0) {
      parts.addFirst(
          switch (mode) {
            case REFLECT -> x.slice(resolved, 1, before + 1).flip(resolved);
            case REPLICATE -> repeated(x.slice(resolved, 0, 1), resolved, before);
            default -> x.slice(resolved, n - before, n);
          });
    }
    if (after > 0) {
      parts.add(
          switch (mode) {
            case REFLECT -> x.slice(resolved, n - after - 1, n - 1).flip(resolved);
            case REPLICATE -> repeated(x.slice(resolved, n - 1, n), resolved, after);
            default -> x.slice(resolved, 0, after);
          });
    }
    return Joining.concat(resolved, parts.toArray(Tensor[]::new));
  }

  private static Tensor repeated(Tensor slice, int axis, int times) {
    return slice.expand(slice.shape().with(axis, times));
  }

  /** Places a tensor among zeros: the adjoint of a slice. */
  static Tensor embed(Tensor x, int axis, int from, int step, int size) {
    return Recorder.apply(new Pad(axis, from, step, size, 0), x);
  }

  /** Returns the linear part: the same places, with zeros as the rest. */
  Pad withZeros() {
    return new Pad(axis, from, step, size, 0);
  }

  @Override
  public Tensor forward(Tensor... x) {
    Tensor source = Engine.packed(x[0]);
    Shape shape = source.shape().with(axis, size);
    Object out = Engine.zeroed(source.dtype(), shape.size());
    if (value != 0) {
      Elementwise.fill(out, value);
    }
    int[] strides = shape.strides();
    int start = from * strides[axis];
    strides[axis] *= step;
    Span to = new Span(out, start);
    StridedCopy.SCATTER.run(source.shape().toArray(), Engine.span(source), to, strides);
    return Engine.tensor(out, source.dtype(), shape);
  }

  @Override
  public Tensor batched(BatchedInputs x) {
    return Recorder.apply(new Pad(axis + 1, from, step, size, value), x.get(0));
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    int count = x[0].shape().size(axis);
    int end = count == 0 ? from : from + (count - 1) * step + 1;
    return g.slice(axis, from, end, step);
  }
}
