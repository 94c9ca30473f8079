package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;

/** Measures how far predictions are from what was wanted. */
public final class Losses {

  private Losses() {}

  /**
   * Returns the mean of {@link #crossEntropyPerRow} over all rows; NaN if there are none.
   *
   * @param logits of shape (..., C): unnormalized log-probabilities of C classes
   * @param targets of shape (...): the right class of each row
   * @return a scalar
   */
  public static Tensor crossEntropy(Tensor logits, IntTensor targets) {
    return Reductions.mean(crossEntropyPerRow(logits, targets), false);
  }

  /**
   * Returns the surprise at the right class of each row: {@code logsumexp(logits) -
   * logits[target]}, in nats.
   *
   * @param logits of shape (..., C): unnormalized log-probabilities of C classes
   * @param targets of shape (...): the right class of each row
   * @return of shape (...)
   * @throws IndexOutOfBoundsException if a target is not a class
   */
  public static Tensor crossEntropyPerRow(Tensor logits, IntTensor targets) {
    Shape shape = logits.shape();
    if (shape.rank() == 0 || !targets.shape().equals(rows(shape))) {
      throw new IllegalArgumentException(
          "crossEntropy: logits of shape %s and targets of shape %s; expected logits of shape (..., classes) and targets of shape (...)"
              .formatted(shape, targets.shape()));
    }
    int classes = shape.size(-1);
    for (int row = 0; row < targets.size(); row++) {
      int target = targets.get(row);
      if (target < 0 || target >= classes) {
        throw new IndexOutOfBoundsException(
            "crossEntropy: target %d at position %s is not a class; expected 0 to %d for logits of shape %s"
                .formatted(
                    target,
                    Arrays.toString(Indexing.position(targets.shape(), row)),
                    classes - 1,
                    shape));
      }
    }
    return Recorder.apply(new CrossEntropy(targets), logits);
  }

  /** Returns the cross-entropy by its definition: what the kernel is compared with. */
  static Tensor composedCrossEntropy(Tensor logits, IntTensor targets) {
    Tensor chosen = Tensors.oneHot(targets, logits.size(-1), logits.dtype());
    return logits.logSoftmax(-1).times(chosen).sum(-1).neg();
  }

  private static Shape rows(Shape logits) {
    return logits.reduced(new int[] {logits.rank() - 1}, false);
  }

  /** logsumexp(x) - x[target] of each row: a kernel forward and backward. */
  record CrossEntropy(IntTensor targets) implements Primitive {
    @Override
    public String name() {
      return "crossEntropy";
    }

    @Override
    public Tensor forward(Tensor... x) {
      Tensor logits = Engine.packed(x[0]);
      int n = logits.size(-1);
      DType dtype = logits.dtype();
      Kernels kernels = Engine.kernels(dtype);
      Object in = Engine.array(logits);
      int from = logits.offset();
      Object out = Engine.uninitialized(dtype, targets.size());
      RowOp.inRows(
          targets.size(),
          n,
          (first, count) -> {
            kernels.logSumExp(in, from + first * n, count, n, out, first);
            for (int row = first; row < first + count; row++) {
              int right = from + row * n + targets.get(row);
              if (in instanceof float[] floats) {
                ((float[]) out)[row] -= floats[right];
              } else {
                ((double[]) out)[row] -= ((double[]) in)[right];
              }
            }
          });
      return Engine.tensor(out, dtype, rows(logits.shape()));
    }

    @Override
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.isOn() ? composedPullback(g, x[0]) : fusedPullback(g, x[0]);
    }

    private Tensor composedPullback(Tensor g, Tensor logits) {
      Tensor chosen = Tensors.oneHot(targets, logits.size(-1), logits.dtype());
      return logits.softmax(-1).minus(chosen).times(g.unsqueeze(-1));
    }

    private Tensor fusedPullback(Tensor cotangent, Tensor operand) {
      Tensor logits = Engine.packed(operand);
      Tensor g = Engine.packed(cotangent);
      int n = logits.size(-1);
      DType dtype = logits.dtype();
      Kernels kernels = Engine.kernels(dtype);
      Kernels.BinaryLoop times = kernels.binary("times");
      Object in = Engine.array(logits);
      int from = logits.offset();
      Object weights = Engine.array(g);
      int weightsFrom = g.offset();
      Object out = Engine.uninitialized(dtype, logits.size());
      RowOp.inRows(
          targets.size(),
          n,
          (first, count) -> {
            kernels.softmax(in, from + first * n, count, n, out, first * n);
            for (int row = first; row < first + count; row++) {
              int right = row * n + targets.get(row);
              if (out instanceof float[] floats) {
                floats[right] -= 1;
              } else {
                ((double[]) out)[right] -= 1;
              }
              times.run(out, row * n, 1, weights, weightsFrom + row, 0, out, row * n, n);
            }
          });
      return Engine.tensor(out, dtype, logits.shape());
    }
  }
}
