package dev.adjoint.op;

import com.google.common.primitives.Ints;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Rearranges elements without a copy: a movement is a view, its pullback the opposite movement. */
public sealed interface Movement extends Primitive {

  /** Returns a view with an axis at another place, the others in their order. */
  static Tensor moved(Tensor x, int from, int to) {
    IntStream others = IntStream.range(0, x.rank()).filter(axis -> axis != from);
    List<Integer> order = new ArrayList<>(others.boxed().toList());
    order.add(to, from);
    return x.permute(Ints.toArray(order));
  }

  /** Returns a scalar as a vector of one element, where PyTorch lets it have an axis 0, too. */
  static Tensor withAxis(Tensor x) {
    return x.rank() == 0 ? x.reshape(1) : x;
  }

  static int[] inverse(int[] order) {
    int[] inverse = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      inverse[order[i]] = i;
    }
    return inverse;
  }

  record Reshape(Shape shape) implements Movement {
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
    public Tensor batched(BatchedInputs x) {
      return x.get(0).reshape(x.with(shape));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return g.reshape(x[0].shape());
    }

    /** Returns the strides of a view of the elements in another shape, or null if none is. */
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

  record Permute(int[] order) implements Movement {
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
    public Tensor batched(BatchedInputs x) {
      int[] shifted = new int[order.length + 1];
      System.arraycopy(BatchedInputs.shifted(order), 0, shifted, 1, order.length);
      return x.get(0).permute(shifted);
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return g.permute(inverse(order));
    }
  }

  /** Axes of size 1 and new leading axes repeated. */
  record Expand(Shape shape) implements Movement {
    @Override
    public Tensor forward(Tensor... x) {
      return x[0].view(shape, Runs.broadcastStrides(x[0], shape), x[0].offset());
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return x.aligned(shape.rank())[0].expand(x.with(shape));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return g; // the backward pass sums it to the input's shape
    }
  }

  /** Every step-th of a range of positions. */
  record Slice(int axis, int from, int count, int step) implements Movement {
    @Override
    public Tensor forward(Tensor... x) {
      int[] strides = x[0].strides().clone();
      int offset = x[0].offset() + from * strides[axis];
      strides[axis] *= step;
      return x[0].view(x[0].shape().with(axis, count), strides, offset);
    }

    @Override
    public Tensor batched(BatchedInputs x) {
      return Recorder.apply(new Slice(axis + 1, from, count, step), x.get(0));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Pad.embed(g, axis, from, step, x[0].shape().size(axis));
    }

    /** Adds the cotangent of the output to that of the input in place, which nobody else has. */
    public void addPullback(Tensor g, Tensor sum) {
      Tensor part = Engine.packed(g.to(sum.dtype()));
      Tensor place = forward(sum);
      StridedCopy.ADD.run(
          part.shape().toArray(), Engine.span(part), Engine.span(place), place.strides());
    }
  }

  record Flip(int[] axes) implements Movement {
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
    public Tensor batched(BatchedInputs x) {
      return x.get(0).flip(BatchedInputs.shifted(axes));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return g.flip(axes);
    }
  }
}
