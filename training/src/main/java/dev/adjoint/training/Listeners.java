package dev.adjoint.training;

import com.google.common.base.Throwables;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells all listeners of a training the same, in their order. */
@SuppressWarnings("ReferenceEquality") // one and the same, not an equal one: listeners, failures
final class Listeners {

  private final List<TrainingListener> all = new ArrayList<>();

  void add(TrainingListener listener) {
    if (all.stream().anyMatch(other -> other == listener)) {
      throw new IllegalArgumentException(
          "listener: %s is one already; expected each once".formatted(listener));
    }
    all.add(listener);
  }

  List<TrainingListener> all() {
    return all;
  }

  /** Tells one after another, until one fails. */
  void tell(Consumer<TrainingListener> event) {
    all.forEach(event);
  }

  /** Tells every one, whatever those before throw; then throws the first of that. */
  void tellEach(Consumer<TrainingListener> event) {
    Throwable first = null;
    for (TrainingListener listener : all) {
      try {
        event.accept(listener);
      } catch (RuntimeException | Error e) {
        first = withSuppressed(first, e);
      }
    }
    if (first != null) {
      Throwables.throwIfUnchecked(first);
    }
  }

  private static Throwable withSuppressed(@Nullable Throwable first, Throwable next) {
    if (first == null || first == next) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }

  /** Tells every one of a failure, to which it adds what they throw. */
  void tellOfFailure(Training training, Throwable failure) {
    try {
      tellEach(listener -> listener.failed(training, failure));
    } catch (RuntimeException | Error e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }

  Tensor computeLoss(Supplier<Tensor> computation) {
    Supplier<Tensor> outer = computation;
    for (TrainingListener listener : all) {
      Supplier<Tensor> inner = outer;
      outer = () -> listener.computeLoss(inner);
    }
    return outer.get();
  }

  /** Measures, the first listener outermost. */
  void measure(Runnable measurement) {
    Runnable outer = measurement;
    for (TrainingListener listener : all.reversed()) {
      Runnable inner = outer;
      outer = () -> listener.measure(inner);
    }
    outer.run();
  }

  void update(Gradients gradients, Runnable update) {
    Runnable outer = update;
    for (TrainingListener listener : all) {
      Runnable inner = outer;
      outer = () -> listener.update(gradients, inner);
    }
    outer.run();
  }
}
