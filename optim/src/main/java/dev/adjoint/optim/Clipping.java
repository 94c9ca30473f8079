package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;

/**
 * Keeps gradients from being too large: {@code optimizer.step(Clipping.clipNorm(gradients, 1))}.
 */
public final class Clipping {

  private Clipping() {}

  /** Returns the root of the sum of the squares of all elements of all parameters' gradients. */
  public static double totalNorm(Gradients gradients) {
    double squares = 0;
    for (Parameter parameter : gradients.parameters()) {
      double norm = gradients.of(parameter).untracked().norm(2).item();
      squares += norm * norm;
    }
    return Math.sqrt(squares);
  }

  /**
   * Returns the gradients times a common factor, such that their {@link #totalNorm} is at most
   * {@code maxNorm}; or the same, if it is.
   */
  public static Gradients clipNorm(Gradients gradients, double maxNorm) {
    Numbers.atLeastZero("clipNorm", "largest norm", maxNorm);
    double factor = maxNorm / (totalNorm(gradients) + 1e-6);
    return factor >= 1 ? gradients : gradients.times(factor);
  }

  /** Returns the gradients with every element limited to {@code -limit} to {@code limit}. */
  public static Gradients clipValue(Gradients gradients, double limit) {
    Numbers.atLeastZero("clipValue", "limit", limit);
    return gradients.map(gradient -> gradient.clamp(-limit, limit));
  }
}
