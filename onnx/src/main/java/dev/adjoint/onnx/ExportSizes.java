package dev.adjoint.onnx;

import dev.adjoint.onnx.FreeAxes.Axis;
import dev.adjoint.onnx.FreeAxes.Place;
import dev.adjoint.onnx.FreeAxes.Size;
import dev.adjoint.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How sizes are written: as numbers, or computed from those of free axes. */
record ExportSizes(Exported graph, FreeAxes axes) {

  /** Returns sizes, computed from those of free axes where they differ between the runs. */
  String of(List<int[]> runs) {
    int[] first = runs.getFirst();
    if (runs.stream().allMatch(sizes -> Arrays.equals(sizes, first))) {
      return graph.ints(first);
    }
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < first.length; i++) {
      int at = i;
      int[] values = runs.stream().mapToInt(sizes -> sizes[at]).toArray();
      Size size = axes.size(values);
      if (size == null) {
        throw graph.refuse(
            "a size is %s in the runs, with %s; expected one that is a multiple of a free axis, and a rest, or of several"
                .formatted(Arrays.toString(values), words()));
      }
      parts.add(size.axes().isEmpty() ? graph.ints(first[i]) : of(size));
    }
    return parts.size() == 1 ? parts.getFirst() : graph.node("Concat", parts, "axis", 0);
  }

  private String words() {
    List<String> words = new ArrayList<>();
    for (int run = 1; run < axes.runs(); run++) {
      words.add(axes.words(run));
    }
    return String.join(", then ", words);
  }

  /** Returns a size as integers of shape (1). */
  String of(Size size) {
    return graph.once(
        size,
        () -> {
          String product = null;
          for (Axis axis : size.axes()) {
            Place place = axis.places().getFirst();
            String one =
                graph.node(
                    "Shape",
                    List.of(place.input()),
                    "start",
                    place.axis(),
                    "end",
                    place.axis() + 1);
            product = product == null ? one : graph.node("Mul", List.of(product, one));
          }
          if (product == null) {
            return graph.ints(size.rest());
          }
          String scaled =
              size.factor() == 1
                  ? product
                  : graph.node("Mul", List.of(product, graph.ints(size.factor())));
          return size.rest() == 0
              ? scaled
              : graph.node("Add", List.of(scaled, graph.ints(size.rest())));
        });
  }

  /** Returns a tensor in another shape: the one size that differs is what is left. */
  String reshaped(String x, List<int[]> shapes) {
    int[] sizes = shapes.getFirst().clone();
    int differing = 0;
    boolean isEmpty = false;
    for (int i = 0; i < sizes.length; i++) {
      int at = i;
      isEmpty |= sizes[i] == 0;
      if (shapes.stream().anyMatch(shape -> shape[at] != shapes.getFirst()[at])) {
        differing++;
        sizes[i] = -1;
      }
    }
    return graph.node(
        "Reshape", List.of(x, differing == 1 && !isEmpty ? graph.ints(sizes) : of(shapes)));
  }

  /** Returns the sizes of a value of the graph: the name of a free axis, where it is one. */
  List<Object> dims(List<Shape> shapes) {
    List<Object> dims = new ArrayList<>();
    for (int axis = 0; axis < shapes.getFirst().rank(); axis++) {
      int along = axis;
      int[] sizes = shapes.stream().mapToInt(shape -> shape.size(along)).toArray();
      Size size = axes.size(sizes);
      if (size != null && size.axes().isEmpty()) {
        dims.add((long) sizes[0]);
      } else {
        String name =
            size == null ? "size" : String.join("_", size.axes().stream().map(Axis::name).toList());
        boolean isAxis =
            size != null && size.axes().size() == 1 && size.factor() == 1 && size.rest() == 0;
        dims.add(isAxis ? name : name + "_" + axis);
      }
    }
    return dims;
  }
}
