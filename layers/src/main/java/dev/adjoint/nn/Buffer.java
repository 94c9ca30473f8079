package dev.adjoint.nn;

import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.function.UnaryOperator;

/**
 * A tensor that a layer remembers but does not train: running statistics, vectors of a power
 * iteration.
 *
 * <p>It is saved with the model, and no optimizer sees it. Gradient checks and rematerialization
 * read it as it was and leave it alone ({@link Replay}).
 */
public final class Buffer {

  private final boolean constant;
  private volatile Tensor value;

  Buffer(Tensor initial, boolean constant) {
    this.value = initial.untracked().copy();
    this.constant = constant;
  }

  /** Returns the current value, a constant. */
  public Tensor value() {
    return Replay.value(() -> value);
  }

  /**
   * Replaces the value by a function of it, unless the surrounding computation is only probed.
   *
   * <p>Threads that share a layer update one after another, so that no change is lost; their order,
   * and with it the last bits, is not fixed.
   */
  public void update(UnaryOperator<Tensor> change) {
    Replay.effect(() -> {
      synchronized (this) {
        assign(change.apply(value));
      }
    });
  }

  /**
   * Replaces the value.
   *
   * @param newValue of the same shape; converted to the type that the value has
   */
  public void assign(Tensor newValue) {
    if (constant) {
      throw new IllegalStateException(
          "this buffer of shape %s belongs to a layer made for inference, which does not change"
              .formatted(value.shape()));
    }
    if (!newValue.shape().equals(value.shape())) {
      throw new IllegalArgumentException(
          "assign: the buffer has shape %s, the new value %s; expected equal shapes"
              .formatted(value.shape(), newValue.shape()));
    }
    value = newValue.untracked().to(value.dtype()).copy();
  }

  /** Returns the value, and whether it is constant. */
  @Override
  public String toString() {
    return (constant ? "Buffer, constant: " : "Buffer: ") + value;
  }

  void to(DType dtype) {
    value = value.to(dtype).copy();
  }

  Tensor current() {
    return value;
  }
}
