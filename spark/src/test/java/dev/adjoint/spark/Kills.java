package dev.adjoint.spark;

import dev.adjoint.nn.Sequential;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.Step;
import dev.adjoint.training.Training;
import dev.adjoint.training.TrainingListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;

/**
 * Kills executors, and then drivers, at random moments of trainings, and compares the weights with
 * those of a training in peace.
 *
 * <p>Arguments: how many executors to kill, how many drivers.
 */
final class Kills {

  private static final int ROWS = 80_000;
  private static final int STEPS = 40;

  private Kills() {}

  public static void main(String[] args) throws Exception {
    boolean same = executors(Integer.parseInt(args[0])) && drivers(Integer.parseInt(args[1]));
    System.out.println(same ? "all with the same bits" : "NOT all with the same bits");
    if (!same) {
      System.exit(1);
    }
  }

  /** Kills an executor in each of so many trainings; tells whether all ended with the same bits. */
  static boolean executors(int kills) throws Exception {
    boolean same = true;
    Random random = new Random(7);
    try (LoopbackCluster cluster = new LoopbackCluster(2);
        JavaSparkContext spark = new JavaSparkContext(cluster.configuration())) {
      String expected = train(spark, new Killer(cluster, STEPS, 0));
      System.out.println("in peace: " + expected);
      for (int i = 1; i <= kills; ) {
        Killer killer = new Killer(cluster, random.nextInt(STEPS - 2), random.nextInt(500));
        String hash = train(spark, killer);
        same &= hash.equals(expected);
        if (killer.done != null) { // else the training was over first
          System.out.printf("%2d: %s: %s%n", i++, killer.done, hash);
        }
      }
    }
    return same;
  }

  private static String train(JavaSparkContext spark, Killer killer) throws Exception {
    Sequential model = Tabular.model();
    try (ShardedData<IntTensor> data = Tabular.data(spark, ROWS)) {
      Tabular.trainer(model).batch(ROWS / STEPS).listener(killer).fit(data, 1);
    }
    return Tabular.hash(model);
  }

  /** Kills one of the executors some time after a step. */
  private static final class Killer implements TrainingListener {
    private final LoopbackCluster cluster;
    private final int step;
    private final int milliseconds;
    private volatile @Nullable String done;
    private volatile int at;

    Killer(LoopbackCluster cluster, int step, int milliseconds) {
      this.cluster = cluster;
      this.step = step;
      this.milliseconds = milliseconds;
    }

    @Override
    public void stepped(Training training, Step last) {
      at = last.position().step() + 1;
      if (at == step + 1) {
        CompletableFuture.delayedExecutor(milliseconds, TimeUnit.MILLISECONDS).execute(this::kill);
      }
    }

    private void kill() {
      if (at == STEPS) {
        return;
      }
      List<ProcessHandle> living = cluster.executors();
      ProcessHandle victim = living.get(milliseconds % living.size());
      victim.destroyForcibly();
      done = "executor %d of %d killed in step %d".formatted(victim.pid(), living.size(), at + 1);
    }
  }

  /** Kills the driver in each of so many trainings, and lets another one end it. */
  static boolean drivers(int kills) throws Exception {
    boolean same = true;
    Random random = new Random(8);
    Path directory = Files.createTempDirectory("drivers");
    Driven peace = Driven.start(directory.resolve("peace"));
    String expected = peace.hash();
    for (int i = 1; i <= kills; i++) {
      Path checkpoint = directory.resolve("killed" + i);
      Driven killed = Driven.start(checkpoint);
      while (Files.notExists(checkpoint) && killed.process.isAlive()) {
        Thread.sleep(10);
      }
      int milliseconds = random.nextInt(3000);
      Thread.sleep(milliseconds);
      killed.process.destroyForcibly().waitFor();
      String hash = Driven.start(checkpoint).hash();
      System.out.printf(
          "%2d: driver killed %d ms after its first checkpoint: %s; in peace %s%n",
          i, milliseconds, hash, expected);
      same &= hash.equals(expected);
    }
    return same;
  }

  /** A driver in a JVM of its own. */
  private record Driven(Process process, Path log) {

    static Driven start(Path checkpoint) throws IOException {
      Path log = Files.createTempFile("driver", ".log");
      List<String> command = new ArrayList<>(LoopbackCluster.java());
      command.addAll(
          List.of(
              "dev.adjoint.spark.Tabular",
              "local[2]",
              String.valueOf(ROWS),
              checkpoint.toString()));
      return new Driven(
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start(),
          log);
    }

    String hash() throws Exception {
      process.waitFor();
      String weights = "weights ";
      String said = Files.readString(log);
      return said.lines()
          .filter(line -> line.startsWith(weights))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException(said))
          .substring(weights.length());
    }
  }
}
