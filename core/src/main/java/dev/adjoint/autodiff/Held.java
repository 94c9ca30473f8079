package dev.adjoint.autodiff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Holds what a computation must see unchanged when it is run again: random draws, values behind
 * {@code stopGradient}, running statistics, vectors of a power iteration.
 *
 * <p>A computation is run again by rematerialization, which must find the same random numbers, and
 * by gradient checks, which move one input and would otherwise see constants move with it. Whoever
 * computes such a value asks {@link #value} for it; whoever changes state, such as running
 * statistics, does so in {@link #effect}. Outside of such a run both simply do what they are given.
 */
public final class Held {

  private static final ScopedValue<Held> CURRENT = ScopedValue.newInstance();

  private final boolean allowEffects;
  private final List<@Nullable Object> values = new ArrayList<>();
  private @Nullable Held outer;
  private boolean replaying;
  private int next;

  private Held(boolean allowEffects) {
    this.allowEffects = allowEffects;
  }

  /**
   * Returns a holder for a computation whose first run has its effects and whose other runs have
   * none.
   */
  public static Held afterFirstRun() {
    return new Held(true);
  }

  /** Returns a holder for a computation that is only probed: no run has effects. */
  public static Held probing() {
    return new Held(false);
  }

  /**
   * Runs the computation: the first time, values are computed and kept; every other time they are
   * handed out again, in the same order.
   */
  public <T extends @Nullable Object> T run(Supplier<? extends T> computation) {
    next = 0;
    outer = CURRENT.isBound() ? CURRENT.get() : null;
    try {
      return ScopedValue.where(CURRENT, this).call(computation::get);
    } finally {
      replaying = true;
    }
  }

  /**
   * Returns a value that is computed once and then held while the surrounding computation is run
   * again.
   */
  public static <T> T value(Supplier<T> compute) {
    if (!CURRENT.isBound()) {
      return compute.get();
    }
    return CURRENT.get().hold(compute);
  }

  /** Changes state, unless the surrounding computation is being run again or only probed. */
  public static void effect(Runnable change) {
    if (!CURRENT.isBound() || CURRENT.get().hasEffects()) {
      change.run();
    }
  }

  private boolean hasEffects() {
    return allowEffects && !replaying && (outer == null || outer.hasEffects());
  }

  @SuppressWarnings(
      "unchecked") // the n-th value of every run comes from the same line of the computation
  private <T> T hold(Supplier<T> compute) {
    if (!replaying) {
      T value = outer == null ? compute.get() : outer.hold(compute);
      values.add(value);
      return value;
    }
    if (next >= values.size()) {
      throw new IllegalStateException(
          "a computation that is run again held %d values the first time and asks for more now; expected the same steps"
              .formatted(values.size()));
    }
    return (T) values.get(next++);
  }
}
