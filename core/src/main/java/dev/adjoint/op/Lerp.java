package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;

/** Linear interpolation between two tensors. */
public final class Lerp {

  /** From the nearer end, so that weights 0 and 1 give the ends themselves, whatever the other. */
  private static final ElementwiseFunction LERP =
      new ElementwiseFunction(
          "lerp",
          3,
          x -> {
            Tensor isNearStart = x[2].less(0.5);
            Tensor nearer = Where.where(isNearStart, x[0], x[1]);
            Tensor way = Where.where(isNearStart, x[2], x[2].minus(1));
            return nearer.plus(x[1].minus(x[0]).times(way));
          });

  private Lerp() {}

  /** Returns start + weight * (end - start); the three broadcast. */
  public static Tensor apply(Tensor start, Tensor end, Tensor weight) {
    return LERP.apply(start, end, weight);
  }
}
