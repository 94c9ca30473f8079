package dev.adjoint.spark;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.Checkpoint;
import dev.adjoint.training.Progress;
import dev.adjoint.training.data.Batch;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * An example: classifies two million rows that executors draw, and prints the hash of the weights,
 * which is the same wherever it runs.
 *
 * <pre>
 * mvn -q -P run -pl spark -am test-compile "-Dargs=local[*]"
 * mvn -q -P run -pl spark -am test-compile "-Dargs=cluster"
 * </pre>
 *
 * <p>A cluster is a master, a worker and two executors of one thread each, all on this machine.
 * Further arguments: the number of rows, a file for a checkpoint.
 */
final class Tabular {

  static final int SHARDS = 8;
  static final int FEATURES = 10;
  private static final int CLASSES = 3;

  private Tabular() {}

  public static void main(String[] args) throws Exception {
    String where = args.length > 0 ? args[0] : "local[*]";
    int rows = args.length > 1 ? Integer.parseInt(args[1]) : 2_000_000;
    if (where.equals("cluster")) {
      try (LoopbackCluster cluster = new LoopbackCluster(2)) {
        run(cluster.configuration(), rows, args);
      }
    } else {
      run(LoopbackCluster.local(where), rows, args);
    }
  }

  private static void run(SparkConf configuration, int rows, String[] args) throws Exception {
    try (JavaSparkContext spark = new JavaSparkContext(configuration)) {
      Sequential model = model();
      SparkTrainer<Sequential, IntTensor> trainer =
          trainer(model).batch(Math.max(rows / 250, 1)).listener(Progress.to(System.out));
      if (args.length > 2) {
        trainer.checkpoint(Checkpoint.at(Path.of(args[2])), 5);
      }
      long start = System.nanoTime();
      trainer.fit(data(spark, rows), 1);
      System.out.printf("%.1f s%n", (System.nanoTime() - start) / 1e9);
      System.out.println("weights " + hash(model));
    }
  }

  static SparkTrainer<Sequential, IntTensor> trainer(Sequential model) {
    return new SparkTrainer<>(
        model,
        Tabular::model,
        new AdamW(model.namedParameters()).learningRate(3e-3),
        Tabular::loss);
  }

  static Sequential model() {
    Generator generator = Generator.seeded(1);
    return new Sequential(
        new Linear(FEATURES, 64, generator),
        new BatchNorm(64),
        Activation.RELU,
        new Linear(64, CLASSES, generator));
  }

  static Tensor loss(Sequential model, Batch<Tensor, IntTensor> batch) {
    return Losses.crossEntropy(model.forward(batch.inputs()), batch.targets());
  }

  static ShardedData<IntTensor> data(JavaSparkContext spark, int rows) {
    return ShardedData.generated(spark, SHARDS, shard -> draw(shard, rows / SHARDS), FEATURES)
        .classes();
  }

  /** Draws rows whose class depends on two products of features. */
  private static Tuple2<float[], float[]> draw(int shard, int n) {
    float[] inputs = Generator.seeded(shard).normal(n * FEATURES).toFloatArray();
    float[] classes = new float[n];
    for (int i = 0; i < n; i++) {
      int at = i * FEATURES;
      classes[i] = inputs[at] * inputs[at + 1] > 0 ? 0 : inputs[at + 2] > inputs[at + 3] ? 1 : 2;
    }
    return new Tuple2<>(inputs, classes);
  }

  static String hash(Layer model) throws Exception {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    for (Tensor tensor : model.state().values()) {
      double[] values = tensor.toDoubleArray();
      ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES);
      bytes.asDoubleBuffer().put(values);
      sha.update(bytes);
    }
    return HexFormat.of().formatHex(sha.digest(), 0, 8);
  }
}
