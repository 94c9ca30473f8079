package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A node of the graph: the primitive that computed a tensor, its inputs, and a birth number.
 *
 * <p>An output is always born after its inputs, so descending birth order is a topological order of
 * the graph: backward needs no recursion and no tape.
 */
public final class Node {

  private final @Nullable Primitive primitive;
  private final Tensor[] inputs;
  private final @Nullable Parameter parameter;
  private final @Nullable String site;
  private final long birth;

  /** What a node of a checkpoint stands for, if a graph that is kept has been built on it. */
  private volatile @Nullable Node replay;

  Node(
      @Nullable Primitive primitive,
      Tensor[] inputs,
      @Nullable Parameter parameter,
      @Nullable String site) {
    this.primitive = primitive;
    this.inputs = inputs;
    this.parameter = parameter;
    this.site = site;
    this.birth = Recorder.mode().births().next(inputs);
  }

  /** Returns the node of a tensor that was not computed but whose gradient is wanted. */
  public static Node leaf() {
    return leaf(null);
  }

  /** Returns the node of the values of a parameter. */
  static Node leaf(@Nullable Parameter parameter) {
    return new Node(null, new Tensor[0], parameter, null);
  }

  /** Tells whether this is where gradients end: a parameter or a tracked tensor. */
  public boolean isLeaf() {
    return primitive == null;
  }

  /** Tells whether this is the leaf of a parameter. */
  public boolean isParameter() {
    return parameter != null;
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

  Tensor[] sharedInputs() {
    return inputs;
  }

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

  /** A number that is there already: that of an object is made when first asked for, slowly. */
  @Override
  public int hashCode() {
    return Long.hashCode(birth);
  }

  /** Returns the name of the primitive, the parameter, or "tracked tensor". */
  @Override
  public String toString() {
    return primitive != null
        ? primitive.title()
        : parameter != null ? parameter.name() : "tracked tensor";
  }

  /**
   * The source of birth numbers: every output has a larger number than its inputs.
   *
   * <p>Nodes of a computation that is run again take the numbers that those of its first run had.
   * So they stand among all others where the first ones stood, and gradients are added up in the
   * same order (ADR 14).
   */
  static final class Births {

    static final Births ALL = new Births(0, Long.MAX_VALUE);

    private final AtomicLong last;
    private final long end;

    private Births(long last, long end) {
      this.last = new AtomicLong(last);
      this.end = end;
    }

    /** Returns the numbers of a computation whose first run had those from start, below end. */
    static Births again(long start, long end) {
      return new Births(start - 1, end);
    }

    /** Returns the number of a new node: larger than those of its inputs. */
    long next(Tensor[] inputs) {
      if (this == ALL) {
        return last.incrementAndGet();
      }
      long youngest =
          0; // an input may come from the first run, which made more nodes than this one
      for (Tensor input : inputs) {
        Node source = input.node();
        youngest = source == null ? youngest : Math.max(youngest, source.birth());
      }
      long older = youngest;
      long number = last.updateAndGet(before -> Math.max(before, older) + 1);
      return number < end ? number : ALL.next(inputs);
    }

    /** Returns a number that no node has yet: those born from now on have it or a larger one. */
    long upcoming() {
      return last.get() + 1;
    }
  }
}
