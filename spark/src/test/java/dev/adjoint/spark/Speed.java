package dev.adjoint.spark;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.Step;
import dev.adjoint.training.Training;
import dev.adjoint.training.TrainingListener;
import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * Measures the time of a step on one and on two executors of one thread each.
 *
 * <p>Arguments: the number of hidden features, the batch size and, if the driver is to have a slow
 * link, its Mbit/s.
 */
final class Speed {

  private static final int FEATURES = 64;
  private static final int SHARDS = 2;
  private static final int MOST_STEPS = 10_000;
  private static final Duration WARM_UP = Duration.ofSeconds(20);
  private static final Duration MEASURED = Duration.ofSeconds(15);
  private static final int SMALL_BATCH = 64;

  private Speed() {}

  public static void main(String[] args) throws Exception {
    System.out.printf(
        "%9s %10s %8s %8s %12s %12s%n",
        "executors", "parameters", "batch", "steps", "least ms", "median ms");
    for (int executors = 1; executors <= 2; executors++) {
      try (LoopbackCluster cluster = new LoopbackCluster(executors)) {
        SparkConf configuration = cluster.configuration();
        try (Closeable _ =
                args.length < 3
                    ? () -> {}
                    : new SlowLink(configuration, Double.parseDouble(args[2]) / 8 * 1e6);
            JavaSparkContext spark = new JavaSparkContext(configuration)) {
          measure(spark, executors, Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        }
      }
    }
  }

  private static Sequential model(int hidden) {
    Generator generator = Generator.seeded(1);
    return new Sequential(
        new Linear(FEATURES, hidden, generator),
        Activation.RELU,
        new Linear(hidden, hidden, generator),
        Activation.RELU,
        new Linear(hidden, 2, generator));
  }

  private static void measure(JavaSparkContext spark, int executors, int hidden, int batch) {
    times(spark, hidden, SMALL_BATCH, WARM_UP); // Spark's part of a step, as often as it can be
    times(spark, hidden, batch, WARM_UP.dividedBy(2));
    List<Double> times = times(spark, hidden, batch, MEASURED);
    times.sort(null);
    System.out.printf(
        "%9d %10d %8d %8d %12.1f %12.1f%n",
        executors,
        model(hidden).parameters().stream().mapToInt(p -> p.shape().size()).sum(),
        batch,
        times.size(),
        times.getFirst(),
        times.get(times.size() / 2));
  }

  /** Trains for so long; returns how many milliseconds each step took. */
  private static List<Double> times(
      JavaSparkContext spark, int hidden, int batch, Duration duration) {
    Sequential model = model(hidden);
    List<Double> times = new ArrayList<>();
    try (ShardedData<IntTensor> data =
        ShardedData.generated(
                spark,
                SHARDS,
                shard ->
                    new Tuple2<>(
                        Generator.seeded(shard).normal(batch / SHARDS * FEATURES).toFloatArray(),
                        new float[batch / SHARDS]),
                FEATURES)
            .classes()) {
      new SparkTrainer<Sequential, IntTensor>(
              model,
              () -> model(hidden),
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
