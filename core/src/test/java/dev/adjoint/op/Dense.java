package dev.adjoint.op;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** Holds numbers for an oracle: doubles in reading order, and sizes; nothing of the engine. */
record Dense(double[] values, int... sizes) {

  /** Computes an element from its index. */
  interface Element {
    double at(int[] index);
  }

  static Dense of(int[] sizes, Element element) {
    double[] values = new double[product(sizes)];
    for (int i = 0; i < values.length; i++) {
      values[i] = element.at(index(i, sizes));
    }
    return new Dense(values, sizes);
  }

  /** Takes elements from a supplier, in reading order. */
  static Dense drawn(int[] sizes, DoubleSupplier supplier) {
    return new Dense(DoubleStream.generate(supplier).limit(product(sizes)).toArray(), sizes);
  }

  /** Returns the sizes to which several arrays broadcast. */
  static int[] broadcast(Dense... x) {
    int rank = 0;
    for (Dense dense : x) {
      rank = Math.max(rank, dense.rank());
    }
    int[] sizes = new int[rank];
    for (int axis = 1; axis <= rank; axis++) {
      sizes[rank - axis] = 1;
      for (Dense dense : x) {
        if (axis <= dense.rank() && dense.size(-axis) != 1) {
          sizes[rank - axis] = dense.size(-axis);
        }
      }
    }
    return sizes;
  }

  int rank() {
    return sizes.length;
  }

  int size(int axis) {
    return sizes[axis < 0 ? axis + sizes.length : axis];
  }

  /**
   * Returns an element; leading indices beyond the rank, and those of axes of size 1, are let go.
   */
  double at(int... index) {
    int position = 0;
    int lead = index.length - sizes.length;
    for (int axis = 0; axis < sizes.length; axis++) {
      position = position * sizes[axis] + (sizes[axis] == 1 ? 0 : index[lead + axis]);
    }
    return values[position];
  }

  /** Folds axes into one number each; none means all. */
  Dense fold(int[] axes, boolean keep, ToDoubleFunction<double[]> fold) {
    boolean[] folded = new boolean[rank()];
    for (int axis = 0; axis < rank(); axis++) {
      folded[axis] = axes.length == 0;
    }
    for (int axis : axes) {
      folded[axis] = true;
    }
    int[] kept = sizes.clone();
    List<Integer> dropped = new ArrayList<>();
    for (int axis = 0; axis < rank(); axis++) {
      if (folded[axis]) {
        kept[axis] = 1;
      } else {
        dropped.add(sizes[axis]);
      }
    }
    List<List<Double>> groups = new ArrayList<>();
    for (int i = 0; i < product(kept); i++) {
      groups.add(new ArrayList<>());
    }
    for (int i = 0; i < values.length; i++) {
      int[] index = index(i, sizes);
      int group = 0;
      for (int axis = 0; axis < rank(); axis++) {
        group = group * kept[axis] + (folded[axis] ? 0 : index[axis]);
      }
      groups.get(group).add(values[i]);
    }
    double[] results =
        groups.stream()
            .mapToDouble(group ->
                fold.applyAsDouble(group.stream().mapToDouble(Double::doubleValue).toArray()))
            .toArray();
    return new Dense(results, keep ? kept : dropped.stream().mapToInt(i -> i).toArray());
  }

  /** Returns the elements in reading order with other sizes. */
  Dense reshape(int... newSizes) {
    return new Dense(values, newSizes);
  }

  static int product(int... sizes) {
    int product = 1;
    for (int size : sizes) {
      product *= size;
    }
    return product;
  }

  private static int[] index(int position, int[] sizes) {
    int[] index = new int[sizes.length];
    for (int axis = sizes.length - 1, rest = position; axis >= 0; axis--) {
      index[axis] = rest % sizes[axis];
      rest /= sizes[axis];
    }
    return index;
  }
}
