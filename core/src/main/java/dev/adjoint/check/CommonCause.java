package dev.adjoint.check;

import com.google.common.primitives.Ints;
import dev.adjoint.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * What all wrong derivatives of an input have in common: a factor, a sign, a transposition, a term
 * that is missing, statistics that were held, as people forget them.
 *
 * @param wrong the elements whose derivatives are wrong
 * @param analytic the derivatives of all elements
 * @param numeric the slopes of all elements; NaN if not measured
 * @param x the input
 */
record CommonCause(List<Integer> wrong, double[] analytic, double[] numeric, double[] x) {

  private static final double CLOSE = 1e-4;
  private static final int SHOWN = 3;
  private static final int MOST = 100;

  /** Returns the ratio of the analytic to the numeric derivatives, if it is one; else NaN. */
  double factor() {
    double factor = constant(e -> analytic[e] / numeric[e]);
    return Double.isFinite(factor) ? factor : Double.NaN;
  }

  /** Returns a sentence; empty if nothing is recognized, or only one derivative is wrong. */
  String sentence(Shape shape) {
    if (wrong.size() < 2) {
      return "";
    }
    double factor = factor();
    if (!Double.isNaN(factor)) {
      return scaled(factor, shape);
    }
    String moved = moved(shape);
    if (!moved.isEmpty()) {
      return moved;
    }
    double more = constant(e -> analytic[e] - numeric[e]);
    if (!Double.isNaN(more)) {
      return String.format(Locale.ROOT, "every one is %.4g more than the numeric slope", more);
    }
    double decay = constant(e -> (analytic[e] - numeric[e]) / x[e]);
    return Double.isNaN(decay)
        ? along(shape)
        : String.format(
            Locale.ROOT,
            "every one is %.4g times its element more than the numeric slope: a penalty on squares"
                + " that only one of the two has?",
            decay);
  }

  private String scaled(double factor, Shape shape) {
    if (factor == 0) {
      return "every one is 0";
    }
    if (close(factor, -1)) {
      return "every one has the opposite sign of the numeric slope";
    }
    String why = "";
    for (int n : Ints.concat(shape.toArray(), new int[] {x.length})) {
      if (n > 2) { // 2 is more often the factor of a square
        why = close(factor, n) ? ": a sum where the function has a mean?" : why;
        why = close(factor * n, 1) ? ": a mean where the function has a sum?" : why;
      }
    }
    return String.format(Locale.ROOT, "every one is %.4g times the numeric slope%s", factor, why);
  }

  /** Recognizes right derivatives at wrong places. */
  private String moved(Shape shape) {
    if (shape.rank() == 2) {
      int rows = shape.size(0);
      int columns = shape.size(1);
      IntUnaryOperator transposed = e -> e % rows * columns + e / rows;
      if (wrong.stream().allMatch(e -> close(analytic[e], numeric[transposed.applyAsInt(e)]))) {
        return "every one is the numeric slope of its transposed place";
      }
    }
    List<String> places = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    for (int e : wrong.size() <= MOST ? wrong : List.<Integer>of()) {
      IntStream.range(0, x.length)
          .filter(other -> close(analytic[e], numeric[other]) && taken.add(other))
          .findFirst()
          .ifPresent(
              other -> places.add("%s of %s".formatted(place(shape, e), place(shape, other))));
    }
    return places.size() < wrong.size()
        ? ""
        : "every one is the numeric slope of another element: %s%s"
            .formatted(
                String.join(", ", places.subList(0, Math.min(SHOWN, places.size()))),
                places.size() > SHOWN ? ", ..." : "");
  }

  /** Recognizes an error along an axis: a constant, as that of a mean, or a line, as of a norm. */
  private String along(Shape shape) {
    int apart = x.length;
    for (int axis = 0; axis < shape.rank(); axis++) {
      int n = shape.size(axis);
      apart /= n;
      if (n > 2 && straight(n, apart, true)) {
        return "along axis %d the error is constant: a mean over it that was held?".formatted(axis);
      }
      if (n > 2 && straight(n, apart, false)) {
        return "along axis %d the error is a straight line over the elements: a norm whose statistics were held?"
            .formatted(axis);
      }
    }
    return "";
  }

  /** Tells whether the error is linear in the element, in each run of n elements along an axis. */
  private boolean straight(int n, int apart, boolean level) {
    return IntStream.range(0, x.length)
        .filter(e -> e / apart % n == 0)
        .mapToObj(start -> IntStream.range(0, n).map(i -> start + i * apart).toArray())
        .allMatch(run -> straight(run, level));
  }

  private boolean straight(int[] run, boolean level) {
    int first = run[0];
    int far = first;
    double size = 0;
    for (int e : run) {
      far = Math.abs(x[e] - x[first]) > Math.abs(x[far] - x[first]) ? e : far;
      size += Math.abs(error(e));
    }
    double slope = level ? 0 : (error(far) - error(first)) / (x[far] - x[first]);
    double allowed = CLOSE * size;
    return Arrays.stream(run)
        .mapToDouble(e -> error(e) - error(first) - slope * (x[e] - x[first]))
        .allMatch(off -> Math.abs(off) <= allowed);
  }

  private double error(int element) {
    return analytic[element] - numeric[element];
  }

  private static List<Integer> place(Shape shape, int element) {
    return Ints.asList(shape.unravel(element));
  }

  /** Returns a number that is the same for all wrong derivatives, or NaN. */
  private double constant(IntToDoubleFunction number) {
    double first = wrong.isEmpty() ? Double.NaN : number.applyAsDouble(wrong.getFirst());
    return wrong.stream().allMatch(e -> close(number.applyAsDouble(e), first)) ? first : Double.NaN;
  }

  private static boolean close(double a, double b) {
    return Math.abs(a - b) <= CLOSE * Math.max(Math.abs(a), Math.abs(b));
  }
}
