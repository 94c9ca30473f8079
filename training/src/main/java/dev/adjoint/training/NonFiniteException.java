package dev.adjoint.training;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Held;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import java.io.Serial;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;

/**
 * Reports a loss or gradient that is infinite or not a number, and where that began. The parameters
 * are what they were before the step.
 */
public final class NonFiniteException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  private NonFiniteException(String message) {
    super(message);
  }

  /** Computes the loss once more to see where it begins. */
  static NonFiniteException of(
      String what, double value, Position at, Layer model, Object inputs, Supplier<Tensor> loss) {
    return new NonFiniteException(
        "%s is %s at %s: %s".formatted(what, value, at, origin(model, inputs, loss)));
  }

  private static String origin(Layer model, Object inputs, Supplier<Tensor> loss) {
    if (inputs instanceof Tensor tensor && !isFinite(tensor)) {
      return "the inputs of the batch are not finite";
    }
    List<String> parameters = new ArrayList<>();
    model
        .namedParameters()
        .forEach((path, parameter) -> {
          if (!isFinite(parameter.value())) {
            parameters.add(path);
          }
        });
    if (!parameters.isEmpty()) {
      return "these parameters are not finite: " + String.join(", ", parameters);
    }
    List<String> layers = new ArrayList<>();
    IdentityHashMap<Layer, String> paths = new IdentityHashMap<>();
    model.namedLayers().forEach((path, layer) -> paths.put(layer, path));
    Supplier<Tensor> observed =
        () ->
            Layer.observe(
                (layer, output) -> {
                  if (layers.isEmpty() && !isFinite(output)) {
                    layers.add(
                        "'%s' (%s)".formatted(paths.getOrDefault(layer, ""), layer.headline()));
                  }
                  return output;
                },
                loss);
    // Probed, so that running statistics and generators stay as they are.
    Tensor again = Held.probing().run(() -> Autodiff.noGrad(observed));
    if (!layers.isEmpty()) {
      return "the first layer whose output is not finite is " + layers.getFirst();
    }
    return isFinite(again)
        ? "all outputs of layers and the loss are finite; Autodiff.detectAnomalies names the"
            + " operation whose gradient is not"
        : "all outputs of layers are finite, and the loss computed from them is not";
  }

  private static boolean isFinite(Tensor tensor) {
    return tensor.untracked().isFinite().min().item() == 1;
  }
}
