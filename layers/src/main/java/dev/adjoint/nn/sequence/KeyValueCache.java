package dev.adjoint.nn.sequence;

import dev.adjoint.op.GrowingTensor;
import dev.adjoint.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.function.Supplier;

/**
 * The keys and values that each {@link MultiHeadAttention} of a model has computed of a text so
 * far, so that the next position costs one row of products, and attention to those before.
 *
 * <pre>{@code
 * KeyValueCache cache = new KeyValueCache(256);
 * Tensor scores = Autodiff.noGrad(() -> model.extend(prompt, cache));
 * Tensor next = Autodiff.noGrad(() -> model.extend(token, cache));
 * }</pre>
 *
 * <p>A cache is of one batch of texts of one length, for one model whose weights do not change
 * meanwhile. Memory grows with the text. No gradient flows through it: in a scope that records, it
 * refuses keys that depend on parameters.
 */
public final class KeyValueCache {

  private final int capacity;
  private final IdentityHashMap<MultiHeadAttention, Entry> entries = new IdentityHashMap<>();
  private final IdentityHashMap<MultiHeadAttention, CachedMemory> memories =
      new IdentityHashMap<>();

  /**
   * Creates an empty cache.
   *
   * @param capacity the most positions that it can hold
   */
  public KeyValueCache(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException(
          "KeyValueCache: capacity %d; expected at least 1".formatted(capacity));
    }
    this.capacity = capacity;
  }

  /** Returns the most positions that it can hold. */
  public int capacity() {
    return capacity;
  }

  /** Returns how many positions it holds, which is the index of the next one. */
  public int length() {
    return entries.values().stream().mapToInt(entry -> entry.values.length()).min().orElse(0);
  }

  /** Keys and values, (N, heads, S, width) each. */
  record Pair(Tensor keys, Tensor values) {}

  /** Another sequence that an attention always attends to, with its keys and values. */
  private record CachedMemory(Tensor memory, Pair pair) {}

  /** Grows; keys lie as columns, which a product with few rows reads where they are. */
  private static final class Entry {
    final GrowingTensor keys;
    final GrowingTensor values;

    Entry(int capacity) {
      keys = new GrowingTensor("KeyValueCache", -1, capacity);
      values = new GrowingTensor("KeyValueCache", -2, capacity);
    }

    Pair append(Pair more) {
      Tensor all = keys.append(more.keys.transpose());
      return new Pair(all.transpose(), values.append(more.values));
    }
  }

  /** Returns how many positions an attention has seen. */
  int length(MultiHeadAttention attention) {
    Entry entry = entries.get(attention);
    return entry == null ? 0 : entry.values.length();
  }

  /** Adds the next positions; returns all so far. */
  Pair append(MultiHeadAttention attention, Pair more) {
    return entries.computeIfAbsent(attention, _ -> new Entry(capacity)).append(more);
  }

  /** Returns what is kept of the sequence that an attention always attends to. */
  Pair hold(MultiHeadAttention attention, Tensor memory, Supplier<Pair> pair) {
    CachedMemory held =
        memories.computeIfAbsent(
            attention, _ -> new CachedMemory(memory, new Entry(memory.size(1)).append(pair.get())));
    if (held.memory != memory) {
      throw new IllegalStateException(
          "KeyValueCache: another memory than in the first call; expected the same tensor, or a new"
              + " cache");
    }
    return held.pair;
  }

  /** Returns how many positions it holds, of how many it can. */
  @Override
  public String toString() {
    return "KeyValueCache with %s of %s positions".formatted(length(), capacity);
  }
}
