package dev.adjoint.autodiff;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.ListIterator;
import java.util.Objects;
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

  /** The runs that a thread is in, outermost first. */
  private static final ScopedValue<List<Run>> RUNS = ScopedValue.newInstance();

  private final boolean allowEffects;

  /** Whether a backward pass ran inside of a run. */
  private volatile boolean differentiates;

  /** What the first run held; null before it has ended. */
  private volatile @Nullable List<@Nullable Object> values;

  private Replay(boolean allowEffects) {
    this.allowEffects = allowEffects;
  }

  /** Returns a replay of a computation of which only the first run has effects. */
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
    if (!RUNS.isBound()) {
      return ScopedValue.where(RUNS, new ArrayList<>()).call(() -> run(computation));
    }
    List<Run> runs = RUNS.get(); // one binding for all that are nested: fewer frames on the stack
    List<@Nullable Object> known = values;
    List<@Nullable Object> kept = known == null ? new ArrayList<>() : null;
    boolean effects = kept != null && allowEffects && (runs.isEmpty() || runs.getLast().hasEffects);
    runs.add(
        new Run(this, effects, !allowEffects, kept, known == null ? null : known.listIterator()));
    try {
      T result = computation.get();
      if (kept != null) {
        values = kept;
      }
      return result;
    } finally {
      runs.removeLast();
    }
  }

  /** Tells whether a run computed gradients: without recording it is another computation. */
  public boolean differentiates() {
    return differentiates;
  }

  /** Notes that the computations that are running compute gradients. */
  static void noteBackward() {
    current().forEach(run -> run.of.differentiates = true);
  }

  /** Returns a value, computed once and held while the computation around it is run again. */
  public static <T> T value(Supplier<T> compute) {
    Recorder.checkReplayed();
    List<Run> runs = current();
    return runs.isEmpty() ? compute.get() : hold(runs, compute);
  }

  /** Changes state, unless the surrounding computation is being run again or only probed. */
  public static void effect(Runnable change) {
    Recorder.checkUnmapped(
        "changes a state, such as running statistics, which depends on all examples; expected"
            + " a layer in eval mode, or one without state");
    List<Run> runs = current();
    if (runs.isEmpty() || runs.getLast().hasEffects) {
      change.run();
    }
  }

  private static List<Run> current() {
    return RUNS.isBound() ? RUNS.get() : List.of();
  }

  @SuppressWarnings("unchecked") // the n-th value of every run comes from the same line
  private static <T> T hold(List<Run> runs, Supplier<T> compute) {
    int first = runs.size(); // from here on, all keep the value
    while (first > 0 && runs.get(first - 1).kept != null) {
      first--;
    }
    Run around = runs.get(Math.max(0, first - 1));
    T value;
    if (around.known != null) {
      if (!around.known.hasNext()) {
        throw new IllegalStateException(
            "a computation that is run again held %d values the first time and asks for more now; expected the same steps"
                .formatted(around.known.nextIndex()));
      }
      value = (T) around.known.next();
    } else {
      // What is held while a value is computed is part of that value: it is not held by itself.
      runs.add(new Run(around.of, around.hasEffects, false, null, null));
      try {
        value = compute.get();
      } finally {
        runs.removeLast();
      }
    }
    for (Run run : runs.subList(first, runs.size())) {
      if (run.copies && value instanceof Tensor tensor) {
        value = (T) Autodiff.noGrad(tensor::copy); // outlives the parameters that probing assigns
      }
      Objects.requireNonNull(run.kept).add(value);
    }
    return value;
  }

  /**
   * A run: the first of a computation, which keeps values; a later one, to which they are known; or
   * that of a value that is computed to be held, which is neither.
   *
   * @param of whose run it is
   * @param copies whether it keeps copies of tensors
   */
  private record Run(
      Replay of,
      boolean hasEffects,
      boolean copies,
      @Nullable List<@Nullable Object> kept,
      @Nullable ListIterator<@Nullable Object> known) {}
}
