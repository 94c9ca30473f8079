package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint: keeps the function that computed a tensor instead of its graph, and runs the
 * function again for the gradient.
 *
 * <p>The backward pass goes on into the graph of the second run ({@link #unfolded}), whose nodes
 * have the births of the first: it takes the steps that it would take without a checkpoint (ADR
 * 14).
 *
 * @param computation captures its inputs
 * @param replay its random draws
 * @param start the birth of its first node
 */
record Rematerialization(Supplier<Tensor> computation, Replay replay, long start)
    implements Primitive.Open {

  static Tensor apply(Supplier<Tensor> computation) {
    Replay replay = Replay.afterFirstRun();
    long start = Recorder.mode().births().upcoming();
    return new Rematerialization(computation, replay, start).of(replay.run(computation));
  }

  /** Returns the output of the first run, whose node is this. */
  private Tensor of(@Nullable Tensor output) {
    if (output == null) {
      throw new IllegalArgumentException(
          "checkpoint: the computation returned null; expected a tensor");
    }
    Node node = output.node();
    if (node == null || node.birth() < start) { // a constant, or a tensor from outside
      return output;
    }
    if (output.examples() != null) { // whose bits cannot be compared with those of a second run
      return output;
    }
    // The graph of this first run says which older tensors the function captured; then it is
    // dropped.
    Tensor[] captured = captured(output, start).values().toArray(Tensor[]::new);
    return Recorder.record(output.alias(), this, captured);
  }

  /** Returns the tensors born before start that an output depends on first, by their nodes. */
  private static Map<Node, Tensor> captured(Tensor output, long start) {
    Map<Node, Tensor> found = Node.ancestors(output, node -> node.birth() >= start);
    found.keySet().removeIf(node -> node.birth() >= start);
    return found;
  }

  /**
   * Returns the node by which a pass goes on: itself, or what it stands for if it is that of a
   * checkpoint.
   *
   * @param output the tensor that it made
   * @param keep whether the pass is recorded: then every pass to come takes the same way, since the
   *     recorded gradient depends on its tensors
   */
  static Node unfolded(Node node, Tensor output, boolean keep) {
    Node step = node;
    while (step.primitive() instanceof Rematerialization block) {
      Node known = step.replay();
      step = known != null ? known : block.replay(step, output, keep);
    }
    return step;
  }

  private Node replay(Node node, Tensor output, boolean keep) {
    Set<Node> captured = new HashSet<>();
    for (Tensor input : node.sharedInputs()) {
      input.storage(); // refuses if a parameter was updated: the function would read its new value
      captured.add(input.node());
    }
    Node.Births births = Node.Births.again(start, node.birth());
    Tensor again =
        Recorder.mode()
            .recording(true)
            .site(null)
            .births(births)
            .call(() -> replay.run(computation));
    Node root = again.node();
    if (root == null
        || !sameBits(again, output)
        || !captured(again, start).keySet().equals(captured)) {
      throw new IllegalStateException(
          ("checkpoint: the computation gave another result when it was run again for the gradient;"
              + " expected one that depends only on the same tensors, unchanged parameters and"
              + " Generators"));
    }
    return keep ? node.keepReplay(root) : root;
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
    return Autodiff.noGrad(() -> replay.run(computation));
  }

  /** Goes through the block alone, for a gradient check that judges it by itself. */
  @Override
  public @Nullable Tensor[] pullbacks(boolean[] needed, Tensor g, Tensor[] x, Tensor y) {
    Backward backward = Backward.wrt(x).seed(g).endingBefore(start);
    return (Recorder.isRecording() ? backward.createGraph() : backward)
        .gradients(y)
        .toArray(Tensor[]::new);
  }
}
