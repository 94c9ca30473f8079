package dev.adjoint.autodiff;

import dev.adjoint.op.Pad;
import dev.adjoint.op.Primitive;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds the first NaN or infinity and says where it came from. */
final class Anomalies {

  private static final Set<String> ENGINE =
      Set.of("dev.adjoint.tensor", "dev.adjoint.autodiff", "dev.adjoint.op", "dev.adjoint.kernel");

  private static final String NAN = "NaN";

  private Anomalies() {}

  static void checkForward(Tensor output, Primitive primitive, Tensor[] inputs) {
    String bad = firstBad(output);
    if (bad != null && (bad.equals(NAN) || !wasGivenInfinity(primitive, inputs))) {
      throw new AnomalyException(
          "%s of %s gave %s, computed at %s"
              .formatted(primitive.title(), shapes(inputs), describe(output), userSite()));
    }
  }

  static void checkBackward(Tensor gradient, int input, Node node) {
    if (!isFinite(gradient)) {
      throw new AnomalyException(
          "the gradient of %s of %s with respect to its input %d has %s; the operation was computed at %s"
              .formatted(
                  node, shapes(node.sharedInputs()), input, describe(gradient), siteOf(node)));
    }
  }

  static String siteOf(Node node) {
    String site = node.site();
    return site == null ? "a line outside of detectAnomalies" : site;
  }

  /** Returns the innermost line outside of the engine. */
  static String userSite() {
    return StackWalker.getInstance()
        .walk(frames ->
            frames
                .filter(frame -> !isEngine(frame.getClassName()))
                .findFirst()
                .map(frame -> frame.toStackTraceElement().toString())
                .orElse("an unknown line"));
  }

  private static boolean isEngine(String className) {
    int dot = className.lastIndexOf('.');
    return className.startsWith("java.")
        || className.startsWith("jdk.")
        || (dot > 0 && ENGINE.contains(className.substring(0, dot)));
  }

  private static boolean wasGivenInfinity(Primitive primitive, Tensor[] inputs) {
    return primitive instanceof Pad pad && Double.isInfinite(pad.value())
        || !Arrays.stream(inputs).allMatch(Anomalies::isFinite);
  }

  private static boolean isFinite(Tensor tensor) {
    return firstBad(tensor) == null;
  }

  private static String describe(Tensor tensor) {
    return firstBad(tensor) + " in shape " + tensor.shape();
  }

  /** Returns what is not finite in a tensor: NaN before infinities; or null. */
  private static @Nullable String firstBad(Tensor tensor) {
    Examples<Tensor> examples = tensor.examples();
    if (examples != null) {
      return firstBad(examples.all());
    }
    double[] values =
        Recorder.mode().recording(false).detecting(false).call(tensor.untracked()::toDoubleArray);
    String bad = null;
    for (double value : values) {
      if (Double.isNaN(value)) {
        return NAN;
      }
      if (bad == null && Double.isInfinite(value)) {
        bad = value > 0 ? "infinity" : "-infinity";
      }
    }
    return bad;
  }

  private static String shapes(Tensor[] inputs) {
    return Arrays.stream(inputs)
        .map(t -> t.shape().toString())
        .collect(Collectors.joining(" and "));
  }
}
