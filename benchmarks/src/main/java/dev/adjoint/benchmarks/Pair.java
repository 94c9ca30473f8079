package dev.adjoint.benchmarks;

import dev.adjoint.benchmarks.Side.Digest;
import dev.adjoint.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The processes of both libraries, on the same number of threads; or that of Adjoint alone. */
final class Pair implements AutoCloseable {

  private static final List<Case.Row> ROWS = Cases.rows();

  private final Options options;
  private final WorkerProcess adjoint;
  private final @Nullable WorkerProcess libtorch;

  /** Tells whether times are the least that a thread computes, because others compute too. */
  private final boolean least;

  Pair(Options options, @Nullable Path libraries, int threads) throws IOException {
    this.options = options;
    adjoint = WorkerProcess.adjoint(options, threads);
    libtorch = libraries == null ? null : WorkerProcess.libtorch(options, libraries, threads);
    least = options.quick() && threads == 1;
  }

  /** Lets both compute a row; returns an empty text, or says what differs. */
  String difference(Case.Row row) {
    int index = ROWS.indexOf(row);
    List<Digest> ours = adjoint.prepare(index);
    List<Digest> theirs = libtorch == null ? ours : libtorch.prepare(index);
    double tolerance = options.dtype() == DType.FLOAT32 ? 1e-3 : 1e-9;
    boolean same = ours.size() == theirs.size();
    for (int i = 0; same && i < ours.size(); i++) {
      same = ours.get(i).near(theirs.get(i), tolerance);
    }
    return same
        ? ""
        : "%s: the output and the gradients are in Adjoint%n  %s%nand in libtorch%n  %s"
            .formatted(row.name(), ours, theirs);
  }

  /** Measures the row that both have computed last, after warming up for some seconds at least. */
  Measured measure(Case.Row row, double warm, MachineLimits.Measured limit) {
    adjoint.warm(warm, warm + (least ? 8 : 4));
    if (libtorch != null) {
      libtorch.warm(warm / 4, warm / 2);
    }
    double[] ours = new double[options.rounds()];
    double[] theirs = new double[options.rounds()];
    double bytes = 0;
    for (int round = 0; round < ours.length; round++) {
      double[] measured = adjoint.time(least, options.secondsOfRound());
      ours[round] = measured[0];
      bytes = measured[1];
      theirs[round] =
          libtorch == null ? Double.NaN : libtorch.time(least, options.secondsOfRound())[0];
    }
    Arrays.sort(ours);
    Arrays.sort(theirs);
    int element = options.dtype() == DType.FLOAT32 ? Float.BYTES : Double.BYTES;
    return new Measured(
        ours[least ? 0 : ours.length / 2],
        theirs[least ? 0 : theirs.length / 2],
        row.work().nanos(limit, element),
        bytes,
        Math.max(spread(ours), spread(theirs)));
  }

  /** Returns the distance of the middle half of sorted values, as a part of their median. */
  private static double spread(double... sorted) {
    int cut = sorted.length / 4;
    return (sorted[sorted.length - 1 - cut] - sorted[cut]) / sorted[sorted.length / 2];
  }

  /** Ends both. */
  @Override
  public void close() {
    adjoint.close();
    if (libtorch != null) {
      libtorch.close();
    }
  }
}
