package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.DataLoader;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds out in the first step, or before, whether a training can train what it is to train. */
final class FirstStep {

  private FirstStep() {}

  /** Throws if there is nothing to learn from, or to measure. */
  static void requireBatches(String what, DataLoader<?, ?> data) {
    if (data.batches() == 0) {
      throw new IllegalArgumentException("%s: no batch in %s; expected one".formatted(what, data));
    }
  }

  /** Returns a loss after a check that it is one. */
  static Tensor requireScalar(@Nullable Tensor loss) {
    Objects.requireNonNull(loss, "fit: the loss is null; expected a scalar");
    if (loss.rank() != 0 && loss.shape().size() != 1) {
      throw new IllegalArgumentException(
          "fit: a loss of shape %s; expected a scalar, such as the mean over the examples"
              .formatted(loss.shape()));
    }
    return loss;
  }

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
