package dev.adjoint.onnx;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The axes that may have any size in a file, and what follows from them. The first run of a model
 * has all of their first sizes, and each of the others the second size of one of them.
 */
record FreeAxes(List<Axis> axes) {

  /** An axis of an input. */
  record Place(String input, int axis) {}

  /**
   * An axis, perhaps of several inputs.
   *
   * @param first its size in the first run
   * @param second its size in its own run
   */
  record Axis(String name, List<Place> places, int first, int second) {}

  /** A size: a factor times the product of axes, of which one may be there twice, and a rest. */
  record Size(List<Axis> axes, int factor, int rest) {}

  /** Returns how often a model is run: twice, if no axis is free. */
  int runs() {
    return 1 + Math.max(1, axes.size());
  }

  /** Returns the sizes of the axes in a run. */
  int[] sizes(int run) {
    int[] sizes = axes.stream().mapToInt(Axis::first).toArray();
    if (run > 0 && run <= sizes.length) {
      sizes[run - 1] = axes.get(run - 1).second;
    }
    return sizes;
  }

  /** Says in which sizes a run differs from the first one, for messages. */
  String words(int run) {
    return axes.isEmpty()
        ? "other elements"
        : "%s %d instead of %d"
            .formatted(axes.get(run - 1).name, axes.get(run - 1).second, axes.get(run - 1).first);
  }

  /**
   * Returns how a size follows from those of the axes, or null if it does not.
   *
   * @param values the size in each run
   */
  @Nullable Size size(int[] values) {
    List<Axis> moved = new ArrayList<>();
    for (int i = 0; i < axes.size(); i++) {
      if (values[i + 1] != values[0]) {
        moved.add(axes.get(i));
      }
    }
    if (moved.size() != 1) {
      return fitting(values, new Size(moved, values[0] / product(moved), 0));
    }
    Axis axis = moved.getFirst();
    List<Axis> square = List.of(axis, axis);
    Size size = fitting(values, new Size(square, values[0] / product(square), 0));
    int factor = (values[axes.indexOf(axis) + 1] - values[0]) / (axis.second - axis.first);
    return size != null
        ? size
        : fitting(values, new Size(moved, factor, values[0] - factor * axis.first));
  }

  private static int product(List<Axis> axes) {
    return axes.stream().mapToInt(Axis::first).reduce(1, (a, b) -> a * b);
  }

  /** Returns a size, or null if it is another one in a run. */
  private @Nullable Size fitting(int[] values, Size size) {
    for (int run = 0; run < values.length; run++) {
      int expected = size.factor;
      for (Axis axis : size.axes) {
        expected *= sizes(run)[axes.indexOf(axis)];
      }
      if (values[run] != expected + size.rest) {
        return null;
      }
    }
    return size;
  }
}
