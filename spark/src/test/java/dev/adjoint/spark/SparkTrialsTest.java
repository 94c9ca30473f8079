package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.Linear;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.Search;
import dev.adjoint.training.Trial;
import dev.adjoint.training.metric.Goal;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SparkTrialsTest {

  private static final CountDownLatch INTERRUPTED = new CountDownLatch(1);

  /** Who waits for trials, which run in the same JVM. */
  private static volatile Thread driver = Thread.currentThread();

  private static Search search() {
    return new Search("loss", Goal.MINIMIZE).logRange("rate", 1e-4, 1).choice("kind", "a", "b");
  }

  /** Learns a line as long as the budget says. */
  private static double loss(Trial trial) {
    Generator generator = Generator.seeded(1);
    Tensor x = generator.normal(16, 2);
    Tensor y = x.sum(Keep.AXES, 1);
    Linear line = new Linear(2, 1, generator);
    SGD sgd = new SGD(line.namedParameters()).learningRate(trial.number("rate"));
    double loss = 0;
    for (int step = 0; step < 3 * trial.budget(); step++) {
      loss = sgd.step(() -> Losses.mse(line.forward(x), y));
    }
    if (trial.number() == 2) {
      throw new IllegalStateException("no luck");
    }
    return loss;
  }

  @Test
  void aClusterFindsTheBitsThatThreadsFind() {
    SparkTrials spark = new SparkTrials(LocalSpark.session());
    SparkTrials.Objective objective = SparkTrialsTest::loss;
    assertThat(search().on(spark).random(5, 7, objective))
        .isEqualTo(search().random(5, 7, objective));
    assertThat(search().on(spark).halving(4, 1, 4, 2, 7, objective))
        .isEqualTo(search().halving(4, 1, 4, 2, 7, objective));
    assertThat(search().on(spark).random(3, 7, objective).table()).contains("no luck");
  }

  @Test
  void anInterruptEndsTheSearchAndItsTrials() throws InterruptedException {
    SparkTrials spark = new SparkTrials(LocalSpark.session());
    driver = Thread.currentThread();
    SparkTrials.Objective objective = SparkTrialsTest::interruptsTheDriver;
    assertThatThrownBy(() -> search().on(spark).random(1, 7, objective))
        .isInstanceOf(CancellationException.class)
        .hasMessage("search: the thread was interrupted");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(INTERRUPTED.await(20, TimeUnit.SECONDS)).isTrue();
  }

  private static double interruptsTheDriver(Trial trial) throws InterruptedException {
    driver.interrupt();
    try {
      Thread.sleep(30_000);
    } catch (InterruptedException e) {
      INTERRUPTED.countDown();
      throw e;
    }
    return 1;
  }

  @Test
  void whatCannotBeSentIsRefused() {
    SparkTrials spark = new SparkTrials(LocalSpark.session());
    assertThat(spark).hasToString("SparkTrials on " + LocalSpark.session().sparkContext().master());
    assertThatThrownBy(() -> search().on(spark).random(1, 7, trial -> 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("SparkTrials: an objective that cannot be sent");
    SparkTrials.Objective one = trial -> 1;
    assertThatThrownBy(() -> search().choice("x", new Object()).on(spark).random(1, 7, one))
        .hasMessage(
            "SparkTrials: 'x' is a Object, which cannot be sent; expected a number, a text or a"
                + " constant");
  }
}
