package dev.adjoint.kernel;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Holds the elements of tensors: one array, shared by all views of it, and its generation.
 *
 * <p>A tensor records the generation at its birth and compares it before and after every access, so
 * that nobody computes with elements that were being replaced meanwhile. Whoever changes the
 * elements in place (an optimizer) or takes the array back (the end of a scope) calls {@link
 * #invalidate} first, and every tensor that still expects the old elements refuses to be read.
 */
public final class Storage {

  private final Object array;
  private volatile int generation;
  private volatile @Nullable String reason;

  /**
   * Wraps an array of {@code float} or {@code double}, which from now on belongs to the storage.
   */
  public Storage(Object array) {
    this.array = array;
  }

  /**
   * Returns the {@code float[]} or {@code double[]}, unchecked: readers go through their tensor.
   */
  public Object array() {
    return array;
  }

  /** Returns how often the elements have been invalidated. */
  public int generation() {
    return generation;
  }

  /**
   * Makes every tensor born so far refuse to be read, with the given sentence as the reason and the
   * fix.
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time is the caller's contract
  public void invalidate(String reason) {
    this.reason = reason;
    generation++;
    VarHandle.storeStoreFence(); // who sees a new element will see the new generation
  }

  /** Throws if the elements that have just been read may not be those of the given generation. */
  public void checkAfter(int expected) {
    VarHandle.acquireFence(); // the elements were read before the generation is
    check(expected);
  }

  /** Throws if the elements are no longer those of the given generation. */
  public void check(int expected) {
    if (generation != expected) {
      throw new IllegalStateException(reason);
    }
  }
}
