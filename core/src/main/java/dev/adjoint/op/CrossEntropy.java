package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Computes {@code logsumexp(x) - x[target]} of each row by a kernel, forward and backward; rows
 * that do not count get 0.
 */
record CrossEntropy(ClassTargets targets) implements Primitive {
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
    int rows = targets.classes().size();
    Object out = Engine.uninitialized(dtype, rows);
    RowOp.inRows(
        rows,
        n,
        (first, count) -> {
          kernels.logSumExp(in, from + first * n, count, n, out, first);
          for (int row = first; row < first + count; row++) {
            int right = from + row * n + targets.classes().get(row);
            boolean counts = targets.counts(row);
            if (in instanceof float[] floats) {
              float[] results = (float[]) out;
              results[row] = counts ? results[row] - floats[right] : 0;
            } else {
              double[] results = (double[]) out;
              results[row] = counts ? results[row] - ((double[]) in)[right] : 0;
            }
          }
        });
    return Engine.tensor(out, dtype, targets.classes().shape());
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return Recorder.isOn() ? composedPullback(g, x[0]) : fusedPullback(g, x[0]);
  }

  private Tensor composedPullback(Tensor g, Tensor logits) {
    Tensor chosen = targets.oneHot(logits.dtype(), logits.size(-1));
    Tensor weights = targets.zeroIgnored(g).unsqueeze(-1);
    return targets.zeroIgnored(logits).softmax(-1).minus(chosen).times(weights);
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
        targets.classes().size(),
        n,
        (first, count) -> {
          kernels.softmax(in, from + first * n, count, n, out, first * n);
          for (int row = first; row < first + count; row++) {
            if (targets.counts(row)) {
              subtractOne(out, row * n + targets.classes().get(row));
              times.run(out, row * n, 1, weights, weightsFrom + row, 0, out, row * n, n);
            } else {
              clear(out, row * n, n);
            }
          }
        });
    operand.checkAfterReading(); // the logits may be a parameter, and nothing is recorded here
    return Engine.tensor(out, dtype, logits.shape());
  }

  private static void subtractOne(Object array, int position) {
    if (array instanceof float[] floats) {
      floats[position] -= 1;
    } else {
      ((double[]) array)[position] -= 1;
    }
  }

  private static void clear(Object array, int from, int count) {
    if (array instanceof float[] floats) {
      Arrays.fill(floats, from, from + count, 0);
    } else {
      Arrays.fill((double[]) array, from, from + count, 0);
    }
  }
}
