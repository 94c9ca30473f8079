package dev.adjoint.op;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.kernel.Span;
import dev.adjoint.kernel.StridedCopy;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that grows along an axis, such as the keys and values of a text while it is written.
 *
 * <p>To append costs as much as what is appended, but for a copy each time that the length has
 * doubled. Tensors returned before stay as they are: what is appended lies behind them.
 */
public final class GrowingTensor {

  private static final int LEAST = 16;

  private final String name;
  private final int axis;
  private final int capacity;
  private @Nullable Tensor memory;
  private int length;

  /**
   * Creates an empty one.
   *
   * @param name for messages
   * @param axis along which it grows; negative ones count from the last
   * @param capacity the greatest length
   */
  public GrowingTensor(String name, int axis, int capacity) {
    this.name = name;
    this.axis = axis;
    this.capacity = capacity;
  }

  /** Returns the length along the axis. */
  public int length() {
    return length;
  }

  /**
   * Appends a tensor along the axis.
   *
   * @return all that was appended so far, untracked
   * @throws IllegalStateException if the capacity is exceeded, or a gradient could flow to the
   *     tensor: none flows through memory that is written in place
   * @throws IllegalArgumentException if the type or another size is not that of what is there
   */
  public Tensor append(Tensor x) {
    int along = x.shape().axis(name, axis);
    int added = x.size(along);
    if (Recorder.isOn() && x.isTracked()) {
      throw new IllegalStateException(
          "%s: a tensor of shape %s to which gradients could flow; expected Autodiff.noGrad around the computation, or constant parameters"
              .formatted(name, x.shape()));
    }
    if (added > capacity - length) {
      throw new IllegalStateException(
          "%s: %d more after %d; expected a capacity of at least %d, which is %d"
              .formatted(name, added, length, length + added, capacity));
    }
    Tensor all = roomFor(length + added, x, along);
    Tensor source = Engine.packed(x);
    int[] strides = all.strides();
    Span to = new Span(Engine.array(all), all.offset() + length * strides[along]);
    StridedCopy.SCATTER.run(source.shape().toArray(), Engine.span(source), to, strides);
    x.checkAfterReading();
    length += added;
    return all.slice(along, 0, length);
  }

  private Tensor roomFor(int needed, Tensor x, int along) {
    Tensor old = memory;
    if (old == null) {
      Tensor first = room(needed, x, along);
      memory = first;
      return first;
    }
    if (old.dtype() != x.dtype() || !old.shape().with(along, 1).equals(x.shape().with(along, 1))) {
      throw new IllegalArgumentException(
          "%s: %s of shape %s after %s of shape %s; expected one that differs along axis %d only"
              .formatted(
                  name, x.dtype(), x.shape(), old.dtype(), old.shape().with(along, length), along));
    }
    if (needed <= old.size(along)) {
      return old;
    }
    Tensor larger = room(needed, x, along);
    Tensor kept = Contiguous.pack(old.slice(along, 0, length));
    Span to = new Span(Engine.array(larger), 0);
    StridedCopy.SCATTER.run(kept.shape().toArray(), Engine.span(kept), to, larger.strides());
    memory = larger;
    return larger;
  }

  /** Returns memory for twice as much as is needed, unless that were too much; it stays. */
  private Tensor room(int needed, Tensor x, int along) {
    int size = (int) Math.min(Math.max(LEAST, 2L * needed), capacity);
    Shape shape = x.shape().with(name, along, size);
    Tensor room = Engine.tensor(Engine.uninitialized(x.dtype(), shape.size()), x.dtype(), shape);
    room.storage().keep();
    return room;
  }
}
