package dev.adjoint.nn.predict;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/**
 * Calibration of probabilities to how often a model is right: networks tend to be overconfident.
 *
 * <pre>{@code
 * double temperature = Calibration.temperature(predictor.predict(held.inputs()), held.targets());
 * predictor.temperature(temperature).save(path);
 * }</pre>
 */
public final class Calibration {

  private static final int MOST_ITERATIONS = 200;

  private Calibration() {}

  /**
   * Returns the temperature T for which softmax(scores / T) has the least cross-entropy: above 1
   * for a model that is too sure of itself (Guo et al. 2017, "On calibration of modern neural
   * networks", arXiv:1706.04599). The order of the classes stays the same.
   *
   * <p>In 1 / T the cross-entropy is convex, with the mean variance of the scores as its second
   * derivative; the root of the first is found by Newton's method between two bounds, in float64.
   *
   * @param scores before a softmax, of shape (..., C), of examples that the model was not trained
   *     on
   * @param classes the right ones, of shape (...)
   * @throws IllegalArgumentException if no temperature is best: since the scores say nothing about
   *     the classes, or the right class has the highest score in every example
   */
  public static double temperature(Tensor scores, IntTensor classes) {
    int last = scores.rank() - 1;
    if (last < 0
        || scores.shape().size() == 0
        || !classes.shape().equals(scores.shape().reduced(new int[] {last}, false))) {
      throw new IllegalArgumentException(
          "temperature: scores of shape %s and classes of shape %s; expected (..., C) and (...), of at least one example"
              .formatted(scores.shape(), classes.shape()));
    }
    double[][] margins = margins(scores.toDoubleArray(), classes.toArray(), scores.size(-1));
    if (derivatives(margins, 0).first >= 0) {
      throw new IllegalArgumentException(
          "temperature: the scores of right classes are no higher than the mean; expected those of"
              + " a model that has learned");
    }
    double low = 0;
    double high = 1;
    while (derivatives(margins, high).first < 0) {
      low = high;
      high *= 2;
    }
    double sharpness = Math.clamp(1, low, high);
    for (int i = 0; i < MOST_ITERATIONS && low < high; i++) {
      Derivatives at = derivatives(margins, sharpness);
      if (at.first < 0) {
        low = sharpness;
      } else {
        high = sharpness;
      }
      double newton = sharpness - at.first / at.second;
      double next = newton > low && newton < high ? newton : low + (high - low) / 2;
      if (Math.abs(next - sharpness) <= 1e-12 * sharpness) {
        return 1 / next;
      }
      sharpness = next;
    }
    return 1 / sharpness;
  }

  /** Returns by how much each score is above that of the right class, an example a row. */
  private static double[][] margins(double[] scores, int[] classes, int width) {
    double[][] margins = new double[classes.length][width];
    boolean allRight = true;
    for (int row = 0; row < classes.length; row++) {
      int right = classes[row];
      if (right < 0 || right >= width) {
        throw new IndexOutOfBoundsException(
            "temperature: class %d at position %d; expected 0 to %d"
                .formatted(right, row, width - 1));
      }
      for (int c = 0; c < width; c++) {
        double margin = scores[row * width + c] - scores[row * width + right];
        if (!Double.isFinite(margin)) {
          throw new IllegalArgumentException(
              "temperature: the score %s of example %d; expected finite numbers"
                  .formatted(scores[row * width + c], row));
        }
        margins[row][c] = margin;
        allRight &= margin <= 0;
      }
    }
    if (allRight) {
      throw new IllegalArgumentException(
          "temperature: the right class has the highest score in each of the %d examples, which the lowest temperature fits best; expected some that are wrong"
              .formatted(classes.length));
    }
    return margins;
  }

  /** The first and second derivative of the cross-entropy in 1 / T. */
  private record Derivatives(double first, double second) {}

  private static Derivatives derivatives(double[][] margins, double sharpness) {
    double first = 0;
    double second = 0;
    for (double[] row : margins) {
      double most = 0; // of the right class
      for (double margin : row) {
        most = Math.max(most, margin);
      }
      double sum = 0;
      double mean = 0;
      double square = 0;
      for (double margin : row) {
        double weight = Math.exp(sharpness * (margin - most));
        sum += weight;
        mean += weight * margin;
        square += weight * margin * margin;
      }
      mean /= sum;
      first += mean;
      second += square / sum - mean * mean;
    }
    return new Derivatives(first / margins.length, second / margins.length);
  }
}
