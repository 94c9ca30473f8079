package dev.adjoint.op;

import static dev.adjoint.kernel.MatMul.multiplyInPlace;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Loop;
import dev.adjoint.kernel.Matrix;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All steps of an LSTM (Hochreiter and Schmidhuber 1997) as one operation:
 *
 * <pre>
 *  i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of the four parts of input + h W'
 *  c' = f c + i g
 *  h' = o tanh(c')
 * </pre>
 */
public final class LongShortTermMemory {

  private LongShortTermMemory() {}

  /**
   * Returns the states after each step: h of shape (T, N, hidden) at index 0, and c at index 1.
   *
   * @param inputs of all steps times their weight, with the biases: (T, N, 4 hidden), in parts i,
   *     f, g, o
   * @param h before the first step: (N, hidden)
   * @param c before the first step: (N, hidden)
   * @param weight of the state: (4 hidden, hidden)
   * @param backwards whether the first step is the last of the inputs
   * @return of shape (2, T, N, hidden)
   */
  public static Tensor states(Tensor inputs, Tensor h, Tensor c, Tensor weight, boolean backwards) {
    Shape state = h.shape();
    int hidden = weight.rank() == 2 ? weight.size(1) : 0;
    boolean fit =
        inputs.rank() == 3
            && weight.shape().equals(Shape.of(4 * hidden, hidden))
            && inputs.size(2) == 4 * hidden
            && state.equals(Shape.of(inputs.size(1), hidden))
            && c.shape().equals(state);
    if (!fit) {
      throw new IllegalArgumentException(
          "lstm: inputs of shape %s, states of shapes %s and %s, weight of shape %s; expected (T, N, 4 hidden), (N, hidden) twice, and (4 hidden, hidden)"
              .formatted(inputs.shape(), state, c.shape(), weight.shape()));
    }
    Tensor[] x = Engine.promoted(inputs, h, c, weight);
    if (BatchedInputs.hasExamples(x)) {
      return composed(backwards, List.of(x));
    }
    Tensor gates = MemorySteps.gates(x);
    Tensor y = new MemorySteps(backwards, x, gates).forward();
    return Recorder.record(y, new Fused(backwards, gates), x);
  }

  /**
   * Returns h and c after one step.
   *
   * @param gates the input and the product of h, added up: (N, 4 hidden)
   */
  public static List<Tensor> step(Tensor gates, Tensor c) {
    List<Tensor> parts = gates.chunk(4, 1);
    Tensor i = parts.get(0).sigmoid();
    Tensor f = parts.get(1).sigmoid();
    Tensor g = parts.get(2).tanh();
    Tensor o = parts.get(3).sigmoid();
    Tensor next = f.times(c).plus(i.times(g));
    return List.of(o.times(next.tanh()), next);
  }

  /** The definition, step by step: what the loop is compared with, and differentiated twice by. */
  static Tensor composed(boolean backwards, List<Tensor> x) {
    Tensor weight = x.get(3).transpose();
    int steps = x.get(0).size(0);
    Tensor[] h = new Tensor[steps];
    Tensor[] c = new Tensor[steps];
    List<Tensor> state = List.of(x.get(1), x.get(2));
    for (int s = 0; s < steps; s++) {
      int t = backwards ? steps - 1 - s : s;
      Tensor gates = x.get(0).select(0, t).plus(state.get(0).matmul(weight));
      state = step(gates, state.get(1));
      h[t] = state.get(0);
      c[t] = state.get(1);
    }
    return Joining.stack(0, Joining.stack(0, h), Joining.stack(0, c));
  }

  /**
   * All steps as one. The inputs are those of {@link #states}.
   *
   * @param gates i, f, g and o of each step, kept to go back with
   */
  record Fused(boolean backwards, Tensor gates) implements Primitive {
    @Override
    public String name() {
      return "lstm";
    }

    @Override
    public Tensor forward(Tensor... x) {
      return new MemorySteps(backwards, x, MemorySteps.gates(x)).forward();
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.isOn() && y.size() > 0
          ? Derivatives.vjp(in -> composed(backwards, in), List.of(x), g).toArray(Tensor[]::new)
          : new MemorySteps(backwards, x, gates).pullbacks(g, y);
    }
  }

  /**
   * Computes {@link LongShortTermMemory}: a step is one product, and loops over the gates of all
   * sequences. Going back, the gradient of the weight is one product for all steps; ADR 36 says
   * why.
   */
  private static final class MemorySteps {

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
    private final Tensor weight;
    private final int steps;
    private final int n;
    private final int hidden;

    /** Elements of a state, and of the states h of all steps, behind which those of c are. */
    private final int state;

    private final int all;

    /** The gates of each step: i of all sequences, then f, g and o. */
    private final Object gates;

    /** Prepares to compute, or to go back with the gates that were computed. */
    MemorySteps(boolean backwards, Tensor[] inputs, Tensor gates) {
      this.backwards = backwards;
      this.inputs = inputs;
      this.gates = Engine.array(gates);
      dtype = inputs[0].dtype();
      kernels = Engine.kernels(dtype);
      plus = kernels.loop("plus", 2);
      times = kernels.loop("times", 2);
      tanh = kernels.loop("tanh", 1);
      x = Engine.packed(inputs[0]);
      h0 = Engine.packed(inputs[1]);
      c0 = Engine.packed(inputs[2]);
      weight = inputs[3].untracked();
      steps = x.size(0);
      n = x.size(1);
      hidden = weight.size(1);
      state = n * hidden;
      all = steps * state;
    }

    /** Returns memory for the gates, which is a tensor so that it is given back like one. */
    static Tensor gates(Tensor[] inputs) {
      DType dtype = inputs[0].dtype();
      int size = inputs[0].size();
      return Engine.tensor(Engine.uninitialized(dtype, size), dtype, Shape.of(size));
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
      // Packed here, once: a product of so few rows would pack it anew in every step.
      Matrix columns = MatMul.batched(Contiguous.pack(weight.transpose()), Shape.of()).get(0);
      for (int step = 0; step < steps; step++) {
        int now = at(step);
        Object h = step == 0 ? Engine.array(h0) : y;
        int hFrom = step == 0 ? h0.offset() : at(step - 1);
        Object c = step == 0 ? Engine.array(c0) : y;
        int cFrom = step == 0 ? c0.offset() : all + at(step - 1);
        for (int gate = 0; gate < 4; gate++) {
          multiplyInPlace(
              kernels,
              Matrix.packed(h, hFrom, n, hidden),
              columns.block(0, gate * hidden, hidden, hidden),
              Matrix.packed(gates, 4 * now + gate * state, n, hidden),
              false);
        }
        inRows((from, to) -> {
          int i = 4 * now + from;
          int f = i + state;
          int g = f + state;
          int o = g + state;
          for (int r = from; r < to; r += hidden) {
            for (int gate = 0; gate < 4; gate++) {
              int sum = 4 * now + gate * state + r;
              int given = x.offset() + 4 * (now + r) + gate * hidden;
              plus.run(in, given, 1, gates, sum, 1, gates, sum, hidden);
            }
          }
          int hNow = now + from;
          int cNow = all + hNow;
          int count = to - from;
          sigmoid.run(gates, i, gates, i, count);
          sigmoid.run(gates, f, gates, f, count);
          tanh.run(gates, g, gates, g, count);
          sigmoid.run(gates, o, gates, o, count);
          times.run(gates, f, 1, c, cFrom + from, 1, y, cNow, count);
          times.run(gates, i, 1, gates, g, 1, y, hNow, count);
          plus.run(y, cNow, 1, y, hNow, 1, y, cNow, count);
          tanh.run(y, cNow, y, hNow, count);
          times.run(gates, o, 1, y, hNow, 1, y, hNow, count);
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
      Object dw = Engine.zeroed(dtype, weight.size());
      Object tanhs = Engine.elements(dtype).scratch(state);
      Object product = Engine.elements(dtype).scratch(state);
      Loop tanhPullback = kernels.loop("tanhPullback", 2);
      Loop sigmoidPullback = kernels.loop("sigmoidPullback", 2);
      Matrix w = MatMul.batched(Engine.packed(weight), Shape.of()).get(0);
      for (int step = steps - 1; step >= 0; step--) {
        int now = at(step);
        Object c = step == 0 ? Engine.array(c0) : y;
        int cFrom = step == 0 ? c0.offset() : all + at(step - 1);
        inRows((from, to) -> {
          int i = 4 * now + from;
          int f = i + state;
          int g = f + state;
          int o = g + state;
          int hNow = given.offset() + now + from;
          int count = to - from;
          plus.run(dh, from, 1, q, hNow, 1, dh, from, count);
          plus.run(dc, from, 1, q, hNow + all, 1, dc, from, count);
          tanh.run(y, all + now + from, tanhs, from, count);
          times.run(dh, from, 1, tanhs, from, 1, product, from, count);
          intoRows(sigmoidPullback, product, 3, dx, now, from, to);
          times.run(dh, from, 1, gates, o, 1, product, from, count);
          tanhPullback.run(product, from, 1, tanhs, from, 1, product, from, count);
          plus.run(dc, from, 1, product, from, 1, dc, from, count);
          times.run(dc, from, 1, gates, g, 1, product, from, count);
          intoRows(sigmoidPullback, product, 0, dx, now, from, to);
          times.run(dc, from, 1, c, cFrom + from, 1, product, from, count);
          intoRows(sigmoidPullback, product, 1, dx, now, from, to);
          times.run(dc, from, 1, gates, i, 1, product, from, count);
          intoRows(tanhPullback, product, 2, dx, now, from, to);
          times.run(dc, from, 1, gates, f, 1, dc, from, count);
        });
        for (int gate = 0; gate < 4; gate++) {
          multiplyInPlace(
              kernels,
              Matrix.packed(dx, 4 * now, n, 4 * hidden).block(0, gate * hidden, n, hidden),
              w.block(gate * hidden, 0, hidden, hidden),
              Matrix.packed(dh, 0, n, hidden),
              gate > 0);
        }
      }
      Buffers.give(tanhs);
      Buffers.give(product);
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
        Engine.tensor(dw, dtype, weight.shape())
      };
    }

    /** Pulls a gradient back through a gate of some sequences, to where each has its input's. */
    private void intoRows(Loop pullback, Object g, int gate, Object dx, int now, int from, int to) {
      for (int r = from; r < to; r += hidden) {
        int at = 4 * (now + r) + gate * hidden;
        pullback.run(g, r, 1, gates, 4 * now + gate * state + r, 1, dx, at, hidden);
      }
    }

    private void addWeightGradient(
        Object dx, int dxFrom, Object h, int hFrom, int rows, Object dw) {
      Matrix gates = Matrix.packed(dx, dxFrom, rows, 4 * hidden).transpose();
      Matrix before = Matrix.packed(h, hFrom, rows, hidden);
      Matrix out = Matrix.packed(dw, 0, 4 * hidden, hidden);
      dev.adjoint.kernel.MatMul.multiply(kernels, gates, before, out, true);
    }
  }
}
