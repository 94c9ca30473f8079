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
 * <p>Each kind of inputs, repeated or not, has a class of its own, written when it is first needed.
 * What is left after the last whole vector is computed one by one, with the same bits.
 */
public final class Loop {

  /** A class that a {@link LoopWriter} has written. */
  public interface Body {

    /**
     * Computes the elements {@code at <= i < to}.
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

  private record Variant(long key, Body body) {}

  private final Formula formula;
  private final LoopWriter portable;
  private final @Nullable LoopWriter vector;
  private final int lanes;
  private final Supplier<Double> nanos = Suppliers.memoize(this::estimate);
  private volatile Variant[] variants = {};

  /**
   * Makes a loop of which nothing is written yet.
   *
   * @param writers of loops that compute elements one by one, and in vectors if there are two
   * @throws IllegalArgumentException if there is no such function
   */
  public Loop(Formula formula, LoopWriter... writers) {
    if (formula.inputs() > MOST_INPUTS) {
      throw new IllegalArgumentException(
          "a formula of %d inputs; expected at most %d".formatted(formula.inputs(), MOST_INPUTS));
    }
    this.formula = formula;
    this.portable = writers[0];
    portable.require(formula);
    this.vector = writers.length > 1 && writers[1].knows(formula) ? writers[1] : null;
    this.lanes = vector == null ? Integer.MAX_VALUE : vector.lanes();
  }

  /** Returns how many nanoseconds an element takes, roughly: what is worth other threads. */
  public double nanos() {
    return nanos.get();
  }

  private double estimate() {
    double functions = vector == null ? 5 * formula.calls().size() : 1.3 * vector.share(formula);
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
    int at = 0;
    if (n >= lanes) {
      at = body(repeated, true).run(x, xFrom, y, yFrom, z, zFrom, out, outFrom, 0, n);
    }
    if (at < n) {
      body(repeated, false).run(x, xFrom, y, yFrom, z, zFrom, out, outFrom, at, n);
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
    int at = 0;
    if (n >= lanes) {
      at = body(repeated, true).run(arrays, from, 0, n);
    }
    if (at < n) {
      body(repeated, false).run(arrays, from, at, n);
    }
  }

  private Body body(long repeated, boolean inVectors) {
    long key = 2 * repeated + (inVectors ? 1 : 0);
    for (Variant each : variants) {
      if (each.key == key) {
        return each.body;
      }
    }
    return write(key, repeated, inVectors && vector != null ? vector : portable);
  }

  private synchronized Body write(long key, long repeated, LoopWriter writer) {
    for (Variant each : variants) {
      if (each.key == key) { // another thread was first
        return each.body;
      }
    }
    Variant made = new Variant(key, writer.write(formula, repeated));
    Variant[] all = Arrays.copyOf(variants, variants.length + 1);
    all[variants.length] = made;
    variants = all;
    return made.body;
  }
}
