package dev.adjoint.onnx;

import dev.adjoint.op.Indexing;
import dev.adjoint.op.Joining;
import dev.adjoint.op.Movement;
import dev.adjoint.op.Scattering;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;

/** The operators that write where indices say: all of them write rows. */
final class ScatterOperators {

  private ScatterOperators() {}

  static void addTo(Map<String, Operator> all) {
    all.put("Scatter", ScatterOperators::elements);
    all.put("ScatterElements", ScatterOperators::elements);
    all.put("ScatterND", ScatterOperators::slices);
    all.put("TensorScatter", ScatterOperators::cache);
    all.put("MaxUnpool", ScatterOperators::unpooled);
  }

  /** Returns a tensor that is seen as rows after rows were written into it, one after the other. */
  private static Tensor written(Call call, Tensor x, int length, int[] rows, Tensor updates) {
    Tensor lines = x.reshape(x.size() / Math.max(1, length), length);
    Tensor values = updates.to(x.dtype()).reshape(rows.length, length);
    BinaryOperator<Tensor> combine =
        switch (call.text("reduction", "none")) {
          case "none", "add" -> (_, given) -> given;
          case "mul" -> Tensor::times;
          case "max" -> Tensor::max;
          case "min" -> Tensor::min;
          case String other -> throw call.unsupported("reduction '%s'".formatted(other));
        };
    boolean adds = call.text("reduction", "none").equals("add");
    boolean atOnce = adds || call.text("reduction", "none").equals("none");
    for (int[] turn : atOnce ? List.of(IntStream.range(0, rows.length).toArray()) : turns(rows)) {
      IntTensor at = IntTensor.of(Arrays.stream(turn).map(i -> rows[i]).toArray());
      Tensor given = atOnce ? values : Indexing.indexSelect(values, 0, IntTensor.of(turn));
      Tensor before = atOnce ? given : Indexing.indexSelect(lines, 0, at);
      lines = Scattering.indexPut(lines, List.of(at), combine.apply(before, given), adds);
    }
    return lines.reshape(x.shape());
  }

  /** Returns places of rows in groups, in each of which no row is there twice. */
  private static List<int[]> turns(int[] rows) {
    Map<Integer, Integer> seen = new HashMap<>();
    List<List<Integer>> turns = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      int turn = seen.merge(rows[i], 1, Integer::sum) - 1;
      if (turn == turns.size()) {
        turns.add(new ArrayList<>());
      }
      turns.get(turn).add(i);
    }
    return turns.stream().map(turn -> turn.stream().mapToInt(i -> i).toArray()).toList();
  }

  private static List<Value> elements(Call call) {
    Tensor x = call.x(0);
    int axis = call.axis(call.integer("axis", 0), x.rank());
    IntTensor index = ShapeOperators.positive(call.in(1), x.size(axis));
    int[] sizes = index.shape().toArray();
    int[] strides = x.shape().strides();
    int[] rows = new int[index.size()];
    for (int i = 0; i < rows.length; i++) {
      for (int k = sizes.length - 1, rest = i; k >= 0; rest /= sizes[k--]) {
        int at = k == axis ? index.get(i) : rest % sizes[k];
        if (at < 0 || at >= x.size(k)) {
          throw call.refuse("index %d; expected one below %d".formatted(at, x.size(k)));
        }
        rows[i] += at * strides[k];
      }
    }
    return call.like(0, written(call, x, 1, rows, call.x(2)));
  }

  private static List<Value> slices(Call call) {
    Tensor x = call.x(0);
    int[] index = call.in(1).toInts();
    int depth = call.in(1).shape().size(-1);
    int length = Arrays.stream(x.shape().toArray()).skip(depth).reduce(1, (a, b) -> a * b);
    int[] rows = new int[index.length / Math.max(1, depth)];
    for (int i = 0; i < rows.length; i++) {
      for (int k = 0; k < depth; k++) {
        int given = index[i * depth + k];
        int at = given < 0 ? given + x.size(k) : given;
        if (at < 0 || at >= x.size(k)) {
          throw call.refuse("index %d; expected one below %d".formatted(given, x.size(k)));
        }
        rows[i] = rows[i] * x.size(k) + at;
      }
    }
    return call.like(0, written(call, x, length, rows, call.x(2)));
  }

  /** Writes keys or values of new positions into a cache of all. */
  private static List<Value> cache(Call call) {
    Tensor x = call.x(0);
    int axis = call.axis(call.integer("axis", -2), x.rank());
    Tensor moved = Movement.moved(x, axis, 1);
    Tensor updates = Movement.moved(call.x(1), axis, 1);
    int size = x.size(axis);
    int added = updates.size(1);
    int[] starts = call.has(2) ? call.in(2).toInts() : new int[x.size(0)];
    boolean around = call.text("mode", "linear").equals("circular");
    int[] rows = new int[x.size(0) * added];
    for (int i = 0; i < rows.length; i++) {
      int at = starts[i / added] + i % added;
      if (at < 0 || at >= size && !around) {
        throw call.refuse("position %d; expected one of %d".formatted(at, size));
      }
      rows[i] = i / added * size + at % size;
    }
    int length = x.size() / Math.max(1, x.size(0) * size);
    return call.like(
        0, Movement.moved(written(call, moved.contiguous(), length, rows, updates), 1, axis));
  }

  /** Puts elements where a pooling has found them, and zeros elsewhere. */
  private static List<Value> unpooled(Call call) {
    Tensor x = call.x(0);
    int n = x.rank() - 2;
    int[] kernel = call.ints("kernel_shape");
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    int[] stride = call.ints("strides", ones);
    int[] pads = call.ints("pads", new int[2 * n]);
    int[] sizes = x.shape().toArray();
    for (int i = 0; i < n; i++) {
      sizes[i + 2] = (sizes[i + 2] - 1) * stride[i] + kernel[i] - pads[i] - pads[n + i];
    }
    Tensor y = written(call, Tensors.zeros(sizes).to(x.dtype()), 1, call.in(1).toInts(), x);
    int[] wanted = call.has(2) ? call.in(2).toInts() : sizes;
    for (int i = 2; i < wanted.length; i++) { // places are those of the smaller output
      y = y.pad(i, 0, wanted[i] - sizes[i], 0);
    }
    return call.like(0, y);
  }

  /**
   * Returns the places of the largest elements of windows, of the first where there are several.
   */
  static Tensor places(Call call, Tensor x, Windows windows, Tensor pooled) {
    int n = windows.kernel().length;
    Tensor padded = windows.padded(x, Double.NEGATIVE_INFINITY);
    int taps = Arrays.stream(windows.kernel()).reduce(1, (a, b) -> a * b);
    Tensor[] parts = new Tensor[taps];
    for (int tap = 0; tap < taps; tap++) {
      Tensor part = padded;
      for (int i = n - 1, rest = tap; i >= 0; rest /= windows.kernel()[i--]) {
        int from = rest % windows.kernel()[i] * windows.dilation()[i];
        int to = from + (pooled.size(i + 2) - 1) * windows.stride()[i] + 1;
        part = part.slice(i + 2, from, to, windows.stride()[i]);
      }
      parts[tap] = part;
    }
    int[] best = Joining.stack(0, parts).argmax(0).toArray();
    int[] sizes = pooled.shape().toArray();
    boolean columns = call.flag("storage_order", false);
    double[] places = new double[best.length];
    for (int k = 0; k < best.length; k++) {
      int rest = k;
      int tap = best[k];
      int size = 1;
      int[] at = new int[n];
      for (int i = n - 1; i >= 0; i--) {
        at[i] =
            rest % sizes[i + 2] * windows.stride()[i]
                - windows.before()[i]
                + tap % windows.kernel()[i] * windows.dilation()[i];
        rest /= sizes[i + 2];
        tap /= windows.kernel()[i];
      }
      for (int j = 0; j < n; j++) { // the last axis fastest, or the first
        int i = columns ? j : n - 1 - j;
        places[k] += (double) at[i] * size;
        size *= x.size(i + 2);
      }
      places[k] += (double) rest * size;
    }
    return Tensor.of(places, sizes);
  }
}
