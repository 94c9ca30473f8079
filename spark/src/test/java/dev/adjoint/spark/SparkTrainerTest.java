package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.Checkpoint;
import dev.adjoint.training.Epoch;
import dev.adjoint.training.History;
import dev.adjoint.training.NonFiniteException;
import dev.adjoint.training.Step;
import dev.adjoint.training.Training;
import dev.adjoint.training.TrainingListener;
import dev.adjoint.training.data.Batch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function0;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Tuple2;
import scala.reflect.ClassTag$;

class SparkTrainerTest {

  private static final int WIDTH = 3;

  /** Who waits for jobs, which run in the same JVM. */
  private static volatile Thread driver = Thread.currentThread();

  private final JavaSparkContext spark =
      JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());

  @Test
  void aStepLearnsFromTheMeanOverAllShards() {
    ShardedData<IntTensor> data = data(3);
    List<Double> losses = new ArrayList<>();
    Sequential model = plain();
    Sequential local = plain();
    train(model, new SGD(model.namedParameters()).learningRate(0.5), data)
        .batch(1000)
        .listener(losses(losses))
        .fit(data, 2);
    Optimizer sgd = new SGD(local.namedParameters()).learningRate(0.5);
    List<Double> expected = new ArrayList<>();
    for (int epoch = 0; epoch < 2; epoch++) {
      expected.add(sgd.step(() -> loss(local, all(3))));
    }
    for (int i = 0; i < 2; i++) {
      assertThat(losses.get(i)).isCloseTo(expected.get(i), within(1e-6));
    }
    local
        .state()
        .forEach((name, value) ->
            assertThat(model.state().get(name).minus(value).abs().max().item())
                .as(name)
                .isLessThan(1e-6));
  }

  @Test
  void weightsThatStayInMemoryAreTold() {
    List<String> logged = new ArrayList<>();
    Broadcast<byte[]> stuck =
        new Broadcast<>(1, ClassTag$.MODULE$.apply(byte[].class)) {
          @Override
          public byte[] getValue() {
            return new byte[0];
          }

          @Override
          public void doUnpersist(boolean blocking) {}

          @Override
          public void doDestroy(boolean blocking) {
            throw new IllegalStateException("no answer");
          }
        };
    Logger logger = Logger.getLogger(SparkTrainer.class.getName());
    logger.setFilter(line -> {
      logged.add(line.getMessage() + ": " + line.getThrown().getMessage());
      return false; // and prints nothing
    });
    try {
      SparkTrainer.destroyed(stuck, () -> false).exceptionally(_ -> null).join();
    } finally {
      logger.setFilter(null);
    }
    assertThat(logged).hasSize(1);
    assertThat(logged.getFirst())
        .startsWith("the weights of a step stay in the executors' memory")
        .endsWith("no answer");
  }

  @Test
  void tasksThatFailedAndShardsThatWereLostChangeNoBit() {
    ShardedData<IntTensor> data = data(4);
    Sequential undisturbed = noisy();
    adam(undisturbed, SparkTrainerTest::noisy, data).batch(40).fit(data, 2);
    Sequential disturbed = noisy();
    new SparkTrainer<Sequential, IntTensor>(
            disturbed,
            SparkTrainerTest::noisy,
            new Adam(disturbed.namedParameters()),
            SparkTrainerTest::lossThatFailsAtFirst)
        .batch(40)
        .listener(
            new TrainingListener() {
              @Override
              public void stepped(Training training, Step step) {
                data.close(); // as if all executors had died
              }
            })
        .fit(data, 2);
    assertThat(bits(disturbed)).isEqualTo(bits(undisturbed)).isNotEqualTo(bits(noisy()));
  }

  @Test
  void aTrainingGoesOnWithTheSameBits(@TempDir Path directory) {
    ShardedData<IntTensor> data = data(4);
    Sequential whole = noisy();
    adam(whole, SparkTrainerTest::noisy, data).batch(30).fit(data, 2);
    Checkpoint checkpoint = Checkpoint.at(directory.resolve("run"));
    Sequential killed = noisy();
    assertThatThrownBy(() ->
            adam(killed, SparkTrainerTest::noisy, data)
                .batch(30)
                .checkpoint(checkpoint, 1)
                .listener(
                    new TrainingListener() {
                      @Override
                      public void stepped(Training training, Step step) {
                        if (step.position().step() == 3) {
                          throw new IllegalStateException("killed");
                        }
                      }
                    })
                .fit(data, 2))
        .hasMessage("killed");
    Sequential resumed = noisy();
    History history =
        adam(resumed, SparkTrainerTest::noisy, data)
            .batch(30)
            .checkpoint(Checkpoint.at(directory.resolve("run")), 1)
            .fit(data, 2);
    assertThat(bits(resumed)).isEqualTo(bits(whole));
    assertThat(history.metric("loss")).hasSize(2);
  }

  @Test
  void anInterruptDuringAJobEndsTheTrainingAfterItsStep(@TempDir Path directory) {
    ShardedData<IntTensor> data = data(2);
    Sequential model = plain();
    driver = Thread.currentThread();
    assertThatThrownBy(() ->
            new SparkTrainer<Sequential, IntTensor>(
                    model,
                    SparkTrainerTest::plain,
                    new Adam(model.namedParameters()),
                    SparkTrainerTest::lossThatInterruptsTheDriver)
                .batch(10)
                .checkpoint(Checkpoint.at(directory.resolve("run")), 100)
                .fit(data, 1))
        .isInstanceOf(CancellationException.class)
        .hasMessageStartingWith(
            "fit: the thread was interrupted; the same call goes on at epoch 1, batch 2");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptDuringValidationEndsTheTraining() {
    ShardedData<IntTensor> data = data(2);
    Sequential model = plain();
    driver = Thread.currentThread();
    SparkTrainer<Sequential, IntTensor> trainer =
        new SparkTrainer<>(
            model,
            SparkTrainerTest::plain,
            new Adam(model.namedParameters()),
            SparkTrainerTest::lossThatInterruptsTheDriverInEval);
    assertThat(trainer)
        .hasToString(
            "SparkTrainer of Sequential(1) by Adam of 2 parameters, learning rate 0.001, weight"
                + " decay 0.0, after 0 steps, batches of 1024");
    driver.interrupt();
    assertThatThrownBy(() -> trainer.validation(data))
        .isInstanceOf(CancellationException.class)
        .hasMessage("ShardedData: the thread was interrupted");
    assertThat(Thread.interrupted()).isTrue();
    assertThatThrownBy(() -> trainer.batch(30).validation(data).fit(data, 1))
        .isInstanceOf(CancellationException.class)
        .hasMessageStartingWith("fit: the thread was interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anInterruptOfSparksOwnWaitsIsOneOfTheTraining() {
    Exception wait = new SparkException("no answer", new InterruptedException());
    assertThatThrownBy(() -> Failures.throwIfInterrupted("fit", wait))
        .isInstanceOf(CancellationException.class)
        .hasMessage("fit: the thread was interrupted");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void executorsAddUpManyShardsWithTheBitsOfTheDriver() {
    List<Message> messages =
        IntStream.range(0, 9)
            .mapToObj(i -> Generator.seeded(i).normal(11))
            .map(row -> new Message(row, row.to(DType.FLOAT64)))
            .toList();
    List<byte[]> bytes = messages.stream().map(m -> m.bytes(m.format())).toList();
    Message sum = Reduction.sum(spark.parallelize(bytes, 9), 9, Message.Format.FLOAT32);
    Message expected = Message.sum(messages);
    assertThat(sum.values().toFloatArray()).isEqualTo(expected.values().toFloatArray());
    assertThat(sum.numbers().toDoubleArray()).isEqualTo(expected.numbers().toDoubleArray());
  }

  @Test
  void gradientsThatAreCompressedAreRoundedToEightBits() {
    Message message = new Message(Tensor.of(1.00390625f, 1.01171875f, -3e38f, 0), Tensor.of(1.1));
    byte[] bytes = message.bytes(Message.Format.BFLOAT16);
    assertThat(bytes).hasSize(4 + 4 + 8 + 4 * 2);
    assertThat(Message.of(bytes).values().toFloatArray())
        .containsExactly(1f, 1.015625f, -3.0040553e38f, 0f);
    assertThat(Message.of(bytes).numbers().toDoubleArray()).containsExactly(1.1);
  }

  @Test
  void localStepsAverageTheWeightsOfShards() {
    ShardedData<IntTensor> data = data(2);
    Sequential model = plain();
    train(model, new SGD(model.namedParameters()).learningRate(1), data)
        .batch(1000)
        .localSteps(1, m -> new SGD(m.namedParameters()).learningRate(0.5))
        .fit(data, 1);
    Sequential together = plain();
    train(together, new SGD(together.namedParameters()).learningRate(0.5), data)
        .batch(1000)
        .fit(data, 1);
    together // one local step by SGD is one step by the mean gradient
        .state()
        .forEach((name, value) ->
            assertThat(model.state().get(name).minus(value).abs().max().item())
                .as(name)
                .isLessThan(1e-6));
    History history =
        train(model, new SGD(model.namedParameters()).learningRate(1), data)
            .batch(16)
            .localSteps(4, m -> new SGD(m.namedParameters()).learningRate(0.5))
            .validation(data)
            .fit(data, 5);
    assertThat(history.metric("validation loss").getLast())
        .isLessThan(history.metric("loss").getFirst());
  }

  @Test
  void runningStatisticsAreTheMeanOverShards() {
    ShardedData<IntTensor> data = data(2);
    Sequential model = noisy();
    adam(model, SparkTrainerTest::noisy, data).batch(1000).fit(data, 1);
    Map<String, Tensor> buffers = model.state();
    assertThat(buffers.get("1.num_batches_tracked").item()).isEqualTo(1);
    Sequential local = noisy();
    local.forward(all(2).inputs());
    assertThat(
            buffers
                .get("1.running_mean")
                .minus(local.state().get("1.running_mean"))
                .abs()
                .max()
                .item())
        .isLessThan(1e-6);
  }

  @Test
  void aModelOfAnotherStructureIsRefused() {
    ShardedData<IntTensor> data = data(2);
    Sequential model = plain();
    assertThatThrownBy(() -> adam(model, SparkTrainerTest::noisy, data).fit(data, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the structure makes a model of 0.weight(8, 3)")
        .hasMessageContaining("expected that of the model, 0.weight(2, 3)");
  }

  @Test
  void anExecutorOfAnotherVersionIsRefused() {
    assertThatThrownBy(() -> Versions.require("Adjoint 0.0.1 on Java 25"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the driver has Adjoint 0.0.1 on Java 25, an executor has Adjoint");
  }

  @Test
  void aClassThatIsNoneIsNamed() {
    ShardedData<IntTensor> data =
        ShardedData.generated(
                spark, 1, shard -> new Tuple2<>(new float[WIDTH], new float[] {0.5f}), WIDTH)
            .classes();
    Sequential model = plain();
    assertThatThrownBy(() -> adam(model, SparkTrainerTest::plain, data).fit(data, 1))
        .hasMessage("ShardedData: the class 0.5; expected a whole number from 0");
  }

  @Test
  void aLossThatIsNotFiniteIsExplained() {
    ShardedData<IntTensor> data =
        ShardedData.generated(
                spark, 1, _ -> new Tuple2<>(new float[] {1, Float.NaN, 2}, new float[1]), WIDTH)
            .classes();
    Sequential model = plain();
    assertThatThrownBy(() -> adam(model, SparkTrainerTest::plain, data).fit(data, 1))
        .isInstanceOf(NonFiniteException.class)
        .hasMessage(
            "the loss of shard 0 is NaN at epoch 1, batch 1 (step 1): the inputs of the batch are"
                + " not finite");
  }

  // ---- models and data -------------------------------------------------------------------------

  private static Sequential plain() {
    return new Sequential(new Linear(WIDTH, 2, Generator.seeded(1)));
  }

  private static Sequential noisy() {
    Generator generator = Generator.seeded(1);
    return new Sequential(
        new Linear(WIDTH, 8, generator),
        new BatchNorm(8),
        Activation.RELU,
        new Dropout(0.2, generator),
        new Linear(8, 2, generator));
  }

  private static SparkTrainer<Sequential, IntTensor> train(
      Sequential model, Optimizer optimizer, ShardedData<IntTensor> data) {
    return new SparkTrainer<>(model, SparkTrainerTest::plain, optimizer, SparkTrainerTest::loss);
  }

  private static SparkTrainer<Sequential, IntTensor> adam(
      Sequential model, Function0<Sequential> structure, ShardedData<IntTensor> data) {
    return new SparkTrainer<>(
        model, structure, new Adam(model.namedParameters()), SparkTrainerTest::loss);
  }

  private static Tensor loss(Sequential model, Batch<Tensor, IntTensor> batch) {
    return Losses.crossEntropy(model.forward(batch.inputs()), batch.targets());
  }

  private static Tensor lossThatInterruptsTheDriver(
      Sequential model, Batch<Tensor, IntTensor> batch) {
    driver.interrupt();
    return loss(model, batch);
  }

  private static Tensor lossThatInterruptsTheDriverInEval(
      Sequential model, Batch<Tensor, IntTensor> batch) {
    return model.isTraining() ? loss(model, batch) : lossThatInterruptsTheDriver(model, batch);
  }

  private static Tensor lossThatFailsAtFirst(Sequential model, Batch<Tensor, IntTensor> batch) {
    Tensor loss = loss(model, batch);
    if (TaskContext.getPartitionId() == 1 && TaskContext.get().attemptNumber() == 0) {
      throw new IllegalStateException("on purpose");
    }
    return loss;
  }

  private ShardedData<IntTensor> data(int shards) {
    return ShardedData.generated(spark, shards, SparkTrainerTest::shard, WIDTH).classes();
  }

  /** Shards of different sizes. */
  private static Tuple2<float[], float[]> shard(int number) {
    int n = 20 + 5 * number;
    float[] inputs = Generator.seeded(number).normal(n * WIDTH).toFloatArray();
    float[] targets = new float[n];
    for (int i = 0; i < n; i++) {
      targets[i] = inputs[i * WIDTH] > inputs[i * WIDTH + 1] ? 1 : 0;
    }
    return new Tuple2<>(inputs, targets);
  }

  private static Batch<Tensor, IntTensor> all(int shards) {
    List<float[]> rows = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      Tuple2<float[], float[]> arrays = shard(shard);
      for (int i = 0; i < arrays._2.length; i++) {
        rows.add(Arrays.copyOfRange(arrays._1, i * WIDTH, (i + 1) * WIDTH));
        labels.add((int) arrays._2[i]);
      }
    }
    return new Batch<>(
        Tensor.of(rows.toArray(float[][]::new)),
        IntTensor.of(labels.stream().mapToInt(label -> label).toArray()),
        labels.size());
  }

  private static TrainingListener losses(List<Double> losses) {
    return new TrainingListener() {
      @Override
      public void epochEnded(Training training, Epoch epoch) {
        losses.add(epoch.metric("loss"));
      }
    };
  }

  private static Map<String, String> bits(Layer model) {
    return model.state().entrySet().stream()
        .collect(
            Collectors.toMap(
                Map.Entry::getKey,
                entry -> Arrays.toString(entry.getValue().toDoubleArray()),
                (a, b) -> a,
                TreeMap::new));
  }
}
