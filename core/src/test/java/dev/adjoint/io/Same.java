package dev.adjoint.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Map;

/** Asserts that tensors are the same in everything that a file has to keep. */
final class Same {

  private Same() {}

  static void assertSame(Tensor actual, Tensor expected) {
    assertThat(actual.dtype()).isEqualTo(expected.dtype());
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(actual.toDoubleArray()).isEqualTo(expected.toDoubleArray());
  }

  /** Names, their order, and tensors. */
  static void assertSame(Map<String, Tensor> actual, Map<String, Tensor> expected) {
    assertThat(new ArrayList<>(actual.keySet())).isEqualTo(new ArrayList<>(expected.keySet()));
    actual.forEach((name, tensor) -> assertSame(tensor, expected.get(name)));
  }
}
