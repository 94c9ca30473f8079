package dev.adjoint.nn.inspect;

import dev.adjoint.autodiff.Memory;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;

/**
 * Statistics of the elements of one output of a layer at one step.
 *
 * @param step counts from 0
 * @param layer the path of the layer; empty for the model itself
 * @param call counts from 0 the outputs of the layer within the step
 * @param mean of the elements
 * @param deviation the standard deviation, of the biased variance
 * @param output the percentiles of the elements
 * @param saturation the share of elements at an end of the function's range, 0 to 1: see {@link
 *     ActivationStatistics}
 * @param gradientNorm the Euclidean norm of the gradient with respect to the output; NaN if none
 *     has arrived
 * @param gradient the percentiles of this gradient's elements; NaN if none has arrived
 */
public record LayerStatistics(
    int step,
    String layer,
    int call,
    double mean,
    double deviation,
    Percentiles output,
    double saturation,
    double gradientNorm,
    Percentiles gradient) {

  /** How near an end of its range a function counts as saturated, as a share of the range. */
  private static final double NEAR = 0.01;

  static LayerStatistics of(int step, String layer, int call, Tensor output) {
    Tensor y = output.untracked();
    double[] sorted = Percentiles.sorted(y);
    return new LayerStatistics(
        step,
        layer,
        call,
        Memory.step(() -> y.mean().item()),
        Memory.step(() -> Reductions.std(y, 0, false).item()),
        Percentiles.ofSorted(sorted),
        saturation(sorted),
        Double.NaN,
        Percentiles.NONE);
  }

  private static double saturation(double[] sorted) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double least = sorted[0];
    double largest = sorted[sorted.length - 1];
    if (least == 0) {
      return share(sorted, 0, Double.POSITIVE_INFINITY);
    }
    if (least < -1 || !(largest <= 1)) {
      return 0;
    }
    double end = least < 0 ? -1 : 0;
    double near = NEAR * (1 - end);
    return share(sorted, Math.nextDown(end + near), 1 - near);
  }

  /** Returns the share of what is not between two numbers. */
  private static double share(double[] values, double low, double high) {
    return Arrays.stream(values).filter(y -> y <= low || y > high).count() / (double) values.length;
  }

  LayerStatistics withGradient(double norm, Tensor elements) {
    return new LayerStatistics(
        step,
        layer,
        call,
        mean,
        deviation,
        output,
        saturation,
        norm,
        Percentiles.ofSorted(Percentiles.sorted(elements.untracked())));
  }
}
