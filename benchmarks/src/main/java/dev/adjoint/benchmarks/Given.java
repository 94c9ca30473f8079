package dev.adjoint.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.jspecify.annotations.Nullable;

/** Holds libtorch's tensors of the numbers in a {@link Model}. */
final class Given {

  private final List<Tensor> inputs;
  private final @Nullable Tensor indices;
  private final Map<String, Tensor> state;
  private final Map<String, TensorOptional> optional = new LinkedHashMap<>();
  private final TensorOptional none = new TensorOptional();

  Given(List<Tensor> inputs, @Nullable Tensor indices, Map<String, Tensor> state) {
    this.inputs = inputs;
    this.indices = indices;
    this.state = state;
    state.forEach((name, tensor) -> optional.put(name, new TensorOptional(tensor)));
  }

  /** Returns the first input. */
  Tensor x() {
    return inputs.getFirst();
  }

  Tensor x(int input) {
    return inputs.get(input);
  }

  Tensor indices() {
    return found(indices, "indices");
  }

  /** Returns a parameter or buffer of the layer by its path. */
  Tensor p(String name) {
    return found(state.get(name), name);
  }

  /** Returns the type of the inputs, for what is made beside them. */
  TensorOptions options() {
    return new TensorOptions(inputs.getFirst().dtype());
  }

  /** Returns what stands for no tensor. */
  TensorOptional none() {
    return none;
  }

  /** Returns a parameter or buffer of the layer as libtorch's functions take one. */
  TensorOptional w(String name) {
    return found(optional.get(name), name);
  }

  private <T> T found(@Nullable T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException("no %s; there are %s".formatted(name, state.keySet()));
    }
    return value;
  }
}
