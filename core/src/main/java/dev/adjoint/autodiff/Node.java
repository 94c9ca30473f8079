package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Records how a tensor was computed: the primitive, its inputs, and a birth number.
 *
 * <p>An output is always born after its inputs, so descending birth order is a topological order of
 * the graph: backward needs no recursion and no tape.
 */
public final class Node {

  private static final AtomicLong BIRTHS = new AtomicLong();

  private final @Nullable Primitive primitive;
  private final Tensor[] inputs;
  private final String label;
  private final @Nullable String site;
  private final long birth = BIRTHS.incrementAndGet();

  private Node(
      @Nullable Primitive primitive, Tensor[] inputs, String label, @Nullable String site) {
    this.primitive = primitive;
    this.inputs = inputs;
    this.label = label;
    this.site = site;
  }

  /** Returns the node of a tensor that was not computed but whose gradient is wanted. */
  public static Node leaf() {
    return leaf("tracked tensor");
  }

  /** Returns the node of a leaf with a name for messages and drawings. */
  static Node leaf(String label) {
    return new Node(null, new Tensor[0], label, null);
  }

  /** Returns the node of a computed tensor. */
  static Node of(Primitive primitive, Tensor[] inputs, @Nullable String site) {
    return new Node(primitive, inputs, primitive.name(), site);
  }

  /**
   * Returns the birth number to come: every node born from now on has this number or a larger one.
   */
  static long nextBirth() {
    return BIRTHS.get() + 1;
  }

  /** Tells whether this is where gradients end: a parameter or a tracked tensor. */
  public boolean isLeaf() {
    return primitive == null;
  }

  /** Returns what computed the tensor; null for a leaf. */
  public @Nullable Primitive primitive() {
    return primitive;
  }

  /** Returns the inputs of the computation, in order. */
  public List<Tensor> inputs() {
    return List.of(inputs);
  }

  /** Returns the inputs themselves, shared. */
  Tensor[] sharedInputs() {
    return inputs;
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
