package dev.adjoint.op;

import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Runs elementwise loops over tensors of any layout: broadcasts, splits and parallelizes.
 *
 * <p>Axes that every operand walks through alike are joined, so that most operations are one long
 * run. What remains is an outer count over runs, in each of which every operand is either
 * contiguous or one repeated value.
 */
final class Elementwise {

  /**
   * Elements of one chunk of parallel work: a multiple of 64, and depending on nothing but the
   * size.
   */
  private static final int CHUNK = 1 << 14;

  private Elementwise() {}

  /** Applies a function of one, two or three tensors. */
  static Tensor apply(String name, Loop loop, Tensor... operands) {
    int last = operands.length - 1;
    Tensor a = operands[0];
    Tensor b = operands[Math.min(1, last)];
    Tensor c = operands[last];
    Shape shape = broadcast(name, operands);
    int n = shape.size();
    Object out = Engine.uninitialized(a.dtype(), n);
    int aStep = wholeStep(a, shape);
    int bStep = wholeStep(b, shape);
    int cStep = wholeStep(c, shape);
    if (aStep < 0 || bStep < 0 || cStep < 0) {
      Runs runs = Runs.of(shape, a, b, c);
      Object x = runs.array(0);
      Object y = runs.array(1);
      Object z = runs.array(2);
      int xStep = runs.step(0);
      int yStep = runs.step(1);
      int zStep = runs.step(2);
      runs.forEach(
          loop.nanos(),
          (from, at, count) ->
              loop.run(x, from[0], xStep, y, from[1], yStep, z, from[2], zStep, out, at, count));
    } else {
      Object x = Engine.array(a);
      Object y = Engine.array(b);
      Object z = Engine.array(c);
      int xFrom = a.offset();
      int yFrom = b.offset();
      int zFrom = c.offset();
      inChunks(
          n,
          loop.nanos(),
          (at, count) ->
              loop.run(
                  x,
                  xFrom + at * aStep,
                  aStep,
                  y,
                  yFrom + at * bStep,
                  bStep,
                  z,
                  zFrom + at * cStep,
                  cStep,
                  out,
                  at,
                  count));
    }
    return Engine.tensor(out, a.dtype(), shape);
  }

  /** Returns the shape to which all operands broadcast. */
  static Shape broadcast(String name, Tensor... operands) {
    Shape shape = operands[0].shape();
    for (int i = 1; i < operands.length; i++) {
      shape = Shape.broadcast(name, shape, operands[i].shape());
    }
    return shape;
  }

  /**
   * Returns 1 if an operand is one run over the whole shape, 0 if it is one value, -1 otherwise.
   */
  static int wholeStep(Tensor x, Shape shape) {
    if (x.size() == 1) {
      return 0;
    }
    return x.isContiguous() && x.shape().equals(shape) ? 1 : -1;
  }

  /** Writes one value to every element of an array. */
  static void fill(Object array, double value) {
    Elements type = Elements.of(array);
    type.fill(array, 0, type.length(array), value);
  }

  /** Receives the start and length of a chunk. */
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
