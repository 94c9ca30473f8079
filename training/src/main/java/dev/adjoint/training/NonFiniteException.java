package dev.adjoint.training;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import java.io.Serial;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;

/**
 * Thrown for a loss or gradient that is infinite or NaN; the message says where it began.
 *
 * <p>If it is a loss, a gradient or a running statistic, parameters and buffers are what they were
 * before the step. If it is a parameter, or what the optimizer remembers, then a step whose loss
 * and gradients were finite has led there, as with a learning rate that is too high; it is found at
 * the end of an epoch and before a checkpoint is saved, and the checkpoint before stays.
 */
public final class NonFiniteException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  private NonFiniteException(String message) {
    super(message);
  }

  /**
   * Returns the exception for a loss or a gradient; the loss is computed once more to see where it
   * begins.
   *
   * @param what as in {@code the loss}
   */
  public static NonFiniteException of(
      String what,
      double value,
      Position at,
      Layer model,
      Batch<?, ?> batch,
      Supplier<Tensor> loss) {
    return new NonFiniteException(
        "%s is %s at %s: %s".formatted(what, value, at, origin(model, batch, loss)));
  }

  /** Reports a buffer that a batch has spoiled. */
  static NonFiniteException ofBuffer(String path, Position at) {
    return new NonFiniteException(
        "the buffer '%s' would not be finite after %s: the loss and the gradients are, but a statistic of the batch is beyond its type, as is the square of a float32 above 1.8e19"
            .formatted(path, at));
  }

  /** Reports what steps have spoiled that were themselves finite. */
  static NonFiniteException ofState(
      Position next, List<String> spoiled, List<String> remembered, String resumption) {
    List<String> reasons = new ArrayList<>();
    if (!spoiled.isEmpty()) {
      reasons.add("these are not finite in the model: " + String.join(", ", spoiled));
    }
    if (!remembered.isEmpty()) {
      reasons.add(
          "these are not finite in the optimizer, which never moves their elements again (the"
              + " square of a float32 gradient above 1.8e19 is beyond float32): "
              + String.join(", ", remembered));
    }
    return new NonFiniteException(
        "before %s %s; %s".formatted(next, String.join("; ", reasons), resumption));
  }

  private static String origin(Layer model, Batch<?, ?> batch, Supplier<Tensor> loss) {
    if (batch.inputs() instanceof Tensor inputs && !Finite.isFinite(inputs)) {
      return "the inputs of the batch are not finite";
    }
    if (batch.targets() instanceof Tensor targets && !Finite.isFinite(targets)) {
      return "the targets of the batch are not finite";
    }
    List<String> parameters = new ArrayList<>();
    model
        .namedParameters()
        .forEach((path, parameter) -> {
          if (!Finite.isFinite(parameter.value())) {
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
                  if (layers.isEmpty() && !Finite.isFinite(output)) {
                    layers.add(
                        "'%s' (%s)".formatted(paths.getOrDefault(layer, ""), layer.headline()));
                  }
                  return output;
                },
                loss);
    // Probed, so that running statistics and generators stay as they are.
    Tensor again = Replay.probing().run(() -> Autodiff.noGrad(observed));
    if (!layers.isEmpty()) {
      return "the first layer whose output is not finite is " + layers.getFirst();
    }
    return Finite.isFinite(again)
        ? "all outputs of layers and the loss are finite; Autodiff.detectAnomalies names the"
            + " operation whose gradient is not"
        : "all outputs of layers are finite, and the loss computed from them is not";
  }
}
