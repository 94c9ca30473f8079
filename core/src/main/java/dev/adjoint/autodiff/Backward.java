package dev.adjoint.autodiff;

import dev.adjoint.kernel.Storage.Region;
import dev.adjoint.op.Movement;
import dev.adjoint.op.Primitive;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A backward pass, which computes gradients by walking the graph from a root to what it depends on,
 * with its settings.
 *
 * <pre>{@code
 * Gradients g = Backward.wrt(x).createGraph().of(y); // g.of(x) can itself be differentiated
 * }</pre>
 */
public final class Backward {

  /** The pass from a scalar root to all leaves, which is not itself recorded. */
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

  /** Weights the elements of the root: computes the gradients of {@code sum(root * seed)}. */
  public Backward seed(Tensor cotangent) {
    return new Backward(wanted, cotangent, createGraph, start);
  }

  /** Records the computation of the gradients, so that they can be differentiated in turn. */
  public Backward createGraph() {
    return new Backward(wanted, seed, true, start);
  }

  /** Stops at nodes with smaller birth numbers: what they depend on gets no gradient. */
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
    if (!root.isTracked()) {
      throw new IllegalStateException(
          ("backward: this tensor of shape %s is not tracked: it depends on no parameter and no"
                  + " tracked() tensor, or was computed in noGrad, or by a backward() without"
                  + " createGraph()")
              .formatted(root.shape()));
    }
    return pass(List.of(root), List.of(seedFor(root)));
  }

  private Gradients pass(List<Tensor> roots, List<Tensor> cotangents) {
    Replay.noteBackward();
    Recorder.Observer observer = Recorder.mode().observer();
    Recorder.Mode mode = Recorder.mode().recording(createGraph);
    return (createGraph || observer == null ? mode : mode.observer(null)) // but of no pass within
        .call(() -> new Pass(roots, observer).run(roots, cotangents));
  }

  /**
   * Computes the gradients of a root with respect to the tensors given to {@link #wrt}.
   *
   * @return one for each tensor, in order, of its shape; zeros where the root does not depend on it
   */
  public List<Tensor> gradients(Tensor root) {
    Gradients gradients = root.isTracked() ? of(root) : new Gradients(Map.of());
    return wanted.stream().map(gradients::orZeros).toList();
  }

  /**
   * Computes the gradients of the sum of several weighted sums, {@code sum(root * cotangent)}, with
   * respect to the tensors given to {@link #wrt}, in one pass.
   *
   * @param cotangents one for each root, of its shape
   * @return one for each tensor, in order, of its shape; zeros where no root depends on it
   */
  List<Tensor> gradientsOfSum(List<Tensor> roots, List<Tensor> cotangents) {
    List<Tensor> tracked = new ArrayList<>();
    List<Tensor> seeds = new ArrayList<>();
    for (int i = 0; i < roots.size(); i++) {
      if (roots.get(i).isTracked()) {
        tracked.add(roots.get(i));
        seeds.add(seed(cotangents.get(i)).seedFor(roots.get(i)));
      }
    }
    Gradients gradients = pass(tracked, seeds);
    return wanted.stream().map(gradients::orZeros).toList();
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

  /**
   * One walk. What it computes belongs to a {@link Region} of its own and is recycled as it goes:
   * after each node, everything but the cotangents of nodes to come and the results. Functions of
   * users may keep what they see, so they see what has left the region, and compute outside of it.
   */
  private final class Pass {
    private final Region region =
        Region.within(
            "a backward pass has recycled this tensor, which it had computed for itself; expected a"
                + " copy() made while it ran");
    private final Set<Node> targets = new HashSet<>();
    private final @Nullable Reachability targeted;
    private final boolean detecting = Recorder.mode().detecting();
    private final Recorder.@Nullable Observer observer;
    private final boolean staying; // nothing may go, or all is to be seen
    private final boolean inPlace;
    private final Map<Node, Tensor> results = new HashMap<>();
    private final Map<Node, Pending> pending = new HashMap<>();
    private final PriorityQueue<Pending> youngestFirst =
        new PriorityQueue<>(Comparator.comparingLong((Pending p) -> -p.node.birth()));

    Pass(List<Tensor> roots, Recorder.@Nullable Observer observer) {
      this.observer = observer;
      staying = createGraph || detecting || observer != null;
      inPlace = !staying && Recorder.mode().map() == null;
      for (Tensor tensor : wanted) {
        targets.add(nodeOf(tensor));
      }
      targeted = targets.isEmpty() ? null : new Reachability(targets);
      if (targeted != null) {
        roots.forEach(root -> targeted.explore(nodeOf(root)));
      }
    }

    Gradients run(List<Tensor> roots, List<Tensor> cotangents) {
      boolean whole = false;
      try {
        for (int i = 0; i < roots.size(); i++) {
          add(nodeOf(roots.get(i)), roots.get(i), cotangents.get(i));
        }
        if (staying) {
          visitAll();
        } else {
          region.call(this::visitAll);
        }
        results.values().forEach(result -> region.leave(result.ownStorage()));
        whole = true;
      } finally {
        region.end(whole);
      }
      return new Gradients(results);
    }

    private @Nullable Void visitAll() {
      // All consumers of a node are younger than it: when it comes up, its cotangent is complete.
      for (Pending next; (next = youngestFirst.poll()) != null; ) {
        pending.remove(next.node);
        visit(next);
        region.release(next.cotangent.ownStorage());
        region.sweep();
      }
      return null;
    }

    private void visit(Pending next) {
      Node node = next.node;
      if (observer != null) {
        observer.onVisit(node, next.cotangent);
      }
      if (targets.isEmpty() ? node.isLeaf() : targets.contains(node)) {
        region.hold(next.cotangent.ownStorage());
        results.put(node, next.cotangent);
      }
      if (node.isLeaf() || node.birth() < start) {
        return;
      }
      Node step =
          node.primitive() instanceof Primitive.Open
              ? region.outside(() -> Rematerialization.unfolded(node, next.output, createGraph))
              : node;
      Primitive primitive = step.primitive();
      if (primitive == null) {
        return;
      }
      if (targeted != null) {
        targeted.explore(step);
      }
      Tensor[] inputs = step.sharedInputs();
      if (primitive instanceof Movement.Slice slice && inPlace) {
        Pending sum = pending.get(inputs[0].node());
        if (sum != null && sum.isSum) {
          slice.addPullback(next.cotangent, sum.cotangent); // the work of a slice, not of the whole
          return;
        }
      }
      boolean[] needed = new boolean[inputs.length];
      for (int i = 0; i < inputs.length; i++) {
        Node source = inputs[i].node();
        needed[i] = source != null && (targeted == null || targeted.reaches(source));
      }
      @Nullable Tensor[] cotangents = pullbacks(step, primitive, needed, next);
      next.cotangent.checkAfterReading(); // a seed may be the value of a parameter
      for (int i = 0; i < inputs.length; i++) {
        Node source = inputs[i].node();
        Tensor pulled = cotangents[i];
        if (!needed[i] || source == null || pulled == null) {
          continue;
        }
        Shape shape = inputs[i].shape();
        Tensor part = // which is another one where the primitive broadcast the input
            pulled.shape().equals(shape) ? pulled : Reductions.sumTo(pulled, shape);
        if (detecting) {
          Anomalies.checkBackward(part, i, step);
        }
        Tensor sum = add(source, inputs[i], part);
        if (observer != null) {
          observer.onPart(i, inputs[i], pulled, part, sum);
        }
      }
    }

    private @Nullable Tensor[] pullbacks(
        Node step, Primitive primitive, boolean[] needed, Pending next) {
      Tensor cotangent = next.cotangent;
      Tensor[] inputs = step.sharedInputs();
      if (detecting) { // in the name of the line that computed the node
        return Recorder.mode()
            .site(Anomalies.siteOf(step))
            .call(() -> primitive.pullbacks(needed, cotangent, inputs, next.output));
      }
      if (primitive instanceof Primitive.Open) {
        region.leave(cotangent.ownStorage());
        return region.outside(() -> primitive.pullbacks(needed, cotangent, inputs, next.output));
      }
      return primitive.pullbacks(needed, cotangent, inputs, next.output);
    }

    private Tensor add(Node node, Tensor output, Tensor part) {
      Pending waiting = pending.get(node);
      if (waiting == null) {
        waiting = new Pending(node, output, part);
        pending.put(node, waiting);
        youngestFirst.add(waiting);
      } else {
        region.release(waiting.cotangent.ownStorage());
        waiting.cotangent = waiting.cotangent.plus(part);
        waiting.isSum = true;
      }
      region.hold(waiting.cotangent.ownStorage());
      return waiting.cotangent;
    }
  }

  /** A node whose cotangent is being added up. */
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
  }

  static Node nodeOf(Tensor tensor) {
    Node node = tensor.node();
    if (node == null) {
      throw new IllegalArgumentException(
          "a tensor of shape %s is not tracked and has no gradient; expected a parameter, or what tracked() has returned"
              .formatted(tensor.shape()));
    }
    return node;
  }

  /** Which nodes of a graph depend on one of some targets, the targets included. */
  private static final class Reachability {

    private final Set<Node> dependent;
    private final Set<Node> seen = new HashSet<>();
    private final long oldest; // of the targets: what was born before depends on none

    Reachability(Set<Node> targets) {
      dependent = new HashSet<>(targets);
      oldest = targets.stream().mapToLong(Node::birth).min().orElse(0);
    }

    /** Tells whether a node that has been explored depends on a target. */
    boolean reaches(Node node) {
      return dependent.contains(node);
    }

    /** Looks at all nodes that a node depends on, except those that are known. */
    void explore(Node root) {
      if (!seen.add(root)) {
        return;
      }
      List<Node> found = new ArrayList<>();
      Deque<Node> open = new ArrayDeque<>();
      open.add(root);
      for (Node node; (node = open.poll()) != null; ) {
        found.add(node);
        for (Tensor input : inputs(node)) {
          Node source = input.node();
          if (source != null && source.birth() > oldest && seen.add(source)) {
            open.add(source);
          }
        }
      }
      found.sort(Comparator.comparingLong(Node::birth)); // inputs first
      for (Node node : found) {
        for (Tensor input : inputs(node)) {
          Node source = input.node();
          if (source != null && dependent.contains(source)) {
            dependent.add(node);
          }
        }
      }
    }

    /** Returns the inputs of what a node stands for, as far as that is known. */
    private static Tensor[] inputs(Node node) {
      Node step = node;
      for (Node replay; (replay = step.replay()) != null; ) {
        step = replay;
      }
      return step.sharedInputs();
    }
  }
}
