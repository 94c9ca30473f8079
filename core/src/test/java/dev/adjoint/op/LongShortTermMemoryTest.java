package dev.adjoint.op;

import static dev.adjoint.op.FiniteDifferences.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LongShortTermMemoryTest {

  private final Generator generator = Generator.seeded(5);

  private Tensor normal(DType dtype, int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), dtype).tracked();
  }

  static Stream<Arguments> sizes() {
    return Stream.of(DType.values())
        .flatMap(dtype ->
            Stream.of(
                    new int[] {1, 1, 1},
                    new int[] {3, 4, 5},
                    new int[] {5, 2, 33},
                    new int[] {2, 3, 130})
                .flatMap(
                    size -> Stream.of(true, false).map(back -> Arguments.of(dtype, size, back))));
  }

  @ParameterizedTest(name = "{0} {1} backwards {2}")
  @MethodSource("sizes")
  void theLoopDoesWhatTheStepsSay(DType dtype, int[] size, boolean backwards) {
    int steps = size[0];
    int n = size[1];
    int hidden = size[2];
    Tensor inputs = normal(dtype, n, steps, 4 * hidden);
    Tensor h = normal(dtype, hidden, n);
    Tensor c = normal(dtype, hidden);
    Tensor weight = normal(dtype, hidden, 4 * hidden);
    List<Tensor> x =
        List.of(inputs.transpose(0, 1), h.transpose(), c.expand(n, hidden), weight.transpose());
    Tensor seed = normal(dtype, steps, 2, n, hidden).untracked().transpose(0, 1);
    Tensor fused = LongShortTermMemory.states(x.get(0), x.get(1), x.get(2), x.get(3), backwards);
    Tensor composed = LongShortTermMemory.composed(backwards, x);
    assertThat(fused.toDoubleArray()).isEqualTo(composed.toDoubleArray());
    Gradients gradients = fused.backward(seed);
    Gradients expected = composed.backward(seed);
    for (Tensor tensor : List.of(inputs, h, c, weight)) {
      assertClose(
          "gradient of shape " + tensor.shape(),
          gradients.of(tensor),
          expected.of(tensor),
          dtype == DType.FLOAT32 ? 1e-5 : 1e-13);
    }
    Gradients two = Parallel.withThreads(4, () -> fused.backward(seed));
    for (Tensor tensor : List.of(inputs, h, c, weight)) {
      assertThat(two.of(tensor).toDoubleArray()).isEqualTo(gradients.of(tensor).toDoubleArray());
    }
  }

  @Test
  void misuseIsNamed() {
    Tensor x = Tensors.zeros(3, 2, 8);
    Tensor h = Tensors.zeros(2, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LongShortTermMemory.states(x, h, h, Tensors.zeros(8, 3), false))
        .withMessage(
            "lstm: inputs of shape (3, 2, 8), states of shapes (2, 2) and (2, 2), weight of shape"
                + " (8, 3); expected (T, N, 4 hidden), (N, hidden) twice, and (4 hidden, hidden)");
  }
}
