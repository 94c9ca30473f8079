package dev.adjoint.training.metric;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;

/** Compares how sure a model is with how often it is right, in bins of equal width. */
final class CalibrationError implements Metric.Sum<IntTensor> {

  private final double[] surplus; // of confidence over hits, by bin
  private long examples;

  CalibrationError(int bins) {
    surplus = new double[bins];
  }

  @Override
  public void add(Tensor outputs, IntTensor targets) {
    ClassScores rows = ClassScores.of("calibration error", outputs, targets);
    double[] sure = outputs.to(DType.FLOAT64).softmax(-1).max(-1).toDoubleArray();
    for (int row = 0; row < sure.length; row++) {
      // A bin includes its upper end; a confidence of NaN, which has no bin, makes all NaN.
      int bin = Math.max(0, (int) Math.ceil(sure[row] * surplus.length) - 1);
      boolean hit = rows.best(row) == targets.get(row);
      surplus[Math.min(bin, surplus.length - 1)] += sure[row] - (hit ? 1 : 0);
    }
    examples += sure.length;
  }

  @Override
  public double value() {
    double sum = 0;
    for (double difference : surplus) {
      sum += Math.abs(difference);
    }
    return sum / examples;
  }
}
