package dev.adjoint.check;

import dev.adjoint.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reports on one input or parameter.
 *
 * @param name what {@link GradientCheck#named} calls it, or the parameter's name
 * @param shape its shape
 * @param order 1 for the gradient, 2 for the gradient of the gradient
 * @param checked how many derivatives were compared
 * @param failed how many of them failed
 * @param kinks how many are at a kink
 * @param worst the failure that is worst, or else the largest error in proportion to what is
 *     allowed; null if the input has no elements
 * @param offenders the worst failures, worst first
 * @param factor what the analytic derivatives are of the numeric ones, if it is the same number in
 *     all failures; else NaN
 */
public record InputReport(
    String name,
    Shape shape,
    int order,
    int checked,
    int failed,
    int kinks,
    @Nullable Comparison worst,
    List<Comparison> offenders,
    double factor) {

  /** Keeps the offenders as they are now. */
  public InputReport {
    offenders = List.copyOf(offenders);
  }

  /** Tells whether no derivative failed. */
  public boolean isOk() {
    return failed == 0;
  }
}
