package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Map;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class InitializersTest {

  private static final Shape SHAPE = Shape.of(300, 20, 3, 5);
  private static final double FAN_IN = 20 * 15;
  private static final double FAN_OUT = 300 * 15;

  private final Generator generator = Generator.seeded(4);

  @Test
  void deviationsAreThoseOfTheFormulas() {
    double xavier = Math.sqrt(2 / (FAN_IN + FAN_OUT));
    double he = 1 / Math.sqrt(FAN_IN);
    Map<Tensor, Double> expected =
        Map.of(
            Initializers.xavierUniform(SHAPE, 3, generator),
            3 * xavier,
            Initializers.xavierNormal(SHAPE, 1, generator),
            xavier,
            Initializers.heUniform(SHAPE, Activation.RELU.gain(), generator),
            Math.sqrt(2) * he,
            Initializers.heNormal(SHAPE, Activation.TANH.gain(), generator),
            5.0 / 3 * he,
            Initializers.lecunNormal(SHAPE, generator),
            he,
            Initializers.lecunUniform(SHAPE, generator),
            he,
            Initializers.uniform(2, SHAPE, generator),
            2 / Math.sqrt(3),
            Initializers.truncatedNormal(0.5, SHAPE, generator),
            0.5 * 0.8796);
    expected.forEach((values, deviation) -> {
      assertThat(values.shape()).isEqualTo(SHAPE);
      assertThat(Math.sqrt(values.biasedVariance().item()))
          .isCloseTo(deviation, Percentage.withPercentage(1));
      assertThat(values.mean().item()).isCloseTo(0, within(0.02 * deviation));
    });
  }

  @Test
  void theTruncatedNormalEndsAtTwoDeviations() {
    assertThat(Initializers.truncatedNormal(0.5, SHAPE, generator).abs().max().item())
        .isBetween(0.99, 1.0);
  }

  @Test
  void orthogonalRowsOrColumnsHaveTheLengthOfTheGain() {
    Tensor wide = Initializers.orthogonal(Shape.of(4, 3, 3), 2, generator).reshape(4, 9);
    Tensor tall = Initializers.orthogonal(Shape.of(9, 4), 2, generator);
    Tensor expected = Tensors.eye(4, DType.FLOAT32).times(4);
    for (Tensor product :
        new Tensor[] {wide.matmul(wide.transpose()), tall.transpose().matmul(tall)}) {
      assertThat(product.minus(expected).abs().max().item()).isLessThan(1e-5);
    }
  }

  @Test
  void aShapeThatIsNoWeightIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Initializers.heNormal(Shape.of(3), 1, generator))
        .withMessage("initializer: shape (3); expected (out, in, kernel...), none of them 0");
  }
}
