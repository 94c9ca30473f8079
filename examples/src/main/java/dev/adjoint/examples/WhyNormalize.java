package dev.adjoint.examples;

import dev.adjoint.examples.why.Article;
import dev.adjoint.examples.why.Experiment;
import dev.adjoint.examples.why.Finding;
import dev.adjoint.examples.why.Lab;
import dev.adjoint.examples.why.Result;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Puts what papers say about normalization to the test, and writes a page about it. */
@Command(
    name = "why-normalize",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Puts what papers say about normalization to the test, in two minutes.")
final class WhyNormalize extends Example {

  @Option(
      names = "--seeds",
      paramLabel = "NUMBERS",
      split = ",",
      description = "Repeat each experiment with these seeds (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds = List.of(1L, 2L, 3L);

  @Option(
      names = "--only",
      paramLabel = "LETTERS",
      split = ",",
      description = "Run only these experiments, as in a,c (default: ${DEFAULT-VALUE}).")
  private List<Experiment> only = List.of(Experiment.values());

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write the page to this file (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "why-normalize.html");

  WhyNormalize(PrintStream out) {
    super(out, false);
  }

  @Override
  public Integer call() throws IOException {
    new Page("Why normalize? Not measured yet").write(report); // found now if it is of no use
    long begin = System.nanoTime();
    Lab lab = new Lab(seeds);
    Map<Experiment, Result> results = new EnumMap<>(Experiment.class);
    for (Experiment experiment : EnumSet.copyOf(only)) {
      long start = System.nanoTime();
      Result result = experiment.run(lab);
      results.put(experiment, result);
      print(experiment, result, (System.nanoTime() - start) / 1e9);
    }
    Duration duration = Duration.ofNanos(System.nanoTime() - begin);
    Article.of(results, seeds, duration).write(report);
    print("Page: %s%n", report.toAbsolutePath());
    return CommandLine.ExitCode.OK;
  }

  private void print(Experiment experiment, Result result, double seconds) {
    print("%s  %s (%.0f s)%n", experiment, result.title(), seconds);
    for (Finding finding : result.findings()) {
      print("   %-14s %s%n", finding.verdict(), finding.claim());
      print("   %-14s %s%n", "", finding.measured());
    }
  }
}
