package dev.adjoint.training;

import com.google.common.collect.Lists;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Rows of numbers over the steps of a training, few enough to draw and to save. */
final class TimeSeries {

  /** So many rows make a good drawing. */
  static final int ENOUGH = 150;

  private static final int MOST = 2 * ENOUGH;

  private final List<double[]> rows = new ArrayList<>();

  /** Returns rows that were saved. */
  static TimeSeries of(Tensor saved) {
    if (saved.rank() != 2) {
      throw new IllegalArgumentException(
          "rows of shape %s; expected (rows, columns)".formatted(saved.shape()));
    }
    TimeSeries loaded = new TimeSeries();
    for (int i = 0; i < saved.size(0); i++) {
      loaded.add(saved.select(0, i).toDoubleArray());
    }
    return loaded;
  }

  /** Returns what to save, of shape (rows, columns). */
  Tensor toTensor() {
    return Tensor.of(rows.toArray(double[][]::new));
  }

  void add(double... row) {
    rows.add(row);
  }

  boolean isFull() {
    return rows.size() >= MOST;
  }

  /** Drops every second row. */
  void thin() {
    for (int i = rows.size() - 1; i > 0; i--) {
      if (i % 2 == 1) {
        rows.remove(i);
      }
    }
  }

  /** Returns means of neighboring rows, so that there are no more than so many. */
  TimeSeries averaged(int most) {
    int together = Math.ceilDiv(Math.max(1, rows.size()), most);
    TimeSeries averaged = new TimeSeries();
    for (List<double[]> some : Lists.partition(rows, together)) {
      double[] mean = new double[some.getFirst().length];
      for (double[] row : some) {
        for (int i = 0; i < mean.length; i++) {
          mean[i] += row[i] / some.size();
        }
      }
      averaged.add(mean);
    }
    return averaged;
  }

  double[] column(int number) {
    return rows.stream().mapToDouble(row -> row[number]).toArray();
  }
}
