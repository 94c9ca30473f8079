package dev.adjoint.check;

import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Finds a kink or a jump exactly where a derivative is wanted, and the operation that has it. */
final class KinkFinder {

  private KinkFinder() {}

  /**
   * Tells a kink, where the slope on each side stays as it is while the step shrinks, and a jump,
   * where the steeper one grows as the step shrinks. Noise does neither, at one step after another;
   * the jumps of a function that rounds to float32 inside are too small to count.
   *
   * @param slopes descending by step
   * @return the slope by the smallest step that shows it, or null; at a jump, from 0 on one side
   */
  static @Nullable FiniteDifference among(
      List<FiniteDifference> slopes, double first, ToleranceRule tolerance) {
    List<FiniteDifference> bent = clear(slopes, first, tolerance, FiniteDifference::gap);
    if (each(bent, (large, small) -> isKink(large, small, tolerance))) {
      return bent.getLast();
    }
    List<FiniteDifference> torn = clear(slopes, first, tolerance, FiniteDifference::steepest);
    return each(torn, KinkFinder::isJump) ? torn.getLast().fromZero() : null;
  }

  /** Returns the slopes of steps at which what is looked for is larger than noise. */
  private static List<FiniteDifference> clear(
      List<FiniteDifference> slopes,
      double first,
      ToleranceRule tolerance,
      ToDoubleFunction<FiniteDifference> signal) {
    double largest =
        slopes.stream().filter(s -> s.step() <= first).mapToDouble(signal).max().orElse(0);
    List<FiniteDifference> clear =
        slopes.stream().filter(s -> noise(s, tolerance) < largest).toList();
    List<FiniteDifference> fine = clear.stream().filter(s -> s.step() <= first).toList();
    return fine.size() < 3 ? clear : fine;
  }

  private static boolean each(
      List<FiniteDifference> slopes, BiPredicate<FiniteDifference, FiniteDifference> test) {
    return slopes.size() >= 3
        && IntStream.range(1, slopes.size())
            .allMatch(i -> test.test(slopes.get(i - 1), slopes.get(i)));
  }

  private static boolean isKink(
      FiniteDifference large, FiniteDifference small, ToleranceRule tolerance) {
    return small.gap() > noise(small, tolerance) + tolerance.relative() * small.steepest()
        && Math.abs(small.left() - large.left()) < small.gap() / 4
        && Math.abs(small.right() - large.right()) < small.gap() / 4;
  }

  private static boolean isJump(FiniteDifference large, FiniteDifference small) {
    double height = small.steepest() * small.step();
    double growth = height / (large.steepest() * large.step());
    return Math.abs(growth - 1) < 0.05 && height > 1e-5 * small.size();
  }

  private static double noise(FiniteDifference slope, ToleranceRule tolerance) {
    return tolerance.absolute() + 25 * slope.roundOff();
  }

  /**
   * Names the first operation on the way to the output that has a kink or a jump, while its inputs
   * have none.
   *
   * @param line along which the elements of the variable move
   * @param h so small that a smooth function has nearly the same slope on both sides
   * @return the name of its primitive; empty if it cannot be found
   */
  static String operation(CheckedFunction function, int variable, Direction line, double h) {
    List<List<GraphStep>> runs =
        IntStream.rangeClosed(-2, 2)
            .mapToObj(t -> function.stepsAt(variable, line.at(t * h)))
            .toList();
    List<GraphStep> first = runs.getFirst();
    if (runs.stream().anyMatch(run -> run.size() != first.size())) {
      return "";
    }
    return IntStream.range(0, first.size())
        .filter(i ->
            bends(
                runs.stream().map(run -> run.get(i).y().toDoubleArray()).toList(),
                first.get(i).y().dtype().epsilon()))
        .mapToObj(i -> first.get(i).primitive().title())
        .findFirst()
        .orElse("");
  }

  /** Tells whether an element has another slope on the left than on the right, or none. */
  private static boolean bends(List<double[]> y, double epsilon) {
    for (int e = 0; e < y.getFirst().length; e++) {
      double b = y.get(2)[e];
      double left = 2 * (b - y.get(1)[e]) - (b - y.get(0)[e]) / 2;
      double right = 2 * (y.get(3)[e] - b) - (y.get(4)[e] - b) / 2;
      double larger = Math.max(Math.abs(left), Math.abs(right));
      double noise = 100 * epsilon * Math.abs(b);
      boolean bent = Math.abs(right - left) > larger / 8 + noise;
      boolean torn =
          jumps(b, y.get(3)[e], y.get(4)[e], noise) || jumps(b, y.get(1)[e], y.get(0)[e], noise);
      if (bent || torn) {
        return true;
      }
    }
    return false;
  }

  /** Tells whether a value moves as far by one step as by two. */
  private static boolean jumps(double base, double near, double far, double noise) {
    return Math.abs(near - base) > noise && Math.abs(far - near) < Math.abs(near - base) / 8;
  }
}
