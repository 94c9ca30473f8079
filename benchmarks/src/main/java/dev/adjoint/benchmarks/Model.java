package dev.adjoint.benchmarks;

import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a row computes in Adjoint, and all numbers that it computes on.
 *
 * @param layer whose parameters are differentiated or learned, or null
 * @param inputs that are differentiated too, unless a step is taken
 * @param indices such as labels, or null
 * @param forward computes the output from the inputs
 */
record Model(
    @Nullable Layer layer,
    List<Tensor> inputs,
    @Nullable IntTensor indices,
    Function<List<Tensor>, Tensor> forward) {

  /** Returns the model of a layer of one input, or of a function. */
  static Model of(Transform function, Tensor x) {
    Layer layer = function instanceof Layer made ? made : null;
    return new Model(layer, List.of(x), null, in -> function.forward(in.getFirst()));
  }

  static Model of(BinaryOperator<Tensor> function, Tensor a, Tensor b) {
    return new Model(null, List.of(a, b), null, in -> function.apply(in.get(0), in.get(1)));
  }
}
