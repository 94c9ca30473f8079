package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.nn.Activation;
import dev.adjoint.training.report.Page;
import dev.adjoint.training.report.Verdict;
import java.util.List;
import java.util.stream.IntStream;

/** Trains with batches of many sizes, on the same number of examples. */
record BatchSize(Sweep sweep) implements Result {

  private static final List<Integer> SIZES = List.of(2, 4, 8, 16, 32);
  private static final int EXAMPLES = 20_000;

  static BatchSize run(Lab lab) {
    return run(lab, EXAMPLES);
  }

  /** Runs with fewer examples, for those who cannot wait. */
  static BatchSize run(Lab lab, int examples) {
    return new BatchSize(
        Sweep.run(
            lab,
            List.of(Norm.BATCH, Norm.RENORM, Norm.GHOST, Norm.GROUP, Norm.LAYER, Norm.RMS),
            SIZES,
            (norm, setting, seed) -> {
              int size = SIZES.get(setting);
              return new Network(2, 60, Activation.RELU, norm, 0)
                  .accuracy(lab.hard(seed), size, 0.1 * size / 32, examples / size, seed);
            }));
  }

  @Override
  public String title() {
    return "How many examples does a batch need?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "Batch norm estimates mean and deviation from the batch. Of two examples it learns next to nothing: whatever they are, they become -1 and 1, nearly. Batch renorm corrects them by what it remembers of the batches before, within limits that grow in the first 300 steps; ghost batch norm cuts batches into parts of 4. The others look at one example at a time. Two hidden layers of 60 rectifiers learn the hard set, %,d examples in all, with a learning rate of 0.1 for batches of 32 and in proportion for others."
                .formatted(EXAMPLES))
        .plot(
            sweep.lines("Accuracy by the size of batches", "examples in a batch", "test accuracy"),
            "Mean of the seeds, with their range. Compare Wu and He 2018, figure 1, which shows"
                + " errors, on ImageNet.");
  }

  @Override
  public List<Finding> findings() {
    int last = SIZES.size();
    double gap = sweep.mean(Norm.GROUP, 0) - sweep.mean(Norm.BATCH, 0);
    double group = sweep.range(Norm.GROUP, last);
    return List.of(
        new Finding(
            "Batch norm's error grows rapidly when batches become small.",
            "Wu and He 2018, figure 1: 10.6 points behind group norm at 2 images",
            String.format(
                ROOT,
                "at 2 examples batch norm is %.1f points behind group norm (%.3f and %.3f)",
                100 * gap,
                sweep.mean(Norm.BATCH, 0),
                sweep.mean(Norm.GROUP, 0)),
            gap >= 0.1),
        new Finding(
            "Group norm does not depend on the size of batches.",
            "Wu and He 2018, figure 1: 24.1 % at 32 and at 2 images",
            String.format(
                ROOT,
                "accuracies from 2 to 32 differ by %.3f; layer norm's by %.3f, RMS norm's by %.3f",
                group,
                sweep.range(Norm.LAYER, last),
                sweep.range(Norm.RMS, last)),
            group <= 0.05),
        new Finding(
            "Batch renorm is better than batch norm where batches are small.",
            "Ioffe 2017: 76.5 % and 74.2 % with batches of 4",
            String.format(
                ROOT,
                "accuracy with batch renorm and with batch norm: %.3f and %.3f with batches of 2,"
                    + " %.3f and %.3f with 4, %.3f and %.3f with 8",
                sweep.mean(Norm.RENORM, 0),
                sweep.mean(Norm.BATCH, 0),
                sweep.mean(Norm.RENORM, 1),
                sweep.mean(Norm.BATCH, 1),
                sweep.mean(Norm.RENORM, 2),
                sweep.mean(Norm.BATCH, 2)),
            better(0, 1, 2)),
        new Finding(
            "Statistics of parts of a batch, which are noisier, make a network generalize better.",
            "Hoffer, Hubara and Soudry 2017, of batches of 4,096 in parts of 128",
            String.format(
                ROOT,
                "with batches of 32: %.3f with parts of 4, %.3f with the whole",
                sweep.mean(Norm.GHOST, last - 1),
                sweep.mean(Norm.BATCH, last - 1)),
            sweep.mean(Norm.GHOST, last - 1) > sweep.mean(Norm.BATCH, last - 1) + 0.005));
  }

  /** Tells in which of these settings batch renorm is better than batch norm, beyond the seeds. */
  private Verdict better(int... settings) {
    long better =
        IntStream.of(settings)
            .filter(i -> sweep.at(Norm.RENORM, i).low() > sweep.at(Norm.BATCH, i).high())
            .count();
    return better == settings.length
        ? Verdict.HOLDS
        : better > 0 ? Verdict.HOLDS_IN_PART : Verdict.DOES_NOT_HOLD;
  }
}
