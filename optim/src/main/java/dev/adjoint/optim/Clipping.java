package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;

/** Limits the size of gradients: {@code optimizer.step(Clipping.clipNorm(gradients, 1))}. */
public final class Clipping {

  private Clipping() {}

  /**
   * Returns the root of the sum of the squares of all elements of all parameters' gradients. No
   * square overflows or vanishes: finite gradients have a finite norm.
   */
  public static double totalNorm(Gradients gradients) {
    double total = 0;
    for (Parameter parameter : gradients.parameters()) {
      total = Math.hypot(total, norm(gradients.of(parameter).untracked()));
    }
    return total;
  }

  private static double norm(Tensor gradient) {
    double largest = gradient.size() == 0 ? 0 : gradient.abs().max().item();
    if (!(largest > 0 && largest < Double.POSITIVE_INFINITY)) {
      return largest;
    }
    double unit = Math.scalb(1.0, Math.getExponent(largest)); // a power of 2: nothing is rounded
    return gradient.div(unit).norm(2).item() * unit;
  }

  /**
   * Returns the gradients times a common factor, such that their {@link #totalNorm} is at most
   * {@code maxNorm}; or the same gradients, if it is.
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
