package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Functions that join and split tensors: concat, stack, split, tile, repeat, roll. */
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
    if (tensors.length == 0) {
      throw new IllegalArgumentException("concat: no tensors; expected at least one");
    }
    Shape first = tensors[0].shape();
    int resolved = first.axis("concat", axis);
    DType dtype = tensors[0].dtype();
    long size = 0;
    for (Tensor tensor : tensors) {
      Shape shape = tensor.shape();
      if (shape.rank() != first.rank()
          || !shape.with(resolved, 0).equals(first.with(resolved, 0))) {
        throw new IllegalArgumentException(
            "concat: shapes %s and %s differ in more than axis %d"
                .formatted(first, shape, resolved));
      }
      dtype = DType.promote(dtype, tensor.dtype());
      size += shape.size(resolved);
    }
    if (tensors.length == 1) {
      return tensors[0];
    }
    Tensor[] parts = new Tensor[tensors.length];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = tensors[i].to(dtype);
    }
    return Recorder.apply(new Concat(resolved, first.with(name, resolved, size)), parts);
  }

  /** Joins tensors of one shape along a new axis. */
  public static Tensor stack(int axis, Tensor... tensors) {
    if (tensors.length == 0) {
      throw new IllegalArgumentException("stack: no tensors; expected at least one");
    }
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
            "stack: shapes %s and %s differ".formatted(tensors[0].shape(), tensors[i].shape()));
      }
      parts[i] = tensors[i].unsqueeze(axis);
    }
    return concat("stack", axis, parts);
  }

  /** Returns consecutive parts of given sizes. */
  public static List<Tensor> split(Tensor x, int axis, int... sizes) {
    int resolved = x.shape().axis("split", axis);
    if (Arrays.stream(sizes).asLongStream().sum() != x.size(resolved)
        || Arrays.stream(sizes).anyMatch(s -> s < 0)) {
      throw new IllegalArgumentException(
          "split: sizes %s do not add up to axis %d of shape %s"
              .formatted(Arrays.toString(sizes), resolved, x.shape()));
    }
    List<Tensor> parts = new ArrayList<>();
    int from = 0;
    for (int size : sizes) {
      parts.add(x.slice(resolved, from, from + size));
      from += size;
    }
    return List.copyOf(parts);
  }

  /** Returns a number of consecutive parts, all but the last of equal size. */
  public static List<Tensor> chunk(Tensor x, int parts, int axis) {
    int n = x.size(x.shape().axis("chunk", axis));
    if (parts < 1) {
      throw new IllegalArgumentException("chunk: %d parts; expected at least 1".formatted(parts));
    }
    int size = Math.max(1, Math.ceilDiv(n, parts));
    int count = Math.max(1, Math.ceilDiv(n, size));
    int[] sizes = new int[count];
    Arrays.fill(sizes, size);
    sizes[count - 1] = n - size * (count - 1);
    return split(x, axis, sizes);
  }

  /** Repeats the whole tensor along each axis. */
  public static Tensor tile(Tensor x, int... times) {
    if (times.length != x.rank()) {
      throw new IllegalArgumentException(
          "tile: %s for shape %s; expected one number an axis"
              .formatted(Arrays.toString(times), x.shape()));
    }
    Tensor result = x;
    for (int axis = 0; axis < times.length; axis++) {
      result = expandInto("tile", result, axis, times[axis], axis);
    }
    return result;
  }

  /** Repeats each element along an axis. */
  public static Tensor repeat(Tensor x, int times, int axis) {
    int resolved = x.shape().axis("repeat", axis);
    return expandInto("repeat", x, resolved, times, resolved + 1);
  }

  /** Inserts an axis of the given size at a place, and joins it with the given axis. */
  private static Tensor expandInto(String name, Tensor x, int axis, int times, int place) {
    if (times < 0) {
      throw new IllegalArgumentException(
          "%s: %d repetitions of axis %d of shape %s; expected at least 0"
              .formatted(name, times, axis, x.shape()));
    }
    if (times == 1) {
      return x;
    }
    Shape result = x.shape().with(name, axis, (long) x.size(axis) * times);
    if (x.size() == 0) {
      return x.reshape(result);
    }
    Tensor wide = x.unsqueeze(place);
    return wide.expand(wide.shape().with(place, times)).reshape(result);
  }

  /** Shifts elements along an axis, around the end. */
  public static Tensor roll(Tensor x, int shift, int axis) {
    int resolved = x.shape().axis("roll", axis);
    int n = x.size(resolved);
    int cut = n == 0 ? 0 : Math.floorMod(-(long) shift, n);
    return cut == 0 ? x : concat(resolved, x.slice(resolved, cut, n), x.slice(resolved, 0, cut));
  }

  /** One tensor after another along an axis. */
  record Concat(int axis, Shape shape) implements Primitive {
    @Override
    public String name() {
      return "concat";
    }

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
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      int from = 0;
      for (int i = 0; i < input; i++) {
        from += x[i].size(axis);
      }
      return g.slice(axis, from, from + x[input].size(axis));
    }
  }
}
