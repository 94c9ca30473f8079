package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.nn.Activation;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleBinaryOperator;
import java.util.function.ToDoubleFunction;

/**
 * Repeats Figure 1 of the paper on batch norm: three layers of sigmoids, with and without.
 *
 * @param curves by norm, one for each seed
 */
record LearningSpeed(Map<Norm, List<Curve>> curves) implements Result {

  private static final List<Norm> NORMS = List.of(Norm.BATCH, Norm.NONE);
  private static final int STEPS = 2000;
  private static final int BATCH = 60;
  private static final double RATE = 0.1;
  private static final double DEVIATION = 0.1;
  private static final double GOAL = 0.9;

  static LearningSpeed run(Lab lab) {
    return run(lab, STEPS);
  }

  /** Runs for fewer steps, for those who cannot wait. */
  static LearningSpeed run(Lab lab, int steps) {
    return new LearningSpeed(
        lab.run(
            NORMS,
            (norm, seed) -> {
              Network network = new Network(3, 100, Activation.SIGMOID, norm, DEVIATION);
              return Curve.of(network.learner(lab.easy(seed), BATCH, RATE, seed), steps);
            }));
  }

  @Override
  public String title() {
    return "Does it learn faster?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "Three hidden layers of 100 sigmoids learn the easy set, from normal weights of deviation %s, with batches of %d and learning rate %s. Without a norm all sigmoids give nearly the same for all examples at first, and the network spends most of its time to get away from there."
                .formatted(DEVIATION, BATCH, RATE))
        .plot(
            accuracies(),
            "Mean of the seeds, with their range. Compare Ioffe and Szegedy 2015, figure 1a.")
        .paragraph(
            "What does one sigmoid of the last hidden layer get to see? The bands are the 15th to"
                + " the 85th percentile over the tests, the line is the median.")
        .plot(inputs(), "First seed. Compare Ioffe and Szegedy 2015, figures 1b and 1c.");
  }

  private LinePlot accuracies() {
    LinePlot plot = new LinePlot("Accuracy while learning", "step", "test accuracy");
    for (Norm norm : NORMS) {
      List<Curve> all = all(norm);
      double[] steps = all.getFirst().each(Curve.Point::step);
      List<double[]> bySeed = all.stream().map(c -> c.each(Curve.Point::accuracy)).toList();
      double[] sum = folded(bySeed, Double::sum);
      plot.color(norm.toString(), norm.color())
          .line(norm.toString(), steps, Arrays.stream(sum).map(s -> s / all.size()).toArray())
          .band(norm.toString(), steps, folded(bySeed, Math::min), folded(bySeed, Math::max));
    }
    return plot;
  }

  private static double[] folded(List<double[]> all, DoubleBinaryOperator operator) {
    double[] folded = all.getFirst().clone();
    for (double[] other : all.subList(1, all.size())) {
      for (int i = 0; i < folded.length; i++) {
        folded[i] = operator.applyAsDouble(folded[i], other[i]);
      }
    }
    return folded;
  }

  private LinePlot inputs() {
    LinePlot plot = new LinePlot("What one sigmoid gets to see", "step", "input of the sigmoid");
    for (Norm norm : NORMS) {
      Curve curve = all(norm).getFirst();
      double[] steps = curve.each(Curve.Point::step);
      plot.color(norm.toString(), norm.color())
          .line(norm.toString(), steps, curve.each(Curve.Point::p50))
          .band(norm.toString(), steps, curve.each(Curve.Point::p15), curve.each(Curve.Point::p85));
    }
    return plot;
  }

  private List<Curve> all(Norm norm) {
    return Objects.requireNonNull(curves.get(norm));
  }

  private Spread spread(Norm norm, ToDoubleFunction<Curve> number) {
    return Spread.of(all(norm).stream().map(number::applyAsDouble).toList());
  }

  /**
   * After how many steps networks have learned; those that never do count with all of theirs.
   *
   * @param missed how many never do
   */
  private record Goal(Spread steps, int missed, int networks, int last) {

    static Goal of(List<Curve> curves) {
      int last = curves.getFirst().lastStep();
      return new Goal(
          Spread.of(
              curves.stream().map(curve -> (double) curve.stepsTo(GOAL).orElse(last)).toList()),
          (int) curves.stream().filter(curve -> curve.stepsTo(GOAL).isEmpty()).count(),
          curves.size(),
          last);
    }

    /** Says how many times fewer steps another has taken; nothing if it has not learned. */
    String comparedWith(Goal faster) {
      return faster.missed > 0
          ? ""
          : String.format(
              ROOT,
              ": %s%.0f times fewer",
              missed > 0 ? "at least " : "",
              steps.mean() / faster.steps.mean());
    }

    @Override
    public String toString() {
      return missed == 0
          ? steps.written("%.0f")
          : String.format(
              ROOT, "more than %,d (%d of %d never gets there)", last, missed, networks);
    }
  }

  @Override
  public List<Finding> findings() {
    Goal slow = Goal.of(all(Norm.NONE));
    Goal fast = Goal.of(all(Norm.BATCH));
    Spread plainDrift = spread(Norm.NONE, Curve::drift);
    Spread normedDrift = spread(Norm.BATCH, Curve::drift);
    Spread plainWidening = spread(Norm.NONE, Curve::widening);
    Spread normedWidening = spread(Norm.BATCH, Curve::widening);
    return List.of(
        new Finding(
            "With batch norm networks learn faster.",
            "Ioffe and Szegedy 2015, figure 1a",
            "steps to 90 %%: %s with batch norm, %s without%s"
                .formatted(fast, slow, slow.comparedWith(fast)),
            fast.missed == 0 && slow.steps.low() >= 5 * fast.steps.high()),
        new Finding(
            "Batch norm makes the distribution of what a sigmoid gets more stable.",
            "Ioffe and Szegedy 2015, figures 1b and 1c",
            String.format(
                ROOT,
                "the median moves by %s with batch norm, by %s without; the distance of the outer"
                    + " percentiles changes %s-fold with, %s-fold without",
                normedDrift.written("%.2f"),
                plainDrift.written("%.2f"),
                normedWidening.written("%.1f"),
                plainWidening.written("%.1f")),
            normedDrift.high() < plainDrift.low() && normedWidening.high() < plainWidening.low()));
  }
}
