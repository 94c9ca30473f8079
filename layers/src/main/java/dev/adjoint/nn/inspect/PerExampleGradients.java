package dev.adjoint.nn.inspect;

import com.google.common.collect.Streams;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Vmap;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Computes the gradient of each example of a batch by itself, as for noise scales, influence, or
 * private training.
 *
 * <pre>{@code
 * Map<String, Tensor> g = PerExampleGradients.of(model, 64, example ->
 *     Losses.crossEntropy(model.forward(example.batch(images)), example.batch(classes)));
 * Tensor norms = g.get("hidden.weight").norm(2, 1, 2); // of shape (64)
 * }</pre>
 */
public final class PerExampleGradients {

  private PerExampleGradients() {}

  /**
   * Returns the gradients of every parameter that is not frozen, for all examples at once.
   *
   * <p>A model whose result for one example depends on the others, or on random numbers, has no
   * such gradients: batch norms in training mode and dropout are refused; in eval mode both give
   * what a loop over the examples gives.
   *
   * @param examples how many there are
   * @param loss of one example, a scalar, called once; see {@link Vmap} for what it may do
   * @return by path, each of shape (examples, parameter's axes...); zeros for a parameter that
   *     takes no part
   * @throws IllegalStateException if the loss cannot be computed for all examples at once
   */
  public static Map<String, Tensor> of(
      Layer model, int examples, Function<Vmap.Example, Tensor> loss) {
    Map<String, Parameter> parameters = new LinkedHashMap<>(model.namedParameters());
    parameters.values().removeIf(Parameter::isFrozen);
    List<Tensor> gradients =
        Vmap.mapAll(
            examples,
            example -> {
              Gradients g = loss.apply(example).backward();
              return parameters.values().stream().map(g::orZeros).toList();
            });
    Map<String, Tensor> byName = new LinkedHashMap<>();
    Streams.forEachPair(parameters.keySet().stream(), gradients.stream(), byName::put);
    return byName;
  }
}
