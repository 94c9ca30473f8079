package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@code logsumexp(x) - x[target]} of each row by a kernel, forward and backward; rows
 * that do not count get 0.
 *
 * <p>As {@code (max - x[target]) + log(sum(exp(x - max)))}, of which neither summand is negative,
 * so that nothing cancels.
 */
record CrossEntropy(ClassTargets targets) implements Primitive {
  @Override
  public Tensor forward(Tensor... x) {
    Tensor logits = Engine.packed(x[0]);
    int n = logits.size(-1);
    DType dtype = logits.dtype();
    Elements elements = Engine.elements(dtype);
    Kernels kernels = elements.kernels();
    Object in = Engine.array(logits);
    int from = logits.offset();
    int rows = targets.classes().size();
    Object out = Engine.uninitialized(dtype, rows);
    RowOp.inRows(
        rows,
        n,
        (first, count) -> {
          Object shifts = Engine.uninitialized(dtype, count);
          kernels.rows().logSumExp(in, from + first * n, count, n, shifts, 0, out, first);
          for (int row = first; row < first + count; row++) {
            if (targets.counts(row)) {
              int right = from + row * n + targets.classes().get(row);
              double chosen = elements.get(in, right);
              double largest = elements.get(shifts, row - first);
              double lead = largest == chosen ? 0 : largest - chosen; // both may be infinite
              elements.set(out, row, elements.get(out, row) + lead);
            } else {
              elements.set(out, row, 0);
            }
          }
        });
    return Engine.tensor(out, dtype, targets.classes().shape());
  }

  @Override
  public Tensor batched(BatchedInputs x) {
    ClassTargets all = targets.ofAll(x);
    return Recorder.apply(new CrossEntropy(all), all.classes().examples(), x.all(0));
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
    Elements elements = Engine.elements(dtype);
    Kernels kernels = elements.kernels();
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
          kernels.rows().exponentials(in, from + first * n, count, n, out, first * n);
          Object factor = Engine.uninitialized(dtype, 1);
          for (int row = first; row < first + count; row++) {
            if (!targets.counts(row)) {
              elements.fill(out, row * n, (row + 1) * n, 0);
              continue;
            }
            int right = row * n + targets.classes().get(row);
            double known = elements.get(out, right);
            elements.set(out, right, 0);
            sum.rows(out, row * n, 1, n, out, right); // 1 less the probability would cancel
            double wrong = elements.get(out, right);
            elements.set(out, right, -wrong);
            elements.set(factor, 0, elements.get(weights, weightsFrom + row) / (wrong + known));
            times.run(out, row * n, 1, factor, 0, 0, out, row * n, n);
          }
        });
    operand.checkAfterReading(); // the logits may be a parameter, and nothing is recorded here
    return Engine.tensor(out, dtype, logits.shape());
  }
}
