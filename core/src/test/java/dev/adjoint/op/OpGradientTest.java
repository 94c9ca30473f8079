package dev.adjoint.op;

import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks the gradients of every operation, and of the gradients themselves. */
class OpGradientTest {

  static Stream<OpCase> smooth() {
    return OpTable.rows().stream().filter(row -> row.order() > 0);
  }

  @ParameterizedTest
  @MethodSource("smooth")
  void gradientsToOrderTwoAreThoseOfDifferences(OpCase row) {
    for (OpCase.Sizes sizes : row.nonEmptySizes()) {
      Tensor[] x = OpCase.tensors(row.numbers(sizes), FLOAT64);
      if (row.function().apply(x).isNaN().any().item() == 0) {
        Differences.check(
            row.function(),
            x,
            input -> row.inputs().get(input).domain() != Domain.MASK,
            row.order());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("smooth")
  void gradientsHaveShapeAndTypeOfTheirInputs(OpCase row) {
    for (OpCase.Sizes sizes : row.allSizes()) {
      for (DType dtype : DType.values()) {
        Tensor[] x = OpCase.tensors(row.numbers(sizes), dtype);
        List<Tensor> results = OpResults.of(row, x);
        assertThat(results.stream().skip(1).map(Tensor::shape))
            .as("%s, %s", row, sizes)
            .containsExactlyElementsOf(Arrays.stream(x).map(Tensor::shape).toList());
        assertThat(results.stream().skip(1).map(Tensor::dtype)).containsOnly(dtype);
      }
    }
  }
}
