package dev.adjoint.kernel;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The loop over a formula: {@code out[outFrom + i] = f(x[xFrom + i * xStep], ...)} for {@code 0 <=
 * i < n}. Steps are 0 (one value for the whole run) or 1. An output may be an input's array, from
 * the same place.
 *
 * <p>Each kind of inputs, repeated or not, has classes of its own, written when they are first
 * needed: one for single elements and one for vectors, with the same bits. What is left after the
 * last whole vector is computed one by one.
 */
public final class Loop {

  /** A class that a {@link LoopWriter} has written. */
  public interface Body {

    /**
     * Computes the elements {@code at <= i < to}. In vectors it computes whole ones only, and where
     * {@code to < at} it does nothing but count down.
     *
     * @param arrays those of the inputs, then those of the results
     * @param from where each array's element 0 is
     * @return up to where it came
     */
    default int run(Object[] arrays, int[] from, int at, int to) {
      throw new AssertionError("takes its operands one by one");
    }

    /** As {@link #run(Object[], int[], int, int)} of a formula that is short. */
    default int run(
        Object x,
        int xFrom,
        Object y,
        int yFrom,
        Object z,
        int zFrom,
        Object out,
        int outFrom,
        int at,
        int to) {
      throw new AssertionError("takes its operands as arrays");
    }
  }

  /** So many bits say which are repeated. */
  private static final int MOST_INPUTS = 62;

  /** So many elements are computed one by one before anything is done for vectors. */
  private static final int FIRST = 1 << 15;

  /** So many elements are computed between two rehearsals. */
  private static final int BETWEEN = 1 << 12;

  /** C2 compiles a method after 600 calls that count to 15,000 together. */
  private static final int CALLS = 64;

  private static final int COUNT = 20;

  /** Takes 0.3 ns a step or more until C2 leaves it out. */
  private static final int LONG_COUNT = 4000;

  /** So many vectors in a rehearsal tell C2 that the loop is worth unrolling. */
  private static final int VECTORS = 8;

  /** Rehearsals are on 0, 1, 2 and 3 in turns, so that C2 has seen what powers branch for. */
  private static final int KINDS = 4;

  private final Formula formula;
  private final LoopWriter portable;
  private final @Nullable LoopWriter writer;
  private final boolean isPatient;
  private final Supplier<Double> nanos = Suppliers.memoize(this::estimate);
  private volatile Variant[] variants = {};

  /**
   * Makes a loop of which nothing is written yet.
   *
   * @param portable writes loops that compute elements one by one
   * @param vector writes loops that compute in vectors, if there are any
   * @param isPatient whether vectors wait until their loop is compiled
   * @throws IllegalArgumentException if there is no such function
   */
  public Loop(
      Formula formula, LoopWriter portable, @Nullable LoopWriter vector, boolean isPatient) {
    if (formula.inputs() > MOST_INPUTS) {
      throw new IllegalArgumentException(
          "a formula of %d inputs; expected at most %d".formatted(formula.inputs(), MOST_INPUTS));
    }
    this.formula = formula;
    this.portable = portable;
    portable.require(formula);
    this.writer = vector != null && vector.knows(formula) ? vector : null;
    this.isPatient = isPatient;
  }

  /** Returns how many nanoseconds an element takes, roughly: what is worth other threads. */
  public double nanos() {
    return nanos.get();
  }

  /** Returns whether all that has run so far runs in vectors by now. */
  boolean isInVectors() {
    return Arrays.stream(variants).allMatch(each -> each.vector != null);
  }

  private double estimate() {
    double functions = writer == null ? 5 * formula.calls().size() : 1.3 * writer.share(formula);
    return 0.25 + functions;
  }

  /** Runs a loop of one input. */
  public void run(Object x, int xFrom, Object out, int outFrom, int n) {
    run(x, xFrom, 1, x, xFrom, 1, x, xFrom, 1, out, outFrom, n);
  }

  /** Runs a loop of one or two inputs. */
  public void run(
      Object x,
      int xFrom,
      int xStep,
      Object y,
      int yFrom,
      int yStep,
      Object out,
      int outFrom,
      int n) {
    run(x, xFrom, xStep, y, yFrom, yStep, y, yFrom, yStep, out, outFrom, n);
  }

  /** Runs a loop of up to three inputs; what it does not take is not looked at. */
  public void run(
      Object x,
      int xFrom,
      int xStep,
      Object y,
      int yFrom,
      int yStep,
      Object z,
      int zFrom,
      int zStep,
      Object out,
      int outFrom,
      int n) {
    long repeated = (1 - xStep | 1 - yStep << 1 | 1 - zStep << 2) & (1 << formula.inputs()) - 1;
    Variant variant = variant(repeated);
    int at = 0;
    Body vector = variant.vector;
    if (vector != null) {
      at = vector.run(x, xFrom, y, yFrom, z, zFrom, out, outFrom, 0, n);
    }
    if (at < n) {
      variant.portable.run(x, xFrom, y, yFrom, z, zFrom, out, outFrom, at, n);
      variant.computed(n - at);
    }
  }

  /**
   * Runs a loop of any number of inputs and results.
   *
   * @param arrays those of the inputs, then those of the results
   * @param from where each array's elements begin
   * @param repeated the bits of inputs that are one value
   */
  public void run(Object[] arrays, int[] from, long repeated, int n) {
    if (formula.isShort()) {
      int y = Math.min(1, formula.inputs() - 1);
      int z = formula.inputs() - 1;
      int out = z + 1;
      run(
          arrays[0],
          from[0],
          (int) ~repeated & 1,
          arrays[y],
          from[y],
          (int) (~repeated >> y) & 1,
          arrays[z],
          from[z],
          (int) (~repeated >> z) & 1,
          arrays[out],
          from[out],
          n);
      return;
    }
    Variant variant = variant(repeated);
    int at = 0;
    Body vector = variant.vector;
    if (vector != null) {
      at = vector.run(arrays, from, 0, n);
    }
    if (at < n) {
      variant.portable.run(arrays, from, at, n);
      variant.computed(n - at);
    }
  }

  private Variant variant(long repeated) {
    for (Variant each : variants) {
      if (each.repeated == repeated) {
        return each;
      }
    }
    return write(repeated);
  }

  private synchronized Variant write(long repeated) {
    for (Variant each : variants) {
      if (each.repeated == repeated) { // another thread was first
        return each;
      }
    }
    Variant made = new Variant(repeated);
    Variant[] all = Arrays.copyOf(variants, variants.length + 1);
    all[variants.length] = made;
    variants = all;
    return made;
  }

  /**
   * The loops over one kind of inputs.
   *
   * <p>Until C2 has compiled a loop over vectors, each operation makes objects. So a patient loop
   * begins on the portable one, and rehearses: it calls the loop over vectors for little more than
   * to count (ADR 46). C2 compiles what is called often and counts often, and only then does
   * counting for nothing take no time.
   */
  private final class Variant {

    final long repeated;
    final Body portable;
    volatile @Nullable Body vector;
    private @Nullable Body rehearsed;
    private Object[] sample = {};
    private boolean wasFast;
    private int rehearsals;
    private int left = FIRST;

    Variant(long repeated) {
      this.repeated = repeated;
      this.portable = Loop.this.portable.write(formula, repeated);
      if (writer != null && !isPatient) {
        this.vector = writer.write(formula, repeated);
      }
    }

    /** Is told how many elements were computed one by one. */
    void computed(int n) {
      left -= n;
      if (left <= 0 && vector == null && writer != null) {
        left = BETWEEN;
        rehearse(writer);
      }
    }

    /** Threads that do this at once waste a little time, no more. */
    private void rehearse(LoopWriter writer) {
      int n = VECTORS * writer.lanes();
      Body body = rehearsed;
      if (body == null) {
        Object[] arrays = new Object[formula.inputs() + formula.results().size()];
        Arrays.setAll(arrays, k -> writer.newArray(KINDS * n));
        for (Object array : arrays) {
          for (int kind = 0; kind < KINDS; kind++) {
            Elements.of(array).fill(array, kind * n, (kind + 1) * n, kind);
          }
        }
        sample = arrays;
        body = writer.write(formula, repeated);
        rehearsed = body;
      }
      run(body, rehearsals++ % KINDS * n, n);
      for (int i = 0; i < CALLS; i++) {
        run(body, 0, -COUNT);
      }
      long few = nanos(body, 1);
      long many = nanos(body, LONG_COUNT);
      boolean isFast = many - Math.min(few, nanos(body, 1)) < LONG_COUNT * 0.1;
      if (isFast && wasFast) { // so that it has run since it was compiled
        vector = body;
      }
      wasFast = isFast;
    }

    private long nanos(Body body, int count) {
      long start = System.nanoTime();
      run(body, 0, -count);
      return System.nanoTime() - start;
    }

    private void run(Body body, int from, int to) {
      if (formula.isShort()) {
        Object x = sample[0];
        body.run(x, from, x, from, x, from, sample[formula.inputs()], from, 0, to);
      } else {
        int[] starts = new int[sample.length];
        Arrays.fill(starts, from);
        body.run(sample, starts, 0, to);
      }
    }
  }
}
