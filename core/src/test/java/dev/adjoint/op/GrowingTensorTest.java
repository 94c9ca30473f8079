package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GrowingTensorTest {

  private final Generator generator = Generator.seeded(3);

  @ParameterizedTest
  @ValueSource(ints = {0, 1, -1})
  void whatIsAppendedIsJoined(int axis) {
    GrowingTensor grown = new GrowingTensor("text", axis, 100);
    Tensor[] parts = new Tensor[12];
    Tensor[] seen = new Tensor[12];
    for (int i = 0; i < parts.length; i++) {
      int[] sizes = {2, 3, 2};
      sizes[axis < 0 ? 2 : axis] = 1 + i % 7;
      parts[i] = generator.normal(0, 1, Shape.of(sizes), DType.FLOAT32);
      Tensor part = parts[i];
      seen[i] = Memory.step(() -> grown.append(part.times(1)));
    }
    for (int i = 0; i < parts.length; i++) { // tensors of before included
      Tensor expected = Joining.concat(axis, Arrays.copyOf(parts, i + 1));
      assertThat(seen[i].shape()).isEqualTo(expected.shape());
      assertThat(seen[i].toFloatArray()).isEqualTo(expected.toFloatArray());
    }
    assertThat(grown.length()).isEqualTo(seen[11].size(axis));
  }

  @Test
  void memoryEndsAtTheCapacity() {
    GrowingTensor grown = new GrowingTensor("text", 0, 3);
    grown.append(generator.normal(2, 2));
    assertThatIllegalStateException()
        .isThrownBy(() -> grown.append(generator.normal(2, 2)))
        .withMessage("text: 2 more after 2; expected a capacity of at least 4, which is 3");
    assertThat(grown.append(generator.normal(1, 2)).shape()).isEqualTo(Shape.of(3, 2));
  }

  @Test
  void misuseIsNamed() {
    GrowingTensor grown = new GrowingTensor("text", 0, 9);
    Tensor x = generator.normal(2, 2);
    grown.append(x);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> grown.append(generator.normal(2, 3)))
        .withMessage(
            "text: float32 of shape (2, 3) after float32 of shape (2, 2); expected one that differs"
                + " along axis 0 only");
    assertThatIllegalArgumentException().isThrownBy(() -> grown.append(x.to(DType.FLOAT64)));
    assertThatIllegalStateException()
        .isThrownBy(() -> grown.append(x.tracked()))
        .withMessage(
            "text: a tensor of shape (2, 2) to which gradients could flow; expected Autodiff.noGrad"
                + " around the computation, or constant parameters");
    assertThat(grown.length()).isEqualTo(2);
    Tensor all = Autodiff.noGrad(() -> grown.append(x.tracked()));
    assertThat(all.isTracked()).isFalse();
  }
}
