package dev.adjoint.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;

/** Writes the table as Markdown, to the console and to a file, line by line as it is measured. */
final class Report {

  /** A spread beyond which a ratio says little. */
  private static final double NOISY = 0.1;

  private final Options options;
  private final Map<Integer, List<Double>> ratios = new TreeMap<>();

  Report(Options options, Map<Integer, MachineLimits.Measured> limits, String libtorch)
      throws IOException {
    this.options = options;
    Files.writeString(options.output(), "");
    line(
        "# Adjoint beside libtorch%s, %s"
            .formatted(options.quick() ? " (quick)" : "", LocalDate.now(ZoneId.systemDefault())));
    line("");
    line("- " + machine());
    line("- " + libtorch);
    limits.forEach((threads, limit) -> line("- %s: %s".formatted(threads(threads), limit)));
    line("");
    line(
        "Times of one call in %s, forward and backward unless the name says otherwise. Ratio: Adjoint's time / libtorch's, bold where Adjoint is slower, with a ~ where times differ by more than a tenth. Limit: how much of Adjoint's time the machine needs at least. Bytes: what Adjoint allocates."
            .formatted(options.dtype().name().toLowerCase(Locale.ROOT)));
    line("");
    StringBuilder head = new StringBuilder(cells("%-42s", "", "|"));
    StringBuilder rule = new StringBuilder("|" + "-".repeat(44) + "|");
    for (int threads : options.threads()) {
      head.append(
          " %9s | %9s | %8s | %5s |".formatted("Adjoint " + threads, "libtorch", "ratio", "limit"));
      rule.append("----------:|----------:|---------:|------:|");
    }
    line(head + "    bytes |");
    line(rule + "---------:|");
  }

  private static String cells(String format, String text, String end) {
    return "| " + format.formatted(text) + " " + end;
  }

  /** Writes a row. */
  void add(Case.Row row, Map<Integer, Measured> columns) {
    StringBuilder line = new StringBuilder(cells("%-42s", row.name(), "|"));
    double bytes = 0;
    for (int threads : options.threads()) {
      Measured measured = Objects.requireNonNull(columns.get(threads), row.name());
      String limit =
          measured.limit() == 0
              ? ""
              : "%.0f %%".formatted(100 * measured.limit() / measured.ours());
      line.append(
          " %9s | %9s | %8s | %5s |"
              .formatted(time(measured.ours()), time(measured.theirs()), ratio(measured), limit));
      ratios.computeIfAbsent(threads, _ -> new ArrayList<>()).add(measured.ratio());
      bytes = measured.bytes();
    }
    line(line + " %8s |".formatted(bytes(bytes)));
  }

  /** Writes the geometric means. */
  void finish(double seconds) {
    line("");
    ratios.forEach((threads, all) -> {
      double mean = Math.exp(all.stream().mapToDouble(Math::log).average().orElse(Double.NaN));
      long slower = all.stream().filter(ratio -> ratio > 1).count();
      line(
          "- %s: geometric mean of the ratios %.2f; Adjoint is slower in %d of %d rows, at most by %.2f"
              .formatted(
                  threads(threads),
                  mean,
                  slower,
                  all.size(),
                  all.stream().mapToDouble(ratio -> ratio).max().orElse(Double.NaN)));
    });
    line(
        "- measured in %.0f minutes %02.0f seconds"
            .formatted(Math.floor(seconds / 60), Math.floor(seconds % 60)));
  }

  private static String threads(int threads) {
    return threads == 1 ? "1 thread" : threads + " threads";
  }

  private static String ratio(Measured measured) {
    if (Double.isNaN(measured.theirs())) {
      return "";
    }
    double ratio = measured.ratio();
    String text = "%.2f%s".formatted(ratio, measured.spread() > NOISY ? "~" : "");
    return ratio > 1.005 ? "**" + text + "**" : text;
  }

  private static String time(double nanos) {
    if (Double.isNaN(nanos)) {
      return "";
    }
    if (nanos < 1e5) {
      return "%.1f us".formatted(nanos / 1e3);
    }
    return nanos < 1e6 ? "%.0f us".formatted(nanos / 1e3) : "%.2f ms".formatted(nanos / 1e6);
  }

  private static String bytes(double bytes) {
    return bytes < 1e5 ? "%.1f KB".formatted(bytes / 1e3) : "%.1f MB".formatted(bytes / 1e6);
  }

  private static String machine() throws IOException {
    String collectors =
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .map(GarbageCollectorMXBean::getName)
            .map(name -> name.replaceFirst(" .*", ""))
            .distinct()
            .collect(Collectors.joining(", "));
    return "%s, %d cores, %s %s; Java %s, vectors of %d bits, collector %s, heap %d MB"
        .formatted(
            processor(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            Runtime.version(),
            FloatVector.SPECIES_PREFERRED.vectorBitSize(),
            collectors,
            Runtime.getRuntime().maxMemory() >> 20);
  }

  private static String processor() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.exists(info)) {
      try (Stream<String> lines = Files.lines(info)) {
        return lines
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("unknown processor");
      }
    }
    String named = System.getenv("PROCESSOR_IDENTIFIER");
    return named == null ? "unknown processor" : named;
  }

  private void line(String line) {
    System.out.println(line);
    try {
      Files.writeString(options.output(), line + System.lineSeparator(), StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
