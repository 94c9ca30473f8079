package dev.adjoint.training.data;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import java.util.function.Function;

/** Data sets of tensors with an example in each row. */
final class TensorDatasets {

  private TensorDatasets() {}

  /** Returns the number of examples in inputs and targets of these shapes. */
  static int number(Shape inputs, Shape targets) {
    if (inputs.rank() == 0 || targets.rank() == 0 || inputs.size(0) != targets.size(0)) {
      throw new IllegalArgumentException(
          "Dataset: inputs of shape %s and targets of shape %s; expected equal sizes along the first axis"
              .formatted(inputs, targets));
    }
    return inputs.size(0);
  }

  static <X, Y> Dataset<X, Y> dataset(
      int size, Function<IntTensor, X> inputs, Function<IntTensor, Y> targets) {
    return new Dataset<>() {
      @Override
      public int size() {
        return size;
      }

      @Override
      public Batch<X, Y> batch(IntTensor numbers) {
        return new Batch<>(inputs.apply(numbers), targets.apply(numbers), numbers.size());
      }
    };
  }
}
