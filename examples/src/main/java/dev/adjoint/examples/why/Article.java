package dev.adjoint.examples.why;

import dev.adjoint.training.report.Page;
import dev.adjoint.training.report.Verdict;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the page about all that was measured. */
public final class Article {

  private static final List<List<String>> NORMS =
      List.of(
          List.of("batch norm", "mean and deviation of one unit over a batch"),
          List.of("batch renorm", "the same, corrected towards running averages"),
          List.of("ghost batch norm", "those of batch norm, over each part of a batch"),
          List.of("layer norm", "mean and deviation of one example over the units of a layer"),
          List.of("group norm", "the same over a group of the units"),
          List.of("RMS norm", "0 and the root of the mean square of one example over the units"),
          List.of("weight norm", "0 and the length of the weights of one unit"),
          List.of("cosine norm", "0 and the length of the weights times that of the input"),
          List.of("whitening", "mean and covariance matrix of a block of units over a batch"),
          List.of("DyT", "none: tanh(alpha x) in place of the quotient"));

  private Article() {}

  /** Returns the page. */
  public static Page of(Map<Experiment, Result> results, List<Long> seeds, Duration duration) {
    Page page = new Page("Why normalize?");
    page.paragraph(
        "Papers say what normalization is good for. This page puts their claims to the test with"
            + " networks that learn within seconds, and says of each whether it holds here.");
    page.answers(counts(results));
    page.facts(facts(seeds, duration));
    results.forEach((experiment, result) -> {
      page.heading("%s. %s".formatted(experiment, result.title()));
      result
          .findings()
          .forEach(finding ->
              page.claim(
                  finding.verdict(),
                  finding.claim(),
                  "Here: %s. Source: %s.".formatted(finding.measured(), finding.source())));
      result.addTo(page);
    });
    return addExplanation(page);
  }

  private static Map<String, String> counts(Map<Experiment, Result> results) {
    Map<String, String> counts = new LinkedHashMap<>();
    for (Verdict verdict : Verdict.values()) {
      long count =
          results.values().stream()
              .flatMap(result -> result.findings().stream())
              .filter(finding -> finding.verdict() == verdict)
              .count();
      counts.put((count == 1 ? "claim " : "claims ") + plural(verdict, count), "" + count);
    }
    return counts;
  }

  private static String plural(Verdict verdict, long count) {
    return count == 1
        ? verdict.toString()
        : verdict.toString().replace("holds", "hold").replace("does", "do");
  }

  private static Map<String, String> facts(List<Long> seeds, Duration duration) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put(
        "data",
        "drawn by the program: ten kinds of blobs, 14 by 14 pixels; where texts are learned, names"
            + " of the JDK's classes");
    facts.put("training", "plain gradient descent on small networks, or the optimizer named");
    facts.put("seeds", String.join(", ", seeds.stream().map(Object::toString).toList()));
    facts.put("duration", duration.toSeconds() + " s");
    return facts;
  }

  private static Page addExplanation(Page page) {
    return page.heading("What was measured, and how")
        .paragraph(
            "Every layer of a network learns from what the layers below make of the data, and these"
                + " learn, too. Normalization gives a layer values of a range that it can rely on."
                + " All norms are one formula, h = g (x - mu) / sigma + b. They differ in what mu"
                + " and sigma are:")
        .table(List.of("norm", "mu and sigma"), NORMS)
        .paragraph(
            "The data are %d kinds of blobs, pictures of 14 by 14 pixels in black and white. The easy set moves them by up to one pixel and flips 12 %% of the pixels: any network learns it. The hard set moves them by up to two and flips 30 %%: about 60 %% right is what these networks achieve. All learn by plain gradient descent, but where another optimizer is named. Ranges in parentheses are over the seeds."
                .formatted(Blobs.CLASSES))
        .paragraph(
            "That a claim holds here is no proof, and that it does not is no refutation: what one"
                + " sees in a network of a few thousand weights may be otherwise in a large one.");
  }
}
