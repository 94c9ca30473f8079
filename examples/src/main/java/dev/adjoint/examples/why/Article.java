package dev.adjoint.examples.why;

import dev.adjoint.training.report.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes the page about all that was measured. */
public final class Article {

  private static final List<List<String>> NORMS =
      List.of(
          List.of("batch norm", "mean and deviation of one unit over a batch"),
          List.of("layer norm", "mean and deviation of one example over the units of a layer"),
          List.of("group norm", "the same over a group of the units"),
          List.of("RMS norm", "0 and the root of the mean square of one example over the units"),
          List.of("weight norm", "0 and the length of the weights of one unit"),
          List.of("cosine norm", "0 and the length of the weights times that of the input"),
          List.of("whitening", "mean and covariance matrix of a block of units over a batch"));

  private Article() {}

  /** Returns the page. */
  public static Page of(Map<Experiment, Result> results, List<Long> seeds) {
    Page page = new Page("Why normalize?");
    introduce(page, seeds);
    summarize(page, results);
    results.forEach((experiment, result) -> {
      page.heading("%s. %s".formatted(experiment, result.title()));
      result.addTo(page);
      page.table(
          List.of("claim", "measured here", "verdict"),
          result.findings().stream()
              .map(finding ->
                  List.of(
                      "%s (%s)".formatted(finding.claim(), finding.source()),
                      finding.measured(),
                      finding.verdict()))
              .toList());
    });
    return page;
  }

  private static void introduce(Page page, List<Long> seeds) {
    page.paragraph(
            "Every layer of a network learns from what the layers below make of the data, and these learn, too. Normalization gives a layer values of a range that it can rely on. All norms are one formula, h = g (x - mu) / sigma + b. They differ in what mu and sigma are:")
        .table(List.of("norm", "mu and sigma"), NORMS)
        .paragraph(
            "Papers say what that is good for. This page puts their claims to the test with networks that learn within seconds, and says of each whether it holds here. That is no proof and no refutation: what one sees in a network of a few thousand weights may be otherwise in a large one.")
        .paragraph(
            "The data are %d kinds of blobs, pictures of 14 by 14 pixels in black and white. The easy set moves them by up to one pixel and flips 12 %% of the pixels: any network learns it. The hard set moves them by up to two and flips 30 %%: about 60 %% right is what these networks achieve. All learn by plain gradient descent. Seeds: %s; ranges in parentheses are over these."
                .formatted(
                    Blobs.CLASSES,
                    String.join(", ", seeds.stream().map(Object::toString).toList())));
  }

  private static void summarize(Page page, Map<Experiment, Result> results) {
    List<List<String>> rows = new ArrayList<>();
    results.forEach((experiment, result) ->
        result
            .findings()
            .forEach(finding ->
                rows.add(List.of(experiment.toString(), finding.claim(), finding.verdict()))));
    page.table(List.of("", "claim", "verdict"), rows);
  }
}
