package dev.adjoint.op;

import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The binary cross-entropies of {@link Losses}, of logits and of probabilities. */
final class BinaryCrossEntropy {

  /** Of logits x, targets t, and the weight of positive targets. */
  static final ElementwiseFunction OF_LOGITS =
      new ElementwiseFunction(
          "binaryCrossEntropyWithLogits",
          3,
          x -> {
            Tensor positive = x[1].times(x[2]);
            Tensor negative = x[1].neg().plus(1);
            return Losses.weighed(positive, Activations.softplus(x[0].neg()))
                .plus(Losses.weighed(negative, Activations.softplus(x[0])));
          });

  /** Of probabilities p and targets t; its gradient is that of PyTorch where p is 0 or 1, too. */
  static final ElementwiseFunction OF_PROBABILITIES =
      new ElementwiseFunction(
          "binaryCrossEntropy",
          2,
          x -> {
            Tensor negative = x[1].minus(1).times(limited(x[0].neg().log1p()));
            return negative.minus(x[1].times(limited(x[0].log())));
          },
          (needed, g, x, y) -> {
            Tensor spread = x[0].times(x[0].neg().plus(1));
            Tensor slope = x[0].minus(x[1]).div(spread.max(Tensor.scalar(1e-12, spread.dtype())));
            Tensor odds = limited(x[0].neg().log1p()).minus(limited(x[0].log()));
            return new @Nullable Tensor[] {
              needed[0] ? g.times(slope) : null, needed[1] ? g.times(odds) : null
            };
          });

  private BinaryCrossEntropy() {}

  private static Tensor limited(Tensor log) {
    return log.max(Tensor.scalar(-100, log.dtype()));
  }
}
