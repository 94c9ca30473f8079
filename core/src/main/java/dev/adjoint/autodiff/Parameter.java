package dev.adjoint.autodiff;

import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A trainable tensor, with a name.
 *
 * <p>{@link #value()} is what a computation reads. An optimizer replaces it, in place: from then on
 * every tensor that was read before refuses to be read with a message that names this parameter,
 * and so does a backward pass that needs its elements. A computation that was reading them
 * meanwhile, in another thread, is refused too. So nothing is ever silently computed from a mixture
 * of old and new values. A backward pass that reads none of the old values, such as that of a sum,
 * is still correct and continues.
 */
public final class Parameter {

  private final String name;
  private final Node leaf;
  private Storage storage;
  private volatile Tensor value;
  private volatile boolean frozen;

  /**
   * Creates a parameter.
   *
   * @param name how messages call it, as in {@code hidden.weight}
   * @param initial its first value, which is copied
   */
  public Parameter(String name, Tensor initial) {
    this.name = name;
    Tensor copy = initial.untracked().copy();
    this.storage = copy.storage();
    this.leaf = Node.leaf(this);
    this.value = copy.madeBy(leaf);
  }

  /** Returns the current value: tracked, or a constant while frozen. */
  public Tensor value() {
    Tensor current = value;
    return frozen ? current.untracked() : current;
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Returns the shape, which never changes. */
  public Shape shape() {
    return value.shape();
  }

  /** Returns the type, which only {@link #to} changes. */
  public DType dtype() {
    return value.dtype();
  }

  /** Makes this a constant: no gradient is computed for it, and optimizers skip it. */
  public void freeze() {
    frozen = true;
  }

  /** Makes this trainable again. */
  public void unfreeze() {
    frozen = false;
  }

  /** Tells whether this is a constant for now. */
  public boolean isFrozen() {
    return frozen;
  }

  /**
   * Replaces the value.
   *
   * @param newValue a tensor of the same shape, converted to the parameter's type
   */
  public void assign(Tensor newValue) {
    assignment(newValue).run();
  }

  /**
   * Replaces the values of several parameters: of all, or, if one does not fit or memory runs out,
   * of none.
   *
   * @param newValues tensors of the same shapes, converted to the parameters' types
   */
  public static void assign(Map<Parameter, Tensor> newValues) {
    List<Runnable> assignments = new ArrayList<>();
    newValues.forEach((parameter, value) -> assignments.add(parameter.assignment(value)));
    assignments.forEach(Runnable::run);
  }

  /** Reads a new value; returns what puts it into place. */
  private Runnable assignment(Tensor newValue) {
    if (!newValue.shape().equals(shape())) {
      throw new IllegalArgumentException(
          "assign: parameter '%s' has shape %s, the new value %s; expected equal shapes"
              .formatted(name, shape(), newValue.shape()));
    }
    Tensor converted = newValue.untracked().to(dtype()).contiguous();
    Tensor own = converted.ownStorage() == newValue.ownStorage() ? converted.copy() : converted;
    Object from = own.storage().array();
    return () -> update(array -> System.arraycopy(from, own.offset(), array, 0, own.size()));
  }

  /**
   * Changes the elements in place, for optimizers.
   *
   * <p>If the change throws, the parameter can be read as before, with what has been written until
   * then: compute and allocate first, and write last, so that an update happens whole or not at
   * all.
   *
   * @param change receives the {@code float[]} or {@code double[]} with the elements in order
   */
  public synchronized void update(Consumer<Object> change) {
    Tensor next = Tensor.upcoming(storage, dtype(), shape()).madeBy(leaf);
    invalidate("updated", "update");
    try {
      change.accept(storage.array());
    } finally {
      value = next;
    }
  }

  /**
   * Changes the type and converts the elements; nothing happens if it is this type already.
   *
   * <p>This remains the same parameter: gradients are still asked for by it. Tensors that were read
   * from it before refuse to be read, as after an update. Convert before an optimizer's first step,
   * since its state keeps the type.
   */
  public synchronized void to(DType dtype) {
    if (dtype == dtype()) {
      return;
    }
    Tensor converted = value.untracked().to(dtype).copy().madeBy(leaf);
    invalidate("converted to " + dtype, "conversion");
    storage = converted.storage();
    value = converted;
  }

  private void invalidate(String done, String event) {
    // Joined, not formatted: to format takes longer than to update a few hundred elements.
    String happened =
        "parameter '" + name + "' was " + done + " after this tensor was read from it";
    String expected = name + ".value(), or a copy() made before the " + event;
    storage.invalidate(
        happened
            + ", so the tensor's elements are gone; expected a new forward pass with "
            + expected);
  }

  Node leaf() {
    return leaf;
  }

  /** Returns a string with name, shape, type and values, as a tensor's. */
  @Override
  public String toString() {
    return "Parameter " + name + (frozen ? ", frozen: " : ": ") + value.untracked();
  }
}
