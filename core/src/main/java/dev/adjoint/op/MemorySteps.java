package dev.adjoint.op;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;

/**
 * Computes {@link LongShortTermMemory}: a step is one product, and one pass over the gates of each
 * sequence while they are in the nearest cache. Going back, the gradient of the weight is one
 * product for all steps; ADR 36 says why.
 */
final class MemorySteps {

  private final boolean backwards;
  private final Tensor[] inputs;
  private final DType dtype;
  private final Kernels kernels;
  private final Loop plus;
  private final Loop times;
  private final Loop tanh;
  private final Tensor x;
  private final Tensor h0;
  private final Tensor c0;
  private final Matrix w;
  private final int steps;
  private final int n;
  private final int hidden;

  /** Elements of a state, and of the states h of all steps, behind which those of c are. */
  private final int state;

  private final int all;

  /** The gates i, f, g, o of each step and sequence. */
  private final Object gates;

  MemorySteps(boolean backwards, Tensor[] x) {
    this(backwards, x, Engine.uninitialized(x[0].dtype(), x[0].size()));
  }

  MemorySteps(boolean backwards, Tensor[] inputs, Object gates) {
    this.backwards = backwards;
    this.inputs = inputs;
    this.gates = gates;
    dtype = inputs[0].dtype();
    kernels = Engine.kernels(dtype);
    plus = kernels.loop("plus", 2);
    times = kernels.loop("times", 2);
    tanh = kernels.loop("tanh", 1);
    x = Engine.packed(inputs[0]);
    h0 = Engine.packed(inputs[1]);
    c0 = Engine.packed(inputs[2]);
    w = MatMul.batched(inputs[3], Shape.of()).get(0);
    steps = x.size(0);
    n = x.size(1);
    hidden = w.columns();
    state = n * hidden;
    all = steps * state;
  }

  Object gates() {
    return gates;
  }

  /** Returns where a step's h begins in the output. */
  private int at(int step) {
    return (backwards ? steps - 1 - step : step) * state;
  }

  /** Runs over ranges of elements of a state: whole sequences. */
  private void inRows(Parallel.RangeBody body) {
    Parallel.runRanges(
        n, hidden, 4096, 12L * state, (from, to) -> body.run(from * hidden, to * hidden));
  }

  Tensor forward() {
    Object y = Engine.uninitialized(dtype, 2 * all);
    Loop sigmoid = kernels.loop("sigmoid", 1);
    Object in = Engine.array(x);
    for (int step = 0; step < steps; step++) {
      int now = at(step);
      Object h = step == 0 ? Engine.array(h0) : y;
      int hFrom = step == 0 ? h0.offset() : at(step - 1);
      Object c = step == 0 ? Engine.array(c0) : y;
      int cFrom = step == 0 ? c0.offset() : all + at(step - 1);
      multiply(Matrix.packed(h, hFrom, n, hidden), w.transpose(), gates, 4 * now);
      inRows((from, to) -> {
        for (int r = from; r < to; r += hidden) {
          int i = 4 * (now + r);
          int f = i + hidden;
          int g = f + hidden;
          int o = g + hidden;
          int hNow = now + r;
          int cNow = all + hNow;
          plus.run(in, x.offset() + i, 1, gates, i, 1, gates, i, 4 * hidden);
          sigmoid.run(gates, i, gates, i, 2 * hidden);
          tanh.run(gates, g, gates, g, hidden);
          sigmoid.run(gates, o, gates, o, hidden);
          times.run(gates, f, 1, c, cFrom + r, 1, y, cNow, hidden);
          times.run(gates, i, 1, gates, g, 1, y, hNow, hidden);
          plus.run(y, cNow, 1, y, hNow, 1, y, cNow, hidden);
          tanh.run(y, cNow, y, hNow, hidden);
          times.run(gates, o, 1, y, hNow, 1, y, hNow, hidden);
        }
      });
    }
    return Engine.tensor(y, dtype, Shape.of(2, steps, n, hidden));
  }

  Tensor[] pullbacks(Tensor cotangent, Tensor output) {
    Tensor given = Engine.packed(cotangent);
    Object q = Engine.array(given);
    Object y = Engine.array(output);
    Object dx = Engine.uninitialized(dtype, 4 * all);
    Object dh = Engine.zeroed(dtype, state);
    Object dc = Engine.zeroed(dtype, state);
    Object dw = Engine.zeroed(dtype, inputs[3].size());
    Object tanhs = Engine.uninitialized(dtype, state);
    Object products = Engine.uninitialized(dtype, state);
    Loop tanhPullback = kernels.loop("tanhPullback", 2);
    Loop sigmoidPullback = kernels.loop("sigmoidPullback", 2);
    for (int step = steps - 1; step >= 0; step--) {
      int now = at(step);
      Object c = step == 0 ? Engine.array(c0) : y;
      int cFrom = step == 0 ? c0.offset() : all + at(step - 1);
      inRows((from, to) -> {
        for (int r = from; r < to; r += hidden) {
          int i = 4 * (now + r);
          int f = i + hidden;
          int g = f + hidden;
          int o = g + hidden;
          int hNow = given.offset() + now + r;
          plus.run(dh, r, 1, q, hNow, 1, dh, r, hidden);
          plus.run(dc, r, 1, q, hNow + all, 1, dc, r, hidden);
          tanh.run(y, all + now + r, tanhs, r, hidden);
          times.run(dh, r, 1, tanhs, r, 1, dx, o, hidden);
          sigmoidPullback.run(dx, o, 1, gates, o, 1, dx, o, hidden);
          times.run(dh, r, 1, gates, o, 1, products, r, hidden);
          tanhPullback.run(products, r, 1, tanhs, r, 1, products, r, hidden);
          plus.run(dc, r, 1, products, r, 1, dc, r, hidden);
          times.run(dc, r, 1, gates, g, 1, dx, i, hidden);
          times.run(dc, r, 1, c, cFrom + r, 1, dx, f, hidden);
          sigmoidPullback.run(dx, i, 1, gates, i, 1, dx, i, 2 * hidden);
          times.run(dc, r, 1, gates, i, 1, dx, g, hidden);
          tanhPullback.run(dx, g, 1, gates, g, 1, dx, g, hidden);
          times.run(dc, r, 1, gates, f, 1, dc, r, hidden);
        }
      });
      multiply(Matrix.packed(dx, 4 * now, n, 4 * hidden), w, dh, 0);
    }
    if (steps > 0) {
      // What was before each step but the first is the output of another.
      int rest = steps > 1 ? state : 0;
      int later = n * (steps - 1);
      addWeightGradient(dx, backwards ? 0 : 4 * rest, y, backwards ? rest : 0, later, dw);
      addWeightGradient(dx, 4 * at(0), Engine.array(h0), h0.offset(), n, dw);
    }
    for (Tensor input : inputs) {
      input.checkAfterReading(); // it may be a parameter, and nothing is recorded here
    }
    return new Tensor[] {
      Engine.tensor(dx, dtype, x.shape()),
      Engine.tensor(dh, dtype, h0.shape()),
      Engine.tensor(dc, dtype, c0.shape()),
      Engine.tensor(dw, dtype, inputs[3].shape())
    };
  }

  private void addWeightGradient(Object dx, int dxFrom, Object h, int hFrom, int rows, Object dw) {
    Matrix gates = Matrix.packed(dx, dxFrom, rows, 4 * hidden).transpose();
    Matrix before = Matrix.packed(h, hFrom, rows, hidden);
    Matrix out = Matrix.packed(dw, 0, 4 * hidden, hidden);
    dev.adjoint.kernel.MatMul.multiply(kernels, gates, before, out, true);
  }

  /** Multiplies packed rows, one for each sequence, by a weight. */
  private void multiply(Matrix a, Matrix b, Object c, int cFrom) {
    Matrix out = Matrix.packed(c, cFrom, n, b.columns());
    dev.adjoint.kernel.MatMul.multiply(kernels, a, b, out, false);
  }
}
