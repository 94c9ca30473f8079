package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sums along an axis from its start to each position; in double precision. */
public record CumulativeSum(int axis) implements Primitive {

  /** Returns the running sum along an axis. */
  public static Tensor apply(Tensor x, int axis) {
    Tensor line = Movement.withAxis(x);
    int resolved = line.shape().axis("cumsum", axis);
    return Recorder.apply(new CumulativeSum(resolved), line).reshape(x.shape());
  }

  @Override
  public String name() {
    return "cumsum";
  }

  @Override
  public Tensor forward(Tensor... x) {
    return running(null, x[0], axis);
  }

  /**
   * Returns the running sum along an axis, multiplied by a factor before each term but the first is
   * added.
   *
   * @param factors of the shape of the terms, or null for 1; the first is not looked at
   */
  static Tensor running(@Nullable Tensor factors, Tensor terms, int axis) {
    Tensor source = Engine.packed(terms);
    Tensor scale = factors == null ? source : Engine.packed(factors);
    Shape shape = source.shape();
    int n = shape.size(axis);
    int inner = shape.strides()[axis];
    Object in = Engine.array(source);
    Object by = Engine.array(scale);
    Object out = Engine.uninitialized(source.dtype(), source.size());
    Elements type = Elements.of(in);
    Parallel.run(
        n * inner == 0 ? 0 : source.size() / (n * inner),
        source.size(),
        line -> {
          int at = line * n * inner;
          int first = source.offset() + at;
          if (inner == 1) {
            type.runningSums(
                in, first, factors == null ? null : by, scale.offset() + at, out, at, n);
            return;
          }
          double[] sums = Buffers.scratchDoubles(inner); // float32 sums stop growing at 2^24
          Arrays.fill(sums, 0, inner, 0);
          for (int row = 0; row < n * inner; row += inner) {
            if (factors != null && row > 0) {
              type.multiplyTo(sums, inner, by, scale.offset() + at + row);
            }
            type.addTo(sums, inner, in, first + row);
            type.round(sums, inner, out, at + row);
          }
          Buffers.give(sums);
        });
    return Engine.tensor(out, source.dtype(), shape);
  }

  @Override
  public Tensor batched(BatchedInputs x) {
    return Recorder.apply(new CumulativeSum(axis + 1), x.get(0));
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return g.flip(axis).cumsum(axis).flip(axis);
  }
}
