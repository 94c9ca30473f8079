package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Matrices;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/** Multiplies matrices: the last two axes, with leading axes broadcast. */
public enum MatMul implements Primitive {
  /** {@code a @ b}, or {@code a @ b + c}. */
  MATMUL;

  /** Returns the matrix product; a tensor of rank 1 is a row on the left, a column on the right. */
  public static Tensor apply(Tensor a, Tensor b) {
    if (a.rank() == 0 || b.rank() == 0) {
      throw mismatch(a, b, "at least one axis each");
    }
    int k = a.size(-1);
    if (k != b.size(b.rank() == 1 ? 0 : -2)) {
      throw mismatch(
          a, b, "the last axis of the first to be as long as the last but one of the second");
    }
    DType dtype = DType.promote(a.dtype(), b.dtype());
    Tensor x = a.to(dtype);
    Tensor y = b.to(dtype);
    if (y.rank() == 1) {
      return apply(x, y.unsqueeze(1)).squeeze(-1);
    }
    if (x.rank() == 1) {
      return apply(x.unsqueeze(0), y).squeeze(-2);
    }
    if (x.rank() > 2 && y.rank() == 2) { // one tall product instead of many small ones
      Shape shape = x.shape();
      return Recorder.apply(MATMUL, x.reshape(shape.with(-1, 1).size(), k), y)
          .reshape(shape.with(-1, y.size(1)));
    }
    requireBatches(x, y);
    return Recorder.apply(MATMUL, x, y);
  }

  /**
   * Returns {@code x W' + b}, as {@code torch.nn.functional.linear}.
   *
   * @param x of shape (..., in)
   * @param weight of shape (out, in)
   * @param bias of shape (out)
   * @return of shape (..., out)
   */
  public static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
    if (weight.rank() != 2
        || x.rank() == 0
        || x.size(-1) != weight.size(1)
        || !bias.shape().equals(Shape.of(weight.size(0)))) {
      throw new IllegalArgumentException(
          "linear: input of shape %s, weight of shape %s and bias of shape %s; expected (..., in), (out, in) and (out)"
              .formatted(x.shape(), weight.shape(), bias.shape()));
    }
    Shape shape = x.shape();
    Tensor rows = x.rank() == 2 ? x : x.reshape(shape.with(-1, 1).size(), x.size(-1));
    Tensor y = Recorder.apply(MATMUL, Engine.promoted(rows, weight.transpose(), bias));
    return x.rank() == 2 ? y : y.reshape(shape.with(-1, weight.size(0)));
  }

  /** The inputs are two matrices, or batches of them; and perhaps what is added to each row. */
  @Override
  public Tensor forward(Tensor... x) {
    Shape a = x[0].shape();
    Shape b = x[1].shape();
    Shape batch =
        a.rank() == 2 && b.rank() == 2
            ? Shape.of()
            : Shape.broadcast("matmul", leading(a), leading(b));
    int m = a.size(-2);
    int n = b.size(-1);
    Shape shape = matrices(batch, m, n);
    DType dtype = x[0].dtype();
    Object c = Engine.uninitialized(dtype, shape.size());
    int[] starts = new int[batch.size()];
    Arrays.setAll(starts, t -> t * m * n);
    boolean hasBias = x.length == 3;
    if (hasBias) { // what the product is added to
      int[] strides = {0, x[2].strides()[0]};
      StridedCopy.GATHER.run(shape.toArray(), new Span(c, 0), Engine.span(x[2]), strides);
    }
    dev.adjoint.kernel.MatMul.multiplyBatch(
        Engine.kernels(dtype),
        batched(x[0], batch),
        batched(x[1], batch),
        new Matrices(c, starts, m, n, n, 1),
        hasBias);
    return Engine.tensor(c, dtype, shape);
  }

  @Override
  public Tensor batched(BatchedInputs x) {
    Tensor[] all = x.aligned(Math.max(x.rank(0), x.rank(1)));
    if (all.length == 3 && x.isMapped(0) && !x.isMapped(1) && !x.isMapped(2)) {
      return linear(all[0], all[1].transpose(), all[2]);
    }
    Tensor product = product(all[0], all[1]);
    return all.length == 3 ? product.plus(all[2]) : product;
  }

  /** Multiplies batches by the kernel that suits them. */
  private static Tensor product(Tensor a, Tensor b) {
    if (a.size(-1) == 1) {
      return a.times(b);
    }
    return a.rank() == 2 && b.rank() > 2
        ? apply(b.transpose(), a.transpose()).transpose() // one tall product, as the other way
        : apply(a, b);
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return switch (input) {
      case 0 -> Recorder.apply(this, g, x[1].transpose());
      case 1 ->
          isTransposed(x[1])
              ? Recorder.apply(this, g.transpose(), x[0]).transpose()
              : Recorder.apply(this, x[0].transpose(), g);
      default -> g.sum(0);
    };
  }

  /** Tells whether a matrix is a transposed view, whose cotangent is best one, too. */
  private static boolean isTransposed(Tensor x) {
    return x.rank() == 2 && x.strides()[0] == 1 && x.size(0) > 1 && x.size(1) > 1;
  }

  private static void requireBatches(Tensor a, Tensor b) {
    for (int axis = 3; axis <= Math.min(a.rank(), b.rank()); axis++) {
      if (a.size(-axis) != b.size(-axis) && a.size(-axis) != 1 && b.size(-axis) != 1) {
        throw mismatch(a, b, "leading axes that broadcast: equal sizes, or 1");
      }
    }
  }

  static Shape leading(Shape shape) {
    return Shape.of(Arrays.copyOf(shape.toArray(), shape.rank() - 2));
  }

  static Shape matrices(Shape batch, int rows, int columns) {
    int rank = batch.rank();
    long[] sizes = new long[rank + 2];
    Arrays.setAll(sizes, i -> i < rank ? batch.size(i) : i == rank ? rows : columns);
    return Shape.of("matmul", sizes);
  }

  /** Returns the matrices of a tensor, for each element of a broadcast batch. */
  static Matrices batched(Tensor x, Shape batch) {
    Shape shape = matrices(batch, x.size(-2), x.size(-1));
    int[] strides = Runs.broadcastStrides(x, shape);
    int rank = batch.rank();
    int[] starts = Indexing.offsets(shape, strides, 0, rank);
    Arrays.setAll(starts, t -> starts[t] + x.offset());
    int columns = x.size(-1);
    int columnStride = columns == 1 ? 1 : strides[rank + 1];
    return new Matrices(Engine.array(x), starts, x.size(-2), columns, strides[rank], columnStride);
  }

  private static IllegalArgumentException mismatch(Tensor a, Tensor b, String expected) {
    return new IllegalArgumentException(
        "matmul: shapes %s and %s do not fit; expected %s"
            .formatted(a.shape(), b.shape(), expected));
  }
}
