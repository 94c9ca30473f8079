package dev.adjoint.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
    Benchmarks benchmarks = new Benchmarks(options, libraries.orElse(null));
    if (options.check()) {
      benchmarks.check();
    } else {
      benchmarks.run();
    }
    if (benchmarks.different > 0) {
      System.exit(1);
    }
  }

  private void check() throws IOException {
    int rows = 0;
    for (int threads : options.threads()) {
      try (Pair pair = new Pair(options, libraries, threads)) {
        for (Case checked : Cases.of(options)) {
          for (Case.Row row : checked.rows()) {
            if (Cases.selected(options, row)) {
              computeSame(pair, row);
              rows++;
            }
          }
        }
      }
    }
    System.out.printf("%d of %d computations differ%n", different, rows);
  }

  private void run() throws IOException {
    long start = System.nanoTime();
    Map<Integer, MachineLimits.Measured> limits = new TreeMap<>();
    for (int threads : options.threads()) {
      limits.put(threads, WorkerProcess.limits(options, threads));
    }
    Report report = new Report(options, limits, libtorch());
    for (Case measured : Cases.of(options)) {
      Map<Case.Row, Map<Integer, Measured>> lines = new LinkedHashMap<>();
      limits.forEach((threads, limit) -> measure(measured, threads, limit, lines));
      lines.forEach(report::add);
    }
    report.finish((System.nanoTime() - start) / 1e9);
  }

  private String libtorch() throws IOException {
    if (libraries == null) {
      return "no libtorch: the profile libtorch brings it";
    }
    try (WorkerProcess libtorch = WorkerProcess.libtorch(options, libraries, 1)) {
      return libtorch.describe();
    }
  }

  private void measure(
      Case measured,
      int threads,
      MachineLimits.Measured limit,
      Map<Case.Row, Map<Integer, Measured>> lines) {
    try (Pair pair = new Pair(options, libraries, threads)) {
      double warm = options.quick() ? 2 : 4;
      for (Case.Row row : measured.rows()) {
        if (Cases.selected(options, row) && computeSame(pair, row)) {
          lines
              .computeIfAbsent(row, _ -> new TreeMap<>())
              .put(threads, pair.measure(row, warm, limit));
          warm = options.quick() ? 1 : 2; // what all sizes share is warm
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean computeSame(Pair pair, Case.Row row) {
    String difference = pair.difference(row);
    if (!difference.isEmpty()) {
      different++;
      System.err.println(difference);
    }
    return difference.isEmpty();
  }
}
