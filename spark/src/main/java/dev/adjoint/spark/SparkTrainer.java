package dev.adjoint.spark;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.Checkpoint;
import dev.adjoint.training.History;
import dev.adjoint.training.Trainer;
import dev.adjoint.training.Training;
import dev.adjoint.training.TrainingListener;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.metric.Evaluation;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.api.java.function.Function0;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * Trains a model on a Spark cluster: a {@link Trainer} whose losses and gradients are computed by
 * executors, each from the shards of the data that it holds.
 *
 * <pre>{@code
 * Sequential model = Churn.model();
 * new SparkTrainer<Sequential, IntTensor>(
 *         model,
 *         Churn::model,
 *         new AdamW(model.namedParameters()),
 *         (m, batch) -> Losses.crossEntropy(m.forward(batch.inputs()), batch.targets()))
 *     .batch(4096)
 *     .listener(Progress.to(System.out))
 *     .checkpoint(Checkpoint.at(path), 100)
 *     .fit(data, 20);
 * }</pre>
 *
 * <p>In each step every shard contributes the gradient of its part of the batch, and these are
 * added in the order of a tree over the shards. So the result depends on the shards, the batch and
 * the seed, and <b>on nothing else</b>: one executor, sixteen, or others in the place of those that
 * died give the same bits. The number of shards is part of the result.
 *
 * <p>Optimizer, schedule, clipping, listeners, metrics and checkpoints are the {@link Trainer}'s,
 * on the driver, whose memory does not grow with the data. Listeners that look into layers see
 * nothing: those work elsewhere.
 *
 * <p>Batch norms normalize by the statistics of their shard's part of the batch, as {@code
 * GhostBatchNorm}; their running statistics, like all buffers, become the mean of what the shards
 * have, weighted by examples. Of the variance that leaves out how the means of shards differ:
 * nothing, where rows lie in shards at random.
 *
 * @param <M> the type of the model
 * @param <Y> the type of the targets
 */
public final class SparkTrainer<M extends Layer, Y> {

  /** With more shards, executors add up what they contribute; with fewer, the driver does. */
  private static final int FEW_SHARDS = 8;

  private final M model;
  private final Function0<M> structure;
  private final Function2<M, Batch<Tensor, Y>, Tensor> loss;
  private final Optimizer optimizer;
  private final Trainer<Object, Object> trainer;
  private final Clock clock = new Clock();
  private final String name = UUID.randomUUID().toString();
  private int batchSize = 1024;
  private long seed;
  private boolean compressed;
  private int localSteps = 1;
  private @Nullable Function<M, Optimizer> local;

  /**
   * Creates a trainer.
   *
   * @param model in training mode
   * @param structure makes a model of the same layers on an executor, with any values: the
   *     parameters and buffers of the model are sent to it
   * @param optimizer of the model's parameters, as they are when the training begins
   * @param loss computes the mean loss over the examples of a batch, a scalar, on an executor
   */
  public SparkTrainer(
      M model,
      Function0<M> structure,
      Optimizer optimizer,
      Function2<M, Batch<Tensor, Y>, Tensor> loss) {
    this.model = model;
    this.structure = structure;
    this.optimizer = optimizer;
    this.loss = loss;
    this.trainer = new Trainer<Object, Object>(model, optimizer, this::loss).listener(clock);
  }

  // ---- settings --------------------------------------------------------------------------------

  /** Sets how many examples each step learns from, in all shards together; defaults to 1,024. */
  public SparkTrainer<M, Y> batch(int examples) {
    if (examples < 1) {
      throw new IllegalArgumentException("batch: %d; expected at least 1".formatted(examples));
    }
    batchSize = examples;
    return this;
  }

  /**
   * Sets what the order of the examples, another one in each epoch, and what layers draw at random
   * depend on; defaults to 0.
   */
  public SparkTrainer<M, Y> seed(long newSeed) {
    seed = newSeed;
    return this;
  }

  /**
   * Sends gradients as bfloat16, half the bytes of float32, rounded by up to 0.4 %: the bits are
   * others than without, though the same for any number of executors.
   */
  public SparkTrainer<M, Y> compress() {
    compressed = true;
    return this;
  }

  /**
   * Lets each shard make several steps by itself, with an optimizer of its own that begins anew
   * each time, and then averages the weights (local SGD; Stich 2019, arXiv:1805.09767). To the
   * optimizer of this trainer, the way that the average has gone is a gradient: an {@code SGD} with
   * learning rate 1 takes the average, one with momentum goes further (Douillard et al. 2023,
   * arXiv:2311.08105). A step of listeners, schedules and checkpoints is all of that.
   *
   * @param steps before each average
   * @param optimizer of a model on an executor
   */
  public SparkTrainer<M, Y> localSteps(int steps, Function<M, Optimizer> optimizer) {
    if (steps < 1) {
      throw new IllegalArgumentException("localSteps: %d; expected at least 1".formatted(steps));
    }
    localSteps = steps;
    local = optimizer;
    return this;
  }

  /** Changes the gradients before each step: {@code g -> Clipping.clipNorm(g, 1)}. */
  public SparkTrainer<M, Y> gradients(UnaryOperator<Gradients> change) {
    trainer.gradients(change);
    return this;
  }

  /**
   * Measures the mean loss of other shards after each epoch, as {@code validation loss}.
   *
   * @throws CancellationException if the thread was interrupted, which counts the examples; it
   *     still is then
   */
  public SparkTrainer<M, Y> validation(ShardedData<Y> data) {
    trainer.validation(new DataLoader<>(new Rounds(data, batchSize, 1), 1));
    return this;
  }

  /** Measures after each epoch on the driver, as {@link Trainer#validation}. */
  @SuppressWarnings("unchecked") // the trainer shows the data to the evaluation alone
  public SparkTrainer<M, Y> validation(
      DataLoader<Tensor, Y> data, Evaluation<Tensor, Y> evaluation) {
    trainer.validation(
        (DataLoader<Object, Object>) (DataLoader<?, ?>) data,
        (Evaluation<Object, Object>) (Evaluation<?, ?>) evaluation);
    return this;
  }

  /** Adds a listener, on the driver. */
  public SparkTrainer<M, Y> listener(TrainingListener listener) {
    trainer.listener(listener);
    return this;
  }

  /** Goes on from a checkpoint, if it is there, and saves it, as {@link Trainer#checkpoint}. */
  public SparkTrainer<M, Y> checkpoint(Checkpoint checkpoint, int everySteps) {
    trainer.checkpoint(checkpoint, everySteps);
    return this;
  }

  /** Returns the model, the optimizer and the size of a batch. */
  @Override
  public String toString() {
    return "SparkTrainer of %s by %s, batches of %s"
        .formatted(model.headline(), optimizer, batchSize);
  }

  // ---- the loop --------------------------------------------------------------------------------

  /**
   * Trains until so many epochs have ended, or a listener says stop; fails as {@link Trainer#fit}.
   *
   * <p>What the loss throws is thrown here, once Spark has given up. An interrupt ends it after the
   * step, jobs of which are waited for.
   *
   * @return the metrics of all epochs
   * @throws IllegalStateException if executors have another version than the driver, or the model
   *     and its structure differ
   */
  public History fit(ShardedData<Y> data, int epochs) {
    requireStructure();
    try {
      Versions.check(JavaSparkContext.fromSparkContext(data.shards().context()));
      return trainer.fit(new DataLoader<>(new Rounds(data, batchSize, localSteps), 1), epochs);
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare
      Failures.throwIfInterrupted("fit", e);
      throw e;
    }
  }

  private void requireStructure() {
    try {
      String made = outline(structure.call());
      String expected = outline(model);
      if (!made.equals(expected)) {
        throw new IllegalStateException(
            "fit: the structure makes a model of %s; expected that of the model, %s"
                .formatted(made, expected));
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("fit: the structure cannot be made: " + e, e);
    }
  }

  private static String outline(Layer model) {
    StringBuilder text = new StringBuilder();
    model
        .namedParameters()
        .forEach((path, p) -> text.append(path).append(p.shape()).append(p.dtype()).append(' '));
    model
        .namedBuffers()
        .forEach((path, buffer) -> text.append(path).append(buffer.value().shape()).append(' '));
    return text.toString().strip();
  }

  /** Knows the epoch. */
  private static final class Clock implements TrainingListener {
    private @Nullable Training training;

    @Override
    public void started(Training started) {
      training = started;
    }

    int epoch() {
      return training == null ? 0 : training.position().epoch();
    }
  }

  /** One round of work: batches of all shards. */
  private record Round(ShardedData<?> data, int step, int until, int batches) {}

  /** The rounds of an epoch, as the data of a trainer: what it calls examples. */
  private final class Rounds implements Dataset<Object, Object> {
    private final ShardedData<?> data;
    private final int batches;
    private final int together;
    private final long examples;

    Rounds(ShardedData<?> data, int batchSize, int together) {
      this.data = data;
      this.together = together;
      long sum = 0;
      for (int size : data.sizes()) {
        sum += size;
      }
      examples = sum;
      batches = Math.toIntExact(Math.ceilDiv(sum, batchSize));
    }

    @Override
    public int size() {
      return Math.ceilDiv(batches, together);
    }

    @Override
    public String description() {
      return "%s examples in %s shards, %s batches shuffled by %s%s"
          .formatted(
              examples,
              data.sizes().length,
              batches,
              seed,
              together > 1 ? ", %s steps at a time".formatted(together) : "");
    }

    @Override
    public Batch<Object, Object> batch(IntTensor numbers) {
      int step = numbers.toArray()[0] * together;
      Round round = new Round(data, step, Math.min(step + together, batches), batches);
      return new Batch<>(round, round, Math.toIntExact(examples(round)));
    }
  }

  private static long examples(Round round) {
    long sum = 0;
    for (int size : round.data.sizes()) {
      sum +=
          ShardTask.from(size, round.until, round.batches)
              - ShardTask.from(size, round.step, round.batches);
    }
    return sum;
  }

  /** A loss that was computed elsewhere, and its gradients. */
  private record Elsewhere(Tensor loss, List<Tensor> gradients) implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> parameters) {
      return loss;
    }

    @Override
    public List<Tensor> pullback(Tensor cotangent, List<Tensor> parameters, Tensor output) {
      if (cotangent.item() == 1) { // that of a loss which is differentiated itself
        return gradients;
      }
      return gradients.stream()
          .map(gradient -> gradient.times(cotangent.to(gradient.dtype())))
          .toList();
    }
  }

  private Tensor loss(Batch<Object, Object> batch) {
    Round round = (Round) batch.inputs();
    boolean learns = model.isTraining();
    Message sum = contributions(round, learns);
    double[] numbers = sum.numbers().toDoubleArray();
    double examples = numbers[0];
    Tensor mean = Tensor.scalar(numbers[1] / examples, DType.FLOAT64);
    if (!learns) {
      return mean;
    }
    List<Parameter> parameters = model.parameters();
    List<Tensor> all =
        Message.parted(sum.values(), parameters.stream().map(Parameter::value).toList());
    List<Tensor> values = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      if (numbers[2 + i] > 0) {
        values.add(parameters.get(i).value());
        gradients.add(all.get(i));
      }
    }
    List<Buffer> buffers = List.copyOf(model.namedBuffers().values());
    Tensor means = sum.numbers().slice(0, 2 + parameters.size(), numbers.length).div(examples);
    Iterator<Tensor> news =
        Message.parted(means, buffers.stream().map(Buffer::value).toList()).iterator();
    buffers.forEach(buffer -> buffer.assign(news.next()));
    return Autodiff.apply(new Elsewhere(mean, gradients), values.toArray(Tensor[]::new));
  }

  /** Returns the sum of what all shards contribute. */
  private Message contributions(Round round, boolean learns) {
    JavaRDD<Tuple2<float[], float[]>> shards = round.data.shards();
    List<Parameter> parameters = model.parameters();
    DType type = Message.typeOf(parameters);
    Message state =
        new Message(
            Message.joined(parameters.stream().map(Parameter::value).toList(), type),
            Message.joined(
                model.namedBuffers().values().stream().map(Buffer::value).toList(), DType.FLOAT64));
    Message.Format format =
        compressed && type == DType.FLOAT32 ? Message.Format.BFLOAT16 : state.format();
    boolean[] frozen = new boolean[parameters.size()];
    for (int i = 0; i < frozen.length; i++) {
      frozen[i] = parameters.get(i).isFrozen();
    }
    Broadcast<byte[]> weights =
        JavaSparkContext.fromSparkContext(shards.context()).broadcast(state.bytes(state.format()));
    try {
      JavaRDD<byte[]> messages =
          shards.mapPartitionsWithIndex(
              new ShardTask<>(
                  Versions.driver(),
                  name,
                  structure,
                  loss,
                  local,
                  round.data.exampleShape(),
                  round.data.hasClasses(),
                  format,
                  seed,
                  frozen,
                  weights,
                  learns ? clock.epoch() : 0,
                  round.step,
                  round.until,
                  round.batches,
                  examples(round),
                  learns),
              true);
      return round.data.sizes().length > FEW_SHARDS && learns
          ? Reduction.sum(messages, round.data.sizes().length, format)
          : Message.sum(Failures.await(messages.collectAsync()).stream().map(Message::of).toList());
    } finally {
      CompletableFuture<Void> _ = destroyed(weights, shards.context()::isStopped);
    }
  }

  /**
   * Frees what executors hold. It asks all of them, and an interrupt would end the call: no step
   * waits for it.
   */
  static CompletableFuture<Void> destroyed(Broadcast<?> weights, BooleanSupplier isStopped) {
    return CompletableFuture.runAsync(weights::destroy)
        .whenComplete((_, e) -> {
          if (e != null && !isStopped.getAsBoolean()) {
            System.getLogger(SparkTrainer.class.getName())
                .log(Level.WARNING, "the weights of a step stay in the executors' memory", e);
          }
        });
  }
}
