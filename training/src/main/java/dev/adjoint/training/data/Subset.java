package dev.adjoint.training.data;

import dev.adjoint.tensor.IntTensor;

/** Gives some of the examples of another data set. */
record Subset<X, Y>(Dataset<X, Y> whole, IntTensor numbers) implements Dataset<X, Y> {

  @Override
  public int size() {
    return numbers.size();
  }

  @Override
  public Batch<X, Y> batch(IntTensor some) {
    return whole.batch(numbers.indexSelect(some));
  }
}
