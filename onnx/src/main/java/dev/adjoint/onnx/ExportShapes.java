package dev.adjoint.onnx;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** How steps are written that rearrange elements, pick some, or reduce axes. */
final class ExportShapes {

  private ExportShapes() {}

  static void addTo(Map<String, ExportRules.Rule> all) {
    all.put("Movement.Reshape", ExportShapes::reshape);
    all.put(
        "Movement.Permute",
        s -> s.node("Transpose", List.of(s.in(0)), "perm", s.option(int[].class, "order")));
    all.put(
        "Movement.Expand",
        s -> s.node("Expand", s.in(0), s.sizes(step -> step.output().shape().toArray())));
    all.put("Movement.Slice", ExportShapes::slice);
    all.put(
        "Movement.Flip",
        s -> {
          int[] axes = s.option(int[].class, "axes");
          int[] ones = new int[axes.length];
          Arrays.fill(ones, -1);
          int[] ends = new int[axes.length];
          Arrays.fill(ends, Integer.MIN_VALUE);
          return s.node(
              "Slice", s.in(0), ints(s, ones), ints(s, ends), ints(s, axes), ints(s, ones));
        });
    all.put("Pad", ExportShapes::pad);
    all.put("Joining.Concat", s -> s.node("Concat", s.all(), "axis", s.integer("axis")));
    all.put(
        "Slices.IndexSelect",
        s -> s.node("Gather", List.of(s.in(0), s.indices()), "axis", s.integer("axis")));
    all.put(
        "Indexing.Gather",
        s -> s.node("GatherElements", List.of(s.in(0), s.indices()), "axis", s.integer("axis")));
    all.put("Slices.IndexAdd", ExportShapes::indexAdd);
    all.put("Windows.Unfold", ExportShapes::unfold);
    all.put("Windows.Fold", ExportShapes::fold);
    all.put("Reductions.Fold.SUM", s -> reduced(s, "ReduceSum", s.in(0)));
    all.put("Reductions.Fold.MAX", s -> reduced(s, "ReduceMax", s.in(0)));
    all.put("Reductions.Fold.MIN", s -> reduced(s, "ReduceMin", s.in(0)));
    all.put(
        "Length",
        s -> {
          double epsilon = s.option(Double.class, "epsilon");
          return epsilon == 0
              ? reduced(s, "ReduceL2", s.in(0))
              : s.node(
                  "Sqrt", s.node("Add", reduced(s, "ReduceSumSquare", s.in(0)), s.number(epsilon)));
        });
    all.put(
        "CumulativeSum",
        s -> s.node("CumSum", s.in(0), s.graph().ints(new int[0], s.integer("axis"))));
  }

  private static String ints(Export s, int... values) {
    return s.graph().ints(values);
  }

  private static String reduced(Export s, String op, String x) {
    int keep = Boolean.TRUE.equals(s.a().options().get("keep")) ? 1 : 0;
    return s.node(op, List.of(x, ints(s, s.option(int[].class, "axes"))), "keepdims", keep);
  }

  private static String reshape(Export s) {
    String grouped = ExportNetworks.groupNorm(s);
    return grouped != null ? grouped : s.reshaped(s.in(0));
  }

  private static String slice(Export s) {
    int axis = s.integer("axis");
    int step = s.integer("step");
    boolean toEnd =
        s.runs().stream()
            .allMatch(run -> count(run) > 0 && end(run, step) == run.inputs()[0].size(axis));
    String end = toEnd ? ints(s, Integer.MAX_VALUE) : s.sizes(run -> new int[] {end(run, step)});
    String start = s.sizes(run -> new int[] {from(run)});
    return s.node("Slice", s.in(0), start, end, ints(s, axis), ints(s, step));
  }

  private static int from(Recorded.Step slice) {
    return slice.option(Integer.class, "from");
  }

  private static int count(Recorded.Step slice) {
    return slice.option(Integer.class, "count");
  }

  private static int end(Recorded.Step slice, int step) {
    return count(slice) == 0 ? from(slice) : from(slice) + (count(slice) - 1) * step + 1;
  }

  private static String pad(Export s) {
    int axis = s.integer("axis");
    int from = s.integer("from");
    if (s.integer("step") != 1) {
      throw s.refuse("with a step; expected padding on both sides");
    }
    String pads =
        s.sizes(run -> {
          int size = run.option(Integer.class, "size");
          return new int[] {from, size - from - run.inputs()[0].size(axis)};
        });
    return s.node("Pad", s.in(0), pads, s.number(s.option(Double.class, "value")), ints(s, axis));
  }

  /** Multiplies an axis with a matrix of 0 and 1, which says what is added up where. */
  private static String mapped(Export s, String x, int rank, int axis, int[] to, int size) {
    float[] map = new float[to.length * size];
    for (int i = 0; i < to.length; i++) {
      map[i * size + to[i]] = 1;
    }
    String matrix = s.graph().constant(Tensor.of(map, to.length, size).to(s.dtype()));
    int[] order = IntStream.range(0, rank).toArray();
    order[axis] = rank - 1;
    order[rank - 1] = axis; // exchanging twice restores the order
    String moved = axis == rank - 1 ? x : s.node("Transpose", List.of(x), "perm", order);
    String product = s.node("MatMul", moved, matrix);
    return axis == rank - 1 ? product : s.node("Transpose", List.of(product), "perm", order);
  }

  private static String indexAdd(Export s) {
    IntTensor index = s.option(IntTensor.class, "index");
    if (s.graph().a.inputOf(index) != null) {
      throw s.refuse("at indices of an input; expected constant ones");
    }
    return mapped(
        s, s.in(0), s.shape(0).rank(), s.integer("axis"), index.toArray(), s.integer("size"));
  }

  private static String unfold(Export s) {
    int axis = s.integer("axis");
    int size = s.integer("size");
    int count = s.a().output().size(axis);
    int step = s.integer("step");
    int dilation = s.integer("dilation");
    int[] places =
        IntStream.range(0, count * size).map(i -> i / size * step + i % size * dilation).toArray();
    String indices = s.graph().ints(new int[] {count, size}, places);
    String windows = s.node("Gather", List.of(s.in(0), indices), "axis", axis);
    int rank = s.shape(0).rank();
    int[] order =
        IntStream.concat(
                IntStream.rangeClosed(0, rank).filter(i -> i != axis + 1), IntStream.of(axis + 1))
            .toArray();
    return axis == rank - 1 ? windows : s.node("Transpose", List.of(windows), "perm", order);
  }

  private static String fold(Export s) {
    int axis = s.integer("axis");
    Shape windows = s.shape(0);
    int rank = windows.rank();
    int count = windows.size(axis);
    int size = windows.size(-1);
    int step = s.integer("step");
    int dilation = s.integer("dilation");
    int[] order = IntStream.range(0, rank).toArray(); // the windows beside their elements
    order[axis] = rank - 2;
    order[rank - 2] = axis;
    String beside =
        axis == rank - 2 ? s.in(0) : s.node("Transpose", List.of(s.in(0)), "perm", order);
    int[] sizes = new int[rank - 1]; // 0 copies a size
    sizes[rank - 2] = count * size;
    String flat = s.node("Reshape", beside, ints(s, sizes));
    int[] to =
        IntStream.range(0, count * size).map(i -> i / size * step + i % size * dilation).toArray();
    String sums = mapped(s, flat, rank - 1, rank - 2, to, s.integer("length"));
    return axis == rank - 2
        ? sums
        : s.node("Transpose", List.of(sums), "perm", Arrays.copyOf(order, rank - 1));
  }
}
