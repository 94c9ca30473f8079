package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import java.util.IdentityHashMap;
import java.util.function.Function;

/**
 * Hands out the copies of what a layer consists of, while a layer is copied: each thing once, so
 * that what was shared is shared between the copies.
 */
class Copies {

  private final boolean forInference;
  private final IdentityHashMap<Object, Object> made = new IdentityHashMap<>();

  Copies(boolean forInference) {
    this.forInference = forInference;
  }

  /** Returns the copy of a part of a layer, or the part itself if it never changes. */
  Object ofPart(Object part) {
    return switch (part) {
      case Layer layer -> of(layer);
      case Weight weight -> of(weight);
      case Buffer buffer -> once(buffer, b -> new Buffer(b.current(), forInference));
      case Generator generator -> once(generator, Generator::copy);
      default -> part;
    };
  }

  /** Returns the copy of a layer, in the same mode. */
  <L extends Layer> L of(L layer) {
    return once(
        layer,
        original -> {
          Object copy = describe(original).make();
          if (copy.getClass() != original.getClass()) {
            throw new IllegalStateException(
                "%1$s: its copy is a %2$s; expected Description.of(%1$s::new) in its constructors"
                    .formatted(original.type(), copy.getClass().getSimpleName()));
          }
          @SuppressWarnings("unchecked") // of the same class
          L same = (L) copy;
          same.setModes(original.isTraining(), forInference);
          return same;
        });
  }

  /** Describes the copy of a layer. */
  Description describe(Layer original) {
    return original.describe(this);
  }

  private Weight of(Weight weight) {
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
