package dev.adjoint.onnx;

import dev.adjoint.onnx.Proto.Attribute;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the nodes of a block see by name: what is of the block, then what is around it.
 *
 * @param given the attributes of the node whose function runs
 */
record Scope(
    Block block, @Nullable Scope outer, Map<String, Attribute> given, Map<String, Item> items) {

  static Scope of(Block block, Map<String, Attribute> given) {
    return new Scope(block, null, given, new HashMap<>());
  }

  /** Returns the scope of a graph inside of a node. */
  Scope inside(Block inner) {
    return new Scope(inner, this, given, new HashMap<>());
  }

  /** Adds the inputs of the block; returns this. */
  Scope with(List<? extends @Nullable Item> inputs) {
    for (int i = 0; i < Math.min(inputs.size(), block.inputs().size()); i++) {
      Item input = inputs.get(i);
      if (input != null) {
        items.put(block.inputs().get(i), input);
      }
    }
    return this;
  }

  @Nullable Item get(String name) {
    for (Scope scope = this; scope != null; scope = scope.outer) {
      Item item = scope.items.get(name);
      if (item != null) {
        return item;
      }
    }
    return null;
  }
}
