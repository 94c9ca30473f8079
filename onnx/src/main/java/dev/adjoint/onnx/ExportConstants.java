package dev.adjoint.onnx;

import dev.adjoint.onnx.FreeAxes.Size;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How constants are written. One that differs between the runs of a model is computed in the file:
 * it is repeated along a free axis, counts its positions, is its size, or was computed of such
 * constants; all others are refused.
 */
final class ExportConstants {

  private final Exported graph;

  ExportConstants(Exported graph) {
    this.graph = graph;
  }

  /**
   * Returns the name of a constant.
   *
   * @param x one of each run
   * @param written writes one that is the same in all
   */
  String of(List<Tensor> x, Function<Tensor, String> written) {
    Tensor first = x.getFirst();
    if (areSame(x)) {
      return written.apply(first);
    }
    List<Tensor> slices = slices(x);
    if (slices != null && areSame(slices)) {
      return graph.node(
          "Expand", List.of(written.apply(slices.getFirst()), graph.sizes.of(sizes(x))));
    }
    String counted = counted(x);
    if (counted != null) {
      return graph.node("Cast", List.of(counted), "to", (int) Exported.type(first.dtype()));
    }
    List<Recorded.Step> steps = new ArrayList<>();
    for (int run = 0; run < x.size(); run++) {
      Recorded.Step step = graph.runs.get(run).foldedStepOf(x.get(run));
      if (step != null && (steps.isEmpty() || step.key().equals(steps.getFirst().key()))) {
        steps.add(step);
      }
    }
    if (steps.size() == x.size()) {
      return graph.once(steps.getFirst(), () -> ExportRules.write(new Export(graph, steps)));
    }
    Tensor other =
        x.stream().filter(each -> !areSame(List.of(first, each))).findFirst().orElse(first);
    throw graph.refuse(
        "a constant of shape %s differs from one run to the next, where its shape is %s; expected no random numbers, nothing that Java code computes from elements of the input or from indices, and no numbers that it computes from free sizes"
            .formatted(first.shape(), other.shape()));
  }

  /** Returns the name of indices that do not come from an input. */
  String ofIndices(List<IntTensor> x) {
    IntTensor first = x.getFirst();
    if (x.stream().allMatch(first::equals)) {
      return graph.ints(first.shape().toArray(), first.toArray());
    }
    String counted = counted(x.stream().map(each -> each.toTensor(DType.FLOAT64)).toList());
    if (counted == null) {
      throw graph.refuse(
          "indices of shape %s differ from one run to the next; expected those of an input, constants, or the positions along an axis"
              .formatted(first.shape()));
    }
    return counted;
  }

  private static boolean areSame(List<Tensor> x) {
    Tensor first = x.getFirst();
    return x.stream().allMatch(each -> isSame(first, each));
  }

  private static boolean isSame(Tensor x, Tensor y) {
    boolean isOne =
        x.sharesElements(y) && x.offset() == y.offset() && Arrays.equals(x.strides(), y.strides());
    return x.shape().equals(y.shape())
        && (isOne || Arrays.equals(x.untracked().toDoubleArray(), y.untracked().toDoubleArray()));
  }

  private static List<int[]> sizes(List<Tensor> x) {
    return x.stream().map(each -> each.shape().toArray()).toList();
  }

  /** Returns what is repeated along the axes whose sizes differ, or null if nothing is. */
  private static @Nullable List<Tensor> slices(List<Tensor> x) {
    Shape shape = x.getFirst().shape();
    if (x.stream().anyMatch(each -> each.rank() != shape.rank())) {
      return null;
    }
    List<Tensor> slices = new ArrayList<>(x.stream().map(Tensor::untracked).toList());
    for (int axis = 0; axis < shape.rank(); axis++) {
      int along = axis;
      if (x.stream().anyMatch(each -> each.size(along) != shape.size(along))) {
        slices.replaceAll(each -> each.slice(along, 0, 1));
      }
    }
    for (int run = 0; run < x.size(); run++) {
      if (!isSame(slices.get(run).expand(x.get(run).shape()), x.get(run).untracked())) {
        return null;
      }
    }
    return slices;
  }

  /**
   * Returns int64 numbers that are a free size, or count the positions along the last axis by whole
   * steps, the same in all rows; null if these do not.
   */
  private @Nullable String counted(List<Tensor> x) {
    Tensor first = x.getFirst().untracked();
    if (first.rank() == 0) {
      int[] sizes = x.stream().mapToInt(each -> (int) each.untracked().item()).toArray();
      boolean areWhole = true;
      for (int run = 0; run < sizes.length; run++) {
        areWhole &= sizes[run] == x.get(run).untracked().item();
      }
      Size size = areWhole ? graph.axes.size(sizes) : null;
      return size == null ? null : graph.node("Squeeze", List.of(graph.sizes.of(size)));
    }
    int length = first.size(-1);
    if (length < 2 || first.size() == 0) {
      return null;
    }
    double[] row = first.toDoubleArray();
    double start = row[0];
    double step = row[1] - row[0];
    for (Tensor each : x) {
      double[] values = each.untracked().toDoubleArray();
      for (int i = 0; i < values.length; i++) {
        if (values[i] != start + i % each.size(-1) * step) {
          return null;
        }
      }
    }
    if (start != (int) start || step != (int) step || step == 0) {
      return null;
    }
    Size size = graph.axes.size(x.stream().mapToInt(each -> each.size(-1)).toArray());
    if (size == null) {
      return null;
    }
    String limit =
        graph.node(
            "Add",
            List.of(
                graph.node("Mul", List.of(graph.sizes.of(size), graph.ints((int) step))),
                graph.ints((int) start)));
    String range =
        graph.node(
            "Range",
            List.of(
                graph.ints(new int[0], (int) start),
                graph.node("Squeeze", List.of(limit)),
                graph.ints(new int[0], (int) step)));
    return first.rank() == 1
        ? range
        : graph.node("Expand", List.of(range, graph.sizes.of(sizes(x))));
  }
}
