package dev.adjoint.kernel;

import java.lang.invoke.VarHandle;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The elements of tensors: one array, shared by all views of it, and its generation.
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
  private int holders;

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

  /** Returns the {@code float[]} or {@code double[]}, unchecked: readers go through a tensor. */
  public Object array() {
    return array;
  }

  /** Returns how often the elements have been invalidated. */
  public int generation() {
    return generation;
  }

  /** Makes all tensors born so far refuse to be read, with this sentence as reason and fix. */
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
    if (region.ended) {
      throw new IllegalStateException(region.refusal);
    }
  }

  /** Makes the elements stay for as long as anything refers to them, whatever region ends. */
  public void keep() {
    moveTo(Region.NONE);
  }

  private void moveTo(Region region) {
    owner = region;
    holders = 0;
  }

  /**
   * A stretch of computation whose results end with it: their arrays are given back, for the
   * results of the next. A training step is one, and so is a backward pass, within it or alone.
   *
   * <p>Whatever operations compute while a region is bound to the thread belongs to it, and to
   * nobody else: each storage has one owner. What is to live longer changes the owner ({@link
   * #leave}, {@link #keep}) before the end; afterwards it refuses to be read. Outside of all
   * regions the garbage collector is the owner, and so it is of what other threads compute.
   *
   * <p>A region remembers its arrays softly: those that nothing else refers to are garbage when the
   * heap is short, as they would be without it. One that ends by an exception gives nothing back.
   */
  public static final class Region {

    /** Arrays of fewer bytes are allocated faster than they are found. */
    static final int LEAST_BYTES = 1 << 12;

    private static final Region NONE = new Region("", null);

    private static final ScopedValue<Region> CURRENT = ScopedValue.newInstance();

    private final String refusal;
    private final Region outer;
    private final List<SoftReference<Storage>> loose = new ArrayList<>();
    private volatile boolean ended;

    private Region(String refusal, @Nullable Region outer) {
      this.refusal = refusal;
      this.outer = outer == null ? this : outer;
    }

    /**
     * Returns a region within the current one, which {@link #call} begins.
     *
     * @param refusal the message for who reads a tensor after its end
     */
    public static Region within(String refusal) {
      return new Region(refusal, current());
    }

    private static Region current() {
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
      return ScopedValue.where(CURRENT, outer).call(computation::get);
    }

    /** Hands elements to the region around, if they are of this one. */
    public void leave(Storage storage) {
      if (storage.owner == this) {
        storage.moveTo(outer);
        outer.add(storage);
      }
    }

    /** Says that somebody waits for elements, for {@link #sweep} to pass them by. */
    public void hold(Storage storage) {
      if (storage.owner == this) {
        storage.holders++;
      }
    }

    /** Says that whoever called {@link #hold} is done with them. */
    public void release(Storage storage) {
      if (storage.owner == this && --storage.holders == 0) {
        add(storage);
      }
    }

    /**
     * Gives back what has been computed, or released, since the last call and is held by nobody.
     * The caller knows that nobody else has it.
     */
    public void sweep() {
      if (!loose.isEmpty()) {
        giveBack();
      }
    }

    private synchronized void giveBack() {
      for (SoftReference<Storage> reference : loose) {
        Storage storage = reference.get();
        // Once, unless it has another owner by now or somebody waits for it.
        if (storage != null
            && storage.owner == this
            && storage.holders == 0
            && storage.generation == 0) {
          storage.invalidate(refusal);
          Buffers.recycle(storage.array);
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
    private void add(Storage storage) {
      if (this != NONE && Buffers.bytesOf(storage.array) >= LEAST_BYTES) {
        synchronized (this) {
          loose.add(new SoftReference<>(storage));
        }
      }
    }
  }
}
