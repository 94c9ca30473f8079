package dev.adjoint.training;

import com.google.common.primitives.Doubles;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.inspect.ActivationStatistics;
import dev.adjoint.nn.inspect.LayerStatistics;
import dev.adjoint.nn.inspect.ParameterStatistics;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.ConfusionMatrix;
import dev.adjoint.training.metric.Goal;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A report on a training, one self-contained page of HTML: the best value of each metric and when,
 * what was learned by which model and how long it took, results; then plots of loss and metrics,
 * learning rate, and for each layer how activations, gradients and weights have moved: of weights
 * also by which angle each step turns them, beside the angle of their equilibrium ({@link
 * Optimizer#equilibriumAngle}).
 *
 * <pre>{@code
 * TrainingReport report =
 *     TrainingReport.of(model, "Digits")
 *         .fact("data", "20,000 digits, 5,000 held back")
 *         .fact("seed", "1")
 *         .writeTo(Path.of("target/digits.html"));
 * trainer.listener(report).fit(loader, 20);
 * report.confusion(confusion, labels).write();
 * }</pre>
 *
 * <p>Layers are looked at in some hundred steps, spread over the training: when there are more,
 * every second one is dropped. With a checkpoint the page tells of the runs before, too. But for
 * the duration, the same training makes the same page.
 */
public final class TrainingReport implements TrainingListener {

  private static final long PAUSE_NANOS = 30_000_000_000L;
  private static final String EVERY = "every";

  private final Layer model;
  private final String title;
  private final Map<String, TimeSeries> rows = new LinkedHashMap<>();
  private final Map<String, Goal> goals = new LinkedHashMap<>();
  private @Nullable Path path;
  private int every = 1;
  private @Nullable ActivationStatistics watched;
  private final Map<String, Double> equilibria = new HashMap<>(); // angles of weights
  private @Nullable Optimizer optimizer;
  private double lossSum;
  private int losses;
  private int stepsMade;
  private int examplesOfStep;
  private long written = System.nanoTime();

  private final Map<String, String> answers = new LinkedHashMap<>();
  private final Map<String, String> facts = new LinkedHashMap<>();
  private final List<Consumer<Page>> results = new ArrayList<>();
  private InstantSource clock = InstantSource.system();
  private @Nullable Instant begun;
  private Duration before = Duration.ZERO;
  private int epochs;
  private String outcome = "";

  private TrainingReport(Layer model, String title) {
    this.model = model;
    this.title = title;
  }

  /** Returns a report on the training of a model. */
  public static TrainingReport of(Layer model, String title) {
    return new TrainingReport(model, title);
  }

  /** Writes the page at the start, about every half minute, and at the end. */
  public TrainingReport writeTo(Path html) {
    path = html;
    return this;
  }

  /** Takes the time from this clock. */
  TrainingReport clock(InstantSource source) {
    clock = source;
    return this;
  }

  // ---- what is known from elsewhere ------------------------------------------------------------

  /** Adds a value to the answers at the top of the page: {@code answer("read right", "98 %")}. */
  public TrainingReport answer(String name, String value) {
    answers.put(name, value);
    return this;
  }

  /** Adds a fact, such as the data or the seed, to those below the answers. */
  public TrainingReport fact(String name, String value) {
    facts.put(name, value);
    return this;
  }

  /** Adds a result, which is shown above the plots. */
  public TrainingReport result(Consumer<Page> part) {
    results.add(part);
    return this;
  }

  /**
   * Shows the confusion matrix.
   *
   * @param labels the names of the classes; where there are none, their numbers are shown
   */
  public TrainingReport confusion(ConfusionMatrix confusion, List<String> labels) {
    return result(page -> ConfusionTable.addTo(page, confusion, labels));
  }

  // ---- what is recorded ------------------------------------------------------------------------

  @Override
  public void started(Training training) {
    begun = clock.instant();
    optimizer = training.optimizer();
    epochs = training.epochs();
    outcome = "";
    goals.clear();
    training
        .metrics()
        .forEach(name -> training.goal(name).ifPresent(goal -> goals.put(name, goal)));
    if (!training.isResumed()) {
      rows.clear();
      lossSum = 0;
      losses = 0;
      stepsMade = 0;
      examplesOfStep = 0;
      before = Duration.ZERO;
    }
    if (training.position().step() == 0) {
      long steps = (long) training.epochs() * training.batches();
      every = Math.toIntExact(Math.max(1, steps / TimeSeries.ENOUGH));
    }
    prepare(training.position().step());
    write(); // a path that is of no use is found before the first step
  }

  /** Decides whether the next step is looked at. */
  private void prepare(int step) {
    watched = step % every == 0 ? ActivationStatistics.of(model) : null;
  }

  @Override
  public Tensor computeLoss(Supplier<Tensor> loss) {
    return watched == null ? loss.get() : watched.watch(loss);
  }

  @Override
  public void update(Gradients gradients, Runnable update) {
    if (watched == null) {
      update.run();
    } else {
      model
          .namedParameters()
          .forEach((path, parameter) -> {
            if (parameter.shape().rank() > 1) { // others are no weights: they have no direction
              equilibria.put(path, equilibriumAngle(parameter));
            }
          });
      watched.step(gradients, update);
    }
  }

  private double equilibriumAngle(Parameter parameter) {
    return optimizer != null && optimizer.parameters().contains(parameter)
        ? optimizer.equilibriumAngle(parameter).orElse(Double.NaN)
        : Double.NaN;
  }

  @Override
  public void stepped(Training training, Step step) {
    int number = step.position().step();
    stepsMade = number + 1;
    examplesOfStep = Math.max(examplesOfStep, step.examples());
    lossSum += step.loss();
    losses++;
    if (watched != null) {
      rows("steps").add(number, lossSum / losses, step.gradientNorm(), step.learningRate());
      lossSum = 0;
      losses = 0;
      Map<String, Layer> layers = model.namedLayers();
      watched.layers().forEach(statistics -> record(number, statistics, layers));
      watched.parameters().forEach(statistics -> record(number, statistics));
      if (rows("steps").isFull()) {
        rows.forEach((name, kept) -> {
          if (!name.startsWith("metric ")) {
            kept.thin();
          }
        });
        every *= 2;
      }
    }
    prepare(number + 1);
  }

  private void record(int step, LayerStatistics s, Map<String, Layer> layers) {
    Layer layer = layers.get(s.layer());
    if (s.call() == 0 && layer != null && layer.children().isEmpty()) {
      rows("layer " + (s.layer().isEmpty() ? "" : s.layer() + ": ") + layer.headline())
          .add(
              Doubles.concat(
                  new double[] {step},
                  s.output().toArray(),
                  new double[] {s.saturation(), s.gradientNorm()},
                  s.gradient().toArray()));
    }
  }

  private void record(int step, ParameterStatistics s) {
    rows("parameter " + s.parameter()).add(step, s.norm(), s.updateRatio());
    Double equilibrium = equilibria.get(s.parameter());
    if (equilibrium != null) {
      rows("angle " + s.parameter()).add(step, s.angle(), equilibrium);
    }
  }

  @Override
  public void epochEnded(Training training, Epoch epoch) {
    epoch.metrics().forEach((name, value) -> rows("metric " + name).add(epoch.steps(), value));
    if (System.nanoTime() - written > PAUSE_NANOS) {
      write();
    }
  }

  @Override
  public void ended(Training training) {
    close(training.stopReason().orElse(""));
  }

  @Override
  public void failed(Training training, Throwable failure) {
    close("failed: " + Objects.requireNonNullElse(failure.getMessage(), failure.toString()));
  }

  @Override
  public void interrupted(Training training) {
    close("interrupted");
  }

  private void close(String reason) {
    before = duration();
    begun = null;
    outcome = reason;
    write();
  }

  private TimeSeries rows(String name) {
    return rows.computeIfAbsent(name, _ -> new TimeSeries());
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put(
        EVERY,
        Tensor.of(
            (double) every,
            lossSum,
            losses,
            stepsMade,
            examplesOfStep,
            (double) duration().toMillis()));
    rows.forEach((name, kept) -> state.put(name, kept.toTensor()));
    return state;
  }

  @Override
  public void load(Map<String, Tensor> state) {
    double[] saved = States.numbers(this, state, EVERY, 6);
    Map<String, TimeSeries> loaded = new LinkedHashMap<>();
    state.forEach((name, values) -> {
      if (!name.equals(EVERY)) {
        loaded.put(name, TimeSeries.of(values));
      }
    });
    every = Math.max(1, (int) saved[0]);
    lossSum = saved[1];
    losses = (int) saved[2];
    stepsMade = (int) saved[3];
    examplesOfStep = (int) saved[4];
    before = Duration.ofMillis((long) saved[5]);
    rows.clear();
    rows.putAll(loaded);
  }

  // ---- the page --------------------------------------------------------------------------------

  /**
   * Writes the page as it is now, if {@link #writeTo} has said where; for results that are known
   * only after the training, or for one that has failed.
   *
   * @throws UncheckedIOException if it cannot be written
   */
  public void write() {
    written = System.nanoTime();
    if (path != null) {
      try {
        page().write(path);
      } catch (IOException e) {
        throw new UncheckedIOException("%s cannot be written: %s".formatted(path, e), e);
      }
    }
  }

  /** Returns the page as it is now, to add to it or to write it. */
  public Page page() {
    Page page = new Page(title);
    ReportPage parts = new ReportPage(page, rows, goals);
    parts.addAnswers(answers, epochs, duration());
    page.facts(allFacts());
    results.forEach(result -> result.accept(page));
    parts.addPlots();
    return page;
  }

  private Map<String, String> allFacts() {
    Map<String, String> all = new LinkedHashMap<>(facts);
    int parameters = model.parameters().stream().mapToInt(p -> p.shape().size()).sum();
    all.put(
        "model",
        String.format(
            Locale.ROOT, "%s, %,d parameters", model.getClass().getSimpleName(), parameters));
    all.put(
        "training",
        String.format(Locale.ROOT, "%,d steps of %,d examples", stepsMade, examplesOfStep));
    if (!outcome.isEmpty()) {
      all.put("ended early", outcome);
    }
    return all;
  }

  private Duration duration() {
    Duration now = begun == null ? Duration.ZERO : Duration.between(begun, clock.instant());
    return before.plus(now);
  }

  /** Returns the title, the model and how far the training is. */
  @Override
  public String toString() {
    return "TrainingReport '%s' of %s, after %s steps%s"
        .formatted(title, model.headline(), stepsMade, path == null ? "" : ", written to " + path);
  }
}
