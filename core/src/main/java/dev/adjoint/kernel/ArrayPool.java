package dev.adjoint.kernel;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps arrays whose elements nobody needs any more for whoever needs as many next.
 *
 * <p>An array fits when it has the same type and length: a training repeats the sizes of its first
 * step. The last one that came is handed out first, as it may still be in cache. Of more than a
 * limit, lengths that have not been asked for longest go first; and when the heap is short, the
 * garbage collector takes all.
 */
final class ArrayPool {

  private final long mostBytes;
  private SoftReference<Shelves> kept = new SoftReference<>(new Shelves());

  /** Makes an empty pool that keeps so many bytes at most. */
  ArrayPool(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Returns an array that nobody else has, with any elements, or null if none fits. */
  synchronized @Nullable Object take(Class<?> type, int length) {
    Shelves shelves = kept.get();
    return shelves == null ? null : shelves.take(new Size(type, length));
  }

  /** Keeps a {@code float[]} or {@code double[]}, which the caller must not use from here on. */
  synchronized void give(Object array) {
    if (bytesOf(array) > mostBytes) {
      return;
    }
    Shelves shelves = kept.get();
    if (shelves == null) {
      shelves = new Shelves();
      kept = new SoftReference<>(shelves);
    }
    shelves.put(array, mostBytes);
  }

  /** Returns the bytes of what is kept. */
  synchronized long bytes() {
    Shelves shelves = kept.get();
    return shelves == null ? 0 : shelves.bytes;
  }

  static long bytesOf(Object array) {
    Elements type = Elements.of(array);
    return (long) type.length(array) * type.bytes();
  }

  private record Size(Class<?> type, int length) {}

  private static final class Shelves {
    private final Map<Size, Deque<Object>> bySize = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    @Nullable Object take(Size size) {
      Deque<Object> shelf = bySize.get(size);
      Object array = shelf == null ? null : shelf.pollLast();
      bytes -= array == null ? 0 : bytesOf(array);
      return array;
    }

    void put(Object array, long mostBytes) {
      int length = Elements.of(array).length(array);
      bySize
          .computeIfAbsent(new Size(array.getClass(), length), size -> new ArrayDeque<>())
          .addLast(array);
      bytes += bytesOf(array);
      if (bytes > mostBytes) {
        dropDownTo(mostBytes);
      }
    }

    private void dropDownTo(long mostBytes) {
      Iterator<Deque<Object>> leastUsed = bySize.values().iterator();
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
  }
}
