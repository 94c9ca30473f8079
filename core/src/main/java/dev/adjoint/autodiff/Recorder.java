package dev.adjoint.autodiff;

import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import java.util.function.Supplier;

/** Adds results to the graph: every operation of the engine ends in {@link #record}. */
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
      if (output.ownStorage() != input.ownStorage()) {
        input.checkAfterReading();
      }
    }
    Mode mode = Mode.current();
    Trace trace = mode.trace();
    if (trace != null) {
      trace.step(output, primitive, inputs);
    }
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

  /** Runs a function whose steps a trace sees. */
  public static <T> T traced(Trace trace, Supplier<T> function) {
    return Mode.traced(trace).call(function::get);
  }

  /** Tells whether a function is being traced: then it does all that it does step by step. */
  public static boolean isTracing() {
    return Mode.current().trace() != null;
  }

  /**
   * Throws where reading out a tensor would silently cut the graph: in a traced function, and in
   * the recorded pullback of a custom function.
   */
  public static void checkReadOut(Tensor tensor) {
    Mode mode = Mode.current();
    Trace trace = mode.trace();
    if (trace != null && trace.isVariable(tensor)) {
      throw new IllegalArgumentException(
          ("%s: reads out a tensor (to a number, an array or a text), but an elementwise function"
                  + " is run once, on samples, to learn its steps; expected operations on tensors"
                  + " only, such as where(...) for a choice")
              .formatted(trace.name()));
    }
    String function = mode.sealedBy();
    if (function != null && tensor.isTracked()) {
      throw new IllegalStateException(
          ("%s: its pullback reads out a tensor (to an array or a number), so it cannot be"
                  + " differentiated again; expected a pullback in tensor operations, or a first-order"
                  + " backward()")
              .formatted(function));
    }
  }

  /** Throws in a traced function, where a replayed value would be constant from then on. */
  static void checkReplayed() {
    Trace trace = Mode.current().trace();
    if (trace != null) {
      throw new IllegalArgumentException(
          ("%s: draws random numbers or stops a gradient, which happens once, when an elementwise"
                  + " function is traced; expected such a tensor as another input")
              .formatted(trace.name()));
    }
  }
}
