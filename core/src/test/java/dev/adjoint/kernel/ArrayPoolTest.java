package dev.adjoint.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ArrayPoolTest {

  private final Buffers.Pool pool = new Buffers.Pool(10_000);

  @Test
  void anArrayIsHandedOutOnceForTheSameTypeAndLength() {
    float[] floats = new float[100];
    double[] doubles = new double[100];
    pool.give(floats);
    pool.give(doubles);
    assertThat(pool.bytes()).isEqualTo(1200);
    assertThat(pool.take(float[].class, 99)).isNull();
    assertThat(pool.take(float[].class, 100)).isSameAs(floats);
    assertThat(pool.take(float[].class, 100)).isNull();
    assertThat(pool.take(double[].class, 100)).isSameAs(doubles);
    assertThat(pool.bytes()).isZero();
  }

  @Test
  void theLastThatCameIsHandedOutFirst() {
    float[] cold = new float[10];
    float[] warm = new float[10];
    pool.give(cold);
    pool.give(warm);
    assertThat(pool.take(float[].class, 10)).isSameAs(warm);
    assertThat(pool.take(float[].class, 10)).isSameAs(cold);
  }

  @Test
  void aFullPoolDropsTheLengthsThatNobodyAsksFor() {
    for (int i = 0; i < 3; i++) {
      pool.give(new float[500]);
      pool.give(new float[1000]);
    }
    assertThat(pool.bytes()).isLessThanOrEqualTo(10_000);
    assertThat(pool.take(float[].class, 500)).isNotNull(); // from here on the last in use
    pool.give(new float[1000]);
    pool.give(new float[500]);
    pool.give(new float[1500]);
    assertThat(pool.bytes()).isLessThanOrEqualTo(10_000);
    assertThat(pool.take(float[].class, 1000)).isNull();
    assertThat(pool.take(float[].class, 1500)).isNotNull();
  }

  @Test
  void anArrayLargerThanThePoolIsNotKept() {
    pool.give(new float[100]);
    pool.give(new float[2501]);
    assertThat(pool.take(float[].class, 2501)).isNull();
    assertThat(pool.take(float[].class, 100)).isNotNull();
  }

  @Test
  void noArrayIsHandedOutTwiceToEightThreads() throws Exception {
    int threads = 8;
    CountDownLatch start = new CountDownLatch(threads);
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<Boolean>> alone = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        float mine = t;
        alone.add(
            executor.submit(() -> {
              start.countDown();
              start.await();
              boolean ok = true;
              for (int i = 0; i < 20_000; i++) {
                float[] array =
                    pool.take(float[].class, 8) instanceof float[] found ? found : new float[8];
                array[0] = mine;
                Thread.onSpinWait();
                ok &= array[0] == mine;
                pool.give(array);
              }
              return ok;
            }));
      }
      for (Future<Boolean> each : alone) {
        assertThat(each.get()).isTrue();
      }
    }
    assertThat(pool.bytes()).isLessThanOrEqualTo(threads * 32L);
  }

  @Test
  void whatIsKeptIsGarbageWhenTheHeapIsShort() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx48m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            ShortHeap.class.getName());
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(child.getInputStream().readAllBytes(), UTF_8);
    assertThat(child.waitFor()).as(output).isZero();
    assertThat(output.strip()).endsWith("kept 30000000 bytes, then 0");
  }

  /** Keeps more than there is room for beside what it allocates next. */
  static final class ShortHeap {
    private ShortHeap() {}

    public static void main(String[] args) {
      Buffers.Pool pool = new Buffers.Pool(Long.MAX_VALUE);
      for (int i = 0; i < 30; i++) {
        pool.give(new float[250_000]);
      }
      long before = pool.bytes();
      List<float[]> live = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        live.add(new float[250_000]);
      }
      System.out.printf("kept %d bytes, then %d%n", before, pool.bytes() + live.size() - 30);
    }
  }
}
