package dev.adjoint.kernel;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Working memory that operations take for as long as they run and give back, for the next one. What
 * is kept between operations is bounded, however many threads there have been; what does not come
 * back because of an exception is garbage.
 */
public final class ScratchPool<T> {

  /** As many as run at the same time find a place; a power of two, for threads to start at one. */
  private static final int PLACES =
      Math.clamp(2L * Integer.highestOneBit(Runtime.getRuntime().availableProcessors()), 4, 256);

  private final AtomicReferenceArray<@Nullable T> places = new AtomicReferenceArray<>(PLACES);
  private final AtomicLong kept = new AtomicLong();
  private final long mostKept;
  private final ToLongFunction<T> size;

  /**
   * Makes an empty pool.
   *
   * @param mostKept the most that is kept while nobody uses it, as {@code size} measures
   */
  public ScratchPool(long mostKept, ToLongFunction<T> size) {
    this.mostKept = mostKept;
    this.size = size;
  }

  /** Returns something that nobody else has: of at least this size, or made for the purpose. */
  public T take(long least, Supplier<T> maker) {
    int home = (int) Thread.currentThread().threadId();
    for (int i = 0; i < PLACES; i++) {
      int place = (home + i) & (PLACES - 1);
      T found = places.get(place);
      if (found != null
          && size.applyAsLong(found) >= least
          && places.compareAndSet(place, found, null)) {
        kept.addAndGet(-size.applyAsLong(found));
        return found;
      }
    }
    return maker.get();
  }

  /** Gives back what was taken, which the caller must not use from here on. */
  public void give(T taken) {
    int home = (int) Thread.currentThread().threadId();
    for (int i = 0; i < PLACES; i++) {
      int place = (home + i) & (PLACES - 1);
      if (places.get(place) == null && replace(place, null, taken)) {
        return;
      }
    }
    for (int i = 0; i < PLACES; i++) { // a larger one suits more often
      T found = places.get(i);
      if (found != null
          && size.applyAsLong(found) < size.applyAsLong(taken)
          && replace(i, found, taken)) {
        return;
      }
    }
  }

  private boolean replace(int place, @Nullable T found, T taken) {
    long more = size.applyAsLong(taken) - (found == null ? 0 : size.applyAsLong(found));
    if (kept.addAndGet(more) <= mostKept && places.compareAndSet(place, found, taken)) {
      return true;
    }
    kept.addAndGet(-more);
    return false;
  }

  /** Returns how much is kept while nobody uses it. */
  long kept() {
    return kept.get();
  }
}
