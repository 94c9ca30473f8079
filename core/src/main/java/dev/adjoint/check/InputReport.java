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
 * @param kinkOf the operation that has the kink, if it was found; else empty
 * @param worst the failure that is worst, or else the largest error in proportion to what is
 *     allowed; null if the input has no elements
 * @param resolution the largest of those that passed or were undecided; what is nothing beside the
 *     input's largest derivative does not count
 * @param offenders the worst that failed or were undecided, worst first
 * @param factor what the analytic derivatives are of the numeric ones, if it is the same number in
 *     all failures; else NaN
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
    double factor) {

  /** Keeps the offenders as they are now. */
  public InputReport {
    offenders = List.copyOf(offenders);
  }

  /** Tells whether no derivative failed and none was undecided. */
  public boolean isOk() {
    return failed + undecided == 0;
  }
}
