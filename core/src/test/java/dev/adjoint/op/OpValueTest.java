package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the value of every operation with that of a plain computation in doubles. */
class OpValueTest {

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#rows")
  void theValueIsTheOraclesInBothTypes(OpCase row) {
    for (OpCase.Sizes sizes : row.allSizes()) {
      Dense[] numbers = row.numbers(sizes);
      Dense expected = row.oracle().apply(numbers);
      for (DType dtype : DType.values()) {
        Tensor actual = row.function().apply(OpCase.tensors(numbers, dtype));
        compare("%s, %s, %s".formatted(row, sizes, dtype), actual, expected, row, dtype);
      }
    }
  }

  private static void compare(String what, Tensor actual, Dense expected, OpCase row, DType dtype) {
    assertThat(actual.shape().toArray()).as(what + ": shape").isEqualTo(expected.sizes());
    if (row.primitives().stream().noneMatch(key -> key.startsWith("Cast"))) {
      assertThat(actual.dtype()).as(what).isEqualTo(dtype);
    }
    double[] values = actual.toDoubleArray();
    double largest = 1;
    for (double value : expected.values()) {
      largest = Double.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest;
    }
    double allowed = row.tolerance() * 8 * dtype.epsilon() * largest;
    for (int i = 0; i < values.length; i++) {
      double wanted = expected.values()[i];
      if (Double.compare(values[i], wanted) != 0 && !(Math.abs(values[i] - wanted) <= allowed)) {
        throw new AssertionError(
            "%s: element %d is %s; expected %s".formatted(what, i, values[i], wanted));
      }
    }
  }
}
