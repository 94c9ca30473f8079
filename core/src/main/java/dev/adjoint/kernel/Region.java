package dev.adjoint.kernel;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of computation whose results end with it: their arrays are given back, for the results
 * of the next. A training step is one, and so is a backward pass, within it or alone.
 *
 * <p>Whatever operations compute while a region is bound to the thread belongs to it, and to nobody
 * else: each {@link Storage} has one owner. What is to live longer changes the owner ({@link
 * #leave}, {@link Storage#keep}) before the end; afterwards it refuses to be read. Outside of all
 * regions the garbage collector is the owner, and so it is of what other threads compute.
 *
 * <p>A region remembers its arrays softly: those that nothing else refers to are garbage when the
 * heap is short, as they would be without it. One that ends by an exception gives nothing back.
 */
public final class Region {

  /** Arrays of fewer bytes are allocated faster than they are found. */
  static final int LEAST_BYTES = 1 << 12;

  static final Region NONE = new Region("", null);
  private static final ScopedValue<Region> CURRENT = ScopedValue.newInstance();

  private final String refusal;
  private final @Nullable Region outer;
  private final List<SoftReference<Storage>> loose = new ArrayList<>();
  private volatile boolean ended;

  private Region(String refusal, @Nullable Region outer) {
    this.refusal = refusal;
    this.outer = outer;
  }

  /**
   * Returns a region within the current one, which {@link #call} begins.
   *
   * @param refusal the message for who reads a tensor after its end
   */
  public static Region within(String refusal) {
    return new Region(refusal, current());
  }

  /** Returns the region of this thread, or that of the garbage collector. */
  static Region current() {
    return CURRENT.orElse(NONE);
  }

  /** Tells whether this thread computes within a region. */
  static boolean isInside() {
    return current() != NONE;
  }

  /** Computes something within this region. */
  public <T extends @Nullable Object> T call(Supplier<? extends T> computation) {
    return ScopedValue.where(CURRENT, this).call(computation::get);
  }

  /** Computes something within the region around this one. */
  public <T extends @Nullable Object> T outside(Supplier<? extends T> computation) {
    return ScopedValue.where(CURRENT, outer()).call(computation::get);
  }

  private Region outer() {
    return outer == null ? NONE : outer;
  }

  boolean hasEnded() {
    return ended;
  }

  String refusal() {
    return refusal;
  }

  /** Hands elements to the region around, if they are of this one. */
  public void leave(Storage storage) {
    if (storage.owner() == this) {
      storage.moveTo(outer());
      outer().add(storage);
    }
  }

  /** Says that somebody waits for elements, for {@link #sweep} to pass them by. */
  public void hold(Storage storage) {
    if (storage.owner() == this) {
      storage.holders++;
    }
  }

  /** Says that whoever called {@link #hold} is done with them. */
  public void release(Storage storage) {
    if (storage.owner() == this && --storage.holders == 0) {
      add(storage);
    }
  }

  /**
   * Gives back what has been computed, or released, since the last call and is held by nobody. The
   * caller knows that nobody else has it.
   */
  public void sweep() {
    if (!loose.isEmpty()) {
      giveBack();
    }
  }

  private synchronized void giveBack() {
    for (SoftReference<Storage> reference : loose) {
      Storage storage = reference.get();
      if (storage != null) {
        storage.recycle(this);
      }
    }
    loose.clear();
  }

  /**
   * Ends this region.
   *
   * @param whole whether it gives back what is left in it: not after an exception, when who still
   *     computes with it is not known
   */
  public void end(boolean whole) {
    ended = true;
    if (whole) {
      sweep();
    }
  }

  /** Remembers elements that are to be given back. */
  void add(Storage storage) {
    if (this != NONE && Buffers.bytesOf(storage.array()) >= LEAST_BYTES) {
      synchronized (this) {
        loose.add(new SoftReference<>(storage));
      }
    }
  }
}
