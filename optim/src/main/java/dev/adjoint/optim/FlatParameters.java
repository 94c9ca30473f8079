package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Sees all elements of several parameters as one vector. */
final class FlatParameters {

  private final List<ParameterState> parameters;

  FlatParameters(List<ParameterState> parameters) {
    this.parameters = parameters;
  }

  /** Returns a copy of the values. */
  Tensor values() {
    return flat(state -> state.parameter().value().untracked());
  }

  /** Returns the gradient, 0 for parameters that took no part. */
  Tensor gradient(Gradients gradients) {
    return flat(state -> gradients.orZeros(state.parameter()).untracked());
  }

  /** Assigns a vector, whole or not at all; frozen parameters keep their values. */
  void assign(Tensor vector) {
    Map<Parameter, Tensor> values = new LinkedHashMap<>();
    int from = 0;
    for (ParameterState state : parameters) {
      int to = from + state.size();
      if (!state.parameter().isFrozen()) {
        values.put(state.parameter(), vector.slice(0, from, to).reshape(state.parameter().shape()));
      }
      from = to;
    }
    Parameter.assign(values);
  }

  /** Returns the parts of vectors (..., size) that belong to the parameters, by path. */
  Map<String, Tensor> split(Tensor vectors) {
    Map<String, Tensor> parts = new LinkedHashMap<>();
    int from = 0;
    for (ParameterState state : parameters) {
      int to = from + state.size();
      parts.put(state.path(), vectors.slice(-1, from, to).copy());
      from = to;
    }
    return parts;
  }

  /** Puts together what {@link #split} has taken apart. */
  Tensor join(Function<ParameterState, Tensor> part) {
    return Joining.concat(-1, parameters.stream().map(part).toArray(Tensor[]::new));
  }

  private Tensor flat(Function<ParameterState, Tensor> part) {
    return join(state -> part.apply(state).reshape(state.size()).copy());
  }
}
