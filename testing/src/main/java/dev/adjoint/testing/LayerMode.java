package dev.adjoint.testing;

import dev.adjoint.nn.Layer;
import java.util.function.Supplier;

/** The mode of a layer. */
enum LayerMode {
  TRAINING("training mode"),
  EVAL("eval mode");

  private final String label;

  LayerMode(String label) {
    this.label = label;
  }

  /** Runs an action with a layer, and those inside, in this mode; each gets its own mode back. */
  <T> T call(Layer layer, Supplier<T> action) {
    return this == TRAINING ? layer.inTraining(action) : layer.inEval(action);
  }

  @Override
  public String toString() {
    return label;
  }
}
