package dev.adjoint.onnx;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a name stands for while a model runs: a tensor, a sequence, or an optional without one. */
sealed interface Item permits Value, Item.Sequence, Item.Nothing {

  /** Returns what this is, for messages. */
  static String kind(@Nullable Item item) {
    return switch (item) {
      case Value value -> "a tensor of shape " + value.shape();
      case Sequence sequence -> "a sequence of " + sequence.items.size();
      case Nothing _ -> "an empty optional";
      case null -> "nothing";
    };
  }

  /** A sequence, of tensors or of sequences. */
  record Sequence(List<Item> items) implements Item {}

  /** An optional that is empty; a full one is what it holds. */
  enum Nothing implements Item {
    EMPTY
  }
}
