package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import java.util.IdentityHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the copies of what a layer consists of, while a layer is copied: each thing once, so
 * that what was shared is shared between the copies.
 *
 * <p>A layer of one's own says in {@link Layer#copy} how it is made of its parts:
 *
 * <pre>{@code
 * @Override
 * protected Classifier copy(Copies copies) {
 *   return new Classifier(copies.of(hidden), copies.of(output));
 * }
 * }</pre>
 */
public final class Copies {

  private final boolean forInference;
  private final IdentityHashMap<Object, Object> made = new IdentityHashMap<>();

  Copies(boolean forInference) {
    this.forInference = forInference;
  }

  /** Returns the copy of a layer, in the same mode. */
  public <L extends Layer> L of(L layer) {
    return once(
        layer,
        original -> {
          Layer copy = ((Layer) original).copy(this);
          if (copy.getClass() != original.getClass()) {
            throw new IllegalStateException(
                "%s: copy returned a %s; expected an object of the same class"
                    .formatted(
                        original.getClass().getSimpleName(), copy.getClass().getSimpleName()));
          }
          @SuppressWarnings("unchecked") // of the same class
          L same = (L) copy;
          same.setModes(original.isTraining(), forInference);
          return same;
        });
  }

  /** Returns the copy of a weight; a constant where the copy is for inference. */
  public Weight of(Weight weight) {
    return once(
        weight,
        w -> {
          if (forInference) {
            return Weight.constant(w.value().untracked());
          }
          Reparametrization by = w.reparametrization();
          if (by != null) {
            return Weight.computed(w.shape(), of(by));
          }
          if (!w.isParameter()) {
            return w;
          }
          Weight copy = Weight.learned(w.parameter().name(), w.value());
          if (w.parameter().isFrozen()) {
            copy.parameter().freeze();
          }
          return copy;
        });
  }

  /** Returns the copy of a weight, or null where there is none. */
  public @Nullable Weight ofNullable(@Nullable Weight weight) {
    return weight == null ? null : of(weight);
  }

  /** Returns the copy of a buffer. */
  public Buffer of(Buffer buffer) {
    return once(buffer, b -> new Buffer(b.current(), forInference));
  }

  /** Returns a generator that continues as the original would. */
  public Generator of(Generator generator) {
    return once(generator, Generator::copy);
  }

  /** Returns the copy of a layer with one input, or the function itself. */
  public Transform ofTransform(Transform transform) {
    return transform instanceof Layer layer ? (Transform) of(layer) : transform;
  }

  /** Tells whether the copy will only be used, not trained. */
  boolean areForInference() {
    return forInference;
  }

  @SuppressWarnings("unchecked") // what is made of a T is a T
  private <T> T once(T original, Function<T, T> copy) {
    Object known = made.get(original);
    if (known == null) {
      known = copy.apply(original);
      made.put(original, known);
    }
    return (T) known;
  }
}
