package dev.adjoint.autodiff;

import dev.adjoint.kernel.Storage.Region;
import dev.adjoint.tensor.Tensor;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reuses the memory of one training step in the next.
 *
 * <pre>{@code
 * for (Batch batch : batches) {
 *   double loss = Memory.step(() -> {
 *     Tensor value = Losses.mse(model.forward(batch.x()), batch.y());
 *     optimizer.step(value.backward());
 *     return value.item();
 *   });
 * }
 * }</pre>
 *
 * <p>Without it, the garbage collector finds what a step has left, and the next one gets new
 * arrays, zeroed and cold in cache. The numbers are the same, to the bit.
 */
public final class Memory {

  private static final String REFUSAL =
      "this tensor was computed in a Memory.step that has ended, and its elements are gone;"
          + " expected it to be returned from the step, or a copy() of it made within";

  private Memory() {}

  /**
   * Computes one step. When it ends, the memory of every tensor that operations computed in it is
   * reused, and reading such a tensor throws from then on.
   *
   * <p>What stays: <b>what is returned</b> (a tensor, {@link Gradients}, and those in lists and
   * other iterables, maps, optionals, arrays and records; a tensor's elements, but not the graph
   * behind it), <b>what was copied</b> by {@link Tensor#copy()}, and what was there before. So do
   * parameters, buffers of layers and the states of optimizers, which hold copies, and tensors made
   * of given numbers, as by {@link Tensor#of(float...)} or {@code Tensors.zeros}.
   *
   * <p>In a step within a step, what is returned belongs to the outer one. A step belongs to its
   * thread: tensors that other threads compute meanwhile are not part of it. If the action throws,
   * what it has computed refuses to be read and is left to the garbage collector.
   */
  public static <T extends @Nullable Object> T step(Supplier<? extends T> action) {
    Region region = Region.within(REFUSAL);
    boolean whole = false;
    try {
      T result = region.call(action);
      leave(region, result);
      whole = true;
      return result;
    } finally {
      region.end(whole);
    }
  }

  /** Computes one step that returns nothing. */
  public static void step(Runnable action) {
    step(() -> {
      action.run();
      return null;
    });
  }

  private static void leave(Region region, @Nullable Object result) {
    switch (result) {
      case Tensor tensor -> region.leave(tensor.ownStorage());
      case Gradients gradients -> gradients.tensors().forEach(tensor -> leave(region, tensor));
      case Iterable<?> all -> all.forEach(each -> leave(region, each));
      case Map<?, ?> map -> map.values().forEach(each -> leave(region, each));
      case Optional<?> optional -> optional.ifPresent(each -> leave(region, each));
      case Object[] array -> Arrays.asList(array).forEach(each -> leave(region, each));
      case Record whole -> {
        for (RecordComponent component : whole.getClass().getRecordComponents()) {
          leave(region, component(whole, component.getAccessor()));
        }
      }
      case null, default -> {}
    }
  }

  private static @Nullable Object component(Record whole, Method accessor) {
    try {
      return accessor.trySetAccessible() ? accessor.invoke(whole) : null;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "Memory.step: %s of the returned %s cannot be read"
              .formatted(accessor.getName(), whole.getClass().getSimpleName()),
          e);
    }
  }
}
