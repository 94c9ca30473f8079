package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Finds out by the first gradients whether a training can train what it is to train. */
final class FirstStep {

  private FirstStep() {}

  /**
   * Compares what took part in the loss with the model and its optimizer.
   *
   * @throws IllegalStateException if something would stay as it is that nobody has frozen
   */
  static void check(Layer model, Optimizer optimizer, Gradients gradients) {
    Set<Parameter> own = Set.copyOf(model.parameters());
    List<Parameter> updated =
        optimizer.parameters().stream().filter(parameter -> !parameter.isFrozen()).toList();
    String stale =
        names(
            updated.stream()
                .filter(parameter -> !own.contains(parameter) && !gradients.contains(parameter))
                .toList());
    if (!stale.isEmpty()) {
      throw new IllegalStateException(
          "fit: the optimizer has %s, which the model has not and the loss does not depend on; expected the model's parameters, as they are after fold(), WeightNorm.on and the like"
              .formatted(stale));
    }
    if (updated.stream().noneMatch(gradients::contains)) {
      throw new IllegalStateException(
          "fit: the loss depends on none of the optimizer's parameters that are not frozen, which are %s; expected at least one"
              .formatted(updated.isEmpty() ? "none" : names(updated)));
    }
    Set<Parameter> all = Set.copyOf(optimizer.parameters());
    String strange =
        names(
            gradients.parameters().stream()
                .filter(parameter -> !own.contains(parameter) && !all.contains(parameter))
                .toList());
    if (!strange.isEmpty()) {
      throw new IllegalStateException(
          "fit: the loss depends on %s, which neither the model nor the optimizer has; expected child(...) around the layers of a layer, and freeze() where others are not to learn"
              .formatted(strange));
    }
  }

  private static String names(List<Parameter> parameters) {
    return parameters.stream()
        .map(parameter -> "'%s' of shape %s".formatted(parameter.name(), parameter.shape()))
        .collect(Collectors.joining(", "));
  }
}
