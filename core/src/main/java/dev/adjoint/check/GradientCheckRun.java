package dev.adjoint.check;

import com.google.common.primitives.Ints;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Runs one check: both orders, all inputs, and what is consistent besides. */
final class GradientCheckRun {

  private static final int OFFENDERS = 5;

  private final TensorFunction function;
  private final List<Subject.Slot> slots;
  private final GradientCheckSettings settings;
  private final Judge judge;
  private final Generator random;

  GradientCheckRun(
      TensorFunction function, List<Subject.Slot> slots, GradientCheckSettings settings) {
    this.function = function;
    this.slots = slots;
    this.settings = settings;
    this.judge = settings.judge();
    this.random = Generator.seeded(settings.seed());
  }

  GradientReport report() {
    List<InputReport> reports = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    Subject subject = Subject.of(function, slots);
    Tensor weights = check(subject, reports, findings);
    Subject gradient = subject.gradientOf(weights);
    if (settings.order() == 2) {
      check(gradient, reports, findings);
    }
    boolean ok = findings.isEmpty() && reports.stream().allMatch(InputReport::isOk);
    List<String> suspects =
        ok ? List.of() : Suspects.of(subject, gradient, reports, settings, random);
    return new GradientReport(settings.toString(), weights.shape(), reports, findings, suspects);
  }

  /** Checks one order; returns the weights of the outputs. */
  private Tensor check(Subject subject, List<InputReport> reports, List<String> findings) {
    Subject.Recorded recorded = subject.record();
    settings.requireType("the output", recorded.dtype());
    Tensor weights = Weights.of(recorded.shape(), recorded.dtype(), random);
    double[] base = recorded.y().toDoubleArray();
    List<double[]> analytic = recorded.pull(weights);
    findings.addAll(Consistency.findings(subject, weights, judge, random));
    for (int i = 0; i < slots.size(); i++) {
      try {
        reports.add(new Input(subject, i, weights.toDoubleArray(), base, analytic.get(i)).report());
      } finally {
        subject.restore(i);
      }
    }
    return weights;
  }

  /** Checks one input. */
  private final class Input {
    final Subject subject;
    final int slot;
    final double[] weights;
    final double[] base;
    final double[] analytic;
    final double[] x;

    Input(Subject subject, int slot, double[] weights, double[] base, double[] analytic) {
      this.subject = subject;
      this.slot = slot;
      this.weights = weights;
      this.base = base;
      this.analytic = analytic;
      this.x = slots.get(slot).base().toDoubleArray();
    }

    InputReport report() {
      List<Comparison> comparisons = new ArrayList<>();
      switch (settings.mode()) {
        case FULL -> IntStream.range(0, x.length).forEach(i -> comparisons.add(element(i)));
        case SAMPLED -> {
          IntTensor order = random.permutation(x.length);
          for (int i = 0; i < Math.min(x.length, settings.count()); i++) {
            comparisons.add(element(order.get(i)));
          }
        }
        case DIRECTIONAL -> {
          for (int i = 0; i < settings.count() && x.length > 0; i++) {
            comparisons.add(direction(i));
          }
          if (comparisons.stream().anyMatch(c -> !c.verdict().passed())) {
            IntStream.range(0, x.length).forEach(i -> comparisons.add(element(i)));
          }
        }
      }
      return summary(comparisons);
    }

    private Comparison element(int i) {
      return judge.judge(
          Ints.asList(slots.get(slot).base().shape().unravel(i)),
          -1,
          analytic[i],
          settings.steps(Math.abs(x[i])),
          step ->
              slope(
                  step,
                  t -> {
                    double[] moved = x.clone();
                    moved[i] += t;
                    return moved;
                  }));
    }

    /** Moves all elements. */
    private Comparison direction(int number) {
      Direction line = Direction.draw(x, random);
      return judge.judge(
          List.of(),
          number,
          line.derivative(analytic),
          settings.steps(line.size()),
          step -> slope(step, line::at));
    }

    private Slope slope(double step, Slope.Line point) {
      return Slope.measure(
          t -> subject.valuesAt(slot, point.at(t)), base, weights, step, settings.epsilon());
    }

    private InputReport summary(List<Comparison> all) {
      List<Comparison> sorted =
          all.stream().sorted(Comparator.comparingDouble(judge::badness).reversed()).toList();
      List<Comparison> failed = sorted.stream().filter(c -> !c.verdict().passed()).toList();
      long kinks = all.stream().filter(c -> c.verdict() == Verdict.KINK).count();
      Subject.Slot named = slots.get(slot);
      return new InputReport(
          named.name(),
          named.base().shape(),
          subject.order(),
          all.size(),
          failed.size(),
          (int) kinks,
          sorted.isEmpty() ? null : sorted.get(0),
          failed.stream().limit(OFFENDERS).toList(),
          factor(failed));
    }
  }

  /** Returns what analytic is of numeric in all failures, or NaN. */
  private static double factor(List<Comparison> failed) {
    double factor = Double.NaN;
    for (Comparison c : failed) {
      double ratio = c.analytic() / c.numeric();
      if (Double.isNaN(factor)) {
        factor = ratio;
      }
      if (!(Math.abs(ratio - factor) <= 1e-4 * Math.abs(factor))) {
        return Double.NaN;
      }
    }
    return Double.isFinite(factor) ? factor : Double.NaN;
  }
}
