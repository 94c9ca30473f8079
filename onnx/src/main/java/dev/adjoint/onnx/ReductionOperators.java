package dev.adjoint.onnx;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Linalg;
import dev.adjoint.op.Movement;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** The operators that compute something of axes: sums, extremes, running sums, order. */
final class ReductionOperators {

  private ReductionOperators() {}

  /** Reduces axes, and keeps them with size 1. */
  private interface Reduction {
    Tensor of(Tensor x, int[] axes);
  }

  static void addTo(Map<String, Operator> all) {
    reduction(all, "ReduceL1", (x, axes) -> x.abs().sum(Keep.AXES, axes));
    reduction(all, "ReduceL2", (x, axes) -> x.norm(2, Keep.AXES, axes));
    reduction(all, "ReduceLogSum", (x, axes) -> x.sum(Keep.AXES, axes).log());
    reduction(all, "ReduceLogSumExp", (x, axes) -> x.logsumexp(Keep.AXES, axes));
    reduction(all, "ReduceMax", (x, axes) -> extreme(x, axes, true));
    reduction(all, "ReduceMean", (x, axes) -> x.mean(Keep.AXES, axes));
    reduction(all, "ReduceMin", (x, axes) -> extreme(x, axes, false));
    reduction(all, "ReduceProd", (x, axes) -> x.prod(Keep.AXES, axes));
    reduction(all, "ReduceSum", (x, axes) -> x.sum(Keep.AXES, axes));
    reduction(all, "ReduceSumSquare", (x, axes) -> x.square().sum(Keep.AXES, axes));
    all.put("ArgMax", call -> position(call, false));
    all.put("ArgMin", call -> position(call, true));
    all.put("Det", call -> call.like(0, Linalg.det(call.x(0))));
    all.put("Unique", ReductionOperators::unique);
    all.put("CumSum", call -> running(call, true));
    all.put("CumProd", call -> running(call, false));
    all.put("Softmax", call -> call.like(0, along(call, Tensor::softmax)));
    all.put("LogSoftmax", call -> call.like(0, along(call, Tensor::logSoftmax)));
    all.put("Hardmax", call -> call.like(0, along(call, ReductionOperators::hardmax)));
    all.put(
        "TopK",
        call -> {
          Tensor x = call.x(0);
          int axis = call.axis(call.integer("axis", -1), x.rank());
          int k = (int) call.number(1, call.integer("k", 1));
          var top = x.topK(k, axis, call.flag("largest", true));
          return List.of(call.in(0).with(top.values()), integers(top.indices()));
        });
    all.put(
        "LpNormalization",
        call -> {
          Tensor x = call.x(0);
          int axis = call.axis(call.integer("axis", -1), x.rank());
          Tensor norm = x.norm(call.integer("p", 2), Keep.AXES, axis);
          return call.like(0, x.div(norm.plus(norm.equal(0))));
        });
    all.put(
        "MeanVarianceNormalization",
        call -> {
          Tensor x = call.x(0);
          int[] axes = call.ints("axes", 0, 2, 3);
          Tensor centered = x.minus(x.mean(Keep.AXES, axes));
          Tensor deviation = centered.square().mean(Keep.AXES, axes).sqrt().plus(1e-9);
          return call.like(0, centered.div(deviation));
        });
  }

  private static void reduction(Map<String, Operator> all, String name, Reduction reduction) {
    all.put(
        name,
        call -> {
          Tensor x = call.x(0);
          int[] axes = call.intsOr("axes", 1);
          if (axes == null || axes.length == 0) {
            int count = call.flag("noop_with_empty_axes", false) ? 0 : x.rank();
            axes = IntStream.range(0, count).toArray();
          }
          for (int i = 0; i < axes.length; i++) {
            axes[i] = call.axis(axes[i], x.rank());
          }
          Tensor kept =
              axes.length == 0 // then it is of each element by itself
                  ? reduction.of(x.unsqueeze(0), new int[] {0}).reshape(x.shape())
                  : reduction.of(x, axes);
          Tensor y = call.flag("keepdims", true) ? kept : dropped(kept, axes);
          return call.like(0, call.in(0).type().isInteger() ? y.trunc() : y);
        });
  }

  private static Tensor dropped(Tensor x, int[] axes) {
    int[] sizes =
        IntStream.range(0, x.rank())
            .filter(axis -> Arrays.stream(axes).noneMatch(a -> a == axis))
            .map(x::size)
            .toArray();
    return x.reshape(sizes);
  }

  private static Tensor extreme(Tensor x, int[] axes, boolean max) {
    if (x.size() == 0) { // of nothing: the limit
      int[] sizes = x.shape().toArray();
      for (int axis : axes) {
        sizes[axis] = 1;
      }
      double limit = max ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      return Tensors.full(Shape.of(sizes), limit, x.dtype());
    }
    return max ? x.max(Keep.AXES, axes) : x.min(Keep.AXES, axes);
  }

  private static List<Value> position(Call call, boolean smallest) {
    Tensor x = call.x(0);
    int axis = call.axis(call.integer("axis", 0), x.rank());
    boolean last = call.flag("select_last_index", false);
    Tensor searched = last ? x.flip(axis) : x;
    IntTensor found = smallest ? searched.argmin(axis) : searched.argmax(axis);
    Tensor index = found.toTensor(DType.FLOAT64);
    if (last) {
      index = index.neg().plus(x.size(axis) - 1.0);
    }
    return Call.result(
        call.flag("keepdims", true) ? index.unsqueeze(axis) : index, ElementType.INT64);
  }

  private static List<Value> running(Call call, boolean sum) {
    Tensor x = call.x(0);
    int axis = call.axis((int) call.number(1, 0), x.rank());
    boolean reverse = call.flag("reverse", false);
    Tensor from = reverse ? x.flip(axis) : x;
    if (call.flag("exclusive", false) && x.size(axis) > 0) {
      from = from.slice(axis, 0, x.size(axis) - 1).pad(axis, 1, 0, sum ? 0 : 1);
    }
    Tensor run = sum ? from.cumsum(axis) : from.cumprod(axis);
    return call.like(0, reverse ? run.flip(axis) : run);
  }

  /** Computes along an axis; before version 13, the axes from the given one on are one. */
  private static Tensor along(Call call, BiFunction<Tensor, Integer, Tensor> f) {
    Tensor x = call.x(0);
    int axis = call.axis(call.integer("axis", call.opset() < 13 ? 1 : -1), x.rank());
    Tensor flat = call.opset() < 13 ? x.flatten(axis, x.rank() - 1) : x;
    return f.apply(flat, axis).reshape(x.shape());
  }

  private static Tensor hardmax(Tensor x, int axis) {
    Tensor places = Tensors.oneHot(x.argmax(axis), x.size(axis), x.dtype());
    return Movement.moved(places, x.rank() - 1, axis);
  }

  /** Returns the slices of an axis that differ, or the elements, and where they are. */
  private static List<Value> unique(Call call) {
    boolean flat = !call.hasAttribute("axis");
    Tensor x = flat ? call.x(0).reshape(call.x(0).size()) : call.x(0);
    int axis = flat ? 0 : call.axis(call.integer("axis", 0), x.rank());
    int n = x.size(axis);
    double[] values = Movement.moved(x, axis, 0).untracked().toDoubleArray();
    int length = values.length / Math.max(1, n);
    Comparator<Integer> order =
        (a, b) ->
            Arrays.compare(
                values, a * length, (a + 1) * length, values, b * length, (b + 1) * length);
    Map<Integer, List<Integer>> places = new TreeMap<>(order);
    for (int i = 0; i < n; i++) {
      places.computeIfAbsent(i, _ -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> found = new ArrayList<>(places.values());
    if (!call.flag("sorted", true)) {
      found.sort(Comparator.comparing(List::getFirst));
    }
    int[] first = found.stream().mapToInt(List::getFirst).toArray();
    int[] inverse = new int[n];
    for (int i = 0; i < first.length; i++) {
      for (int place : found.get(i)) {
        inverse[place] = i;
      }
    }
    return List.of(
        call.in(0).with(Indexing.indexSelect(x, axis, IntTensor.of(first))),
        Value.of(first),
        Value.of(inverse),
        Value.of(found.stream().mapToInt(List::size).toArray()));
  }

  static Value integers(IntTensor index) {
    return new Value(index.toTensor(DType.FLOAT64), ElementType.INT64);
  }
}
