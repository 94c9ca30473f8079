package dev.adjoint.training;

import com.google.common.collect.Iterables;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Clipping;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.Evaluation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
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
 *     .listener(EarlyStopping.on("validation accuracy").maximize().patience(5))
 *     .checkpoint(Checkpoint.at(Path.of("run.checkpoint")), 1000)
 *     .fit(loader, 20);
 * }</pre>
 *
 * <p>With a checkpoint, the same call goes on where the last one has ended, however it has, and
 * ends with the same bits. A loss or gradient that is not finite ends the training before it
 * reaches a parameter, with a {@link NonFiniteException} that names the layer.
 *
 * <p>A loop written by hand is as easy and has the same parts: see {@link DataLoader}, {@link
 * Evaluation} and {@link Checkpoint}.
 */
public final class Trainer<X, Y> {

  private final Layer model;
  private final Optimizer optimizer;
  private final Function<Batch<X, Y>, Tensor> loss;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private UnaryOperator<Gradients> change = UnaryOperator.identity();
  private int accumulated = 1;
  private Supplier<Map<String, Double>> validation = Map::of;
  private @Nullable Checkpoint checkpoint;
  private int savedEvery = Integer.MAX_VALUE;

  /**
   * Creates a trainer.
   *
   * @param model in training mode
   * @param optimizer of its parameters
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

  /** Learns from so many batches in each step, by the mean over their examples. */
  public Trainer<X, Y> accumulate(int batches) {
    accumulated = atLeastOne("accumulate", batches);
    return this;
  }

  /** Measures after each epoch, under names as in {@code validation accuracy}. */
  public Trainer<X, Y> validation(DataLoader<X, Y> data, Evaluation<X, Y> evaluation) {
    validation = () -> evaluation.of(data);
    return this;
  }

  /** Tells another listener how the training goes, after those before. */
  public Trainer<X, Y> listener(TrainingListener listener) {
    listeners.add(listener);
    return this;
  }

  /**
   * Goes on from a checkpoint, if it is there, and saves it after each epoch and after so many
   * steps. The model, the optimizer, and what this and the listeners remember, are added to it.
   */
  public Trainer<X, Y> checkpoint(Checkpoint newCheckpoint, int everySteps) {
    savedEvery = atLeastOne("checkpoint", everySteps);
    checkpoint = newCheckpoint.with("model", model).with("optimizer", optimizer);
    return this;
  }

  private static int atLeastOne(String setting, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s: %d; expected at least 1".formatted(setting, value));
    }
    return value;
  }

  // ---- the loop --------------------------------------------------------------------------------

  /**
   * Trains until so many epochs have ended, or a listener says stop.
   *
   * @return the metrics of all epochs
   * @throws NonFiniteException if the loss or a gradient is not finite
   * @throws UncheckedIOException if a checkpoint can be neither loaded nor saved
   */
  public History fit(DataLoader<X, Y> data, int epochs) {
    if (!model.isTraining()) {
      throw new IllegalStateException("fit: the model is in eval mode; expected model.train()");
    }
    History history = new History();
    Checkpoint all = withMemories(history);
    Training training = new Training(epochs, data.batches(), all, load(all));
    try (Interruption interruption = Interruption.watch(() -> tellOfInterruption(training))) {
      listeners.forEach(listener -> listener.started(training));
      while (training.position().epoch() < epochs && !training.isStopped()) {
        long start = System.nanoTime();
        int examples = 0;
        Position from = training.position();
        for (List<Batch<X, Y>> batches :
            Iterables.partition(data.epoch(from.epoch(), from.batch()), accumulated)) {
          Step step = learn(batches, training.position());
          examples += step.examples();
          history.add(step);
          training.moveTo(step.position().afterStep(batches.size()));
          listeners.forEach(listener -> listener.stepped(training, step));
          if (interruption.isRequested()) {
            training.save();
            interruption.granted();
          }
          if (training.isStopped()) {
            training.save();
            return ended(training, history);
          }
          if (training.position().step() % savedEvery == 0) {
            training.save();
          }
        }
        endEpoch(training, history, examples / ((System.nanoTime() - start) / 1e9));
      }
    }
    return ended(training, history);
  }

  /** Makes one step, from the mean of the losses over all examples. */
  private Step learn(List<Batch<X, Y>> batches, Position at) {
    int examples = batches.stream().mapToInt(Batch::size).sum();
    double mean = 0;
    Gradients sum = null;
    for (Batch<X, Y> batch : batches) {
      Tensor value = around(() -> loss.apply(batch)).get();
      requireFinite(value.item(), "the loss", at, batch);
      double share = (double) batch.size() / examples;
      mean += share * value.item();
      Gradients gradients = value.backward();
      gradients = share == 1 ? gradients : gradients.times(share);
      sum = sum == null ? gradients : sum.plus(gradients);
    }
    Gradients gradients = Objects.requireNonNull(sum);
    double norm = Clipping.totalNorm(gradients);
    requireFinite(norm, "the gradient", at, batches.getFirst());
    double rate = optimizer.currentLearningRate();
    update(change.apply(gradients));
    return new Step(at, batches.size(), examples, mean, norm, rate);
  }

  private Supplier<Tensor> around(Supplier<Tensor> computation) {
    Supplier<Tensor> outer = computation;
    for (TrainingListener listener : listeners) {
      Supplier<Tensor> inner = outer;
      outer = () -> listener.computeLoss(inner);
    }
    return outer;
  }

  private void update(Gradients gradients) {
    Runnable outer = () -> optimizer.step(gradients);
    for (TrainingListener listener : listeners) {
      Runnable inner = outer;
      outer = () -> listener.update(gradients, inner);
    }
    outer.run();
  }

  private void requireFinite(double value, String what, Position at, Batch<X, Y> batch) {
    if (!Double.isFinite(value)) {
      throw NonFiniteException.of(what, value, at, model, batch.inputs(), () -> loss.apply(batch));
    }
  }

  private void endEpoch(Training training, History history, double examplesPerSecond) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("loss", history.endEpoch());
    validation.get().forEach((name, value) -> metrics.put("validation " + name, value));
    Position end = training.position();
    Epoch epoch = new Epoch(end.epoch(), end.step(), metrics, examplesPerSecond);
    history.add(epoch);
    training.moveTo(end.nextEpoch());
    listeners.forEach(listener -> listener.epochEnded(training, epoch));
    training.save();
  }

  private History ended(Training training, History history) {
    listeners.forEach(listener -> listener.ended(training));
    return history;
  }

  private void tellOfInterruption(Training training) {
    listeners.forEach(listener -> listener.interrupted(training));
  }

  // ---- checkpoints -----------------------------------------------------------------------------

  /** Returns the checkpoint, if there is one, with what the loop and its listeners remember. */
  private @Nullable Checkpoint withMemories(History history) {
    if (checkpoint == null) {
      return null;
    }
    Checkpoint all = checkpoint.copy().with("history", history::state, history::load);
    for (int i = 0; i < listeners.size(); i++) {
      TrainingListener listener = listeners.get(i);
      all.with("listener" + i, listener::state, listener::load);
    }
    return all;
  }

  private static Position load(@Nullable Checkpoint checkpoint) {
    try {
      return checkpoint == null ? Position.START : checkpoint.load().orElse(Position.START);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }
}
