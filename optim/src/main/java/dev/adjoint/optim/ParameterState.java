package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Buffers;
import dev.adjoint.tensor.DType;
import java.util.HashMap;
import java.util.Map;

/** Holds what an optimizer remembers of one parameter from step to step. */
final class ParameterState {

  private final Parameter parameter;
  private final Map<String, Object> arrays = new HashMap<>();
  private int steps;

  ParameterState(Parameter parameter) {
    this.parameter = parameter;
  }

  Parameter parameter() {
    return parameter;
  }

  int size() {
    return parameter.shape().size();
  }

  /** Counts a step and returns how many there have been: 1 in the first. */
  int nextStep() {
    return ++steps;
  }

  /** Returns the array of this name, as long as the parameter; zeros at first. */
  Object zerosAtFirst(String name) {
    return arrays.computeIfAbsent(
        name,
        absent ->
            parameter.dtype() == DType.FLOAT32
                ? Buffers.zeroedFloats(size())
                : Buffers.zeroedDoubles(size()));
  }

  UpdateLoops loops() {
    return parameter.dtype() == DType.FLOAT32
        ? FloatUpdateLoops.INSTANCE
        : DoubleUpdateLoops.INSTANCE;
  }
}
