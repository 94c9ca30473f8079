package dev.adjoint.kernel;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Holds the elements of tensors: one array, shared by all views of it, and its generation.
 *
 * <p>A tensor records the generation at its birth and compares it before and after every access, so
 * that nobody computes with elements that were being replaced meanwhile. Whoever changes the
 * elements in place (an optimizer) or takes the array back (the {@link Region} that owns it) calls
 * {@link #invalidate} first, and every tensor that still expects the old elements refuses to be
 * read.
 */
public final class Storage {

  private final Object array;
  private volatile Region owner;
  private volatile int generation;
  private volatile @Nullable String reason;

  /** How many wait for the elements, as the owner counts. */
  int holders;

  private Storage(Object array, Region owner) {
    this.array = array;
    this.owner = owner;
  }

  /**
   * Wraps an array of {@code float} or {@code double}, which from now on belongs to the storage,
   * for as long as anything refers to it.
   */
  public Storage(Object array) {
    this(array, Region.NONE);
  }

  /** Wraps the result of an operation, which belongs to the current region. */
  public static Storage ofResult(Object array) {
    Region region = Region.current();
    Storage storage = new Storage(array, region);
    region.add(storage);
    return storage;
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
    Region region = owner;
    if (region.hasEnded()) {
      throw new IllegalStateException(region.refusal());
    }
  }

  // ---- who owns it -----------------------------------------------------------------------------

  /** Makes the elements stay for as long as anything refers to them, whatever region ends. */
  public void keep() {
    moveTo(Region.NONE);
  }

  Region owner() {
    return owner;
  }

  void moveTo(Region region) {
    owner = region;
    holders = 0;
  }

  /** Gives the array back, once, unless it has another owner by now or somebody waits for it. */
  void recycle(Region region) {
    if (owner == region && holders == 0 && generation == 0) {
      invalidate(region.refusal());
      Buffers.recycle(array);
    }
  }
}
