package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * A function of tensors together with its pullback, for {@link Autodiff#apply}.
 *
 * <p>A pullback in tensor operations gives derivatives of every order. One that reads its tensors
 * out to arrays or numbers gives first derivatives only; asked for more, it is refused with an
 * exception, never differentiated as if it were constant. Numbers that {@link #forward} stores for
 * the pullback are treated as constants without notice: compute from the inputs and the output
 * instead. A gradient check of order 2 finds such a case.
 */
public interface CustomFunction {

  /** Returns the name for messages and drawings. */
  default String name() {
    return getClass().getSimpleName().isEmpty() ? "custom function" : getClass().getSimpleName();
  }

  /** Computes the function; nothing is recorded inside. */
  Tensor forward(List<Tensor> inputs);

  /**
   * Computes the cotangents of the inputs, each of its input's shape.
   *
   * @param cotangent of the output, of its shape
   * @param inputs the inputs of the forward call
   * @param output the output of the forward call
   */
  List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output);
}
