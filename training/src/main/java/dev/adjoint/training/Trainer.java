package dev.adjoint.training;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Iterables;
import com.google.common.collect.Multiset;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.metric.Goal;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Trains a model: the loop over epochs and batches, with all that goes around it.
 *
 * <pre>{@code
 * new Trainer<Tensor, IntTensor>(
 *         model, adam, batch -> Losses.crossEntropy(model.forward(batch.inputs()), batch.targets()))
 *     .validation(held, new Evaluation<>(model, model::forward, Classification.accuracy()))
 *     .listener(Progress.to(System.out))
 *     .listener(EarlyStopping.on("validation accuracy").patience(5))
 *     .checkpoint(Checkpoint.at(Path.of("run.checkpoint")), 1000)
 *     .fit(loader, 20);
 * }</pre>
 *
 * <p>With a checkpoint, the same call goes on where the last one ended, for whatever reason, and
 * ends with the same bits. Without one, each call begins anew, with the model and the optimizer as
 * they are. What can be known to be wrong is thrown before the first step: names of metrics, files
 * that cannot be written, an optimizer of other parameters, a loss that depends on parameters that
 * nobody updates, a metric that cannot judge what the model gives.
 *
 * <p>Each step is a {@link Memory#step}: what the loss and the listeners around it compute may be
 * read until the step has been made. A loss that leaves a tensor in a field, for a listener to read
 * later, leaves a {@link Tensor#copy()}.
 *
 * <p>Whatever is measured, is measured with the optimizer in {@link Optimizer#eval eval} mode, in
 * which a training that has ended leaves it.
 *
 * <p>A loss, gradient or running statistic that is not finite ends the training before it reaches a
 * parameter, with a {@link NonFiniteException} that names the layer; parameters and buffers are
 * then what they were before the step. A parameter that is not finite is found at the end of the
 * epoch, and never saved.
 *
 * <p>An interrupt of the thread, as by {@code Future.cancel(true)}, ends it after the step, with a
 * {@link CancellationException}. When the process is told to end, as by Ctrl-C, it is held up until
 * the step has been made and saved, for ten seconds at most; a validation is broken off, and what
 * was learned before it is saved already.
 *
 * <p>A loop written by hand is as easy and has the same parts: see {@link DataLoader}, {@link
 * Evaluation} and {@link Checkpoint}.
 */
public final class Trainer<X, Y> {

  private final Layer model;
  private final Optimizer optimizer;
  private final Function<Batch<X, Y>, Tensor> loss;
  private final Listeners listeners = new Listeners();
  private final List<Validation<X, Y>> validations = new ArrayList<>();
  private UnaryOperator<Gradients> change = UnaryOperator.identity();
  private int accumulated = 1;
  private @Nullable Checkpoint checkpoint;
  private int savedEvery = Integer.MAX_VALUE;

  /**
   * Creates a trainer.
   *
   * @param model in training mode
   * @param optimizer of its parameters, as they are when the training begins
   * @param loss computes the mean loss over the examples of a batch, a scalar
   */
  public Trainer(Layer model, Optimizer optimizer, Function<Batch<X, Y>, Tensor> loss) {
    this.model = model;
    this.optimizer = optimizer;
    this.loss = loss;
  }

  // ---- settings --------------------------------------------------------------------------------

  /** Changes the gradients before each step: {@code g -> Clipping.clipNorm(g, 1)}. */
  public Trainer<X, Y> gradients(UnaryOperator<Gradients> newChange) {
    change = newChange;
    return this;
  }

  /**
   * Sets how many batches each step learns from, by the mean over their examples; defaults to 1.
   */
  public Trainer<X, Y> accumulate(int batches) {
    accumulated = atLeastOne("accumulate", batches);
    return this;
  }

  /**
   * Measures the mean of this trainer's loss after each epoch, in eval mode, as {@code validation
   * loss}.
   */
  public Trainer<X, Y> validation(DataLoader<X, Y> data) {
    return add(new Validation<>(data, Map.of("loss", Optional.of(Goal.MINIMIZE)), this::meanLoss));
  }

  /**
   * Measures after each epoch, under names as in {@code validation accuracy}, and beside what is
   * measured already.
   */
  public Trainer<X, Y> validation(DataLoader<X, Y> data, Evaluation<X, Y> evaluation) {
    Map<String, Optional<Goal>> goals = new LinkedHashMap<>();
    evaluation.metrics().forEach(metric -> goals.put(metric.name(), metric.goal()));
    return add(new Validation<>(data, goals, evaluation::of));
  }

  private Trainer<X, Y> add(Validation<X, Y> validation) {
    Set<String> twice = new LinkedHashSet<>(goals().keySet());
    twice.retainAll(Validation.named(validation.metrics()).keySet());
    if (!twice.isEmpty()) {
      throw new IllegalArgumentException(
          "validation: another one measures %s already; expected other names".formatted(twice));
    }
    validations.add(validation);
    return this;
  }

  /** Adds a listener; listeners are called in the order in which they were added. */
  public Trainer<X, Y> listener(TrainingListener listener) {
    listeners.add(listener);
    return this;
  }

  /**
   * Goes on from a checkpoint, if it is there, and saves it after so many steps, after each epoch's
   * last one before anything is measured, and at the end. To what it holds, the model, the
   * optimizer, and what this and the listeners remember are added. It is a place in this data: with
   * a loader that gives others, or in other batches, it is refused.
   */
  public Trainer<X, Y> checkpoint(Checkpoint newCheckpoint, int everySteps) {
    savedEvery = atLeastOne("checkpoint", everySteps);
    checkpoint = newCheckpoint.copy().with("model", model).with("optimizer", optimizer);
    return this;
  }

  static int atLeastOne(String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s: %d; expected at least 1".formatted(setting, value));
    }
    return value;
  }

  // ---- the loop --------------------------------------------------------------------------------

  /**
   * Trains until so many epochs have ended, or a listener says stop.
   *
   * @param epochs at least 1, those before a checkpoint included
   * @return the metrics of all epochs
   * @throws NonFiniteException if a loss, a gradient, a parameter or a buffer is not finite
   * @throws UncheckedIOException if a checkpoint can be neither loaded nor saved
   * @throws IllegalArgumentException if a setting is wrong
   * @throws IllegalStateException if the model and the optimizer cannot be trained like this
   * @throws CancellationException if the thread was interrupted; it still is then
   */
  public History fit(DataLoader<X, Y> data, int epochs) {
    atLeastOne("epochs", epochs);
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("fit: the thread was interrupted before");
    }
    FirstStep.requireBatches("fit", data);
    validations.forEach(validation -> FirstStep.requireBatches("validation", validation.data()));
    requireTraining("before the first step");
    optimizer.train();
    History history = new History();
    Checkpoint all = withMemories(history, data);
    Training training =
        new Training(optimizer, epochs, data.batches(), goals(), all, Checkpoint.begin(all));
    try (Interruption interruption =
        Interruption.watch(() -> listeners.tellEach(l -> l.interrupted(training)))) {
      Run run = new Run(data, history, training, interruption);
      run.rehearse();
      listeners.tell(listener -> listener.started(training));
      try {
        run.go();
      } catch (Throwable failure) {
        listeners.tellOfFailure(training, failure);
        throw failure;
      }
    }
    optimizer.eval();
    listeners.tellEach(listener -> listener.ended(training));
    return history;
  }

  private Map<String, Double> meanLoss(Iterable<Batch<X, Y>> batches) {
    double sum = 0;
    long examples = 0;
    for (Batch<X, Y> batch : batches) {
      sum += model.inEval(() -> Autodiff.noGrad(() -> loss.apply(batch).item())) * batch.size();
      examples += batch.size();
    }
    return Map.of("loss", sum / examples);
  }

  /** Returns what each epoch will measure. */
  private Map<String, Optional<Goal>> goals() {
    Map<String, Optional<Goal>> goals = new LinkedHashMap<>();
    goals.put("loss", Optional.of(Goal.MINIMIZE));
    validations.forEach(validation -> goals.putAll(Validation.named(validation.metrics())));
    return goals;
  }

  private void requireTraining(String when) {
    if (!model.isTraining()) {
      throw new IllegalStateException(
          "fit: the model is in eval mode %s; expected model.train(), or model.inEval(...) around what a listener computes"
              .formatted(when));
    }
  }

  /** The mean loss of some examples, and its gradients before and after they are changed. */
  private record LossAndGradients(
      int examples, double loss, Gradients gradients, double norm, Gradients changed) {}

  /** One call of fit. */
  private final class Run {
    private final DataLoader<X, Y> data;
    private final History history;
    private final Training training;
    private final Interruption interruption;
    private boolean compared;
    private boolean updated;

    Run(DataLoader<X, Y> data, History history, Training training, Interruption interruption) {
      this.data = data;
      this.history = history;
      this.training = training;
      this.interruption = interruption;
    }

    /** Measures one batch, so that what cannot be measured is not found after an epoch. */
    void rehearse() {
      if (training.position().epoch() < training.epochs()) {
        validations.forEach(Validation::rehearse);
      }
    }

    void go() {
      while (training.position().epoch() < training.epochs() && !training.isStopped()) {
        long start = System.nanoTime();
        int examples = 0;
        Position from = training.position();
        for (List<Batch<X, Y>> batches :
            Iterables.partition(
                data.epoch(from.epoch(), from.batch()), Math.min(accumulated, data.batches()))) {
          Step step = learn(batches, training.position());
          examples += step.examples();
          history.add(step);
          training.moveTo(step.position().afterStep(batches.size()));
          listeners.tell(listener -> listener.stepped(training, step));
          heedInterruption();
          if (training.isStopped()) {
            save();
            return;
          }
          if (training.position().step() % savedEvery == 0) {
            save();
          }
        }
        save();
        endEpoch(examples / ((System.nanoTime() - start) / 1e9));
      }
      save();
    }

    /** Makes one step, from the mean of the losses over all examples, or none at all. */
    private Step learn(List<Batch<X, Y>> batches, Position at) {
      requireTraining("at " + at);
      BuffersBefore buffers = BuffersBefore.of(model);
      updated = false;
      try {
        return Memory.step(() -> learn(batches, at, buffers));
      } catch (Throwable failure) {
        if (!updated) {
          buffers.restore();
        }
        throw failure;
      }
    }

    private Step learn(List<Batch<X, Y>> batches, Position at, BuffersBefore buffers) {
      if (batches.stream().anyMatch(batch -> batch.size() < 1)) {
        throw new IllegalArgumentException(
            "fit: a batch of no examples at %s; expected batch.size() to be their number"
                .formatted(at));
      }
      LossAndGradients computed = differentiate(batches, at);
      buffers
          .spoiled()
          .ifPresent(path -> {
            throw NonFiniteException.ofBuffer(path, at);
          });
      if (!compared) {
        FirstStep.check(model, optimizer, computed.gradients);
        compared = true;
      }
      double rate = optimizer.currentLearningRate();
      listeners.update(
          computed.changed,
          () -> {
            if (updated) {
              throw new IllegalStateException(
                  "update: a listener updates twice in one step; expected once at most");
            }
            optimizer.step(computed.changed, () -> gradientsElsewhere(batches, at));
            updated = true;
          });
      return new Step(at, batches.size(), computed.examples, computed.loss, computed.norm, rate);
    }

    /** Computes the mean loss of batches and its gradients, and changes them. */
    private LossAndGradients differentiate(List<Batch<X, Y>> batches, Position at) {
      int examples = batches.stream().mapToInt(Batch::size).sum();
      double mean = 0;
      Gradients sum = null;
      for (Batch<X, Y> batch : batches) {
        Tensor value = FirstStep.requireScalar(listeners.computeLoss(() -> loss.apply(batch)));
        requireFinite(value.item(), "the loss", at, batch);
        double share = (double) batch.size() / examples;
        mean += share * value.item();
        Gradients gradients = value.backward();
        gradients = share == 1 ? gradients : gradients.times(share);
        sum = sum == null ? gradients : sum.plus(gradients);
      }
      Gradients gradients = Objects.requireNonNull(sum);
      double norm = Finite.norm(gradients);
      requireFinite(norm, "the gradient", at, batches.getFirst());
      Gradients changed =
          Objects.requireNonNull(change.apply(gradients), "gradients: a change to null");
      if (changed != gradients) {
        requireFinite(Finite.norm(changed), "the changed gradient", at, batches.getFirst());
      }
      return new LossAndGradients(examples, mean, gradients, norm, changed);
    }

    /** Returns gradients at other values of the parameters; buffers stay as they are. */
    private Gradients gradientsElsewhere(List<Batch<X, Y>> batches, Position at) {
      BuffersBefore buffers = BuffersBefore.of(model);
      try {
        return differentiate(batches, at).changed;
      } finally {
        buffers.restore();
      }
    }

    private void requireFinite(double value, String what, Position at, Batch<X, Y> batch) {
      if (!Double.isFinite(value)) {
        throw NonFiniteException.of(what, value, at, model, batch, () -> loss.apply(batch));
      }
    }

    private void endEpoch(double examplesPerSecond) {
      double loss = history.endEpoch();
      optimizer.eval();
      try {
        listeners.measure(() -> measure(loss, examplesPerSecond));
      } finally {
        optimizer.train();
      }
    }

    private void measure(double loss, double examplesPerSecond) {
      Map<String, Double> metrics = new LinkedHashMap<>();
      metrics.put("loss", loss);
      for (Validation<X, Y> validation : validations) {
        Iterable<Batch<X, Y>> batches =
            Iterables.transform(
                validation.data().epoch(0),
                batch -> {
                  heedInterruption();
                  return batch;
                });
        metrics.putAll(Validation.named(validation.measure().apply(batches)));
      }
      Position end = training.position();
      Epoch epoch = new Epoch(end.epoch(), end.step(), metrics, examplesPerSecond);
      history.add(epoch);
      training.moveTo(end.nextEpoch());
      listeners.tell(listener -> listener.epochEnded(training, epoch));
    }

    /** Saves what there is and does not return, if the process or the thread is told to end. */
    private void heedInterruption() {
      if (interruption.isRequested()) {
        try {
          save();
        } finally {
          interruption.granted();
        }
      }
      if (Thread.currentThread().isInterrupted()) {
        save();
        throw new CancellationException(
            "fit: the thread was interrupted; " + training.resumption());
      }
    }

    /** Saves a checkpoint, if there is one, of nothing but finite numbers. */
    private void save() {
      if (!training.isSaved()) {
        Finite.requireState(model, optimizer, checkpoint != null, training);
        training.save();
      }
    }
  }

  /** Returns the checkpoint, if there is one, with what the loop and its listeners remember. */
  private @Nullable Checkpoint withMemories(History history, DataLoader<X, Y> data) {
    if (checkpoint == null) {
      return null;
    }
    Checkpoint all =
        checkpoint.copy().on(data.toString()).with("history", history::state, history::load);
    Multiset<String> kinds = HashMultiset.create();
    for (TrainingListener listener : listeners.all()) {
      String kind = listener.getClass().getSimpleName();
      kinds.add(kind);
      all.with("listener-%s%s".formatted(kind, kinds.count(kind)), listener::state, listener::load);
    }
    return all;
  }

  /** Returns the model, the optimizer and the metrics of an epoch. */
  @Override
  public String toString() {
    return "Trainer of %s by %s, gives %s".formatted(model.headline(), optimizer, goals().keySet());
  }
}
