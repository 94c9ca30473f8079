package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Computes {@code logsumexp(x) - x[target]} of each row by a kernel, forward and backward; rows
 * that do not count get 0.
 *
 * <p>As {@code (max - x[target]) + log(sum(exp(x - max)))}, of which neither summand is negative,
 * so that nothing cancels.
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
          Object shifts = Engine.uninitialized(dtype, count);
          kernels.logSumExp(in, from + first * n, count, n, shifts, 0, out, first);
          for (int row = first; row < first + count; row++) {
            if (targets.counts(row)) {
              int right = from + row * n + targets.classes().get(row);
              put(out, row, get(out, row) + lead(get(shifts, row - first), get(in, right)));
            } else {
              put(out, row, 0);
            }
          }
        });
    return Engine.tensor(out, dtype, targets.classes().shape());
  }

  /** Returns how far the largest logit is above the right one: 0 if that is it, infinite or not. */
  private static double lead(double largest, double right) {
    return largest == right ? 0 : largest - right;
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    return Recorder.isOn() ? composedPullback(g, x[0]) : fusedPullback(g, x[0]);
  }

  /** The probabilities of the wrong classes, and less their sum that of the right one. */
  private Tensor composedPullback(Tensor g, Tensor logits) {
    Tensor chosen = targets.oneHot(logits.dtype(), logits.size(-1));
    Tensor weights = targets.zeroIgnored(g).unsqueeze(-1);
    Tensor wrong = targets.zeroIgnored(logits).softmax(-1).times(chosen.neg().plus(1));
    return wrong.minus(chosen.times(Reductions.sum(wrong, true, -1))).times(weights);
  }

  private Tensor fusedPullback(Tensor cotangent, Tensor operand) {
    Tensor logits = Engine.packed(operand);
    Tensor g = Engine.packed(cotangent);
    int n = logits.size(-1);
    DType dtype = logits.dtype();
    Kernels kernels = Engine.kernels(dtype);
    Loop times = kernels.loop("times", 2);
    Kernels.Reduction sum = kernels.reduction("sum");
    Object in = Engine.array(logits);
    int from = logits.offset();
    Object weights = Engine.array(g);
    int weightsFrom = g.offset();
    Object out = Engine.uninitialized(dtype, logits.size());
    RowOp.inRows(
        targets.classes().size(),
        n,
        (first, count) -> {
          kernels.exponentials(in, from + first * n, count, n, out, first * n);
          Object factor = Engine.uninitialized(dtype, 1);
          for (int row = first; row < first + count; row++) {
            if (!targets.counts(row)) {
              clear(out, row * n, n);
              continue;
            }
            int right = row * n + targets.classes().get(row);
            double known = get(out, right);
            put(out, right, 0);
            sum.rows(out, row * n, 1, n, out, right); // 1 less the probability would cancel
            double wrong = get(out, right);
            put(out, right, -wrong);
            put(factor, 0, get(weights, weightsFrom + row) / (wrong + known));
            times.run(out, row * n, 1, factor, 0, 0, out, row * n, n);
          }
        });
    operand.checkAfterReading(); // the logits may be a parameter, and nothing is recorded here
    return Engine.tensor(out, dtype, logits.shape());
  }

  private static double get(Object array, int i) {
    return array instanceof float[] floats ? floats[i] : ((double[]) array)[i];
  }

  private static void put(Object array, int i, double value) {
    if (array instanceof float[] floats) {
      floats[i] = (float) value;
    } else {
      ((double[]) array)[i] = value;
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
