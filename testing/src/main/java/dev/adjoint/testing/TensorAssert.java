package dev.adjoint.testing;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.assertj.core.api.AbstractAssert;
import org.jspecify.annotations.Nullable;

/**
 * Assertions on a tensor. A failure names the element by its index and shows the tensors, long axes
 * abridged.
 *
 * <p>Tensors are compared by {@link #isCloseTo} or {@link #hasSameBitsAs}: {@code isEqualTo} asks
 * whether they are the same object.
 */
public final class TensorAssert extends AbstractAssert<TensorAssert, Tensor> {

  TensorAssert(Tensor actual) {
    super(actual, TensorAssert.class);
  }

  /**
   * Verifies the shape.
   *
   * <pre>{@code
   * // assertions will pass
   * assertThat(Tensors.zeros(2, 3)).hasShape(2, 3);
   * assertThat(x.sum()).hasShape();
   *
   * // assertion will fail
   * assertThat(Tensors.zeros(2, 3)).hasShape(3, 2);
   * }</pre>
   */
  public TensorAssert hasShape(int... sizes) {
    isNotNull();
    Shape expected = Shape.of(sizes);
    boolean same = actual.shape().equals(expected);
    return failIf(same ? null : "shape %s; expected %s".formatted(actual.shape(), expected));
  }

  /**
   * Verifies the type of the elements.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThat(Tensor.of(1.0, 2.0)).hasDtype(DType.FLOAT64);
   *
   * // assertion will fail
   * assertThat(Tensor.of(1f, 2f)).hasDtype(DType.FLOAT64);
   * }</pre>
   */
  public TensorAssert hasDtype(DType expected) {
    isNotNull();
    boolean same = actual.dtype() == expected;
    return failIf(same ? null : "type %s; expected %s".formatted(actual.dtype(), expected));
  }

  /**
   * Verifies that no element is NaN or infinite.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThat(Tensor.of(1.0, 2.0).log()).isFinite();
   *
   * // assertion will fail: element [1] is -Infinity
   * assertThat(Tensor.of(1.0, 0.0).log()).isFinite();
   * }</pre>
   */
  public TensorAssert isFinite() {
    isNotNull();
    return failIf(Difference.ofFinite(actual));
  }

  /**
   * Verifies the shape, and that each element is within 1e-7 + 1e-7 |expected| of the expected one;
   * within 1e-5 + 1.3e-6 |expected| if one of the tensors is float32, as in PyTorch's {@code
   * assert_close}. NaN is close to nothing; an infinity is close to itself.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThat(Tensor.of(0.1 + 0.2)).isCloseTo(Tensor.of(0.3));
   *
   * // assertion will fail: element [0] is 0.3; expected 0.31 within 1.3e-07
   * assertThat(Tensor.of(0.3)).isCloseTo(Tensor.of(0.31));
   * }</pre>
   */
  public TensorAssert isCloseTo(Tensor expected) {
    isNotNull();
    return failIf(Difference.of(actual, expected), expected);
  }

  /**
   * Verifies the shape, and that each element is within {@code absolute + relative * |expected|} of
   * the expected one.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThat(Tensor.of(0.3, 1.0)).isCloseTo(Tensor.of(0.31, 1.0), 0.02, 0);
   *
   * // assertion will fail: element [0] is 0.3; expected 0.31 within 1.0e-03
   * assertThat(Tensor.of(0.3, 1.0)).isCloseTo(Tensor.of(0.31, 1.0), 1e-3, 0);
   * }</pre>
   */
  public TensorAssert isCloseTo(Tensor expected, double absolute, double relative) {
    isNotNull();
    return failIf(Difference.of(actual, expected, absolute, relative), expected);
  }

  /**
   * Verifies that the elements, the last axis varying fastest, are close to these numbers: as close
   * as tensors of the same type have to be.
   *
   * <pre>{@code
   * // assertions will pass
   * assertThat(Tensor.of(new double[][] {{1, 2}, {3, 4}})).isCloseTo(1, 2, 3, 4);
   * assertThat(loss).isCloseTo(0.25);
   *
   * // assertion will fail: element [1, 0] is 3.0; expected 5.0 within 6.0e-07
   * assertThat(Tensor.of(new double[][] {{1, 2}, {3, 4}})).isCloseTo(1, 2, 5, 4);
   * }</pre>
   */
  public TensorAssert isCloseTo(double... expected) {
    isNotNull();
    if (actual.size() != expected.length) {
      return failIf(
          "%d elements in shape %s; expected %d"
              .formatted(actual.size(), actual.shape(), expected.length));
    }
    return isCloseTo(Tensor.of(expected, actual.shape().toArray()));
  }

  /**
   * Verifies the shape, the type, and that each element is the same to the last bit: 0 is not -0,
   * and NaN is NaN.
   *
   * <pre>{@code
   * // assertion will pass
   * assertThat(Tensor.of(0.1 + 0.2)).hasSameBitsAs(Tensor.of(0.30000000000000004));
   *
   * // assertion will fail: element [0] is 0.30000000000000004; expected the bits of 0.3
   * assertThat(Tensor.of(0.1 + 0.2)).hasSameBitsAs(Tensor.of(0.3));
   * }</pre>
   */
  public TensorAssert hasSameBitsAs(Tensor expected) {
    isNotNull();
    return failIf(Difference.ofBits(actual, expected), expected);
  }

  private TensorAssert failIf(@Nullable String difference) {
    if (difference != null) {
      failWithMessage("%s\nactual: %s", difference, actual);
    }
    return this;
  }

  private TensorAssert failIf(@Nullable String difference, Tensor expected) {
    if (difference != null) {
      failWithActualExpectedAndMessage(
          actual, expected, "%s\nactual: %s\nexpected: %s", difference, actual, expected);
    }
    return this;
  }
}
