package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guards against updates that allocate for each element. */
class UpdateAllocationTest {

  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private static final int N = 100_000;

  // By reflection, since the module under test has no business with the management module.
  private static long allocatedBytes() {
    try {
      Object threads =
          Class.forName("java.lang.management.ManagementFactory")
              .getMethod("getThreadMXBean")
              .invoke(null);
      return (long)
          Class.forName("com.sun.management.ThreadMXBean")
              .getMethod("getCurrentThreadAllocatedBytes")
              .invoke(threads);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until the JIT is done: until then vectors are objects. */
  private static long allocatedByAStep(Optimizer optimizer, Gradients gradients) {
    long start = System.nanoTime();
    long allocated;
    do {
      long before = allocatedBytes();
      optimizer.step(gradients);
      allocated = allocatedBytes() - before;
    } while (allocated >= N / 10 && System.nanoTime() - start < PATIENCE_NANOS);
    return allocated;
  }

  @ParameterizedTest
  @EnumSource
  void aStepAllocatesNothingThatGrowsWithAVector(Recipes recipe) {
    Parameter w = new Parameter("w", Tensors.ones(N));
    Gradients gradients = w.value().times(1).backward(Tensors.ones(N).copy());
    Optimizer optimizer = recipe.of(w);
    long allocated = Parallel.withThreads(1, () -> allocatedByAStep(optimizer, gradients));
    assertThat(allocated).isLessThan(N / 10);
  }
}
