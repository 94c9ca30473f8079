package dev.adjoint.examples.why;

import static java.util.Locale.ROOT;

import dev.adjoint.nn.Activation;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Whitens activations instead of only normalizing each: what does it cost, what does it bring?
 *
 * @param runs by norm, one for each seed
 * @param millis by norm, for a step of training
 */
record WhiteningCost(Map<Norm, List<Run>> runs, Map<Norm, Double> millis) implements Result {

  private static final List<Norm> NORMS = List.of(Norm.BATCH, Norm.ITERATIVE, Norm.WHITENING);
  private static final int WIDTH = 64;
  private static final int BLOCK = 16;
  private static final int BATCH = 128;
  private static final double RATE = 0.1;
  private static final int STEPS = 300;
  private static final int EVERY = 15;
  private static final int ROUNDS = 20;

  /**
   * The result of one training.
   *
   * @param losses the mean of each so many steps
   * @param correlation the mean size of the correlations between units that are whitened together
   */
  record Run(double[] losses, double correlation, double accuracy) {}

  static WhiteningCost run(Lab lab) {
    Map<Norm, List<Run>> runs =
        lab.run(NORMS, (norm, seed) -> run(learner(norm, lab.hard(seed), seed)));
    return new WhiteningCost(runs, millis(lab));
  }

  /** Returns the shortest times, one norm after the other: what disturbs, only takes longer. */
  private static Map<Norm, Double> millis(Lab lab) {
    Map<Norm, Double> shortest = new EnumMap<>(Norm.class);
    for (int round = 0; round < ROUNDS; round++) {
      for (Norm norm : NORMS) {
        Learner learner = learner(norm, lab.hard(lab.seed()), lab.seed());
        long start = System.nanoTime();
        learner.run(10);
        shortest.merge(norm, (System.nanoTime() - start) / 1e7, Math::min);
      }
    }
    return shortest;
  }

  private static Learner learner(Norm norm, Blobs blobs, long seed) {
    return new Network(2, WIDTH, Activation.RELU, norm, 0).learner(blobs, BATCH, RATE, seed);
  }

  private static Run run(Learner learner) {
    double[] losses =
        IntStream.range(0, STEPS / EVERY).mapToDouble(i -> learner.run(EVERY)).toArray();
    return new Run(losses, correlation(learner.outputOf(1)), learner.accuracy());
  }

  private static double correlation(Tensor units) {
    Tensor centered = units.minus(units.mean(Keep.AXES, 0));
    Tensor standard = centered.div(units.biasedVariance(Keep.AXES, 0).sqrt());
    int blocks = WIDTH / BLOCK;
    Tensor grouped = standard.transpose().reshape(blocks, BLOCK, units.size(0));
    Tensor correlations = grouped.matmul(grouped.transpose()).div(units.size(0));
    double ofOthers = correlations.abs().sum().item() - Linalg.diagonal(correlations).sum().item();
    return ofOthers / (blocks * BLOCK * (BLOCK - 1));
  }

  @Override
  public String title() {
    return "Would whitening be better?";
  }

  @Override
  public void addTo(Page page) {
    page.paragraph(
            "In theory a layer should get inputs that are not only normalized one by one but independent of one another, at least uncorrelated: whitened. Decorrelated batch norm takes the covariance of %d units apart by its eigenvectors at each step, IterNorm approaches the same by five steps of Newton's method. Two hidden layers of %d rectifiers learn the hard set with batches of %d and learning rate %s."
                .formatted(BLOCK, WIDTH, BATCH, RATE))
        .plot(losses(), "Loss on the batches, mean of %d steps, first seed.".formatted(EVERY))
        .table(
            List.of("", "correlation", "loss at the end", "test accuracy", "ms a step"),
            NORMS.stream()
                .map(norm ->
                    List.of(
                        norm.toString(),
                        String.format(ROOT, "%.3f", correlation(norm).mean()),
                        String.format(ROOT, "%.3f", loss(norm).mean()),
                        String.format(ROOT, "%.3f", accuracy(norm).mean()),
                        String.format(ROOT, "%.2f", millis(norm))))
                .toList())
        .paragraph(
            "Correlation: the mean size of the correlations between the units of a block, in the first hidden layer after %d steps. Times: the shortest of some, on this machine. The papers' networks are convolutional, with learning rates of their own; at the same rate, whitening does not pay here."
                .formatted(STEPS));
  }

  private LinePlot losses() {
    LinePlot plot = new LinePlot("Loss while learning", "step", "training loss");
    double[] steps = IntStream.rangeClosed(1, STEPS / EVERY).mapToDouble(i -> i * EVERY).toArray();
    for (Norm norm : NORMS) {
      plot.color(norm.toString(), norm.color())
          .line(norm.toString(), steps, all(norm).getFirst().losses);
    }
    return plot;
  }

  private List<Run> all(Norm norm) {
    return Objects.requireNonNull(runs.get(norm));
  }

  private double millis(Norm norm) {
    return Objects.requireNonNull(millis.get(norm));
  }

  private Spread correlation(Norm norm) {
    return spread(norm, Run::correlation);
  }

  private Spread loss(Norm norm) {
    return spread(norm, run -> run.losses[run.losses.length - 1]);
  }

  private Spread accuracy(Norm norm) {
    return spread(norm, Run::accuracy);
  }

  private Spread spread(Norm norm, ToDoubleFunction<Run> number) {
    return Spread.of(all(norm).stream().map(number::applyAsDouble).toList());
  }

  @Override
  public List<Finding> findings() {
    double eigenvectors = millis(Norm.WHITENING) / millis(Norm.BATCH);
    double newton = millis(Norm.ITERATIVE) / millis(Norm.BATCH);
    return List.of(
        new Finding(
            "Batch norm leaves correlations between units, whitening removes them.",
            "Huang et al. 2018",
            "mean size of correlations: %s with batch norm, %s with whitening, %s with IterNorm"
                .formatted(
                    correlation(Norm.BATCH),
                    correlation(Norm.WHITENING),
                    correlation(Norm.ITERATIVE)),
            correlation(Norm.WHITENING).high() < correlation(Norm.BATCH).low()),
        new Finding(
            "Networks whose activations are whitened learn faster and better than with batch norm.",
            "Huang et al. 2018",
            "loss after %d steps %s with whitening, %s with batch norm; accuracy %s and %s"
                .formatted(
                    STEPS,
                    loss(Norm.WHITENING),
                    loss(Norm.BATCH),
                    accuracy(Norm.WHITENING),
                    accuracy(Norm.BATCH)),
            loss(Norm.WHITENING).mean() < loss(Norm.BATCH).mean()
                && accuracy(Norm.WHITENING).mean() > accuracy(Norm.BATCH).mean()),
        new Finding(
            "Newton's method is cheaper than eigenvectors.",
            "Huang et al. 2019",
            String.format(
                ROOT,
                "a step takes %.1f times as long as with batch norm with IterNorm, %.1f times with"
                    + " eigenvectors",
                newton,
                eigenvectors),
            newton < eigenvectors));
  }
}
