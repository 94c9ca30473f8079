package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import java.util.IdentityHashMap;

/**
 * Hands out the copies of what a layer consists of, while a layer is copied: each thing once, so
 * that what was shared is shared between the copies.
 */
class Copies {

  /** Whether the copy will only be used, not trained. */
  final boolean forInference;

  private final IdentityHashMap<Object, Object> made = new IdentityHashMap<>();

  Copies(boolean forInference) {
    this.forInference = forInference;
  }

  /** Returns the copy of a layer or a part of one, or the part itself if it never changes. */
  @SuppressWarnings("unchecked") // the copy of a T is a T
  <T> T of(T part) {
    Object copy = made.get(part);
    if (copy == null) {
      copy =
          switch (part) {
            case Layer layer -> copy(layer);
            case Weight weight -> copy(weight);
            case Buffer buffer -> new Buffer(buffer.current(), forInference);
            case Generator generator -> generator.copy();
            default -> part;
          };
      made.put(part, copy);
    }
    return (T) copy;
  }

  /** Returns a layer in the same mode. */
  private Layer copy(Layer original) {
    Object copy = describe(original).make();
    if (copy.getClass() != original.getClass()) {
      throw new IllegalStateException(
          "%1$s: its copy is a %2$s; expected Description.of(%1$s::new) in its constructors"
              .formatted(original.type(), copy.getClass().getSimpleName()));
    }
    Layer same = (Layer) copy;
    same.setModes(original.isTraining(), forInference);
    return same;
  }

  Description describe(Layer original) {
    return original instanceof Sequential sequential
        ? sequential.describeCopy(this)
        : original.describe(this::of);
  }

  private Weight copy(Weight weight) {
    if (forInference) {
      return Weight.constant(weight.value().untracked());
    }
    Reparametrization by = weight.reparametrization();
    if (by != null) {
      return new Weight(weight.shape(), of(by));
    }
    if (!weight.isParameter()) {
      return weight;
    }
    Weight copy = Weight.learned(weight.parameter().name(), weight.value());
    if (weight.parameter().isFrozen()) {
      copy.parameter().freeze();
    }
    return copy;
  }
}
