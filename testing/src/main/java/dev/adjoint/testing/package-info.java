/**
 * Checks tensors, gradients and layers in one line, in tests with AssertJ and JUnit.
 *
 * <pre>{@code
 * assertThat(y).hasShape(2, 3).isCloseTo(expected);
 * assertThatGradientsOf(in -> in[0].matmul(in[1]).tanh()).at(x, w).toOrder(2).areCorrect();
 * assertThatLayer(layer).onInput(x).toOrder(2).hasCorrectGradients();
 * }</pre>
 */
@NullMarked
package dev.adjoint.testing;

import org.jspecify.annotations.NullMarked;
