package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Limits the size of gradients: {@code optimizer.step(Clipping.clipNorm(gradients, 1))}. */
public final class Clipping {

  private Clipping() {}

  /**
   * Returns the root of the sum of the squares of all elements of all parameters' gradients. No
   * square overflows or vanishes: finite gradients have a finite norm.
   */
  public static double totalNorm(Gradients gradients) {
    return totalNorm(gradients, gradients.parameters());
  }

  /** Returns the norm of the gradients of some parameters. */
  static double totalNorm(Gradients gradients, List<Parameter> parameters) {
    return parameters.stream()
        .mapToDouble(parameter -> norm(gradients.of(parameter).untracked()))
        .reduce(0, Math::hypot);
  }

  private static double norm(Tensor gradient) {
    double norm = gradient.norm(2).item();
    if (norm > 0x1p-30 && norm < 0x1p60) {
      return norm; // no square overflowed, and those that vanished do not count
    }
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

  /**
   * Returns the gradients with that of each unit limited to a part of the unit's weights, by norms
   * (Brock et al. 2021, "High-performance large-scale image recognition without normalization",
   * arXiv:2102.06171): what training without normalization needs.
   *
   * <p>A unit is an index of the first axis, which is that of the outputs of linear layers and
   * convolutions; a vector, such as a bias, is one unit, and so is a scalar. Weights count as at
   * least 1e-3 long, so that zeros can learn. The paper takes parts of 0.01 to 0.08, less for
   * larger batches, and leaves the last linear layer alone.
   *
   * @param part of the norm of a unit's weights that its gradient may have
   * @param except parameters whose gradients stay as they are
   */
  public static Gradients clipAdaptive(
      Gradients gradients, double part, Collection<Parameter> except) {
    Numbers.atLeastZero("clipAdaptive", "part", part);
    Set<Parameter> kept = Set.copyOf(except);
    return gradients.map((parameter, gradient) ->
        kept.contains(parameter)
            ? gradient
            : clipped(gradient.untracked(), parameter.value().untracked(), part));
  }

  private static Tensor clipped(Tensor gradient, Tensor weight, double part) {
    int[] axes = IntStream.range(gradient.rank() < 2 ? 0 : 1, gradient.rank()).toArray();
    Tensor norm = length(gradient, axes).clamp(1e-6, Double.POSITIVE_INFINITY);
    Tensor largest = length(weight, axes).clamp(1e-3, Double.POSITIVE_INFINITY).times(part);
    return gradient.times(largest.div(norm).clamp(0, 1));
  }

  /** As {@link #clipAdaptive(Gradients, double, Collection)}, of all parameters. */
  public static Gradients clipAdaptive(Gradients gradients, double part) {
    return clipAdaptive(gradients, part, List.of());
  }

  private static Tensor length(Tensor tensor, int[] axes) {
    return tensor.rank() == 0 ? tensor.abs() : tensor.norm(2, Keep.AXES, axes);
  }

  /** Returns the gradients with every element limited to {@code -limit} to {@code limit}. */
  public static Gradients clipValue(Gradients gradients, double limit) {
    Numbers.atLeastZero("clipValue", "limit", limit);
    return gradients.map(gradient -> gradient.clamp(-limit, limit));
  }
}
