package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Memory;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.Tensors;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Guards against updates that allocate for each element. */
class UpdateAllocationTest {

  private static final long PATIENCE_NANOS = 120_000_000_000L;

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
  private static long allocatedByAStep(Runnable step, int limit) {
    long start = System.nanoTime();
    long allocated;
    do {
      long before = allocatedBytes();
      step.run();
      allocated = allocatedBytes() - before;
    } while (allocated >= limit && System.nanoTime() - start < PATIENCE_NANOS);
    return allocated;
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"LAMB", "ADAFACTOR", "PRODIGY"})
  void aStepAllocatesNothingThatGrowsWithAVector(Recipes recipe) {
    assertThat(allocatedByAStep(recipe, new int[] {N}, Runnable::run, N / 10)).isLessThan(N / 10);
  }

  /** What is measured before the move is a tensor of 4 N bytes, which a step gives back. */
  @ParameterizedTest
  @EnumSource(names = {"LAMB", "ADAFACTOR", "PRODIGY"})
  void aMemoryStepAllocatesNothingThatGrowsWithAMatrix(Recipes recipe) {
    assertThat(allocatedByAStep(recipe, new int[] {N / 500, 500}, Memory::step, N)).isLessThan(N);
  }

  private static long allocatedByAStep(
      Recipes recipe, int[] shape, Consumer<Runnable> around, int limit) {
    Parameter w = new Parameter("w", Tensors.ones(shape));
    Gradients gradients = w.value().times(1).backward(Tensors.ones(shape).copy());
    Optimizer optimizer = recipe.of(w);
    return Parallel.withThreads(
        1, () -> allocatedByAStep(() -> around.accept(() -> optimizer.step(gradients)), limit));
  }
}
