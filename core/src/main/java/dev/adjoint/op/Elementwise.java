package dev.adjoint.op;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * An elementwise function of the kernels, applied to tensors of any layout: broadcasts, splits and
 * parallelizes.
 *
 * <p>Axes that every operand walks through alike are joined, so that most operations are one long
 * run. What remains is an outer count over runs, in each of which every operand is either
 * contiguous or one repeated value.
 */
final class Elementwise {

  /** Elements of one chunk of parallel work, which depends on sizes alone: a multiple of 64. */
  private static final int CHUNK = 1 << 14;

  private final String name;
  private final Supplier<Loop> float32;
  private final Supplier<Loop> float64;

  /** Names a function of one, two or three values, whose loop for a type is made when needed. */
  Elementwise(String name, int arity) {
    this.name = name;
    float32 = Suppliers.memoize(() -> Engine.kernels(DType.FLOAT32).loop(name, arity));
    float64 = Suppliers.memoize(() -> Engine.kernels(DType.FLOAT64).loop(name, arity));
  }

  /** Returns the name of the kernels' function. */
  String name() {
    return name;
  }

  Tensor apply(Tensor... operands) {
    int last = operands.length - 1;
    Tensor a = operands[0];
    Tensor b = operands[Math.min(1, last)];
    Tensor c = operands[last];
    Shape shape = broadcast(name, operands);
    Loop loop = (a.dtype() == DType.FLOAT32 ? float32 : float64).get();
    int n = shape.size();
    Object x = a.storage().array();
    Object out = Buffers.uninitializedLike(x, n);
    int aStep = wholeStep(a, shape);
    int bStep = wholeStep(b, shape);
    int cStep = wholeStep(c, shape);
    if (n <= CHUNK && aStep >= 0 && bStep >= 0 && cStep >= 0) {
      Object y = b.storage().array();
      Object z = c.storage().array();
      loop.run(x, a.offset(), aStep, y, b.offset(), bStep, z, c.offset(), cStep, out, 0, n);
    } else {
      Runs runs = Runs.of(shape, a, b, c);
      Object p = runs.array(0);
      Object q = runs.array(1);
      Object r = runs.array(2);
      int pStep = runs.step(0);
      int qStep = runs.step(1);
      int rStep = runs.step(2);
      runs.forEach(
          loop.nanos(),
          (from, at, count) ->
              loop.run(p, from[0], pStep, q, from[1], qStep, r, from[2], rStep, out, at, count));
    }
    return Tensor.contiguous(Storage.ofResult(out), a.dtype(), shape);
  }

  static Shape broadcast(String name, Tensor... operands) {
    Shape shape = operands[0].shape();
    for (int i = 1; i < operands.length; i++) {
      shape = Shape.broadcast(name, shape, operands[i].shape());
    }
    return shape;
  }

  /** Returns 1 if an operand is one run over the whole shape, 0 if it is one value, else -1. */
  static int wholeStep(Tensor x, Shape shape) {
    if (x.size() == 1) {
      return 0;
    }
    return x.isContiguous() && x.shape().equals(shape) ? 1 : -1;
  }

  static void fill(Object array, double value) {
    Elements type = Elements.of(array);
    type.fill(array, 0, type.length(array), value);
  }

  interface Chunk {
    void run(int at, int count);
  }

  /** Splits n elements, each of which takes so many nanoseconds, over threads. */
  static void inChunks(int n, double nanos, Chunk chunk) {
    if (n <= CHUNK) {
      chunk.run(0, n);
      return;
    }
    Parallel.runRanges(n, 1, CHUNK, (long) (n * nanos), (from, to) -> chunk.run(from, to - from));
  }
}
