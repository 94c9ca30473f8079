package dev.adjoint.testing;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class TensorAssertTest {

  private final Tensor x = Tensor.of(new double[][] {{1, 2, 3}, {4, 5, 6}});

  @Test
  void shapeAndTypeAreCompared() {
    assertThat(x).hasShape(2, 3).hasDtype(DType.FLOAT64);
    assertThat(x.sum()).hasShape();
    failureOf(() -> assertThat(x).hasShape(3, 2))
        .isEqualTo(
            """
            shape (2, 3); expected (3, 2)
            actual: Tensor(2, 3) float64
            [[1, 2, 3],
             [4, 5, 6]]\
            """);
    failureOf(() -> assertThat(x).hasDtype(DType.FLOAT32))
        .startsWith("type float64; expected float32\nactual: Tensor(2, 3) float64\n");
  }

  @Test
  void theWorstElementIsNamedWithBothValuesAndTensors() {
    Tensor expected = Tensor.of(new double[][] {{1, 2, 3.001}, {4, 5.5, 6}});
    failureOf(() -> assertThat(x).isCloseTo(expected))
        .isEqualTo(
            """
            element [1, 1] is 5.0; expected 5.5 within 6.5e-07; 2 of 6 elements are off
            actual: Tensor(2, 3) float64
            [[1, 2, 3],
             [4, 5, 6]]
            expected: Tensor(2, 3) float64
            [[1.0000, 2.0000, 3.0010],
             [4.0000, 5.5000, 6.0000]]\
            """);
    failureOf(() -> assertThat(x.slice(1, 0, 2)).isCloseTo(expected.slice(1, 0, 2)))
        .startsWith("element [1, 1] is 5.0; expected 5.5 within 6.5e-07\n");
  }

  @Test
  void theWorstElementIsFarthestOffInProportionToWhatIsAllowed() {
    failureOf(
            () -> assertThat(Tensor.of(1000.1, 0.002)).isCloseTo(Tensor.of(1000.0, 0.001), 0, 1e-6))
        .startsWith("element [1] is 0.002; expected 0.001 within 1.0e-09; 2 of 2 elements are off");
    failureOf(() -> assertThat(Tensor.of(7.0, Double.NaN)).isCloseTo(1, 1))
        .startsWith("element [1] is NaN; expected 1.0 within 2.0e-07; 2 of 2");
  }

  @Test
  void longAxesAreAbridged() {
    failureOf(() -> assertThat(Tensors.ones(1000)).isCloseTo(Tensors.zeros(1000)))
        .contains("actual: Tensor(1000) float32 [1, 1, 1, ..., 1, 1, 1]")
        .contains("expected: Tensor(1000) float32 [0, 0, 0, ..., 0, 0, 0]");
  }

  @Test
  void tolerancesAreThoseOfTheLessPreciseType() {
    assertThat(Tensor.of(1.0 + 1.9e-7)).isCloseTo(1);
    failureOf(() -> assertThat(Tensor.of(1.0 + 2.1e-7)).isCloseTo(1)).contains("within 2.0e-07");
    assertThat(Tensor.of(1.00001f)).isCloseTo(1);
    failureOf(() -> assertThat(Tensor.of(1.0001f)).isCloseTo(1))
        .startsWith("element [0] is 1.0001; expected 1.0 within 1.1e-05\n");
    assertThat(Tensor.of(1.00001)).isCloseTo(Tensor.of(1f));
    assertThat(Tensor.of(1.00001f)).isCloseTo(Tensor.of(1.0));
  }

  @Test
  void tolerancesAreAbsoluteAndRelativeToTheExpected() {
    assertThat(Tensor.of(100.0)).isCloseTo(Tensor.of(110.0), 1, 0.1);
    failureOf(() -> assertThat(Tensor.of(110.0)).isCloseTo(Tensor.of(98.0), 1, 0.1))
        .startsWith("element [0] is 110.0; expected 98.0 within 1.1e+01\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> assertThat(x).isCloseTo(x, -1, 0))
        .withMessage("tolerance: -1.0 absolute, 0.0 relative; expected at least 0");
  }

  @Test
  void nothingIsCloseToNanAndInfinitiesToThemselvesOnly() {
    Tensor infinite = Tensor.of(Double.POSITIVE_INFINITY);
    assertThat(infinite).isCloseTo(infinite);
    failureOf(() -> assertThat(Tensor.of(1.0)).isCloseTo(infinite, 1, 1))
        .startsWith("element [0] is 1.0; expected Infinity");
    failureOf(() -> assertThat(infinite).isCloseTo(infinite.neg())).startsWith("element [0] is");
    Tensor nan = Tensor.of(Double.NaN);
    failureOf(() -> assertThat(nan).isCloseTo(nan)).startsWith("element [0] is NaN; expected NaN");
  }

  @Test
  void shapesAreNotBroadcast() {
    failureOf(() -> assertThat(x).isCloseTo(x.slice(0, 0, 1)))
        .startsWith("shape (2, 3); expected (1, 3)\n");
    failureOf(() -> assertThat(x).isCloseTo(1, 2, 3))
        .startsWith("6 elements in shape (2, 3); expected 3\n");
  }

  @Test
  void numbersAreExpectedInOrder() {
    assertThat(x.transpose()).isCloseTo(1, 4, 2, 5, 3, 6);
    assertThat(x.mean()).isCloseTo(3.5);
    assertThat(Tensors.zeros(0, 3)).isCloseTo().isFinite();
    failureOf(() -> assertThat(x).isCloseTo(1, 2, 3, 4, 5, 7))
        .startsWith("element [1, 2] is 6.0; expected 7.0 within 8.0e-07\n");
  }

  @Test
  void theFirstElementThatIsNotFiniteIsNamed() {
    assertThat(x).isFinite();
    failureOf(() -> assertThat(Tensor.of(1, Double.NaN, 1 / 0.0)).isFinite())
        .startsWith(
            "element [1] is NaN; expected finite numbers; 2 of 3 elements are not\nactual: ");
    failureOf(() -> assertThat(Tensor.of(-1f / 0)).isFinite())
        .startsWith("element [0] is -Infinity; expected finite numbers\n");
  }

  @Test
  void bitsAreCompared() {
    assertThat(x.transpose()).hasSameBitsAs(x.transpose().copy());
    Tensor nan = Tensor.of(Double.NaN);
    assertThat(nan).hasSameBitsAs(nan);
    failureOf(() -> assertThat(Tensor.of(0.1 + 0.2)).hasSameBitsAs(Tensor.of(0.3)))
        .startsWith("element [0] is 0.30000000000000004; expected the bits of 0.3\n");
    failureOf(() -> assertThat(Tensor.of(-0f)).hasSameBitsAs(Tensor.of(0f)))
        .startsWith("element [0] is -0.0; expected the bits of 0.0\n");
    failureOf(() -> assertThat(x).hasSameBitsAs(x.to(DType.FLOAT32)))
        .startsWith("type float64; expected float32\n");
    failureOf(() -> assertThat(x).hasSameBitsAs(x.reshape(3, 2)))
        .startsWith("shape (2, 3); expected (3, 2)\n");
  }

  @Test
  void trackedTensorsAreCompared() {
    Tensor tracked = x.tracked().times(1);
    assertThat(tracked).isCloseTo(x).hasSameBitsAs(x).isFinite();
  }

  @Test
  void descriptionsComeFirst() {
    failureOf(() -> assertThat(x).as("the loss").hasShape()).startsWith("[the loss] shape (2, 3);");
    failureOf(() -> assertThat((Tensor) null).hasShape()).contains("not to be null");
    assertThat(Tensor.scalar(1, DType.FLOAT64).shape()).isEqualTo(Shape.of());
  }

  private static org.assertj.core.api.AbstractStringAssert<?> failureOf(
      ThrowingCallable assertion) {
    return Assertions.assertThat(
        Assertions.catchThrowableOfType(AssertionError.class, assertion).getMessage());
  }
}
