package dev.adjoint.nn.norm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SharedRunningNormTest {

  private static final int THREADS = 8;
  private static final int BATCHES = 200;

  @Test
  void everyBatchOfEveryThreadCounts() throws Exception {
    BatchNorm norm = new BatchNorm(3).cumulativeAverage();
    List<Tensor> batches = new ArrayList<>();
    double[] means = new double[3];
    Generator generator = Generator.seeded(1);
    for (int i = 0; i < THREADS; i++) {
      batches.add(generator.normal(16, 3).plus(i));
      double[] mean = batches.get(i).mean(0).toDoubleArray();
      for (int c = 0; c < 3; c++) {
        means[c] += mean[c] / THREADS;
      }
    }
    CountDownLatch start = new CountDownLatch(1);
    List<Future<?>> done = new ArrayList<>();
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      for (Tensor batch : batches) {
        done.add(
            executor.submit(() -> {
              start.await();
              for (int i = 0; i < BATCHES; i++) {
                norm.forward(batch);
              }
              return null;
            }));
      }
      start.countDown();
      for (Future<?> each : done) {
        each.get();
      }
    }
    assertThat(norm.state().get("num_batches_tracked").item()).isEqualTo(THREADS * BATCHES);
    // The plain average of all batches does not depend on their order.
    assertThat(norm.state().get("running_mean").toDoubleArray())
        .containsExactly(means, within(1e-4));
  }
}
