package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Working memory belongs to operations, not to threads. */
class ScratchTest {

  @Test
  void whatIsGivenBackServesTheNextOfASimilarSize() {
    float[] first = Buffers.scratchFloats(70_001);
    assertThat(first).hasSizeBetween(70_001, 90_000);
    Buffers.give(first);
    float[] next = Buffers.scratchFloats(70_100);
    assertThat(next).isSameAs(first);
    assertThat(Buffers.scratchFloats(70_100)).isNotSameAs(first);
    assertThat(Buffers.scratchDoubles(70_100)).hasSizeBetween(70_100, 90_000);
    Buffers.give(next);
    assertThat(Buffers.scratchFloats(0)).isNotNull();
  }

  @Test
  void whatNoArrayHoldsIsRefused() {
    assertThatThrownBy(() -> Buffers.scratchFloats(1L << 31))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2147483648 elements; expected at most 2147483639");
  }

  @Test
  void threadsThatWaitAfterAProductKeepNoMemory() throws InterruptedException {
    Tensor x = Tensors.ones(17, 256).copy();
    Tensor weight = Tensors.ones(256, 1024).copy(); // panels of a megabyte
    assertThat(x.matmul(weight).get(0, 0)).isEqualTo(256);
    long before = usedMemory();
    AtomicInteger right = new AtomicInteger();
    CountDownLatch computed = new CountDownLatch(100);
    CountDownLatch end = new CountDownLatch(1);
    for (int i = 0; i < 100; i++) {
      Thread.startVirtualThread(() -> {
        try {
          right.addAndGet(x.matmul(weight).get(16, 1023) == 256 ? 1 : 0);
        } finally {
          computed.countDown();
        }
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
    assertThat(right).hasValue(100);
    assertThat(kept).as("bytes that 100 waiting threads hold").isLessThan(30_000_000);
  }

  private static long usedMemory() {
    Runtime runtime = Runtime.getRuntime();
    System.gc();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
