package dev.adjoint.testing;

import dev.adjoint.nn.Layer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Names the two ways in which a layer behaves. */
enum LayerMode {
  TRAINING("training mode"),
  EVAL("eval mode");

  private final String label;

  LayerMode(String label) {
    this.label = label;
  }

  /** Runs an action with a layer, and those inside, in this mode; each gets its own mode back. */
  <T> T call(Layer layer, Supplier<T> action) {
    List<Runnable> restore = new ArrayList<>();
    remember(layer, restore);
    set(layer, this == TRAINING);
    try {
      return action.get();
    } finally {
      restore.forEach(Runnable::run);
    }
  }

  /** Lists a layer before those inside: setting its mode sets theirs. */
  private static void remember(Layer layer, List<Runnable> restore) {
    boolean training = layer.isTraining();
    restore.add(() -> set(layer, training));
    layer.children().values().forEach(child -> remember(child, restore));
  }

  private static void set(Layer layer, boolean training) {
    if (training) {
      layer.train();
    } else {
      layer.eval();
    }
  }

  @Override
  public String toString() {
    return label;
  }
}
