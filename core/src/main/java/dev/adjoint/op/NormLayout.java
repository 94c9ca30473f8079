package dev.adjoint.op;

import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Norm;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Arranges a shape as (a, channels, b), where channels count the sets, and a and b the elements of
 * each: by joining axes where the kept ones are neighbors. Where those that are not kept lie
 * between them, channels count the elements of a set, and the norm goes across. Else kept axes are
 * moved to the front.
 *
 * @param order of the axes of the shape
 * @param features the shape of gain and bias, whose sizes in this order are featureSizes
 * @param repeats how often each gain and bias is repeated, where few neighbors share them
 */
record NormLayout(
    Shape shape,
    int[] axes,
    int[] order,
    Shape features,
    int[] featureSizes,
    int repeats,
    Norm norm) {

  /** Below so many neighbors with one gain, it is cheaper to repeat the gain for each. */
  private static final int FEW = 32;

  /** From so many columns on, going across channels takes less time than moving these (ADR 83). */
  private static final int WIDE = 96;

  /** Returns the layout; null if the features are no neighbors, or differ within a column. */
  static @Nullable NormLayout of(Shape shape, int[] axes, Shape features, Standardize.Rule rule) {
    int rank = shape.rank();
    boolean[] reduced = new boolean[rank];
    for (int axis : axes) {
      reduced[axis] = true;
    }
    int[] order = new int[rank];
    int[] product = {1, 1, 1, 1};
    int part = 0; // even before and after, odd among kept axes
    for (int axis = 0; axis < rank; axis++) {
      // One example is arranged as many are: so it has the same bits alone and among others.
      if (shape.size(axis) != 1 || axis == 0) {
        if (reduced[axis] == (part % 2 == 1)) {
          part++;
        }
        product[Math.min(part, 3)] *= shape.size(axis);
      }
      order[axis] = axis;
    }
    boolean across = // and elements that follow one another have one gain and bias
        part == 3
            && !reduced[0]
            && product[3] >= WIDE
            && IntStream.range(axes[axes.length - 1] + 1, rank)
                .allMatch(axis -> size(features, axis - rank) == 1);
    if (across) {
      product = Arrays.copyOfRange(product, 1, 4);
    } else if (part > 2) {
      product = new int[] {1, 1, 1};
      int count = 0;
      for (int axis = 0; axis < rank; axis++) {
        if (!reduced[axis]) {
          order[count++] = axis;
          product[1] *= shape.size(axis);
        }
      }
      for (int axis : axes) {
        order[count++] = axis;
        product[2] *= shape.size(axis);
      }
    }
    int[] sizes = new int[rank];
    for (int i = 0; i < rank; i++) {
      sizes[i] = size(features, order[i] - rank);
    }
    int axis = rank - 1;
    int inner = 1;
    for (; axis >= 0 && sizes[axis] == 1; axis--) {
      inner *= shape.size(order[axis]);
    }
    int count = 1;
    for (; axis >= 0 && sizes[axis] == shape.size(order[axis]); axis--) {
      count *= shape.size(order[axis]);
    }
    boolean fits = features.broadcastsTo(shape) && count == features.size();
    fits &= product[2] != 1 || count == 1 || product[1] % Math.max(1, count * inner) == 0;
    if (!fits) {
      return null;
    }
    int repeats = inner > 0 && inner < FEW && count > 1 ? inner : 1;
    boolean single = product[1] == 1; // whose elements are better a run than a column
    Norm norm =
        new Norm(
            single ? 1 : product[0],
            product[1],
            single ? product[0] * product[2] : product[2],
            across,
            Math.max(1, inner / repeats),
            count * repeats,
            rule.centered(),
            rule.epsilon(),
            rule.outsideRoot());
    return new NormLayout(shape, axes, order, features, sizes, repeats, norm);
  }

  /** Returns the size of an axis that is counted from the end: -1 is the last. */
  private static int size(Shape features, int axis) {
    int own = axis + features.rank();
    return own < 0 ? 1 : features.size(own);
  }

  /** Returns the shape of one value a set. */
  Shape statistics() {
    return shape.reduced(axes, false);
  }

  /** Returns the elements in this order in an array that starts with them. */
  Object array(Tensor x) {
    Tensor arranged = x.untracked().permute(order);
    boolean suits = arranged.isContiguous() && arranged.offset() == 0;
    return Engine.array(suits ? arranged : Contiguous.pack(arranged));
  }

  /** Returns a tensor of the shape over elements in this order. */
  Tensor tensor(Object array, DType dtype) {
    int[] sizes = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      sizes[i] = shape.size(order[i]);
    }
    return tensor(array, dtype, sizes);
  }

  private Tensor tensor(Object array, DType dtype, int[] sizes) {
    return Engine.tensor(array, dtype, Shape.of(sizes)).permute(Movement.inverse(order));
  }

  /** Returns all gains in this order, and then all biases, of inputs (x, gain, bias), or (x). */
  Object affine(Tensor... inputs) {
    DType dtype = inputs[0].dtype();
    if (inputs.length == 1) {
      return Engine.array(Tensor.of(1.0, 0.0).to(dtype));
    }
    int rank = order.length;
    int[] sizes = Arrays.copyOf(featureSizes, rank + 1);
    sizes[rank] = repeats;
    Object all = Engine.uninitialized(dtype, 2 * norm.features());
    for (int i = 0; i < 2; i++) {
      Tensor values = inputs[1 + i].untracked();
      int[] strides = new int[rank + 1];
      for (int axis = 0; axis < rank; axis++) {
        int own = order[axis] - (rank - values.rank());
        strides[axis] = own < 0 || values.size(own) == 1 ? 0 : values.strides()[own];
      }
      Span to = new Span(all, i * norm.features());
      StridedCopy.GATHER.run(sizes, to, Engine.span(values), strides);
    }
    return all;
  }

  /** Returns the sums of all gains (0) or of all biases (1) as a gradient. */
  Tensor gradient(double[] sums, int which, DType dtype) {
    int first = which * norm.features();
    int n = norm.features() / repeats;
    Elements elements = Engine.elements(dtype);
    Object array = elements.uninitialized(n);
    for (int f = 0; f < n; f++) {
      double value = 0;
      for (int r = 0; r < repeats; r++) {
        value += sums[first + f * repeats + r];
      }
      elements.set(array, f, value);
    }
    return tensor(array, dtype, featureSizes).reshape(features);
  }
}
