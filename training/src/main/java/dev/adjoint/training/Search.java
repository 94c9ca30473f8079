package dev.adjoint.training;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.adjoint.io.AtomicFile;
import dev.adjoint.io.Quoted;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.training.data.TextLines;
import dev.adjoint.training.metric.Goal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A search for good hyperparameters: on a grid, at random, or at random with most trials given up
 * early.
 *
 * <pre>{@code
 * SearchResult result =
 *     new Search("accuracy", Goal.MAXIMIZE)
 *         .choice("width", 8, 32)
 *         .logRange("rate", 1e-4, 1e-1)
 *         .threads(4)
 *         .random(20, 1, trial -> accuracy(train(trial.whole("width"), trial.number("rate"))));
 * Trial best = result.best().trial();
 * }</pre>
 *
 * <p>What is tried depends on the settings and the seed only, and results stand in the order of the
 * trials: threads change the time, and nothing else, as long as a trial uses nothing that another
 * changes. A trial that throws an exception, or whose score is NaN or infinite, is recorded with
 * its reason, and the search goes on; errors such as {@link OutOfMemoryError} end it.
 */
public final class Search {

  /** Trains and judges a model. */
  public interface Objective {
    /** Returns the score of a trial, which may be called for several at once. */
    double score(Trial trial) throws Exception;
  }

  /** Where trials are computed. */
  public interface Place {
    /**
     * Returns the outcome of each trial, by {@link #outcome}, in the order of the trials.
     *
     * @param ended receives each outcome as soon as it is known, on any thread
     */
    List<SearchResult.Outcome> run(
        List<Trial> trials, Objective objective, Consumer<SearchResult.Outcome> ended);
  }

  /** So much of a number of a range is kept: what is printed is what was tried. */
  private static final MathContext DIGITS = new MathContext(3);

  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  /** A setting: the values that it can have, or a function of a number from 0 to 1. */
  private record Setting(List<Object> values, DoubleUnaryOperator range) {

    Object at(double share) {
      return values.isEmpty()
          ? range.applyAsDouble(share)
          : values.get(Math.min((int) (share * values.size()), values.size() - 1));
    }
  }

  private final String metric;
  private final Goal goal;
  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private Place place = inThreads(1);
  private @Nullable Path file;

  /** The scores that are in the file, by their trials. */
  private final Map<String, String> scores = new ConcurrentSkipListMap<>();

  /**
   * Creates a search, to which settings are added.
   *
   * @param metric the name of the score
   * @param goal which scores are better
   */
  public Search(String metric, Goal goal) {
    this.metric = metric;
    this.goal = goal;
  }

  /** Adds a setting that is one of some values, each as likely as any other. */
  public Search choice(String name, Object... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException(
          "choice: no values of '%s'; expected some".formatted(name));
    }
    return add(name, new Setting(List.of(values), _ -> 0));
  }

  /** Adds a number between two, both included, which is rounded to three digits. */
  public Search range(String name, double low, double high) {
    requireRange("range", name, low, high, Double.NEGATIVE_INFINITY);
    return add(
        name, new Setting(List.of(), share -> rounded(low + share * (high - low), low, high)));
  }

  /** Adds a positive number of which each order of magnitude is as likely as any other. */
  public Search logRange(String name, double low, double high) {
    requireRange("logRange", name, low, high, 0);
    return add(
        name,
        new Setting(List.of(), share -> rounded(low * Math.pow(high / low, share), low, high)));
  }

  private static void requireRange(
      String operation, String name, double low, double high, double above) {
    if (!(low > above && low < high && high < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "%s: '%s' from %s to %s; expected numbers above %s, the smaller first"
              .formatted(operation, name, low, high, above));
    }
  }

  private static double rounded(double value, double low, double high) {
    return Math.clamp(new BigDecimal(value).round(DIGITS).doubleValue(), low, high);
  }

  private Search add(String name, Setting setting) {
    if (settings.putIfAbsent(name, setting) != null) {
      throw new IllegalArgumentException(
          "search: '%s' is there twice; expected each setting once".formatted(name));
    }
    return this;
  }

  /** Computes so many trials at once; defaults to 1. */
  public Search threads(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads: %d; expected at least 1".formatted(count));
    }
    return on(inThreads(count));
  }

  /** Computes the trials elsewhere, such as on a cluster. */
  public Search on(Place newPlace) {
    place = newPlace;
    return this;
  }

  /**
   * Keeps each score in a file, and takes those from it that it has: a search that was killed goes
   * on where it was. Trials that failed are tried again. Delete the file if anything but the
   * settings has changed, for it knows trials by their numbers, budgets and settings only.
   *
   * @throws IOException if the file is there, and is none that a search has written
   */
  public Search resume(Path newFile) throws IOException {
    file = newFile;
    scores.clear();
    if (Files.exists(newFile)) {
      for (String line : TextLines.read(newFile)) {
        int tab = line.indexOf('\t');
        String score = line.substring(0, Math.max(tab, 0));
        if (!Column.Numeric.isDecimal(score)) {
          throw new IOException(
              "%s: %s; expected a score and its trial in each line"
                  .formatted(newFile, Quoted.text(line)));
        }
        scores.put(line.substring(tab + 1), score);
      }
    }
    return this;
  }

  private synchronized void keep(SearchResult.Outcome outcome) {
    if (file == null || outcome.hasFailed()) {
      return;
    }
    scores.put(key(outcome.trial()), String.valueOf(outcome.score()));
    StringBuilder text = new StringBuilder();
    scores.forEach((trial, score) -> text.append(score).append('\t').append(trial).append('\n'));
    byte[] bytes = text.toString().getBytes(UTF_8);
    try {
      AtomicFile.write(file, out -> out.write(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  // ---- ways to search --------------------------------------------------------------------------

  /**
   * Tries all combinations of choices, the last setting changing fastest.
   *
   * @throws IllegalStateException if a setting is a range
   */
  public SearchResult grid(Objective objective) {
    List<Map<String, Object>> all = List.of(Map.of());
    for (Map.Entry<String, Setting> entry : settings.entrySet()) {
      if (entry.getValue().values.isEmpty()) {
        throw new IllegalStateException(
            "grid: '%s' is a range; expected a choice of values".formatted(entry.getKey()));
      }
      List<Map<String, Object>> longer = new ArrayList<>();
      for (Map<String, Object> some : all) {
        for (Object value : entry.getValue().values) {
          Map<String, Object> more = new LinkedHashMap<>(some);
          more.put(entry.getKey(), value);
          longer.add(more);
        }
      }
      all = longer;
    }
    List<Map<String, Object>> found = all;
    return result(
        run(
            IntStream.range(0, all.size()).mapToObj(i -> new Trial(i, found.get(i), 1)).toList(),
            objective));
  }

  /** Tries combinations at random, each of which depends on the seed and its number only. */
  public SearchResult random(int trials, long seed, Objective objective) {
    return result(run(drawn("random", trials, seed, 1), objective));
  }

  /**
   * Tries combinations at random with a small budget, and the best again with more, until one is
   * left or the budget is the largest: successive halving (arXiv:1502.07943).
   *
   * @param trials how many begin
   * @param smallest their {@link Trial#budget}
   * @param largest that of the last, at most
   * @param factor by which the budget grows, and by which the trials become fewer; 3, as a rule
   */
  public SearchResult halving(
      int trials, int smallest, int largest, int factor, long seed, Objective objective) {
    if (factor < 2 || smallest < 1 || largest < smallest) {
      throw new IllegalArgumentException(
          "halving: budgets %d to %d, growing by %d; expected 1 or more, the smaller first, and a factor of 2 or more"
              .formatted(smallest, largest, factor));
    }
    List<SearchResult.Outcome> all = new ArrayList<>();
    List<Trial> left = drawn("halving", trials, seed, smallest);
    while (true) {
      List<SearchResult.Outcome> outcomes = run(left, objective);
      all.addAll(outcomes);
      long budget = (long) left.getFirst().budget() * factor;
      List<SearchResult.Outcome> best =
          new SearchResult(metric, goal, outcomes)
              .ranked().stream().limit(Math.max(1, left.size() / factor)).toList();
      if (budget > largest || left.size() == 1 || best.isEmpty()) {
        return result(all);
      }
      left =
          best.stream()
              .map(SearchResult.Outcome::trial)
              .map(t -> new Trial(t.number(), t.settings(), (int) budget))
              .sorted(Comparator.comparingInt(Trial::number))
              .toList();
    }
  }

  private List<Trial> drawn(String operation, int trials, long seed, int budget) {
    if (trials < 1 || settings.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: %d trials of the settings %s; expected at least one of both"
              .formatted(operation, trials, settings.keySet()));
    }
    return IntStream.range(0, trials).mapToObj(number -> drawn(number, seed, budget)).toList();
  }

  private Trial drawn(int number, long seed, int budget) {
    double[] shares =
        Generator.seeded(seed + (number + 1) * GOLDEN)
            .uniform(0, 1, Shape.of(settings.size()), DType.FLOAT64)
            .toDoubleArray();
    Map<String, Object> values = new LinkedHashMap<>();
    settings.forEach((name, setting) -> values.put(name, setting.at(shares[values.size()])));
    return new Trial(number, values, budget);
  }

  private SearchResult result(List<SearchResult.Outcome> outcomes) {
    return new SearchResult(metric, goal, outcomes);
  }

  /** Computes the trials whose scores are not in the file. */
  private List<SearchResult.Outcome> run(List<Trial> trials, Objective objective) {
    List<Trial> left = trials.stream().filter(trial -> !scores.containsKey(key(trial))).toList();
    Iterator<SearchResult.Outcome> came =
        left.isEmpty()
            ? Collections.emptyIterator()
            : place.run(left, objective, this::keep).iterator();
    Set<Trial> computed = Set.copyOf(left);
    return trials.stream()
        .map(trial ->
            computed.contains(trial)
                ? came.next()
                : new SearchResult.Outcome(
                    trial, Double.parseDouble(scores.getOrDefault(key(trial), "")), ""))
        .toList();
  }

  private static String key(Trial trial) {
    return "%s %s %s".formatted(trial.number(), trial.budget(), trial).replaceAll("\\s", " ");
  }

  private static Place inThreads(int threads) {
    return (trials, objective, ended) -> run(trials, objective, ended, threads);
  }

  private static List<SearchResult.Outcome> run(
      List<Trial> trials, Objective objective, Consumer<SearchResult.Outcome> ended, int threads) {
    List<Callable<SearchResult.Outcome>> tasks = new ArrayList<>();
    for (Trial trial : trials) {
      tasks.add(() -> {
        SearchResult.Outcome outcome = outcome(trial, objective);
        ended.accept(outcome);
        return outcome;
      });
    }
    ExecutorService executor = Executors.newFixedThreadPool(Math.min(threads, trials.size()));
    try {
      List<SearchResult.Outcome> outcomes = new ArrayList<>();
      for (Future<SearchResult.Outcome> future : executor.invokeAll(tasks)) {
        outcomes.add(future.get());
      }
      return outcomes;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("search: interrupted; expected to run to its end", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException("search: " + e.getMessage(), e);
    } finally {
      executor.shutdownNow();
    }
  }

  /**
   * Computes a trial: what it throws, and a score that is not finite, is a failure with its reason.
   *
   * @throws InterruptedException if the trial was interrupted
   */
  public static SearchResult.Outcome outcome(Trial trial, Objective objective)
      throws InterruptedException {
    try {
      double score = objective.score(trial);
      return new SearchResult.Outcome(
          trial, score, Double.isFinite(score) ? "" : "the score is " + score);
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) { // of whatever kind: the search goes on
      return new SearchResult.Outcome(trial, Double.NaN, e.toString());
    }
  }

  /** Returns the score and the names of the settings. */
  @Override
  public String toString() {
    return "Search for the %s '%s' over %s"
        .formatted(goal == Goal.MAXIMIZE ? "highest" : "lowest", metric, settings.keySet());
  }
}
