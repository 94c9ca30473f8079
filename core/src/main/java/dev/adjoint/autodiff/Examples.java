package dev.adjoint.autodiff;

import dev.adjoint.tensor.Shape;

/**
 * What a tensor of a mapped function stands for: one example of many, of which none is told apart.
 *
 * @param level the call of {@link Vmap} that maps the function
 * @param all the examples, stacked along axis 0; it may be one of the examples of an outer call
 * @param <T> the type of the tensor
 */
@SuppressWarnings("exports")
public record Examples<T>(Vmap.Level level, T all) {

  /** Returns other tensors of the same examples. */
  public <U> Examples<U> with(U others) {
    return new Examples<>(level, others);
  }

  /** Returns the number of examples. */
  public int size() {
    return level.size();
  }

  /** Returns the exception for who wants to read the elements of one example, of some shape. */
  public RuntimeException refusal(Shape shape) {
    return new Vmap.Refusal(
        ("map: the function reads out a tensor (to a number, an array or an index), but it is"
                + " called once, and the tensor of shape %s stands for %d examples; expected"
                + " operations on tensors only, such as where(...) for a choice, or Vmap.loop, which"
                + " calls the function for each example")
            .formatted(shape, size()));
  }

  /** Throws if all examples would have more axes than a tensor can have. */
  public static void requireRoom(int rank) {
    if (rank >= Shape.MAX_RANK) {
      throw new Vmap.Refusal(
          ("map: an example has %d axes, and all of them one more, which is more than a tensor can"
                  + " have; expected at most %d, or Vmap.loop, which calls the function for each"
                  + " example")
              .formatted(rank, Shape.MAX_RANK - 1));
    }
  }
}
