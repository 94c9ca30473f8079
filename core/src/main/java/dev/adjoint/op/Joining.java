package dev.adjoint.op;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Functions that join tensors: concat and stack. */
public final class Joining {

  private Joining() {}

  /**
   * Joins tensors along an axis that they have.
   *
   * @throws IllegalArgumentException if there is none, or their other sizes differ
   */
  public static Tensor concat(int axis, Tensor... tensors) {
    return concat("concat", axis, tensors);
  }

  private static Tensor concat(String name, int axis, Tensor... tensors) {
    checkArgument(tensors.length != 0, "concat: no tensors; expected at least one");
    Shape first = tensors[0].shape();
    int resolved = first.axis("concat", axis);
    long size = 0;
    for (Tensor tensor : tensors) {
      Shape shape = tensor.shape();
      if (shape.rank() != first.rank()
          || !shape.with(resolved, 0).equals(first.with(resolved, 0))) {
        throw new IllegalArgumentException(
            "concat: shapes %s and %s along axis %d; expected equal sizes of all other axes"
                .formatted(first, shape, resolved));
      }
      size += shape.size(resolved);
    }
    if (tensors.length == 1) {
      return tensors[0];
    }
    Shape shape = first.with(name, resolved, size);
    return Recorder.apply(new Concat(resolved, shape), Engine.promoted(tensors));
  }

  /** Joins tensors of one shape along a new axis. */
  public static Tensor stack(int axis, Tensor... tensors) {
    checkArgument(tensors.length != 0, "stack: no tensors; expected at least one");
    Shape shape = tensors[0].shape();
    if (axis < -shape.rank() - 1 || axis > shape.rank()) {
      throw new IllegalArgumentException(
          "stack: no place %d for a new axis in shape %s; expected %d to %d"
              .formatted(axis, shape, -shape.rank() - 1, shape.rank()));
    }
    Tensor[] parts = new Tensor[tensors.length];
    for (int i = 0; i < parts.length; i++) {
      if (!tensors[i].shape().equals(tensors[0].shape())) {
        throw new IllegalArgumentException(
            "stack: shapes %s and %s; expected equal shapes"
                .formatted(tensors[0].shape(), tensors[i].shape()));
      }
      parts[i] = tensors[i].unsqueeze(axis);
    }
    return concat("stack", axis, parts);
  }

  record Concat(int axis, Shape shape) implements Primitive {
    @Override
    public Tensor forward(Tensor... x) {
      DType dtype = x[0].dtype();
      Object out = Engine.uninitialized(dtype, shape.size());
      int[] strides = shape.strides();
      int at = 0;
      for (Tensor part : x) {
        Tensor source = Engine.packed(part);
        Span to = new Span(out, at * strides[axis]);
        StridedCopy.SCATTER.run(source.shape().toArray(), Engine.span(source), to, strides);
        at += part.size(axis);
      }
      return Engine.tensor(out, dtype, shape);
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return Recorder.apply(new Concat(axis + 1, x.with(shape)), x.all());
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      @Nullable Tensor[] cotangents = new Tensor[x.length];
      int from = 0;
      for (int i = 0; i < x.length; i++) {
        int to = from + x[i].size(axis);
        cotangents[i] = needed[i] ? g.slice(axis, from, to) : null;
        from = to;
      }
      return cotangents;
    }
  }
}
