package dev.adjoint.spark;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.MaxPool2d;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.training.Step;
import dev.adjoint.training.Training;
import dev.adjoint.training.TrainingListener;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import scala.Tuple2;

/**
 * Measures the time of a step on one and on two executors of one thread each, which take turns: a
 * sleeping task keeps one of the two away from the steps of the other. Beside them it prints what
 * the cost model of docs/spark.md gives, with constants of the same run.
 *
 * <p>Arguments: dense or convolutional, the batch size and, if the driver is to have a slow link,
 * its Mbit/s.
 */
final class Speed {

  /** A network of 1 million parameters, and the shape of its examples. */
  private enum Network {
    /** Each weight is used once an example: little computing for each byte that is sent. */
    DENSE(64) {
      @Override
      Sequential model() {
        Generator generator = Generator.seeded(1);
        return new Sequential(
            new Linear(64, 976, generator),
            Activation.RELU,
            new Linear(976, 976, generator),
            Activation.RELU,
            new Linear(976, 2, generator));
      }
    },

    /** For images of 8 by 8, which use a kernel's weights 64 times. */
    CONVOLUTIONAL(1, 8, 8) {
      @Override
      Sequential model() {
        Generator generator = Generator.seeded(1);
        ConvOptions same = ConvOptions.DEFAULT.padding(1);
        return new Sequential(
            new Conv2d(1, 64, 3, same, generator),
            Activation.RELU,
            new Conv2d(64, 128, 3, same, generator),
            Activation.RELU,
            new MaxPool2d(2),
            new Flatten(),
            new Linear(2048, 448, generator),
            Activation.RELU,
            new Linear(448, 10, generator));
      }
    };

    private final int[] exampleShape;

    Network(int... exampleShape) {
      this.exampleShape = exampleShape;
    }

    abstract Sequential model();
  }

  private static final int SHARDS = 2;
  private static final int MOST_STEPS = 100_000;
  private static final double HANDING_OUT = 0.5; // milliseconds a task, assumed
  private static final int SMALL_BATCH = 64;
  private static final Duration WARM_UP = Duration.ofMinutes(4);
  private static final Duration TURN = Duration.ofSeconds(12);
  private static final int TURNS = 5;

  private Speed() {}

  public static void main(String[] args) throws Exception {
    Network network = Network.valueOf(args[0].toUpperCase(Locale.ROOT));
    int batch = Integer.parseInt(args[1]);
    try (LoopbackCluster cluster = new LoopbackCluster(2)) {
      SparkConf configuration = cluster.configuration();
      try (Closeable _ =
              args.length < 3
                  ? () -> {}
                  : new SlowLink(configuration, Double.parseDouble(args[2]) / 8 * 1e6);
          JavaSparkContext spark = new JavaSparkContext(configuration)) {
        TaskTimes tasks = new TaskTimes();
        spark.sc().addSparkListener(tasks);
        // Spark's part of a step, as often as it can be.
        times(spark, network, SMALL_BATCH, WARM_UP);
        tasks.takeMedian();
        double small = median(times(spark, network, SMALL_BATCH, TURN));
        double smallTask = tasks.takeMedian();
        times(spark, network, batch, TURN);
        List<Double> one = new ArrayList<>();
        List<Double> two = new ArrayList<>();
        List<Double> computing = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
          two.addAll(times(spark, network, batch, TURN));
          JavaFutureAction<Void> sleeper = occupyOne(spark);
          tasks.takeMedian();
          one.addAll(times(spark, network, batch, TURN));
          computing.add(tasks.takeMedian() - smallTask);
          sleeper.cancel(true);
          awaitRunning(spark, 0);
        }
        print(network.model(), batch, one, two);
        double example = median(computing) / (batch - SMALL_BATCH) * SHARDS;
        double weights =
            args.length < 3
                ? 0 // on the loopback it is part of every step
                : 4.0 * parameters(network.model()) / (Double.parseDouble(args[2]) / 8 * 1e3);
        printModel(batch, small, example, weights);
      }
    }
  }

  /** What tasks of steps took in executors, in milliseconds. */
  private static final class TaskTimes extends SparkListener {

    private final List<Double> times = new ArrayList<>();

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
      if (end.taskInfo().successful()) {
        times.add((double) end.taskMetrics().executorRunTime());
      }
    }

    /** Returns the median since the last call. */
    synchronized double takeMedian() {
      double median = times.isEmpty() ? Double.NaN : median(times);
      times.clear();
      return median;
    }
  }

  private static double median(List<Double> times) {
    times.sort(null);
    return times.get(times.size() / 2);
  }

  private static int parameters(Sequential model) {
    return model.parameters().stream().mapToInt(p -> p.shape().size()).sum();
  }

  /**
   * Prints {@code a + S d + c B / E + 4P / w (min(E, 2) + S)}.
   *
   * @param small the time of a small step with two executors
   * @param example c, in milliseconds
   * @param weights 4P / w, in milliseconds
   */
  private static void printModel(int batch, double small, double example, double weights) {
    double stage = small - SHARDS * HANDING_OUT - weights * (2 + SHARDS);
    System.out.printf("a = %.1f ms, c = %.4f ms:%n%-12s", stage, example, "cost model");
    for (int executors = 1; executors <= 2; executors++) {
      double computing = example * batch / executors;
      double sending = weights * (executors + SHARDS);
      System.out.printf(" %9.1f ms", stage + SHARDS * HANDING_OUT + computing + sending);
    }
    System.out.println();
  }

  private static void print(Sequential model, int batch, List<Double> one, List<Double> two) {
    one.sort(null);
    two.sort(null);
    System.out.printf("%d parameters, steps of %d examples%n", parameters(model), batch);
    System.out.printf("%-12s %12s %12s %12s%n", "", "1 executor", "2 executors", "efficiency");
    System.out.printf("%-12s %12d %12d%n", "steps", one.size(), two.size());
    for (int percent : new int[] {0, 25, 50}) {
      double a = one.get(one.size() * percent / 100);
      double b = two.get(two.size() * percent / 100);
      System.out.printf(
          "%-12s %9.1f ms %9.1f ms %12.2f%n",
          List.of("least", "quarter", "median").get(percent / 25), a, b, a / (2 * b));
    }
  }

  /** Gives one of the executors a task that ends when it is told to. */
  private static JavaFutureAction<Void> occupyOne(JavaSparkContext spark)
      throws InterruptedException {
    JavaFutureAction<Void> task =
        spark
            .parallelize(List.of(1), 1)
            .foreachAsync(_ -> {
              while (!TaskContext.get().isInterrupted()) {
                Thread.sleep(50);
              }
            });
    awaitRunning(spark, 1);
    return task;
  }

  private static void awaitRunning(JavaSparkContext spark, int tasks) throws InterruptedException {
    while (Arrays.stream(spark.statusTracker().getExecutorInfos())
            .mapToInt(SparkExecutorInfo::numRunningTasks)
            .sum()
        != tasks) {
      Thread.sleep(50);
    }
  }

  /** Trains for so long; returns how many milliseconds each step took. */
  private static List<Double> times(
      JavaSparkContext spark, Network network, int batch, Duration duration) {
    int[] shape = network.exampleShape;
    int width = Shape.of(shape).size();
    Sequential model = network.model();
    List<Double> times = new ArrayList<>();
    try (ShardedData<IntTensor> data =
        ShardedData.generated(
                spark,
                SHARDS,
                shard ->
                    new Tuple2<>(
                        Generator.seeded(shard).normal(batch / SHARDS * width).toFloatArray(),
                        new float[batch / SHARDS]),
                shape)
            .classes()) {
      new SparkTrainer<Sequential, IntTensor>(
              model,
              network::model,
              new SGD(model.namedParameters()).learningRate(0.01),
              (m, b) -> Losses.crossEntropy(m.forward(b.inputs()), b.targets()))
          .batch(batch)
          .listener(
              new TrainingListener() {
                private final long first = System.nanoTime();
                private long last = first;

                @Override
                public void stepped(Training training, Step step) {
                  long now = System.nanoTime();
                  times.add((now - last) / 1e6);
                  if (now - first > duration.toNanos()) {
                    training.stop("measured");
                  }
                  last = now;
                }
              })
          .fit(data, MOST_STEPS);
    }
    return times;
  }
}
