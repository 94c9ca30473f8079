package dev.adjoint.benchmarks;

import dev.adjoint.benchmarks.Side.Digest;
import dev.adjoint.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Measures Adjoint and libtorch side by side, and prints one table: median times, their ratio, and
 * how near Adjoint comes to the limits of the machine, measured in the same run.
 *
 * <p>Each library has a process of its own for all sizes of a case. For each size both are warmed
 * up, then measured in turn, so that what else the machine does hits both. Both must have computed
 * the same before: the sums of outputs and gradients are compared.
 */
public final class Benchmarks {

  private final Options options;
  private final @Nullable Path libraries;
  private final Map<Integer, MachineLimits.Measured> limits = new TreeMap<>();
  private final List<Case.Row> rows = Cases.rows();
  private int different;

  private Benchmarks(Options options, @Nullable Path libraries) {
    this.options = options;
    this.libraries = libraries;
  }

  /** Measures what the arguments say; see {@link Options#USAGE}. */
  public static void main(String[] args) throws IOException {
    Options options;
    try {
      options = Options.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.exit(1);
      return;
    }
    Files.createDirectories(options.output().getParent());
    Files.writeString(options.log(), "");
    Optional<Path> libraries = Libraries.unpacked(options.output().resolveSibling("libtorch"));
    new Benchmarks(options, libraries.orElse(null)).run();
  }

  private void run() throws IOException {
    long start = System.nanoTime();
    for (int threads : options.check() ? List.<Integer>of() : options.threads()) {
      limits.put(threads, WorkerProcess.limits(options, threads));
    }
    Report report = new Report(options, limits, describedLibtorch());
    for (Case measured : Cases.of(options)) {
      Map<Case.Row, Map<Integer, Measured>> lines = new LinkedHashMap<>();
      for (int threads : options.threads()) {
        measure(measured, threads, lines);
      }
      lines.forEach(report::add);
    }
    report.finish((System.nanoTime() - start) / 1e9);
    if (different > 0) {
      throw new IllegalStateException(
          "%d computations differ between the libraries".formatted(different));
    }
  }

  private String describedLibtorch() throws IOException {
    if (libraries == null) {
      return "no libtorch: the profile libtorch brings it";
    }
    try (WorkerProcess libtorch = WorkerProcess.libtorch(options, libraries, 1)) {
      return libtorch.describe();
    }
  }

  private void measure(Case measured, int threads, Map<Case.Row, Map<Integer, Measured>> lines)
      throws IOException {
    try (WorkerProcess adjoint = WorkerProcess.adjoint(options, threads);
        WorkerProcess libtorch =
            libraries == null ? null : WorkerProcess.libtorch(options, libraries, threads)) {
      double least = options.quick() ? 2 : 4;
      for (Case.Row row : measured.rows()) {
        if (Cases.selected(options, row)
            && sameComputed(row, adjoint, libtorch)
            && !options.check()) {
          lines
              .computeIfAbsent(row, _ -> new TreeMap<>())
              .put(threads, measure(row, threads, adjoint, libtorch, least));
          least = options.quick() ? 1 : 2; // what all sizes share is warm
        }
      }
    }
  }

  private Measured measure(
      Case.Row row,
      int threads,
      WorkerProcess adjoint,
      @Nullable WorkerProcess libtorch,
      double least) {
    if (libtorch != null) {
      libtorch.warm(options.quick() ? 0.3 : 0.5, options.quick() ? 0.3 : 2);
    }
    boolean alone = options.quick() && threads == 1;
    adjoint.warm(least, least + (options.quick() ? 8 : 4));
    double[] ours = new double[options.rounds()];
    double[] theirs = new double[options.rounds()];
    double bytes = 0;
    for (int round = 0; round < ours.length; round++) {
      double[] measured = adjoint.time(alone, options.secondsOfRound());
      ours[round] = measured[0];
      bytes = measured[1];
      theirs[round] =
          libtorch == null ? Double.NaN : libtorch.time(alone, options.secondsOfRound())[0];
    }
    int element = options.dtype() == DType.FLOAT32 ? Float.BYTES : Double.BYTES;
    return new Measured(
        alone ? least(ours) : median(ours),
        alone ? least(theirs) : median(theirs),
        row.work().nanos(limits.get(threads), element),
        bytes,
        Math.max(spread(ours), spread(theirs)));
  }

  /** Lets both compute a row, and complains if they do not compute the same. */
  private boolean sameComputed(
      Case.Row row, WorkerProcess adjoint, @Nullable WorkerProcess libtorch) {
    int index = rows.indexOf(row);
    List<Digest> ours = adjoint.prepare(index);
    List<Digest> theirs = libtorch == null ? ours : libtorch.prepare(index);
    double tolerance = options.dtype() == DType.FLOAT32 ? 1e-3 : 1e-9;
    boolean same = ours.size() == theirs.size();
    for (int i = 0; same && i < ours.size(); i++) {
      same = ours.get(i).near(theirs.get(i), tolerance);
    }
    if (!same) {
      different++;
      System.err.printf(
          "%s: Adjoint and libtorch compute different things; the output and the gradients"
              + " are%n%s%nand%n%s%n",
          row.name(), ours, theirs);
    }
    return same;
  }

  private static double least(double[] values) {
    return Arrays.stream(values).min().orElseThrow();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Returns the distance of the middle half of the values, as a part of their median. */
  private static double spread(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int cut = sorted.length / 4;
    return (sorted[sorted.length - 1 - cut] - sorted[cut]) / median(values);
  }
}
