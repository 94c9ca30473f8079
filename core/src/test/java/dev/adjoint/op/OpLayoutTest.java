package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that where elements lie in memory changes nothing. */
class OpLayoutTest {

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#rows")
  void everyLayoutOfEveryInputGivesTheSameBits(OpCase row) {
    for (OpCase.Sizes sizes : row.allSizes()) {
      Dense[] drawn = row.numbers(sizes);
      for (DType dtype : DType.values()) {
        Tensor[] contiguous = OpCase.tensors(drawn, dtype);
        List<Tensor> expected = OpResults.of(row, contiguous);
        for (Layout layout : Layout.values()) {
          Dense[] numbers = Arrays.stream(drawn).map(layout::numbers).toArray(Dense[]::new);
          if (layout.changesNumbers()) {
            contiguous = OpCase.tensors(numbers, dtype);
            expected = OpResults.of(row, contiguous);
          }
          Tensor[] other =
              Arrays.stream(numbers).map(x -> layout.tensor(x, dtype)).toArray(Tensor[]::new);
          compare(OpResults.of(row, other), expected, row, sizes, layout, "all inputs", dtype);
          for (int i = 0; other.length > 1 && i < other.length; i++) {
            Tensor[] mixed = contiguous.clone();
            mixed[i] = other[i];
            compare(OpResults.of(row, mixed), expected, row, sizes, layout, "input " + i, dtype);
          }
        }
      }
    }
  }

  private static void compare(List<Tensor> actual, List<Tensor> expected, Object... what) {
    if (OpResults.hash(actual) != OpResults.hash(expected)) {
      assertThat(OpResults.bits(actual))
          .as(Arrays.toString(what))
          .isEqualTo(OpResults.bits(expected));
    }
  }
}
