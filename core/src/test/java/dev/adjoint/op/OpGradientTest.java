package dev.adjoint.op;

import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
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
        Differences.check(row.function(), x, row::moves, row.order());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("smooth")
  void gradientsHaveShapeAndTypeOfTheirInputs(OpCase row) {
    for (OpCase.Sizes sizes : row.allSizes()) {
      for (DType dtype : DType.values()) {
        Tensor[] x =
            Arrays.stream(OpCase.tensors(row.numbers(sizes), dtype))
                .map(Tensor::tracked)
                .toArray(Tensor[]::new);
        Tensor y = row.function().apply(x);
        Gradients gradients = Backward.wrt(x).seed(OpCase.weights(y)).of(y);
        for (int i = 0; i < x.length; i++) {
          if (row.moves(i)) {
            Tensor gradient = gradients.of(x[i]);
            assertThat(gradient.shape()).as("%s, %s", row, sizes).isEqualTo(x[i].shape());
            assertThat(gradient.dtype()).as("%s, %s", row, sizes).isEqualTo(dtype);
          }
        }
      }
    }
  }
}
