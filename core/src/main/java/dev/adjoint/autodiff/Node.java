package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How a tensor was computed: the primitive, its inputs, and a birth number.
 *
 * <p>An output is always born after its inputs, so descending birth order is a topological order of
 * the graph: backward needs no recursion and no tape.
 */
public final class Node {

  private final @Nullable Primitive primitive;
  private final Tensor[] inputs;
  private final String label;
  private final @Nullable Parameter parameter;
  private final @Nullable String site;
  private final long birth;

  /** What a node of a checkpoint stands for, if a graph that is kept has been built on it. */
  private volatile @Nullable Node replay;

  private Node(
      @Nullable Primitive primitive,
      Tensor[] inputs,
      String label,
      @Nullable Parameter parameter,
      @Nullable String site) {
    this.primitive = primitive;
    this.inputs = inputs;
    this.label = label;
    this.parameter = parameter;
    this.site = site;
    this.birth = Mode.current().births().next(inputs);
  }

  /** Returns the node of a tensor that was not computed but whose gradient is wanted. */
  public static Node leaf() {
    return new Node(null, new Tensor[0], "tracked tensor", null, null);
  }

  /** Returns the node of the values of a parameter, under its name. */
  static Node leaf(String name, Parameter parameter) {
    return new Node(null, new Tensor[0], name, parameter, null);
  }

  /** Returns the node of a computed tensor. */
  static Node of(Primitive primitive, Tensor[] inputs, @Nullable String site) {
    return new Node(primitive, inputs, primitive.name(), null, site);
  }

  /** Tells whether this is where gradients end: a parameter or a tracked tensor. */
  public boolean isLeaf() {
    return primitive == null;
  }

  /** Returns the parameter that this is the leaf of; null for all other nodes. */
  @Nullable Parameter parameter() {
    return parameter;
  }

  /** Returns what computed the tensor; null for a leaf. */
  public @Nullable Primitive primitive() {
    return primitive;
  }

  /** Returns the inputs of the computation, in order. */
  public List<Tensor> inputs() {
    return List.of(inputs);
  }

  /**
   * Returns the tensors that an output was computed from, itself included, by their nodes.
   *
   * @param into whether the inputs of a node are part of it, and not only the node
   */
  public static Map<Node, Tensor> ancestors(Tensor output, Predicate<Node> into) {
    Map<Node, Tensor> found = new LinkedHashMap<>();
    Deque<Tensor> open = new ArrayDeque<>(List.of(output));
    for (Tensor tensor; (tensor = open.poll()) != null; ) {
      Node node = tensor.node();
      if (node != null && found.putIfAbsent(node, tensor) == null && into.test(node)) {
        Collections.addAll(open, node.inputs);
      }
    }
    return found;
  }

  /** Returns the inputs themselves, shared. */
  Tensor[] sharedInputs() {
    return inputs;
  }

  /** Returns what {@link #keepReplay} has kept, or null. */
  @Nullable Node replay() {
    return replay;
  }

  /** Keeps what this node of a checkpoint stands for; returns what was kept first. */
  synchronized Node keepReplay(Node root) {
    Node kept = replay;
    if (kept == null) {
      replay = kept = root;
    }
    return kept;
  }

  /** Returns the number that orders nodes by birth. */
  public long birth() {
    return birth;
  }

  /** Returns the line of user code that computed the tensor; known in anomaly mode only. */
  public @Nullable String site() {
    return site;
  }

  /** Returns the name of the primitive, the parameter, or "tracked tensor". */
  @Override
  public String toString() {
    return label;
  }
}
