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
      for (Layout layout : Layout.values()) {
        Dense[] numbers =
            Arrays.stream(row.numbers(sizes)).map(layout::numbers).toArray(Dense[]::new);
        for (DType dtype : DType.values()) {
          Tensor[] contiguous = OpCase.tensors(numbers, dtype);
          Tensor[] other =
              Arrays.stream(numbers).map(x -> layout.tensor(x, dtype)).toArray(Tensor[]::new);
          List<List<Long>> expected = OpResults.bits(OpResults.of(row, contiguous));
          assertThat(OpResults.bits(OpResults.of(row, other)))
              .as("%s, %s, %s, %s", row, sizes, layout, dtype)
              .isEqualTo(expected);
          for (int i = 0; other.length > 1 && i < other.length; i++) {
            Tensor[] mixed = contiguous.clone();
            mixed[i] = other[i];
            assertThat(OpResults.bits(OpResults.of(row, mixed)))
                .as("%s, %s, %s of input %d, %s", row, sizes, layout, i, dtype)
                .isEqualTo(expected);
          }
        }
      }
    }
  }
}
