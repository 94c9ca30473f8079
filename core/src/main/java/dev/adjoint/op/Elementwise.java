package dev.adjoint.op;

import dev.adjoint.kernel.Kernels.BinaryLoop;
import dev.adjoint.kernel.Kernels.TernaryLoop;
import dev.adjoint.kernel.Kernels.UnaryLoop;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

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

  static Tensor unary(UnaryLoop loop, Tensor operand) {
    Tensor x = Engine.packed(operand);
    int n = x.size();
    Object in = Engine.array(x);
    Object out = Engine.uninitialized(x.dtype(), n);
    int from = x.offset();
    if (n <= CHUNK) {
      loop.run(in, from, out, 0, n);
    } else {
      inChunks(n, (at, count) -> loop.run(in, from + at, out, at, count));
    }
    return Engine.tensor(out, x.dtype(), x.shape());
  }

  static Tensor binary(String name, BinaryLoop loop, Tensor a, Tensor b) {
    Shape shape = Shape.broadcast(name, a.shape(), b.shape());
    int n = shape.size();
    DType dtype = a.dtype();
    Object out = Engine.uninitialized(dtype, n);
    int aStep = wholeStep(a, shape);
    int bStep = wholeStep(b, shape);
    if (aStep >= 0 && bStep >= 0) {
      Object x = Engine.array(a);
      Object y = Engine.array(b);
      int xFrom = a.offset();
      int yFrom = b.offset();
      if (n <= CHUNK) {
        loop.run(x, xFrom, aStep, y, yFrom, bStep, out, 0, n);
      } else {
        inChunks(
            n,
            (at, count) ->
                loop.run(
                    x, xFrom + at * aStep, aStep, y, yFrom + at * bStep, bStep, out, at, count));
      }
    } else {
      Runs runs = Runs.of(shape, a, b);
      Object x = runs.array(0);
      Object y = runs.array(1);
      runs.forEach((offsets, at, count) ->
          loop.run(x, offsets[0], runs.step(0), y, offsets[1], runs.step(1), out, at, count));
    }
    return Engine.tensor(out, dtype, shape);
  }

  static Tensor ternary(String name, TernaryLoop loop, Tensor a, Tensor b, Tensor c) {
    Shape shape = Shape.broadcast(name, Shape.broadcast(name, a.shape(), b.shape()), c.shape());
    DType dtype = b.dtype();
    Object out = Engine.uninitialized(dtype, shape.size());
    Runs runs = Runs.of(shape, a, b, c);
    Object x = runs.array(0);
    Object y = runs.array(1);
    Object z = runs.array(2);
    runs.forEach((offsets, at, count) ->
        loop.run(
            x,
            offsets[0],
            runs.step(0),
            y,
            offsets[1],
            runs.step(1),
            z,
            offsets[2],
            runs.step(2),
            out,
            at,
            count));
    return Engine.tensor(out, dtype, shape);
  }

  /**
   * Returns 1 if an operand is one run over the whole shape, 0 if it is one value, -1 otherwise.
   */
  private static int wholeStep(Tensor x, Shape shape) {
    if (x.size() == 1) {
      return 0;
    }
    return x.isContiguous() && x.shape().equals(shape) ? 1 : -1;
  }

  /** Writes one value to every element of an array. */
  static void fill(Object array, double value) {
    if (array instanceof float[] floats) {
      Arrays.fill(floats, (float) value);
    } else {
      Arrays.fill((double[]) array, value);
    }
  }

  /** Receives the start and length of a chunk. */
  interface Chunk {
    void run(int at, int count);
  }

  static void inChunks(int n, Chunk chunk) {
    Parallel.runRanges(n, 1, CHUNK, n / 4L, (from, to) -> chunk.run(from, to - from));
  }
}
