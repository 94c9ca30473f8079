package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The values that a computation must see unchanged when it is run again: random draws, values
 * behind {@code stopGradient}, running statistics, vectors of a power iteration.
 *
 * <p>A computation is run again by rematerialization, which must find the same random numbers, and
 * by gradient checks, which move one input and would otherwise see constants move with it. Code
 * that computes such a value wraps it in {@link #value}; code that changes state, such as running
 * statistics, in {@link #effect}. Outside of such a run both simply run their argument.
 */
public final class Replay {

  private static final ScopedValue<Scope> SCOPE = ScopedValue.newInstance();

  private final boolean allowEffects;

  /** What the first run held; null before it has ended. */
  private volatile @Nullable List<@Nullable Object> values;

  private Replay(boolean allowEffects) {
    this.allowEffects = allowEffects;
  }

  /**
   * Returns a replay of a computation whose first run has effects and whose later runs have none.
   */
  public static Replay afterFirstRun() {
    return new Replay(true);
  }

  /** Returns a replay of a computation that is only probed: no run has effects. */
  public static Replay probing() {
    return new Replay(false);
  }

  /**
   * Runs the computation: the first time, values are computed and kept; every other time they are
   * handed out again, in the same order. After the first run has ended, several threads may run it
   * at once.
   */
  public <T extends @Nullable Object> T run(Supplier<? extends T> computation) {
    if (!SCOPE.isBound()) {
      return ScopedValue.where(SCOPE, new Scope()).call(() -> run(computation));
    }
    Scope scope = SCOPE.get(); // one binding for all that are nested: fewer frames on the stack
    Run outer = scope.run;
    scope.run = newRun(outer);
    try {
      T result = computation.get();
      if (scope.run instanceof FirstRun first) {
        values = first.values;
      }
      return result;
    } finally {
      scope.run = outer;
    }
  }

  private Run newRun(@Nullable Run outer) {
    boolean effects = allowEffects && (outer == null || outer.hasEffects());
    List<@Nullable Object> known = values;
    return known != null
        ? new LaterRun(known.iterator(), known.size())
        : new FirstRun(effects, !allowEffects, outer, new ArrayList<>());
  }

  /**
   * Returns a value that is computed once and then held while the surrounding computation is run
   * again.
   */
  public static <T> T value(Supplier<T> compute) {
    Recorder.checkReplayed();
    Run run = current();
    return run != null ? run.hold(compute) : compute.get();
  }

  /** Changes state, unless the surrounding computation is being run again or only probed. */
  public static void effect(Runnable change) {
    Run run = current();
    if (run == null || run.hasEffects()) {
      change.run();
    }
  }

  private static @Nullable Run current() {
    return SCOPE.isBound() ? SCOPE.get().run : null;
  }

  /** The innermost run of a thread. */
  private static final class Scope {
    @Nullable Run run;
  }

  /** One run of a computation. */
  private sealed interface Run {
    <T> T hold(Supplier<T> compute);

    boolean hasEffects();
  }

  /** The first run: computes values and keeps them, for every run around it as well. */
  private record FirstRun(
      boolean hasEffects, boolean copies, @Nullable Run outer, List<@Nullable Object> values)
      implements Run {

    @Override
    @SuppressWarnings("unchecked") // a copy of a tensor is a tensor
    public <T> T hold(Supplier<T> compute) {
      Deque<FirstRun> around = new ArrayDeque<>(); // by a loop: they may be a thousand deep
      Run run = this;
      while (run instanceof FirstRun first) {
        around.push(first);
        run = first.outer;
      }
      // What is held while a value is computed is part of that value: it is not held by itself.
      Run whole = run != null ? run : new Part(around.element().hasEffects);
      T value = whole.hold(compute);
      for (FirstRun first : around) {
        if (first.copies && value instanceof Tensor tensor) {
          value = (T) Autodiff.noGrad(tensor::copy); // outlives the parameters that probing assigns
        }
        first.values.add(value);
      }
      return value;
    }
  }

  /** A later run: returns the values of the first. */
  private record LaterRun(Iterator<@Nullable Object> values, int count) implements Run {

    @Override
    @SuppressWarnings(
        "unchecked") // the n-th value of every run comes from the same line of the computation
    public <T> T hold(Supplier<T> compute) {
      if (!values.hasNext()) {
        throw new IllegalStateException(
            "a computation that is run again held %d values the first time and asks for more now; expected the same steps"
                .formatted(count));
      }
      return (T) values.next();
    }

    @Override
    public boolean hasEffects() {
      return false;
    }
  }

  /** Computes what belongs to a value that is being computed to be held. */
  private record Part(boolean hasEffects) implements Run {
    @Override
    public <T> T hold(Supplier<T> compute) {
      Scope scope = SCOPE.get();
      Run outer = scope.run;
      scope.run = this;
      try {
        return compute.get();
      } finally {
        scope.run = outer;
      }
    }
  }
}
