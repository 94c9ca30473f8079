package dev.adjoint.spark;

import dev.adjoint.training.Search;
import dev.adjoint.training.SearchResult;
import dev.adjoint.training.Trial;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * Where a {@link Search} computes its trials: each is a task of a Spark cluster, and a whole
 * training.
 *
 * <pre>{@code
 * SearchResult result =
 *     new Search("accuracy", Goal.MAXIMIZE)
 *         .logRange("rate", 1e-4, 1e-1)
 *         .on(new SparkTrials(spark))
 *         .halving(81, 1, 27, 3, 7, (SparkTrials.Objective) trial -> accuracy(train(trial)));
 * result.page("Search").write(Path.of("search.html"));
 * }</pre>
 *
 * <p>Outcomes are those of the same search in threads, bit by bit, if a trial depends on its
 * settings only; one that failed is recorded, and the search goes on. A trial whose executor died
 * is computed again. Give executors {@code -Dadjoint.threads=1} by {@code
 * spark.executor.extraJavaOptions} where they run a trial on each of their cores.
 */
public final class SparkTrials implements Search.Place {

  /** An objective that Spark can send: what it uses from outside must be serializable. */
  @FunctionalInterface
  public interface Objective extends Search.Objective, Serializable {}

  /** A trial or what came of it, as Spark can send it: settings are numbers, texts and the like. */
  private record Sent(
      int number, LinkedHashMap<String, Object> settings, int budget, double score, String failure)
      implements Serializable {

    static Sent of(Trial trial, double score, String failure) {
      return new Sent(
          trial.number(), new LinkedHashMap<>(trial.settings()), trial.budget(), score, failure);
    }

    Trial trial() {
      return new Trial(number, settings, budget);
    }
  }

  /** The property of jobs that says whether the threads of canceled tasks are interrupted. */
  private static final String INTERRUPTS = "spark.job.interruptOnCancel";

  private final SparkSession spark;

  /** Computes trials on the cluster of a session. */
  public SparkTrials(SparkSession spark) {
    this.spark = spark;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalArgumentException if the objective, or a setting, cannot be sent
   * @throws IllegalStateException if executors have another version than the driver
   * @throws CancellationException if the thread was interrupted, as trials are then; it still is
   */
  @Override
  public List<SearchResult.Outcome> run(
      List<Trial> trials, Search.Objective objective, Consumer<SearchResult.Outcome> ended) {
    if (!(objective instanceof Serializable)) {
      throw new IllegalArgumentException(
          "SparkTrials: an objective that cannot be sent; expected a SparkTrials.Objective, as in"
              + " (SparkTrials.Objective) trial -> ...");
    }
    for (Trial trial : trials) {
      for (Map.Entry<String, Object> setting : trial.settings().entrySet()) {
        if (!(setting.getValue() instanceof Serializable)) {
          throw new IllegalArgumentException(
              "SparkTrials: '%s' is a %s, which cannot be sent; expected a number, a text or a constant"
                  .formatted(setting.getKey(), setting.getValue().getClass().getSimpleName()));
        }
      }
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<Sent> sent = trials.stream().map(trial -> Sent.of(trial, 0, "")).toList();
    List<Sent> outcomes = Failures.told("search", () -> outcomes(context, sent, objective));
    List<SearchResult.Outcome> came =
        IntStream.range(0, trials.size())
            .mapToObj(i ->
                new SearchResult.Outcome(
                    trials.get(i), outcomes.get(i).score(), outcomes.get(i).failure()))
            .toList();
    came.forEach(ended);
    return came;
  }

  /** Returns the master of the cluster. */
  @Override
  public String toString() {
    return "SparkTrials on " + spark.sparkContext().master();
  }

  private static List<Sent> outcomes(
      JavaSparkContext context, List<Sent> trials, Search.Objective objective)
      throws InterruptedException {
    String before = context.getLocalProperty(INTERRUPTS);
    context.setLocalProperty(INTERRUPTS, "true");
    try {
      Versions.check(context);
      return Failures.cancellable(
          context
              .parallelize(trials, trials.size())
              .map(each -> outcome(each.trial(), objective))
              .collectAsync());
    } finally {
      context.setLocalProperty(INTERRUPTS, before);
    }
  }

  private static Sent outcome(Trial trial, Search.Objective objective) throws InterruptedException {
    SearchResult.Outcome outcome = Search.outcome(trial, objective);
    return Sent.of(trial, outcome.score(), outcome.failure());
  }
}
