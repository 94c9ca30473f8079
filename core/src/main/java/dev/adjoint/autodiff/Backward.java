package dev.adjoint.autodiff;

import dev.adjoint.op.Movement;
import dev.adjoint.op.Primitive;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Computes gradients by walking the graph from a root back to what it depends on.
 *
 * <pre>{@code
 * Gradients g = Backward.wrt(x).createGraph().of(y); // g.of(x) can itself be differentiated
 * }</pre>
 */
public final class Backward {

  /**
   * Computes the gradients of all leaves, from a scalar root, without recording the computation.
   */
  public static final Backward DEFAULT = new Backward(List.of(), null, false, 0);

  private final List<Tensor> wanted;
  private final @Nullable Tensor seed;
  private final boolean createGraph;
  private final long start;

  private Backward(List<Tensor> wanted, @Nullable Tensor seed, boolean createGraph, long start) {
    this.wanted = wanted;
    this.seed = seed;
    this.createGraph = createGraph;
    this.start = start;
  }

  /**
   * Limits the computation to the gradients of these tensors, which may be intermediate results.
   *
   * @throws IllegalArgumentException if one is not tracked
   */
  public static Backward wrt(Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (!tensor.isTracked()) {
        throw new IllegalArgumentException(
            "wrt: a tensor of shape %s is not tracked; expected a parameter's value, tracked(), or what was computed from one"
                .formatted(tensor.shape()));
      }
    }
    return new Backward(List.of(tensors), null, false, 0);
  }

  /** Weighs the elements of the root: computes the gradients of {@code sum(root * seed)}. */
  public Backward seed(Tensor cotangent) {
    return new Backward(wanted, cotangent, createGraph, start);
  }

  /** Records the computation of the gradients, so that they can be differentiated in turn. */
  public Backward createGraph() {
    return new Backward(wanted, seed, true, start);
  }

  /** Ends at nodes born before a number: what they depend on gets no gradient. */
  Backward endingBefore(long birth) {
    return new Backward(wanted, seed, createGraph, birth);
  }

  /**
   * Computes the gradients of a root.
   *
   * @throws IllegalStateException if the root is not tracked, or has several elements and there is
   *     no seed
   */
  public Gradients of(Tensor root) {
    Node rootNode = root.node();
    if (rootNode == null) {
      throw new IllegalStateException(
          ("backward: this tensor of shape %s is not tracked: it depends on no parameter and no"
                  + " tracked() tensor, or was computed in noGrad, or by a backward() without"
                  + " createGraph()")
              .formatted(root.shape()));
    }
    Tensor cotangent = seedFor(root);
    return Mode.current().recording(createGraph).call(() -> run(rootNode, root, cotangent));
  }

  private Tensor seedFor(Tensor root) {
    if (seed == null) {
      if (root.size() != 1) {
        throw new IllegalStateException(
            "backward: the root has shape %s; expected a scalar, or a seed of the same shape"
                .formatted(root.shape()));
      }
      return Tensors.ones(root.shape(), root.dtype());
    }
    if (!seed.shape().equals(root.shape())) {
      throw new IllegalArgumentException(
          "backward: the seed has shape %s, the root %s; expected equal shapes"
              .formatted(seed.shape(), root.shape()));
    }
    return seed.to(root.dtype());
  }

  /** Holds a node whose cotangent is being added up. */
  private static final class Pending {
    final Node node;
    final Tensor output;
    Tensor cotangent;
    boolean isSum; // of several parts: nobody else has its elements

    Pending(Node node, Tensor output, Tensor cotangent) {
      this.node = node;
      this.output = output;
      this.cotangent = cotangent;
    }

    void add(Tensor part) {
      cotangent = cotangent.plus(part);
      isSum = true;
    }
  }

  private Gradients run(Node rootNode, Tensor root, Tensor cotangent) {
    Set<Node> targets = new HashSet<>();
    for (Tensor tensor : wanted) {
      targets.add(nodeOf(tensor));
    }
    Ways ways = targets.isEmpty() ? null : new Ways(targets);
    if (ways != null) {
      ways.explore(rootNode);
    }
    boolean detecting = Mode.current().detecting();

    Map<Node, Tensor> results = new HashMap<>();
    Map<Node, Pending> pending = new HashMap<>();
    PriorityQueue<Pending> youngestFirst =
        new PriorityQueue<>(Comparator.comparingLong((Pending p) -> -p.node.birth()));
    Pending first = new Pending(rootNode, root, cotangent);
    pending.put(rootNode, first);
    youngestFirst.add(first);

    // All consumers of a node are younger than it: when it comes up, its cotangent is complete.
    for (Pending next; (next = youngestFirst.poll()) != null; ) {
      Node node = next.node;
      pending.remove(node);
      if (targets.isEmpty() ? node.isLeaf() : targets.contains(node)) {
        results.put(node, next.cotangent);
      }
      if (node.isLeaf() || node.birth() < start) {
        continue;
      }
      Node step = Rematerialization.unfolded(node, next.output, createGraph);
      Primitive primitive = step.primitive();
      if (primitive == null) {
        continue;
      }
      if (ways != null) {
        ways.explore(step);
      }
      Tensor[] inputs = step.sharedInputs();
      if (primitive instanceof Movement.Slice slice && !createGraph && !detecting) {
        Pending sum = pending.get(inputs[0].node());
        if (sum != null && sum.isSum) {
          slice.addPullback(next.cotangent, sum.cotangent); // the work of a slice, not of the whole
          continue;
        }
      }
      boolean[] needed = new boolean[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        Node source = inputs[i].node();
        needed[i] = source != null && (ways == null || ways.lead(source));
      }
      @Nullable Tensor[] cotangents =
          detecting
              ? attributed(step, primitive, needed, next.cotangent, next.output)
              : primitive.pullbacks(needed, next.cotangent, inputs, next.output);
      next.cotangent.checkAfterReading(); // a seed may be the value of a parameter
      for (int i = 0; i < inputs.length; i++) {
        Node source = inputs[i].node();
        Tensor part = cotangents[i];
        if (!needed[i] || source == null || part == null) {
          continue;
        }
        part =
            Reductions.sumTo(part, inputs[i].shape()); // undoes broadcasting, for every primitive
        if (detecting) {
          Anomalies.checkBackward(part, i, step);
        }
        Pending waiting = pending.get(source);
        if (waiting == null) {
          waiting = new Pending(source, inputs[i], part);
          pending.put(source, waiting);
          youngestFirst.add(waiting);
        } else {
          waiting.add(part);
        }
      }
    }
    return new Gradients(results);
  }

  /** Runs a pullback in the name of the line that computed the node. */
  private static @Nullable Tensor[] attributed(
      Node node, Primitive primitive, boolean[] needed, Tensor cotangent, Tensor output) {
    return Mode.current()
        .site(Anomalies.siteOf(node))
        .call(() -> primitive.pullbacks(needed, cotangent, node.sharedInputs(), output));
  }

  static Node nodeOf(Tensor tensor) {
    Node node = tensor.node();
    if (node == null) {
      throw new IllegalArgumentException(
          "a tensor of shape %s is not tracked and has no gradient".formatted(tensor.shape()));
    }
    return node;
  }
}
