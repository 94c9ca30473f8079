package dev.adjoint.training.data;

import com.google.common.base.Throwables;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntFunction;

/**
 * Computes elements on other threads while those before them are used. An iterator that is given up
 * leaves no thread: what was begun is finished, and nothing else begins.
 */
final class Prefetch<T> implements Iterator<T> {

  private final IntFunction<T> compute;
  private final int end;
  private final int ahead;
  private final Queue<CompletableFuture<T>> begun = new ArrayDeque<>();
  private int next;

  /**
   * Iterates over elements.
   *
   * @param compute the element with a number from {@code start} to {@code end - 1}
   * @param ahead how many are computed, or wait, behind the one that is used: at least 1
   */
  Prefetch(IntFunction<T> compute, int start, int end, int ahead) {
    this.compute = compute;
    this.next = start;
    this.end = end;
    this.ahead = ahead;
  }

  @Override
  public boolean hasNext() {
    return !begun.isEmpty() || next < end;
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException("all %d batches have been given".formatted(end));
    }
    while (next < end && begun.size() <= ahead) {
      int number = next++;
      begun.add(
          CompletableFuture.supplyAsync(() -> compute.apply(number), Thread::startVirtualThread));
    }
    try {
      return begun.remove().join();
    } catch (CompletionException e) {
      Throwable thrown = e.getCause();
      if (thrown != null) {
        Throwables.throwIfUnchecked(thrown);
      }
      throw e;
    }
  }
}
