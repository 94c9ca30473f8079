package dev.adjoint.explain;

import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import java.util.function.Supplier;

/**
 * Explains how gradients are computed, step by step.
 *
 * <pre>{@code
 * Tensor a = Tensor.scalar(2).tracked();
 * Tensor b = a.plus(a);
 * System.out.println(Explain.backward(b.plus(b)).named("a", a).named("b", b));
 * System.out.println(Explain.backward(model, () -> Losses.mse(model.forward(x), y)).named("x", x));
 * }</pre>
 */
public final class Explain {

  private Explain() {}

  /**
   * Computes the gradients of a tensor, as {@link Tensor#backward()}, and tells how.
   *
   * @param loss a scalar that depends on a parameter or a tracked tensor
   * @throws IllegalStateException if it has several elements or is not tracked
   */
  public static GradientStory backward(Tensor loss) {
    return GradientStory.of(Recording.of(loss));
  }

  /**
   * Computes a tensor and its gradients, and tells how, with the line of code of each step.
   *
   * @param loss computes a scalar that depends on a parameter or a tracked tensor
   * @throws IllegalStateException if it has several elements or is not tracked
   */
  public static GradientStory backward(Supplier<Tensor> loss) {
    return GradientStory.of(Recording.of(null, loss));
  }

  /**
   * Computes a tensor and its gradients, and tells how, with the line of code and the layer of each
   * step and the paths of parameters. It is an ordinary computation: in the modes of the layers,
   * with their random draws, and running statistics move.
   *
   * <p>A layer is known if it returns its output through {@code observed}; what the others compute
   * belongs to the layer around them.
   *
   * @param loss computes a scalar with the model
   * @throws IllegalStateException if it has several elements or is not tracked
   */
  public static GradientStory backward(Layer model, Supplier<Tensor> loss) {
    return GradientStory.of(Recording.of(model, loss));
  }
}
