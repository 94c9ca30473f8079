package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Forgets how a tensor was computed, except for the function that did, and runs that again for the
 * gradient.
 *
 * @param computation captures its inputs
 * @param held its random draws
 */
record Rematerialization(Supplier<Tensor> computation, Held held) implements Primitive.Open {

  static Tensor apply(Supplier<Tensor> computation) {
    Held held = Held.afterFirstRun();
    long start = Node.nextBirth();
    Tensor output = held.run(computation);
    if (!output.isTracked()) {
      return output;
    }
    // The graph of this first run says which older tensors the function captured; then it is
    // dropped.
    Tensor[] captured = captured(output, start).toArray(new Tensor[0]);
    return Recorder.record(
        output.view(output.shape(), output.strides(), output.offset()),
        new Rematerialization(computation, held),
        captured);
  }

  private static List<Tensor> captured(Tensor output, long start) {
    List<Tensor> captured = new ArrayList<>();
    Set<Node> seen = new HashSet<>();
    Deque<Tensor> open = new ArrayDeque<>();
    open.add(output);
    for (Tensor tensor; (tensor = open.poll()) != null; ) {
      Node node = tensor.node();
      if (node == null || !seen.add(node)) {
        continue;
      }
      if (node.birth() < start) {
        captured.add(tensor);
      } else { // a leaf that the function made itself is its own affair
        open.addAll(node.inputs());
      }
    }
    return captured;
  }

  private static boolean sameBits(Tensor a, Tensor b) {
    return a.shape().equals(b.shape())
        && a.dtype() == b.dtype()
        && Autodiff.noGrad(() ->
            a.dtype() == DType.FLOAT32
                ? Arrays.equals(a.untracked().toFloatArray(), b.untracked().toFloatArray())
                : Arrays.equals(a.untracked().toDoubleArray(), b.untracked().toDoubleArray()));
  }

  @Override
  public String name() {
    return "checkpoint";
  }

  @Override
  public Tensor forward(Tensor... x) {
    return Autodiff.noGrad(() -> held.run(computation));
  }

  @Override
  public Tensor pullback(int input, Tensor g, Tensor[] x, Tensor y) {
    throw new AssertionError("pullbacks computes all cotangents at once");
  }

  @Override
  public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    for (Tensor input : x) {
      input.storage(); // refuses if a parameter was updated: the computation would read its new
      // value
    }
    Mode mode = Mode.current();
    Tensor again = mode.recording(true).site(null).call(() -> held.run(computation));
    if (!sameBits(again, y)) {
      throw new IllegalStateException(
          ("checkpoint: the computation gave another result when it was run again for the gradient;"
              + " expected one that depends only on tensors, unchanged parameters and Generators"));
    }
    List<Tensor> wanted = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      if (needed[i]) {
        wanted.add(x[i]);
      }
    }
    Backward backward = Backward.wrt(wanted.toArray(new Tensor[0])).seed(g);
    Gradients gradients = (mode.recording() ? backward.createGraph() : backward).of(again);
    @Nullable Tensor[] cotangents = new Tensor[x.length];
    for (int i = 0; i < x.length; i++) {
      cotangents[i] = needed[i] ? gradients.of(x[i]) : null;
    }
    return cotangents;
  }
}
