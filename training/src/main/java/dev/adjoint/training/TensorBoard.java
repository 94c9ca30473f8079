package dev.adjoint.training;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.report.EventFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes a training for TensorBoard, which shows it while it runs and beside others: loss, gradient
 * norm and learning rate of steps, metrics of epochs, histograms of weights and gradients by their
 * paths, images, and the layers of the model as text.
 *
 * <pre>{@code
 * trainer.listener(
 *     TensorBoard.of(model, Path.of("runs/wide"))
 *         .every(10)
 *         .histogramsEvery(200)
 *         .images("samples", () -> generator.forward(noise)));
 * }</pre>
 *
 * <p>A directory is a run. A training that goes on from a checkpoint writes another file there, and
 * its steps continue; what was written after the checkpoint is not shown any more. One that begins
 * anew in the same directory takes the place of the one before. {@link TrainingReport} needs no
 * other program.
 */
public final class TensorBoard implements TrainingListener {

  private final Layer model;
  private final Path directory;
  private final Map<String, Supplier<Tensor>> images = new LinkedHashMap<>();
  private int every = 1;
  private int histogramsEvery = 100;
  private @Nullable EventFile file;
  private int next;

  private TensorBoard(Layer model, Path directory) {
    this.model = model;
    this.directory = directory;
  }

  /** Writes the training of a model into the directory of a run. */
  public static TensorBoard of(Layer model, Path directory) {
    return new TensorBoard(model, directory);
  }

  /** Sets after how many steps each numbers are written; defaults to 1. */
  public TensorBoard every(int steps) {
    every = Trainer.atLeastOne("every", steps);
    return this;
  }

  /** Sets after how many steps each histograms are written; defaults to 100. */
  public TensorBoard histogramsEvery(int steps) {
    histogramsEvery = Trainer.atLeastOne("histogramsEvery", steps);
    return this;
  }

  /**
   * Shows images at the start and after each epoch, such as those of a batch, or what a model
   * makes.
   *
   * @param source computes them, without recording: shape (N, C, H, W), C 1 or 3, from 0 to 1
   */
  public TensorBoard images(String tag, Supplier<Tensor> source) {
    images.put(tag, source);
    return this;
  }

  @Override
  public void started(Training training) {
    next = training.position().step();
    // The last epoch before, which was measured at this step, stays.
    file = EventFile.in(directory, training.isResumed() ? next + 1L : 0);
    file.text("model", next, model.toString().indent(4));
    writeImages(next);
  }

  @Override
  public void update(Gradients gradients, Runnable update) {
    if (next % histogramsEvery == 0) {
      EventFile events = file();
      model
          .namedParameters()
          .forEach((path, parameter) -> {
            events.histogram("weights/" + path, next, parameter.value());
            if (gradients.contains(parameter)) {
              events.histogram("gradients/" + path, next, gradients.of(parameter));
            }
          });
    }
    update.run();
  }

  @Override
  public void stepped(Training training, Step step) {
    int number = step.position().step();
    next = number + 1;
    if (number % every == 0) {
      file()
          .scalar("step/loss", number, step.loss())
          .scalar("step/gradient norm", number, step.gradientNorm())
          .scalar("step/learning rate", number, step.learningRate());
    }
  }

  @Override
  public void epochEnded(Training training, Epoch epoch) {
    EventFile events = file();
    epoch.metrics().forEach((name, value) -> events.scalar("epoch/" + name, epoch.steps(), value));
    events.scalar("epoch/examples per second", epoch.steps(), epoch.examplesPerSecond());
    writeImages(epoch.steps());
  }

  private void writeImages(int step) {
    images.forEach((tag, source) -> file().images(tag, step, Autodiff.noGrad(source)));
  }

  @Override
  public void ended(Training training) {
    file().close();
  }

  @Override
  public void failed(Training training, Throwable failure) {
    file().close();
  }

  private EventFile file() {
    return Objects.requireNonNull(file, "a training has started");
  }

  /** Returns the model and the directory. */
  @Override
  public String toString() {
    return "TensorBoard of %s in %s".formatted(model.headline(), directory);
  }
}
