package dev.adjoint.training.data;

import dev.adjoint.tensor.IntTensor;
import java.util.Arrays;

/** Some of the examples of another data set. */
record Subset<X, Y>(Dataset<X, Y> whole, IntTensor numbers) implements Dataset<X, Y> {

  @Override
  public int size() {
    return numbers.size();
  }

  @Override
  public String description() {
    return "%s (%08x) of %s"
        .formatted(size(), Arrays.hashCode(numbers.toArray()), whole.description());
  }

  @Override
  public String toString() {
    return "%s of %s".formatted(size(), whole);
  }

  @Override
  public Batch<X, Y> batch(IntTensor some) {
    return whole.batch(numbers.indexSelect(some));
  }
}
