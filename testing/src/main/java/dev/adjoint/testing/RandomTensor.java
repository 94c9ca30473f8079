package dev.adjoint.testing;

import dev.adjoint.tensor.DType;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Passes a test, as one of its parameters, a tensor of normally distributed random numbers.
 *
 * <pre>{@code
 * @Test
 * void softmaxSumsToOne(@RandomTensor(shape = {3, 4}) Tensor x) {
 *   // assertion will pass
 *   assertThat(x.softmax(-1).sum(-1)).isCloseTo(1, 1, 1);
 *
 *   // assertion will fail, with the seed that gives the same tensor again:
 *   // Suppressed: ... x is @RandomTensor(shape = {3, 4}, seed = 1802)
 *   assertThat(x.softmax(-1)).isCloseTo(x);
 * }
 * }</pre>
 */
@Documented
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(AdjointExtension.class)
public @interface RandomTensor {

  /** The seed that stands for one of the test's own. */
  long BY_TEST = Long.MIN_VALUE;

  /** Returns the sizes of the axes. */
  int[] shape();

  /** Returns the type; defaults to float64, which gradient checks need. */
  DType dtype() default DType.FLOAT64;

  /**
   * Returns the seed; defaults to one that follows from the test, the parameter and the repetition,
   * the same in every run. So a {@code @RepeatedTest} sees other numbers at each repetition.
   */
  long seed() default BY_TEST;
}
