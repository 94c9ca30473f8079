package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;

/** Connects results to the graph: every operation of the engine passes through {@link #record}. */
public final class Recorder {

  private Recorder() {}

  /** Computes a primitive and records it. */
  public static Tensor apply(Primitive primitive, Tensor... inputs) {
    return record(primitive.forward(inputs), primitive, inputs);
  }

  /**
   * Records a new, untracked tensor as the output of a primitive, if a gradient can flow to one of
   * the inputs.
   *
   * @return the output
   * @throws IllegalStateException if a parameter was updated while the output was computed from it
   */
  public static Tensor record(Tensor output, Primitive primitive, Tensor... inputs) {
    for (Tensor input : inputs) {
      if (!output.isViewOf(input)) {
        input.checkAfterReading();
      }
    }
    Mode mode = Mode.current();
    if (mode.detecting() && mode.site() == null) {
      Anomalies.checkForward(output, primitive, inputs);
    }
    if (mode.recording() && primitive.isDifferentiable()) {
      for (Tensor input : inputs) {
        if (input.isTracked()) {
          return output.madeBy(Node.of(primitive, inputs, mode.detecting() ? site(mode) : null));
        }
      }
    }
    return output;
  }

  private static String site(Mode mode) {
    String site = mode.site();
    return site != null ? site : Anomalies.userSite();
  }

  /**
   * Tells whether operations are being recorded; if not, a fused kernel may replace a composed
   * pullback.
   */
  public static boolean isOn() {
    return Mode.current().recording();
  }

  /**
   * Throws where reading out a tensor would silently cut the graph: in the recorded pullback of a
   * custom function.
   */
  public static void checkReadOut(Tensor tensor) {
    String function = Mode.current().sealedBy();
    if (function != null && tensor.isTracked()) {
      throw new IllegalStateException(
          ("%s: its pullback reads out a tensor (to an array or a number), so it cannot be"
                  + " differentiated again; expected a pullback in tensor operations, or a first-order"
                  + " backward()")
              .formatted(function));
    }
  }
}
