package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Rearranges elements without copying them: each movement is a view, and its pullback the opposite
 * movement.
 */
public sealed interface Movement extends Primitive {

  /** Returns the elements in another shape of the same size. */
  static Tensor reshape(Tensor x, Shape shape) {
    return shape.equals(x.shape()) ? x : Recorder.apply(new Reshape(shape), x);
  }

  /** Returns a scalar as a vector of one element, where PyTorch lets it have an axis 0, too. */
  static Tensor withAxis(Tensor x) {
    return x.rank() == 0 ? reshape(x, Shape.of(1)) : x;
  }

  /** Returns the axes in another order. */
  static Tensor permute(Tensor x, int... axes) {
    int[] order = axes.clone();
    for (int i = 0; i < order.length; i++) {
      order[i] = x.shape().axis("permute", order[i]);
    }
    int[] sorted = order.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, x.shape().axes("permute"))) {
      throw new IllegalArgumentException(
          "permute: %s is not an order of the %d axes of shape %s"
              .formatted(Arrays.toString(axes), x.rank(), x.shape()));
    }
    return Arrays.equals(sorted, order) ? x : Recorder.apply(new Permute(order), x);
  }

  /** Repeats axes of size 1; -1 keeps a size. */
  static Tensor expand(Tensor x, int... sizes) {
    int lead = sizes.length - x.rank();
    int[] resolved = sizes.clone();
    for (int axis = 0; axis < sizes.length; axis++) {
      if (sizes[axis] == -1 && axis >= lead) {
        resolved[axis] = x.shape().size(axis - lead);
      }
    }
    boolean positive = Arrays.stream(resolved).allMatch(size -> size >= 0);
    Shape shape =
        positive ? Shape.of("expand", Arrays.stream(resolved).asLongStream().toArray()) : x.shape();
    if (!positive || !x.shape().broadcastsTo(shape)) {
      throw new IllegalArgumentException(
          "expand: shape %s does not expand to %s; expected sizes that are equal or were 1"
              .formatted(x.shape(), Arrays.toString(sizes)));
    }
    return shape.equals(x.shape()) ? x : Recorder.apply(new Expand(shape), x);
  }

  /** Returns every step-th element of a range of an axis. */
  static Tensor slice(Tensor x, int axis, int from, int to, int step) {
    int resolved = x.shape().axis("slice", axis);
    int size = x.shape().size(resolved);
    if (step < 1) {
      throw new IllegalArgumentException(
          "slice: step %d along axis %d of shape %s; expected at least 1"
              .formatted(step, axis, x.shape()));
    }
    int start = Math.clamp(from < 0 ? from + (long) size : from, 0, size);
    int end = Math.clamp(to < 0 ? to + (long) size : to, start, size);
    if (start == 0 && end == size && step == 1) {
      return x;
    }
    return Recorder.apply(new Slice(resolved, start, Math.ceilDiv(end - start, step), step), x);
  }

  /** Reverses axes. */
  static Tensor flip(Tensor x, int... axes) {
    return axes.length == 0 ? x : Recorder.apply(new Flip(x.shape().axes("flip", axes)), x);
  }

  /** Another shape. */
  record Reshape(Shape shape) implements Movement {
    @Override
    public String name() {
      return "reshape";
    }

    @Override
    public Tensor forward(Tensor... x) {
      int[] strides = stridesFor(x[0], shape);
      if (strides != null) {
        return x[0].view(shape, strides, x[0].offset());
      }
      Tensor packed = Contiguous.pack(x[0]);
      return packed.view(shape, shape.strides(), 0);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return reshape(g, x[0].shape());
    }

    /**
     * Returns the strides with which a view shows the elements in another shape, or null if none
     * does.
     */
    private static int @Nullable [] stridesFor(Tensor x, Shape shape) {
      if (x.isContiguous()) {
        return shape.strides();
      }
      // Axes of size 1 are nowhere in the way, whatever their stride.
      int[] oldSizes = new int[x.rank()];
      int[] oldStrides = new int[x.rank()];
      int old = -1;
      for (int a = 0; a < x.rank(); a++) {
        if (x.size(a) != 1) {
          oldSizes[++old] = x.size(a);
          oldStrides[old] = x.strides()[a];
        }
      }
      int[] strides = new int[shape.rank()];
      int axis = shape.rank() - 1;
      // Match groups of axes with equal products, from the last; inside a group the old axes must
      // lie seamlessly.
      while (axis >= 0 && old >= 0) {
        int oldProduct = oldSizes[old];
        int newProduct = shape.size(axis);
        int step = oldStrides[old];
        int firstAxis = axis;
        while (oldProduct != newProduct) {
          if (oldProduct < newProduct) {
            int inner = oldStrides[old] * oldSizes[old];
            old--;
            if (oldStrides[old] != inner) {
              return null;
            }
            oldProduct *= oldSizes[old];
          } else {
            axis--;
            newProduct *= shape.size(axis);
          }
        }
        for (int a = firstAxis, s = step; a >= axis; a--) {
          strides[a] = s;
          s *= shape.size(a);
        }
        old--;
        axis--;
      }
      return strides; // any axes left have size 1
    }
  }

  /** The axes in another order. */
  record Permute(int[] order) implements Movement {
    @Override
    public String name() {
      return "permute";
    }

    @Override
    public Tensor forward(Tensor... x) {
      int[] sizes = new int[order.length];
      int[] strides = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        sizes[i] = x[0].shape().size(order[i]);
        strides[i] = x[0].strides()[order[i]];
      }
      return x[0].view(Shape.of(sizes), strides, x[0].offset());
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      int[] inverse = new int[order.length];
      for (int i = 0; i < order.length; i++) {
        inverse[order[i]] = i;
      }
      return permute(g, inverse);
    }
  }

  /** Axes of size 1 and new leading axes repeated. */
  record Expand(Shape shape) implements Movement {
    @Override
    public String name() {
      return "expand";
    }

    @Override
    public Tensor forward(Tensor... x) {
      return x[0].view(shape, Runs.broadcastStrides(x[0], shape), x[0].offset());
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return g; // the backward pass sums it to the input's shape
    }
  }

  /** Every step-th of a range of positions. */
  record Slice(int axis, int from, int count, int step) implements Movement {
    @Override
    public String name() {
      return "slice";
    }

    @Override
    public Tensor forward(Tensor... x) {
      int[] strides = x[0].strides().clone();
      int offset = x[0].offset() + from * strides[axis];
      strides[axis] *= step;
      return x[0].view(x[0].shape().with(axis, count), strides, offset);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Pad.embed(g, axis, from, step, x[0].shape().size(axis));
    }

    /**
     * Adds the cotangent of the output to that of the input, in place: for the backward pass, where
     * it alone has the latter.
     */
    public void addPullback(Tensor g, Tensor sum) {
      Tensor part = Engine.packed(g.to(sum.dtype()));
      Tensor place = forward(sum);
      StridedCopy.ADD.run(
          part.shape().toArray(), Engine.span(part), Engine.span(place), place.strides());
    }
  }

  /** The order along axes reversed. */
  record Flip(int[] axes) implements Movement {
    @Override
    public String name() {
      return "flip";
    }

    @Override
    public Tensor forward(Tensor... x) {
      int[] strides = x[0].strides().clone();
      int offset = x[0].offset();
      for (int axis : axes) {
        offset += Math.max(0, x[0].shape().size(axis) - 1) * strides[axis];
        strides[axis] = -strides[axis];
      }
      return x[0].view(x[0].shape(), strides, offset);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return flip(g, axes);
    }
  }
}
