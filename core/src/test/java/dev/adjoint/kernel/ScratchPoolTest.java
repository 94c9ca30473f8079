package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Working memory belongs to operations, not to threads. */
class ScratchPoolTest {

  @Test
  void whatIsGivenBackIsTakenAgainIfItIsLargeEnough() {
    ScratchPool<int[]> pool = new ScratchPool<>(100, array -> array.length);
    int[] first = pool.take(10, () -> new int[10]);
    pool.give(first);
    assertThat(pool.kept()).isEqualTo(10);
    assertThat(pool.take(11, () -> new int[11])).isNotSameAs(first);
    assertThat(pool.take(9, () -> new int[9])).isSameAs(first);
    assertThat(pool.kept()).isZero();
  }

  @Test
  void noMoreIsKeptThanSaid() {
    ScratchPool<int[]> pool = new ScratchPool<>(100, array -> array.length);
    for (int i = 0; i < 1000; i++) {
      pool.give(new int[30]);
    }
    assertThat(pool.kept()).isEqualTo(90);
    pool.give(new int[10]);
    assertThat(pool.kept()).isEqualTo(100);
    ScratchPool<int[]> small = new ScratchPool<>(1 << 20, array -> array.length);
    for (int i = 0; i < 1000; i++) {
      small.give(new int[1]);
    }
    assertThat(small.kept()).isBetween(4L, 256L);
  }

  @Test
  void whatNoArrayHoldsIsRefused() {
    assertThatThrownBy(() -> FloatScratch.A.take(1L << 31))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2147483648 elements; expected at most 2147483639");
  }

  @Test
  void nothingIsHandedOutTwice() throws InterruptedException {
    ScratchPool<AtomicInteger> pool = new ScratchPool<>(100, users -> 1);
    AtomicInteger most = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      threads.add(
          Thread.startVirtualThread(() -> {
            for (int i = 0; i < 20_000; i++) {
              AtomicInteger users = pool.take(1, AtomicInteger::new);
              most.accumulateAndGet(users.incrementAndGet(), Math::max);
              users.decrementAndGet();
              pool.give(users);
            }
          }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(most).hasValue(1);
  }

  @Test
  void threadsThatWaitAfterAProductKeepNoMemory() throws InterruptedException {
    Tensor x = Tensors.ones(17, 256).copy();
    Tensor weight = Tensors.ones(256, 1024).copy(); // panels of a megabyte
    assertThat(x.matmul(weight).get(0, 0)).isEqualTo(256);
    long before = usedMemory();
    CountDownLatch computed = new CountDownLatch(100);
    CountDownLatch end = new CountDownLatch(1);
    for (int i = 0; i < 100; i++) {
      Thread.startVirtualThread(() -> {
        assertThat(x.matmul(weight).get(16, 1023)).isEqualTo(256);
        computed.countDown();
        try {
          end.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
    }
    computed.await();
    long kept = usedMemory() - before;
    end.countDown();
    assertThat(kept).as("bytes that 100 waiting threads hold").isLessThan(30_000_000);
  }

  private static long usedMemory() {
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
