package dev.adjoint.onnx;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Masking;
import dev.adjoint.op.Movement;
import dev.adjoint.op.PadMode;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The operators that move elements, and those that make tensors of sizes. */
final class ShapeOperators {

  private ShapeOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Constant", ShapeOperators::constant);
    all.put(
        "ConstantOfShape",
        call -> {
          Value value = call.tensor("value");
          ElementType type = value == null ? ElementType.FLOAT : value.type();
          double element = value == null ? 0 : value.tensor().toDoubleArray()[0];
          return Call.result(
              Tensors.full(Shape.of(call.in(0).toInts()), element, type.dtype()), type);
        });
    all.put(
        "Shape",
        call -> {
          int[] sizes = call.in(0).shape().toArray();
          int from = bound(call.integer("start", 0), sizes.length);
          int to = bound(call.integer("end", sizes.length), sizes.length);
          return List.of(Value.of(Arrays.copyOfRange(sizes, from, Math.max(from, to))));
        });
    all.put(
        "Size",
        call -> Call.result(Tensor.scalar(call.x(0).size(), DType.FLOAT64), ElementType.INT64));
    all.put("Reshape", ShapeOperators::reshape);
    all.put(
        "Flatten",
        call -> {
          Tensor x = call.x(0);
          int axis = call.integer("axis", 1);
          axis = axis < 0 ? axis + x.rank() : axis;
          int[] sizes = x.shape().toArray();
          int rows = Arrays.stream(sizes).limit(axis).reduce(1, (a, b) -> a * b);
          int columns = Arrays.stream(sizes).skip(axis).reduce(1, (a, b) -> a * b);
          return call.like(0, x.reshape(rows, columns));
        });
    all.put(
        "Squeeze",
        call -> {
          Tensor x = call.x(0);
          int[] axes = call.intsOr("axes", 1);
          int[] dropped =
              axes == null || axes.length == 0
                  ? IntStream.range(0, x.rank()).filter(axis -> x.size(axis) == 1).toArray()
                  : resolved(call, axes, x.rank());
          Tensor y = x;
          for (int i = dropped.length - 1; i >= 0; i--) {
            y = y.squeeze(dropped[i]);
          }
          return call.like(0, y);
        });
    all.put(
        "Unsqueeze",
        call -> {
          Tensor y = call.x(0);
          int[] axes = call.intsOr("axes", 1);
          int[] added = resolved(call, axes == null ? new int[0] : axes, y.rank() + length(axes));
          for (int axis : added) {
            y = y.unsqueeze(axis);
          }
          return call.like(0, y);
        });
    all.put(
        "Transpose",
        call -> {
          int rank = call.x(0).rank();
          int[] reversed = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
          return call.like(0, call.x(0).permute(call.ints("perm", reversed)));
        });
    all.put(
        "Concat",
        call -> {
          Tensor[] parts = new Tensor[call.inputs().size()];
          Arrays.setAll(parts, call::x);
          int axis = call.axis(call.integer("axis", 1), parts[0].rank());
          return call.like(0, Joining.concat(axis, parts));
        });
    all.put("Split", ShapeOperators::split);
    all.put("Slice", ShapeOperators::slice);
    all.put(
        "Gather",
        call -> {
          Tensor x = call.x(0);
          int axis = call.axis(call.integer("axis", 0), x.rank());
          IntTensor index = positive(call.in(1), x.size(axis));
          int[] sizes = x.shape().toArray();
          int[] picked = index.shape().toArray();
          int[] result = new int[sizes.length - 1 + picked.length];
          System.arraycopy(sizes, 0, result, 0, axis);
          System.arraycopy(picked, 0, result, axis, picked.length);
          System.arraycopy(sizes, axis + 1, result, axis + picked.length, sizes.length - axis - 1);
          return call.like(
              0, Indexing.indexSelect(x, axis, index.reshape(index.size())).reshape(result));
        });
    all.put(
        "GatherElements",
        call -> {
          Tensor x = call.x(0);
          int axis = call.axis(call.integer("axis", 0), x.rank());
          return call.like(0, Indexing.gather(x, axis, positive(call.in(1), x.size(axis))));
        });
    all.put("GatherND", ShapeOperators::gatherNd);
    all.put(
        "Expand",
        call -> {
          Tensor x = call.x(0);
          Shape to = Shape.broadcast("Expand", x.shape(), Shape.of(call.in(1).toInts()));
          return call.like(0, x.expand(to));
        });
    all.put("Tile", call -> call.like(0, call.x(0).tile(call.in(1).toInts())));
    all.put("Pad", ShapeOperators::pad);
    all.put(
        "Range",
        call -> {
          double from = call.number(0, 0);
          double to = call.number(1, 0);
          double step = call.number(2, 1);
          int n = (int) Math.max(0, Math.ceil((to - from) / step));
          Tensor positions = Tensors.arange(n).to(DType.FLOAT64);
          return call.like(0, positions.times(step).plus(from));
        });
    all.put(
        "OneHot",
        call -> {
          int depth = (int) call.number(1, 0);
          int rank = call.x(0).rank();
          int axis = call.axis(call.integer("axis", -1), rank + 1);
          Tensor index = call.x(0).to(DType.FLOAT64);
          index = index.plus(index.less(0).times(depth));
          Tensor classes = Tensors.arange(depth).to(DType.FLOAT64);
          Tensor hot = Movement.moved(index.unsqueeze(rank).equal(classes), rank, axis);
          Tensor values = call.x(2);
          return call.like(2, Where.where(hot, values.select(0, 1), values.select(0, 0)));
        });
    all.put(
        "NonZero",
        call ->
            List.of(ReductionOperators.integers(Masking.nonzero(call.x(0)))).stream()
                .map(found -> found.with(found.tensor().transpose()))
                .toList());
    all.put(
        "Compress",
        call -> {
          boolean flat = !call.hasAttribute("axis");
          Tensor x = flat ? call.x(0).reshape(call.x(0).size()) : call.x(0);
          int axis = flat ? 0 : call.axis(call.integer("axis", 0), x.rank());
          int[] kept = call.in(1).toInts();
          int[] index = IntStream.range(0, kept.length).filter(i -> kept[i] != 0).toArray();
          return call.like(0, Indexing.indexSelect(x, axis, IntTensor.of(index)));
        });
    all.put(
        "Trilu",
        call -> {
          Tensor x = call.x(0);
          double k = call.number(1, 0);
          Tensor rows = Tensors.arange(x.size(-2)).to(x.dtype()).unsqueeze(1);
          Tensor columns = Tensors.arange(x.size(-1)).to(x.dtype());
          Tensor from = columns.minus(rows);
          Tensor kept = call.flag("upper", true) ? from.greaterEqual(k) : from.lessEqual(k);
          return call.like(0, Where.where(kept, x, Tensor.scalar(0, x.dtype())));
        });
    all.put(
        "EyeLike",
        call -> {
          int k = call.integer("k", 0);
          Tensor rows = Tensors.arange(call.x(0).size(0)).unsqueeze(1);
          Tensor eye = Tensors.arange(call.x(0).size(1)).minus(rows).equal(k);
          return Call.result(eye, call.type("dtype", call.in(0).type()));
        });
    all.put(
        "DepthToSpace",
        call -> {
          Tensor x = call.x(0);
          int b = call.integer("blocksize", 1);
          int n = x.size(0);
          int c = x.size(1) / (b * b);
          boolean columnRowDepth = call.text("mode", "DCR").equals("CRD");
          Tensor parts =
              columnRowDepth
                  ? x.reshape(n, c, b, b, x.size(2), x.size(3)).permute(0, 1, 4, 2, 5, 3)
                  : x.reshape(n, b, b, c, x.size(2), x.size(3)).permute(0, 3, 4, 1, 5, 2);
          return call.like(0, parts.reshape(n, c, x.size(2) * b, x.size(3) * b));
        });
    all.put(
        "SpaceToDepth",
        call -> {
          Tensor x = call.x(0);
          int b = call.integer("blocksize", 1);
          int h = x.size(2) / b;
          int w = x.size(3) / b;
          Tensor parts = x.reshape(x.size(0), x.size(1), h, b, w, b).permute(0, 3, 5, 1, 2, 4);
          return call.like(0, parts.reshape(x.size(0), x.size(1) * b * b, h, w));
        });
  }

  private static int bound(int position, int size) {
    return Math.clamp(position < 0 ? position + size : position, 0, size);
  }

  private static int length(int @Nullable [] axes) {
    return axes == null ? 0 : axes.length;
  }

  private static int[] resolved(Call call, int[] axes, int rank) {
    return Arrays.stream(axes).map(axis -> call.axis(axis, rank)).sorted().toArray();
  }

  /** Returns indices of an axis, counted from its start. */
  static IntTensor positive(Value index, int size) {
    Tensor x = index.tensor();
    return new Value(x.plus(x.less(0).times(size)), index.type()).toIntTensor();
  }

  private static List<Value> constant(Call call) {
    Value tensor = call.tensor("value");
    if (tensor != null) {
      return List.of(tensor);
    }
    if (call.hasAttribute("value_float")) {
      return List.of(Value.of(Tensor.scalar(call.decimal("value_float", 0), DType.FLOAT32)));
    }
    float[] floats = call.floatsOr("value_floats");
    if (floats != null) {
      return List.of(Value.of(Tensor.of(floats)));
    }
    int[] integers = call.intsOr("value_ints");
    if (integers != null) {
      return List.of(Value.of(integers));
    }
    if (call.hasAttribute("value_int")) {
      return Call.result(
          Tensor.scalar(call.integer("value_int", 0), DType.FLOAT64), ElementType.INT64);
    }
    throw call.unsupported("a constant of texts or a sparse one; expected a tensor");
  }

  private static List<Value> reshape(Call call) {
    Tensor x = call.x(0);
    int[] sizes = call.intsOr("shape", 1);
    if (sizes == null) {
      throw call.refuse("has no shape");
    }
    boolean zeroIsZero = call.flag("allowzero", false);
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] == 0 && !zeroIsZero) {
        sizes[i] = x.size(i);
      }
    }
    return call.like(0, x.reshape(sizes));
  }

  private static List<Value> split(Call call) {
    Tensor x = call.x(0);
    int axis = call.axis(call.integer("axis", 0), x.rank());
    int[] sizes = call.intsOr("split", 1);
    int parts = call.integer("num_outputs", call.node().outputs().size());
    List<Tensor> split = new ArrayList<>();
    if (sizes == null) {
      int most = Math.ceilDiv(x.size(axis), parts);
      for (int i = 0; i < parts; i++) {
        split.add(x.slice(axis, Math.min(i * most, x.size(axis)), (i + 1) * most));
      }
    } else {
      split.addAll(x.split(axis, sizes));
    }
    return split.stream().map(part -> call.in(0).with(part)).toList();
  }

  private static List<Value> slice(Call call) {
    Tensor y = call.x(0);
    int[] starts = call.intsOr("starts", 1);
    int[] ends = call.intsOr("ends", 2);
    if (starts == null || ends == null) {
      throw call.refuse("has no starts or no ends");
    }
    int[] axes = call.intsOr("axes", 3);
    int[] steps = call.has(4) ? call.in(4).toInts() : null;
    for (int i = 0; i < starts.length; i++) {
      int axis = call.axis(axes == null ? i : axes[i], y.rank());
      int step = steps == null ? 1 : steps[i];
      int size = y.size(axis);
      if (step > 0) {
        y = y.slice(axis, bound(starts[i], size), bound(ends[i], size), step);
      } else { // backwards: the same positions of the reversed axis
        long from = starts[i] < 0 ? starts[i] + (long) size : starts[i];
        long to = ends[i] < 0 ? ends[i] + (long) size : ends[i];
        int first = Math.max(0, size - 1 - Math.clamp(from, 0, Math.max(0, size - 1)));
        int last = size - 1 - Math.clamp(to, -1, size - 1);
        y = y.flip(axis).slice(axis, first, Math.max(first, last), -step);
      }
    }
    return call.like(0, y);
  }

  private static List<Value> gatherNd(Call call) {
    Tensor x = call.x(0);
    int[] sizes = x.shape().toArray();
    int[] indexSizes = call.in(1).shape().toArray();
    int batch = call.integer("batch_dims", 0);
    int depth = indexSizes[indexSizes.length - 1];
    int[] index = call.in(1).toInts();
    int[] strides = x.shape().strides();
    int length = Arrays.stream(sizes).skip(batch + depth).reduce(1, (a, b) -> a * b);
    int picks = depth == 0 ? 1 : index.length / depth;
    int batches = Arrays.stream(sizes).limit(batch).reduce(1, (a, b) -> a * b);
    int[] rows = new int[picks];
    for (int pick = 0; pick < picks; pick++) {
      int place = pick / Math.max(1, picks / batches) * (x.size() / batches);
      for (int k = 0; k < depth; k++) {
        int given = index[pick * depth + k];
        int size = sizes[batch + k];
        int at = given < 0 ? given + size : given;
        if (at < 0 || at >= size) {
          throw call.refuse("index %d; expected one below %d".formatted(given, size));
        }
        place += at * strides[batch + k];
      }
      rows[pick] = place / Math.max(1, length);
    }
    int[] result =
        IntStream.concat(
                Arrays.stream(indexSizes).limit(indexSizes.length - 1L),
                Arrays.stream(sizes).skip(batch + (long) depth))
            .toArray();
    Tensor lines = x.reshape(x.size() / Math.max(1, length), length);
    return call.like(0, Indexing.indexSelect(lines, 0, IntTensor.of(rows)).reshape(result));
  }

  private static List<Value> pad(Call call) {
    Tensor x = call.x(0);
    int[] pads = call.intsOr("pads", 1);
    if (pads == null) {
      throw call.refuse("has no pads");
    }
    int[] axes =
        call.has(3)
            ? Arrays.stream(call.in(3).toInts()).map(a -> call.axis(a, x.rank())).toArray()
            : IntStream.range(0, x.rank()).toArray();
    String mode = call.text("mode", "constant");
    double value = call.number(2, call.decimal("value", 0));
    Tensor y = x;
    for (int i = 0; i < axes.length; i++) {
      int axis = axes[i];
      int before = pads[i];
      int after = pads[axes.length + i];
      if (before < 0 || after < 0) { // less than none: cut
        y = y.slice(axis, Math.max(0, -before), y.size(axis) - Math.max(0, -after));
        before = Math.max(0, before);
        after = Math.max(0, after);
      }
      if (before + after == 0) {
        continue;
      }
      y =
          switch (mode) {
            case "constant" -> y.pad(axis, before, after, value);
            case "reflect" -> y.pad(axis, before, after, PadMode.REFLECT);
            case "edge" -> y.pad(axis, before, after, PadMode.REPLICATE);
            case "wrap" -> y.pad(axis, before, after, PadMode.CIRCULAR);
            default -> throw call.unsupported("mode '%s'".formatted(mode));
          };
    }
    return call.like(0, y);
  }
}
