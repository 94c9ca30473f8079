package dev.adjoint.testing;

import dev.adjoint.tensor.DType;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * Runs a parameterized test with a random tensor for each type and each way to lie in memory:
 * contiguous, transposed, stepped (every other element), flipped, expanded (one element repeated);
 * then for a first axis of size 0 and 1. The display name says which, as in {@code float64 (3, 4)
 * transposed}.
 *
 * <pre>{@code
 * @ParameterizedTest
 * @TensorSource(shape = {3, 4})
 * void clampKeepsTheShape(Tensor x) {
 *   // assertion will pass, 14 times
 *   assertThat(myClamp(x)).hasDtype(x.dtype()).hasShape(x.shape().toArray());
 *
 *   // assertion will fail for [6] float32 (0, 4) empty, and three more
 *   assertThat(myClamp(x)).hasShape(3, 4);
 * }
 * }</pre>
 */
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@ArgumentsSource(TensorArguments.class)
public @interface TensorSource {

  /** Returns the sizes of the axes. */
  int[] shape();

  /** Returns the types; defaults to both. */
  DType[] dtypes() default {DType.FLOAT32, DType.FLOAT64};

  /** Tells whether there are tensors whose first axis has size 0 and 1; defaults to true. */
  boolean edges() default true;

  /** Returns the seed of the random numbers. */
  long seed() default 0;
}
