package dev.adjoint.kernel;

import static com.google.common.base.Preconditions.checkArgument;

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

  private static final boolean POISON = Boolean.getBoolean("adjoint.poison");

  private static final int LONGEST = Integer.MAX_VALUE - 8;

  private static final ArrayPool KEPT = new ArrayPool(Runtime.getRuntime().maxMemory() / 4);

  private Buffers() {}

  /** Returns an array of {@code n} floats whose contents the caller must write in full. */
  public static float[] uninitializedFloats(int n) {
    return (float[]) uninitialized(float[].class, n, Float.BYTES);
  }

  /** Returns an array of {@code n} doubles whose contents the caller must write in full. */
  public static double[] uninitializedDoubles(int n) {
    return (double[]) uninitialized(double[].class, n, Double.BYTES);
  }

  /** Returns an array of {@code n} zeros. */
  public static float[] zeroedFloats(int n) {
    return (float[]) zeroed(float[].class, n, Float.BYTES);
  }

  /** Returns an array of {@code n} zeros. */
  public static double[] zeroedDoubles(int n) {
    return (double[]) zeroed(double[].class, n, Double.BYTES);
  }

  /**
   * Returns working memory for at least {@code n} floats, of any values, to be given back by {@link
   * #give} when the operation is done.
   *
   * @throws IllegalArgumentException if no array is so long
   */
  public static float[] scratchFloats(long n) {
    return (float[]) scratch(float[].class, n, Float.BYTES);
  }

  /** Returns working memory for at least {@code n} doubles, as {@link #scratchFloats}. */
  public static double[] scratchDoubles(long n) {
    return (double[]) scratch(double[].class, n, Double.BYTES);
  }

  private static Object uninitialized(Class<?> type, int n, int bytes) {
    Object kept = kept(type, n, bytes);
    Object array = kept == null ? allocate(type, n) : kept;
    poison(array);
    return array;
  }

  private static Object zeroed(Class<?> type, int n, int bytes) {
    Object kept = kept(type, n, bytes);
    if (kept == null) {
      return allocate(type, n);
    }
    Elements.of(kept).fill(kept, 0, n, 0);
    return kept;
  }

  private static @Nullable Object kept(Class<?> type, int n, int bytes) {
    Budget.chargeBytes((long) n * bytes);
    return Region.recycles((long) n * bytes) ? KEPT.take(type, n) : null;
  }

  private static Object scratch(Class<?> type, long n, int bytes) {
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
    Budget.chargeBytes((long) length * bytes);
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
}
