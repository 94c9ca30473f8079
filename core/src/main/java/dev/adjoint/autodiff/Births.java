package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The source of birth numbers: every output has a larger number than its inputs.
 *
 * <p>Nodes of a computation that is run again take the numbers that those of its first run had. So
 * they stand among all others where the first ones stood, and gradients are added up in the same
 * order (ADR 14).
 */
final class Births {

  static final Births ALL = new Births(0, Long.MAX_VALUE);

  private final AtomicLong last;
  private final long end;

  private Births(long last, long end) {
    this.last = new AtomicLong(last);
    this.end = end;
  }

  /** Returns the numbers of a computation whose first run had those from start, below end. */
  static Births again(long start, long end) {
    return new Births(start - 1, end);
  }

  /** Returns the number of a new node: larger than those of its inputs. */
  long next(Tensor[] inputs) {
    if (this == ALL) {
      return last.incrementAndGet();
    }
    long youngest = 0; // an input may come from the first run, which made more nodes than this one
    for (Tensor input : inputs) {
      Node source = input.node();
      youngest = source == null ? youngest : Math.max(youngest, source.birth());
    }
    long older = youngest;
    long number = last.updateAndGet(before -> Math.max(before, older) + 1);
    return number < end ? number : ALL.next(inputs);
  }

  /** Returns a number that no node has yet: those born from now on have it or a larger one. */
  long upcoming() {
    return last.get() + 1;
  }
}
