package dev.adjoint.op;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs algorithms over batches of matrices (..., m, n): in double precision, and in parallel. */
final class MatrixBatch {

  private MatrixBatch() {}

  /** Computes one matrix from another, each of them row by row. */
  interface Algorithm {
    void run(double[] in, int from, double[] out, int to);
  }

  /**
   * Computes a matrix from each matrix, in double precision, and rounds for float32.
   *
   * @param rows of each result, and {@code columns}
   * @param nanos how long one takes, roughly
   */
  static Tensor map(
      String operation, Tensor a, int rows, int columns, long nanos, Algorithm algorithm) {
    Tensor source = Engine.packed(a.untracked().to(DType.FLOAT64));
    double[] in = (double[]) Engine.array(source);
    Shape shape = MatMul.matrices(MatMul.leading(a.shape()), rows, columns);
    double[] out = (double[]) Engine.uninitialized(DType.FLOAT64, shape.size());
    int size = a.size(-2) * a.size(-1);
    each(
        operation,
        a.shape(),
        nanos,
        m -> algorithm.run(in, source.offset() + m * size, out, m * rows * columns));
    return Engine.tensor(out, DType.FLOAT64, shape).to(a.dtype());
  }

  /**
   * Runs an action for the number of each matrix of a shape. Of those that throw an {@link
   * ArithmeticException}, whose message goes on after "the matrix", the first is told: which one
   * does not depend on threads.
   *
   * @throws IllegalArgumentException if one did
   */
  static void each(String operation, Shape shape, long nanos, IntConsumer action) {
    Shape batch = MatMul.leading(shape);
    @Nullable String[] failures = new String[batch.size()];
    Parallel.run(
        batch.size(),
        nanos * batch.size(),
        m -> {
          try {
            action.accept(m);
          } catch (ArithmeticException e) {
            failures[m] = e.getMessage();
          }
        });
    for (int m = 0; m < failures.length; m++) {
      if (failures[m] != null) {
        String which = batch.rank() == 0 ? "the matrix" : "matrix " + index(batch, m);
        throw new IllegalArgumentException(
            "%s: %s of shape %s %s".formatted(operation, which, shape, failures[m]));
      }
    }
  }

  static void requireFinite(String operation, Tensor x) {
    double[] values = x.untracked().toDoubleArray();
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "%s: element %s of shape %s is %s; expected finite numbers"
                .formatted(operation, index(x.shape(), i), x.shape(), values[i]));
      }
    }
  }

  /** Computes by another operation what is refused, if it is, by the name of this one. */
  static <T> T named(String operation, Supplier<T> computation) {
    try {
      return computation.get();
    } catch (IllegalArgumentException e) {
      String message = String.valueOf(e.getMessage());
      String reason = message.substring(message.indexOf(':') + 1);
      throw new IllegalArgumentException(operation + ":" + reason, e);
    }
  }

  private static String index(Shape shape, int position) {
    return Arrays.toString(shape.unravel(position));
  }
}
