package dev.adjoint.training;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.inspect.ActivationStatistics;
import dev.adjoint.nn.inspect.LayerStatistics;
import dev.adjoint.nn.inspect.ParameterStatistics;
import dev.adjoint.nn.inspect.Percentiles;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.LinePlot;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Draws how a training has gone: loss and metrics, learning rate, and for each layer how
 * activations, gradients and weights have moved, on one self-contained page of HTML.
 *
 * <pre>{@code
 * trainer.listener(TrainingReport.of(model, "Digits").writeTo(Path.of("target/digits.html")))
 * }</pre>
 *
 * <p>Layers are looked at in some hundred steps, spread over the training: when there are more,
 * every second is forgotten. With a checkpoint the page tells of the runs before, too.
 */
public final class TrainingReport implements TrainingListener {

  private static final int MOST_LAYERS = 12;
  private static final long PAUSE_NANOS = 30_000_000_000L;
  private static final String EVERY = "every";

  private final Layer model;
  private final String title;
  private final Map<String, Rows> rows = new LinkedHashMap<>();
  private @Nullable Path path;
  private int every = 1;
  private @Nullable ActivationStatistics watched;
  private double lossSum;
  private int losses;
  private long written = System.nanoTime();

  private TrainingReport(Layer model, String title) {
    this.model = model;
    this.title = title;
  }

  /** Follows the training of a model. */
  public static TrainingReport of(Layer model, String title) {
    return new TrainingReport(model, title);
  }

  /** Writes the page at the end, and about every half minute before. */
  public TrainingReport writeTo(Path html) {
    path = html;
    return this;
  }

  // ---- what is recorded ------------------------------------------------------------------------

  @Override
  public void started(Training training) {
    if (path != null) {
      Writable.require(path);
    }
    if (!training.isResumed()) {
      rows.clear();
      lossSum = 0;
      losses = 0;
    }
    if (training.position().step() == 0) {
      long steps = (long) training.epochs() * training.batches();
      every = Math.toIntExact(Math.max(1, steps / Rows.ENOUGH));
    }
    prepare(training.position().step());
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
      watched.step(gradients, update);
    }
  }

  @Override
  public void stepped(Training training, Step step) {
    int number = step.position().step();
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
      Percentiles g = s.gradient();
      rows("layer " + "%s %s".formatted(s.layer(), layer).strip())
          .add(
              step,
              s.p5(),
              s.p15(),
              s.p50(),
              s.p85(),
              s.p95(),
              s.saturation(),
              s.gradientNorm(),
              g.p5(),
              g.p15(),
              g.p50(),
              g.p85(),
              g.p95());
    }
  }

  private void record(int step, ParameterStatistics s) {
    rows("parameter " + s.parameter()).add(step, s.norm(), s.updateRatio());
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
    write();
  }

  @Override
  public void failed(Training training, Throwable failure) {
    write();
  }

  @Override
  public void interrupted(Training training) {
    write();
  }

  private Rows rows(String name) {
    return rows.computeIfAbsent(name, _ -> new Rows());
  }

  @Override
  public Map<String, Tensor> state() {
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put(EVERY, Tensor.of((double) every, lossSum, losses));
    rows.forEach((name, kept) -> state.put(name, kept.toTensor()));
    return state;
  }

  @Override
  public void load(Map<String, Tensor> state) {
    double[] saved = States.numbers(this, state, EVERY, 3);
    Map<String, Rows> loaded = new LinkedHashMap<>();
    state.forEach((name, values) -> {
      if (!name.equals(EVERY)) {
        loaded.put(name, Rows.of(values));
      }
    });
    every = Math.max(1, (int) saved[0]);
    lossSum = saved[1];
    losses = (int) saved[2];
    rows.clear();
    rows.putAll(loaded);
  }

  // ---- the page --------------------------------------------------------------------------------

  private void write() {
    written = System.nanoTime();
    if (path != null) {
      try {
        page().write(path);
      } catch (IOException e) {
        throw new UncheckedIOException(e.getMessage(), e);
      }
    }
  }

  /** Returns the page as it is now, to add to it or to write it. */
  public Page page() {
    Page page = new Page(title);
    page.table(
        List.of("", "last", "lowest", "highest"),
        named("metric ").entrySet().stream()
            .map(metric -> metricRow(metric.getKey(), metric.getValue().column(1)))
            .toList());
    Rows steps = rows("steps");
    page.heading("Learning");
    LinePlot loss =
        new LinePlot("Loss", "step", "loss").line("each batch", steps.column(0), steps.column(1));
    named("metric ")
        .forEach((name, values) -> {
          if (isLoss(name)) {
            loss.line(
                name.equals("loss") ? "mean of the epoch" : name,
                values.column(0),
                values.column(1));
          }
        });
    page.plot(
        loss,
        "The loss of the batches, averaged between the steps that are drawn, and after each"
            + " epoch.");
    named("metric validation ")
        .forEach((name, values) -> {
          if (!isLoss(name)) {
            page.plot(
                new LinePlot("Validation: " + name, "step", name)
                    .line(name, values.column(0), values.column(1)),
                "%s after each epoch.".formatted(name));
          }
        });
    page.plot(
        new LinePlot("Learning rate", "step", "learning rate")
            .line("learning rate", steps.column(0), steps.column(3)),
        "The learning rate as it was scheduled.");
    page.plot(
        new LinePlot("Gradient", "step", "norm")
            .logY()
            .line("all gradients", steps.column(0), steps.column(2)),
        "The Euclidean norm of all gradients together, before clipping.");
    addLayers(page);
    addParameters(page);
    return page;
  }

  private static boolean isLoss(String metric) {
    return metric.endsWith("loss") || metric.endsWith("cross-entropy");
  }

  private void addLayers(Page page) {
    Map<String, Rows> layers = named("layer ");
    page.heading("Layers");
    page.paragraph(
        "Outputs of the layers and the gradients of the loss with respect to them: the median, the"
            + " range from the 15th to the 85th percentile, and that from the 5th to the 95th."
            + (layers.size() > MOST_LAYERS
                ? " The first %d of %d layers.".formatted(MOST_LAYERS, layers.size())
                : ""));
    LinePlot norms = new LinePlot("Gradients of the outputs", "step", "norm").logY();
    layers.entrySet().stream()
        .limit(MOST_LAYERS)
        .forEach(layer -> {
          String name = layer.getKey();
          Rows r = layer.getValue();
          page.plot(
              distribution(name, "output", r, 1),
              "Outputs of %s; saturated at the end: %.0f %%."
                  .formatted(name, 100 * last(r.column(6))));
          page.plot(
              distribution(name + ": gradient", "gradient", r, 8),
              "The gradient of the loss with respect to the outputs of %s.".formatted(name));
          norms.line(name, r.column(0), r.column(7));
        });
    page.plot(norms, "The Euclidean norm of the gradient with respect to each layer's output.");
  }

  /** Draws five percentiles, which begin at a column. */
  private static LinePlot distribution(String title, String what, Rows rows, int first) {
    double[] step = rows.column(0);
    return new LinePlot(title, "step", what)
        .band("5 to 95 %", step, rows.column(first), rows.column(first + 4))
        .band("15 to 85 %", step, rows.column(first + 1), rows.column(first + 3))
        .line("median", step, rows.column(first + 2));
  }

  private void addParameters(Page page) {
    Map<String, Rows> parameters = named("parameter ");
    LinePlot norms = new LinePlot("Parameters", "step", "norm").logY();
    LinePlot updates =
        new LinePlot("Updates", "step", "norm of the update / norm of the parameter").logY();
    parameters.entrySet().stream()
        .filter(
            parameter -> parameter.getKey().endsWith("weight") || parameters.size() <= MOST_LAYERS)
        .limit(MOST_LAYERS)
        .forEach(parameter -> {
          Rows r = parameter.getValue();
          norms.line(parameter.getKey(), r.column(0), r.column(1));
          updates.line(parameter.getKey(), r.column(0), r.column(2));
        });
    page.heading("Parameters");
    page.plot(norms, "The Euclidean norm of each parameter.");
    page.plot(
        updates,
        "How far a step moves each parameter, compared with its size; a healthy rate is often near"
            + " 0.001.");
  }

  /** Returns the rows whose name begins so, by the rest of the name. */
  private Map<String, Rows> named(String prefix) {
    Map<String, Rows> found = new LinkedHashMap<>();
    rows.forEach((name, kept) -> {
      if (name.startsWith(prefix)) {
        found.put(name.substring(prefix.length()), kept);
      }
    });
    return found;
  }

  private static List<String> metricRow(String name, double[] values) {
    double lowest = Double.POSITIVE_INFINITY;
    double highest = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
    return List.of(name, number(last(values)), number(lowest), number(highest));
  }

  private static double last(double[] values) {
    return values.length == 0 ? Double.NaN : values[values.length - 1];
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }
}
