package dev.adjoint.kernel;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.kernel.Storage.Region;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Allocates every array that holds tensor elements: the one allocation point of the engine.
 *
 * <p>Within a {@link Region}, arrays that regions have given back are used again: a new one of
 * megabytes is zeroed by one thread and cold in cache. So is the working memory of operations,
 * everywhere (ADR 20). At most a quarter of the heap is kept for this.
 *
 * <p>Kernels must write every element of an uninitialized buffer. With {@code
 * -Dadjoint.poison=true} (as in the tests) such a buffer is filled with NaN, so that a forgotten
 * element shows, and so is what is given back, so that one that is read too late shows.
 */
public final class Buffers {

  /** Operands of so many elements in all come from memory, not from a cache. */
  public static final int FAR = 1 << 20;

  /** So many elements are a page of memory, within which it is read ahead of a program. */
  public static final int PAGE = 1 << 10;

  private static final boolean POISON = Boolean.getBoolean("adjoint.poison");

  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private static final Pool KEPT = new Pool(Runtime.getRuntime().maxMemory() / 4);

  private Buffers() {}

  /** Returns an array of {@code n} floats whose contents the caller must write in full. */
  public static float[] uninitializedFloats(int n) {
    return (float[]) uninitialized(float[].class, n);
  }

  /** Returns an array of {@code n} doubles whose contents the caller must write in full. */
  public static double[] uninitializedDoubles(int n) {
    return (double[]) uninitialized(double[].class, n);
  }

  /** Returns an array of {@code n} zeros. */
  public static float[] zeroedFloats(int n) {
    return (float[]) zeroed(float[].class, n);
  }

  /** Returns an array of {@code n} zeros. */
  public static double[] zeroedDoubles(int n) {
    return (double[]) zeroed(double[].class, n);
  }

  /**
   * Returns working memory for at least {@code n} floats, of any values, to be given back by {@link
   * #give} when the operation is done.
   *
   * @throws IllegalArgumentException if no array is so long
   */
  public static float[] scratchFloats(long n) {
    return (float[]) scratch(float[].class, n);
  }

  /** Returns working memory for at least {@code n} doubles, as {@link #scratchFloats}. */
  public static double[] scratchDoubles(long n) {
    return (double[]) scratch(double[].class, n);
  }

  /** Returns an array of another's type for {@code n} elements, to be written in full. */
  public static Object uninitializedLike(Object array, int n) {
    return uninitialized(array.getClass(), n);
  }

  private static Object uninitialized(Class<?> type, int n) {
    Object kept = kept(type, n);
    Object array = kept == null ? allocate(type, n) : kept;
    poison(array);
    return array;
  }

  private static Object zeroed(Class<?> type, int n) {
    Object kept = kept(type, n);
    if (kept == null) {
      return allocate(type, n);
    }
    Elements.of(kept).fill(kept, 0, n, 0);
    return kept;
  }

  private static @Nullable Object kept(Class<?> type, int n) {
    long bytes = charge(type, n);
    return bytes >= Region.LEAST_BYTES && Region.isInside() ? KEPT.take(type, n) : null;
  }

  /** Returns the bytes of a new array, which a budget may refuse. */
  private static long charge(Class<?> type, int n) {
    long bytes = (long) n * (type == float[].class ? Float.BYTES : Double.BYTES);
    Budget.chargeBytes(bytes);
    return bytes;
  }

  private static Object scratch(Class<?> type, long n) {
    checkArgument(
        n <= LONGEST,
        "a product or convolution needs scratch memory of %s elements; expected at most %s",
        n,
        LONGEST);
    // Few lengths, so that one array serves operations of different sizes.
    long step = Math.max(64, Long.highestOneBit(n) / 4);
    int length = (int) Math.min(LONGEST, Math.ceilDiv(n, step) * step);
    Object kept = KEPT.take(type, length);
    if (kept != null) {
      return kept;
    }
    charge(type, length);
    Object array = allocate(type, length);
    poison(array);
    return array;
  }

  private static Object allocate(Class<?> type, int n) {
    return type == float[].class ? new float[n] : new double[n];
  }

  private static void poison(Object array) {
    if (POISON) {
      Elements type = Elements.of(array);
      type.fill(array, 0, type.length(array), Double.NaN);
    }
  }

  /** Takes an array back that nobody will read or write any more. */
  static void recycle(Object array) {
    poison(array);
    KEPT.give(array);
  }

  /** Takes working memory back, which the caller must not use from here on. */
  public static void give(Object scratch) {
    KEPT.give(scratch);
  }

  static long bytesOf(Object array) {
    return array instanceof float[] floats
        ? (long) floats.length * Float.BYTES
        : (long) ((double[]) array).length * Double.BYTES;
  }

  /**
   * Keeps arrays whose elements nobody needs any more for whoever needs as many next.
   *
   * <p>An array fits when it has the same type and length: a training repeats the sizes of its
   * first step. The last one that came is handed out first, as it may still be in cache. Of more
   * than a limit, lengths that have not been asked for longest go first; and when the heap is
   * short, the garbage collector takes all.
   */
  static final class Pool {

    private record Size(Class<?> type, int length) {}

    private final long mostBytes;
    private SoftReference<Map<Size, Deque<Object>>> kept = new SoftReference<>(null);
    private long bytes;

    /** Makes an empty pool that keeps so many bytes at most. */
    Pool(long mostBytes) {
      this.mostBytes = mostBytes;
    }

    /** Returns what is kept, in the order of the last use. */
    private Map<Size, Deque<Object>> shelves() {
      Map<Size, Deque<Object>> shelves = kept.get();
      if (shelves == null) {
        shelves = new LinkedHashMap<>(16, 0.75f, true);
        kept = new SoftReference<>(shelves);
        bytes = 0;
      }
      return shelves;
    }

    /** Returns an array that nobody else has, with any elements, or null if none fits. */
    synchronized @Nullable Object take(Class<?> type, int length) {
      Deque<Object> shelf = shelves().get(new Size(type, length));
      Object array = shelf == null ? null : shelf.pollLast();
      bytes -= array == null ? 0 : bytesOf(array);
      return array;
    }

    /** Keeps a {@code float[]} or {@code double[]}, which the caller must not use from here on. */
    synchronized void give(Object array) {
      long more = bytesOf(array);
      if (more > mostBytes) {
        return;
      }
      Map<Size, Deque<Object>> shelves = shelves();
      Size size = new Size(array.getClass(), Elements.of(array).length(array));
      shelves.computeIfAbsent(size, any -> new ArrayDeque<>()).addLast(array);
      bytes += more;
      Iterator<Deque<Object>> leastUsed = shelves.values().iterator();
      while (bytes > mostBytes) {
        Deque<Object> shelf = leastUsed.next();
        while (bytes > mostBytes && !shelf.isEmpty()) {
          bytes -= bytesOf(shelf.removeFirst());
        }
        if (shelf.isEmpty()) {
          leastUsed.remove();
        }
      }
    }

    /** Returns the bytes of what is kept. */
    synchronized long bytes() {
      shelves();
      return bytes;
    }
  }
}
