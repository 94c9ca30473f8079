package dev.adjoint.op;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Recorder;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Objects;
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
   * @param inputs of all steps times their weight, with the biases: (T, N, 4 hidden), the parts in
   *     the order i, f, g, o
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
    public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
      return Objects.requireNonNull(pullbacks(new boolean[0], g, x, y)[input]);
    }

    @Override
    public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
      return Recorder.isOn() && y.size() > 0
          ? Derivatives.vjp(in -> composed(backwards, in), List.of(x), g).toArray(Tensor[]::new)
          : new MemorySteps(backwards, x, gates).pullbacks(g, y);
    }
  }
}
