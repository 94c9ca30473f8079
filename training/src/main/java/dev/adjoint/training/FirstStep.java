package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds out by the first gradients whether a training can train what it is to train. */
final class FirstStep {

  private FirstStep() {}

  /**
   * Compares what took part in the loss with what the optimizer updates.
   *
   * @throws IllegalStateException if something would stay as it is that nobody has frozen
   */
  static void check(Layer model, Optimizer optimizer, Gradients gradients) {
    Set<Parameter> own = Set.copyOf(model.parameters());
    Set<Parameter> all = Set.copyOf(optimizer.parameters());
    List<Parameter> updated =
        optimizer.parameters().stream().filter(parameter -> !parameter.isFrozen()).toList();
    require(
        updated.stream()
            .filter(parameter -> !own.contains(parameter) && !gradients.contains(parameter)),
        "the optimizer has %s, which the model has not and the loss does not depend on; expected"
            + " the model's parameters, as they are after fold(), WeightNorm.on and the like");
    require(
        gradients.parameters().stream().filter(parameter -> !all.contains(parameter)),
        "the loss depends on %s, which the optimizer does not update; expected all parameters of"
            + " the model, as they are after WeightNorm.on and the like, child(...) around the"
            + " layers of a layer, and freeze() for what is not to learn");
    require(
        updated.stream().noneMatch(gradients::contains) ? updated.stream() : Stream.of(),
        "the loss depends on none of the optimizer's parameters, which are %s; expected at least"
            + " one");
  }

  private static void require(Stream<Parameter> faulty, String message) {
    String names =
        faulty
            .map(parameter -> "'%s' of shape %s".formatted(parameter.name(), parameter.shape()))
            .collect(Collectors.joining(", "));
    if (!names.isEmpty()) {
      throw new IllegalStateException("fit: " + message.formatted(names));
    }
  }
}
