package dev.adjoint.check;

import dev.adjoint.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The results for one input or parameter.
 *
 * @param name what {@link GradientCheck#named} calls it, or the parameter's name
 * @param shape its shape
 * @param order 1 for the gradient, 2 for the gradient of the gradient
 * @param checked how many derivatives were compared
 * @param failed how many of them failed
 * @param undecided how many could not be checked as well as the resolution asks for
 * @param kinks how many are at a kink
 * @param kinkOf the operation at whose kink the input is, if it was found; else empty
 * @param worst the worst failure, or else the largest relative error or uncertainty; null if the
 *     input has no elements
 * @param resolution the largest relative uncertainty of a derivative that passed or was undecided;
 *     what is negligible beside the input's largest derivative does not count
 * @param offenders the worst of those that failed or were undecided, at most five, worst first
 * @param factor the ratio of the analytic to the numeric derivatives, if it is the same in all
 *     failures; else NaN
 * @param pattern what several failures have in common, as a sentence such as {@code every one is
 *     the numeric slope of its transposed place}; empty if nothing was recognized
 */
public record InputReport(
    String name,
    Shape shape,
    int order,
    int checked,
    int failed,
    int undecided,
    int kinks,
    String kinkOf,
    @Nullable Comparison worst,
    double resolution,
    List<Comparison> offenders,
    double factor,
    String pattern) {

  /** Keeps the offenders as they are now. */
  public InputReport {
    offenders = List.copyOf(offenders);
  }

  /** Tells whether no derivative failed and none was undecided. */
  public boolean isOk() {
    return failed + undecided == 0;
  }
}
