package dev.adjoint.check;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds a kink or a jump exactly where a derivative is wanted, and the operation that has it. */
final class Kink {

  private Kink() {}

  /**
   * Tells a kink, where the slope on each side stays as it is while the step shrinks, and a jump,
   * where one of them grows as the step shrinks. Noise does neither, at one step after another; the
   * jumps of a function that rounds to float32 inside are too small to count.
   *
   * @param slopes descending by step
   * @return the slope by the smallest step that shows it, or null
   */
  static @Nullable Slope among(List<Slope> slopes, double first, Judge judge) {
    double gap =
        slopes.stream().filter(s -> s.step() <= first).mapToDouble(Slope::gap).max().orElse(0);
    List<Slope> clear = slopes.stream().filter(s -> noise(s, judge) < gap).toList();
    List<Slope> fine = clear.stream().filter(s -> s.step() <= first).toList();
    List<Slope> those = fine.size() < 3 ? clear : fine;
    boolean kink = those.size() >= 3;
    boolean jump = kink;
    for (int i = 1; i < those.size(); i++) {
      Slope large = those.get(i - 1);
      Slope small = those.get(i);
      double scale = Math.max(Math.abs(small.left()), Math.abs(small.right()));
      boolean apart = small.gap() > noise(small, judge) + judge.relative() * scale;
      boolean leftStays = Math.abs(small.left() - large.left()) < small.gap() / 4;
      boolean rightStays = Math.abs(small.right() - large.right()) < small.gap() / 4;
      double growth = small.gap() * small.step() / (large.gap() * large.step());
      kink &= apart && leftStays && rightStays;
      jump &= apart && (leftStays || rightStays) && Math.abs(growth - 1) < 0.05;
      jump &= small.gap() * small.step() > 1e-5 * small.size();
    }
    return kink || jump ? those.getLast() : null;
  }

  private static double noise(Slope slope, Judge judge) {
    return judge.absolute() + 25 * slope.roundOff();
  }

  /**
   * Names the first operation on the way to the output that has a kink or a jump, while its inputs
   * have none.
   *
   * @param line moves the elements of the slot
   * @param h so small that a smooth function has nearly the same slope on both sides
   * @return the name of its primitive; empty if it cannot be found
   */
  static String operation(Subject subject, int slot, Slope.Line line, double h) {
    List<List<Step>> runs = new ArrayList<>();
    for (double t : new double[] {-2 * h, -h, 0, h, 2 * h}) {
      Subject.Recorded recorded = subject.recordAt(slot, line.at(t));
      runs.add(Step.between(recorded.sources().get(slot), recorded.y()));
    }
    int steps = runs.getFirst().size();
    for (int i = 0; i < steps; i++) {
      List<double[]> y = new ArrayList<>();
      for (List<Step> run : runs) {
        if (run.size() != steps) {
          return "";
        }
        y.add(run.get(i).y().toDoubleArray());
      }
      if (bends(y, runs.getFirst().get(i).y().dtype().epsilon())) {
        return runs.getFirst().get(i).primitive().name();
      }
    }
    return "";
  }

  /** Tells whether an element has another slope on the left than on the right. */
  private static boolean bends(List<double[]> y, double epsilon) {
    for (int e = 0; e < y.getFirst().length; e++) {
      double b = y.get(2)[e];
      double left = 2 * (b - y.get(1)[e]) - (b - y.get(0)[e]) / 2;
      double right = 2 * (y.get(3)[e] - b) - (y.get(4)[e] - b) / 2;
      double larger = Math.max(Math.abs(left), Math.abs(right));
      if (Math.abs(right - left) > larger / 8 + 100 * epsilon * Math.abs(b)) {
        return true;
      }
    }
    return false;
  }
}
