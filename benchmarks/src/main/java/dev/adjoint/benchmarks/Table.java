package dev.adjoint.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the benchmarks with both kernel providers, on one thread and on all, and prints one table of
 * median times, with rates beside the limits of the machine measured in the same run.
 */
public final class Table {

  private static final String LIMITS = MachineLimits.class.getSimpleName();
  private static final String VECTOR = "--add-modules=jdk.incubator.vector";

  /** One column: how the JVM of a benchmark is started. */
  private record Configuration(String title, List<String> jvmArguments) {}

  /** A row's times in nanoseconds by column, and the work that one call does. */
  private record Row(String name, Work work, Map<String, Double> nanos) {}

  private Table() {}

  /**
   * Runs all benchmarks, or those that the arguments select.
   *
   * @param args JMH's command line: regular expressions of names, and options such as {@code -p
   *     dtype=FLOAT32}
   */
  public static void main(String[] args) throws RunnerException, CommandLineOptionException {
    CommandLineOptions commandLine = new CommandLineOptions(args);
    int cores = Runtime.getRuntime().availableProcessors();
    List<Configuration> configurations = new ArrayList<>();
    for (String provider : List.of("vector", "portable")) {
      for (int threads : cores == 1 ? List.of(1) : List.of(1, cores)) {
        List<String> arguments = new ArrayList<>();
        if (provider.equals("vector")) {
          arguments.add(VECTOR);
        }
        arguments.addAll(
            List.of(
                "-Dadjoint.kernels=" + provider,
                "-Dadjoint.threads=" + threads,
                "-Xmx4g",
                "-Xms4g",
                "--sun-misc-unsafe-memory-access=allow"));
        configurations.add(new Configuration(provider + " x" + threads, arguments));
      }
    }

    Map<String, Double> limits = new TreeMap<>();
    for (RunResult result : runLimits(configurations.getFirst())) {
      limits.put(method(result), median(result));
    }
    Map<String, Row> rows = new LinkedHashMap<>();
    for (Configuration configuration : configurations) {
      System.err.println("Measuring " + configuration.title() + " ...");
      for (RunResult result : runSelected(commandLine, configuration)) {
        Work work = Work.of(method(result), result.getParams());
        rows.computeIfAbsent(name(result), name -> new Row(name, work, new LinkedHashMap<>()))
            .nanos()
            .put(configuration.title(), median(result));
      }
    }
    print(limits, rows, configurations);
  }

  private static Collection<RunResult> runLimits(Configuration configuration)
      throws RunnerException {
    return new Runner(measured(configuration, new OptionsBuilder()).include(LIMITS).build()).run();
  }

  private static Collection<RunResult> runSelected(
      CommandLineOptions commandLine, Configuration configuration) throws RunnerException {
    ChainedOptionsBuilder options =
        measured(configuration, new OptionsBuilder().parent(commandLine));
    if (commandLine.getIncludes().isEmpty()) {
      options.include("Benchmarks");
    }
    return new Runner(options.build()).run();
  }

  private static ChainedOptionsBuilder measured(
      Configuration configuration, ChainedOptionsBuilder options) {
    return options
        .verbosity(VerboseMode.SILENT)
        .jvmArgs(configuration.jvmArguments().toArray(String[]::new))
        .forks(1)
        .shouldFailOnError(true);
  }

  private static void print(
      Map<String, Double> limits, Map<String, Row> rows, List<Configuration> configurations) {
    double peak32 =
        MachineLimits.fmaOperations(FloatVector.SPECIES_PREFERRED.length())
            / limit(limits, "fmaFloat");
    double peak64 =
        MachineLimits.fmaOperations(DoubleVector.SPECIES_PREFERRED.length())
            / limit(limits, "fmaDouble");
    double bandwidth = MachineLimits.copiedBytes() / limit(limits, "copy");
    System.out.printf(
        Locale.ROOT,
        "%nOne core: %.0f GFLOP/s float32, %.0f GFLOP/s float64, copies %.1f GB/s (read and write)%n%n",
        peak32,
        peak64,
        bandwidth);
    int width = rows.keySet().stream().mapToInt(String::length).max().orElse(0);
    StringBuilder head =
        new StringBuilder(String.format("%-" + width + "s", "median time of one call"));
    for (Configuration configuration : configurations) {
      head.append(String.format("  %13s", configuration.title()));
    }
    System.out.println(head + "  rate of the first column, share of the limit");
    for (Row row : rows.values()) {
      StringBuilder line = new StringBuilder(String.format("%-" + width + "s", row.name()));
      for (Configuration configuration : configurations) {
        Double nanos = row.nanos().get(configuration.title());
        line.append(String.format("  %13s", nanos == null ? "-" : time(nanos)));
      }
      double peak = row.name().contains("FLOAT64") ? peak64 : peak32;
      OptionalDouble first =
          row.nanos().values().stream().mapToDouble(Double::doubleValue).findFirst();
      if (first.isPresent()) {
        line.append("  ").append(row.work().rate(first.getAsDouble(), peak, bandwidth));
      }
      System.out.println(line);
    }
  }

  private static double limit(Map<String, Double> limits, String method) {
    return Objects.requireNonNull(limits.get(method), method);
  }

  private static String time(double nanos) {
    if (nanos < 1e3) {
      return String.format(Locale.ROOT, "%.0f ns", nanos);
    }
    return nanos < 1e6
        ? String.format(Locale.ROOT, "%.2f us", nanos / 1e3)
        : String.format(Locale.ROOT, "%.2f ms", nanos / 1e6);
  }

  private static double median(RunResult result) {
    return result.getPrimaryResult().getStatistics().getPercentile(50);
  }

  private static String method(RunResult result) {
    String name = result.getParams().getBenchmark();
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static String name(RunResult result) {
    BenchmarkParams params = result.getParams();
    StringBuilder name = new StringBuilder(method(result));
    List<String> keys = new ArrayList<>(params.getParamsKeys());
    keys.remove("dtype");
    for (String key : keys) {
      name.append(' ').append(params.getParam(key));
    }
    return name + " " + params.getParam("dtype");
  }
}
