package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;

/**
 * What a tensor of a mapped function stands for: one example of many, of which none is told apart.
 *
 * @param level the call of {@link Vmap} that maps the function
 * @param all the examples, stacked along axis 0; it may be one of the examples of an outer call
 */
@SuppressWarnings("exports")
public record Examples(Vmap.Level level, Tensor all) {

  /** Returns the same examples, through which no gradient flows. */
  public Examples untracked() {
    return new Examples(level, all.untracked());
  }

  /** Returns the exception for who wants to read the elements of one example. */
  public RuntimeException refusal() {
    return new Vmap.Refusal(
        ("map: the function reads out a tensor (to a number, an array or an index), but it is"
             + " called once, and the tensor of shape %s stands for %d examples; expected"
             + " operations on tensors only, such as where(...) for a choice, or Vmap.loop, which"
             + " calls the function for each example")
            .formatted(Tensor.example(this).shape(), level.size()));
  }
}
