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
    List<String> suspects =
        findings.isEmpty() && reports.stream().allMatch(report -> report.failed() == 0)
            ? List.of()
            : Suspects.of(subject, gradient, reports, settings, random);
    return new GradientReport(settings, weights.shape(), reports, findings, suspects);
  }

  /** Checks one order; returns the weights of the outputs. */
  private Tensor check(Subject subject, List<InputReport> reports, List<String> findings) {
    Subject.Recorded recorded = subject.record();
    settings.requireType("the output", recorded.dtype());
    Tensor weights = Weights.of(recorded.shape(), recorded.dtype(), random);
    double[] base = recorded.y().toDoubleArray();
    List<double[]> analytic = recorded.pull(weights);
    Blur blur = new Blur(subject, weights, analytic);
    findings.addAll(Consistency.findings(subject, weights, judge, blur, random));
    for (int i = 0; i < slots.size(); i++) {
      try {
        reports.add(
            new Input(subject, i, weights.toDoubleArray(), base, blur, analytic.get(i)).report());
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
    final Blur blur;

    Input(
        Subject subject, int slot, double[] weights, double[] base, Blur blur, double[] analytic) {
      this.subject = subject;
      this.slot = slot;
      this.weights = weights;
      this.blur = blur;
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
          if (comparisons.stream().anyMatch(c -> c.verdict().failed())) {
            IntStream.range(0, x.length).forEach(i -> comparisons.add(element(i)));
          }
        }
      }
      return summary(comparisons);
    }

    private Comparison element(int i) {
      return comparison(
          i,
          -1,
          new Judge.Claim(
              analytic[i], Direction.largest(analytic), nothing(), () -> blur.of(slot)[i]),
          settings.steps(Math.abs(x[i]), Direction.largest(x)),
          moving(i));
    }

    /** Moves one element. */
    private Slope.Line moving(int i) {
      return t -> {
        double[] moved = x.clone();
        moved[i] += t;
        return moved;
      };
    }

    /** Moves all elements. */
    private Comparison direction(int number) {
      Direction line = Direction.draw(x, random);
      double sum = line.derivative(analytic);
      return comparison(
          -1,
          number,
          new Judge.Claim(
              sum, line.variation(analytic), nothing(), () -> line.variation(blur.of(slot))),
          settings.steps(line.size(), line.size()),
          line::at);
    }

    private Comparison comparison(
        int element, int direction, Judge.Claim claim, Steps steps, Slope.Line point) {
      Judge.Ruling ruling =
          judge.judge(
              claim,
              steps,
              h ->
                  Slope.measure(
                      t -> subject.valuesAt(slot, point.at(t)),
                      base,
                      weights,
                      h,
                      settings.epsilon()));
      Subject.Slot named = slots.get(slot);
      Estimate estimate = ruling.estimate();
      Slope slope = estimate.slope();
      return new Comparison(
          element < 0 ? List.of() : Ints.asList(named.base().shape().unravel(element)),
          element < 0 || named.elements().isEmpty() ? "" : named.elements().get(element),
          direction,
          claim.analytic(),
          slope.value(),
          slope.left(),
          slope.right(),
          slope.step(),
          estimate.truncation(),
          estimate.roundOff(),
          ruling.resolution(),
          ruling.verdict());
    }

    /** Returns an error that nobody sees: of output by input, rounded away twice in float64. */
    private double nothing() {
      double size = Direction.largest(x);
      return 0x1p-104 * Weights.size(weights, base) / (size == 0 ? 1 : size);
    }

    /** Names the operation whose kink this is, if it can be found. */
    private String kinkOf(Comparison kink) {
      if (kink.direction() >= 0) {
        return "";
      }
      int element = 0;
      for (int axis = 0; axis < kink.index().size(); axis++) {
        element = element * slots.get(slot).base().shape().size(axis) + kink.index().get(axis);
      }
      return Kink.operation(subject, slot, moving(element), 64 * kink.step());
    }

    private InputReport summary(List<Comparison> all) {
      List<Comparison> sorted =
          all.stream().sorted(Comparator.comparingDouble(judge::badness).reversed()).toList();
      List<Comparison> offenders = sorted.stream().filter(c -> !c.verdict().passed()).toList();
      List<Comparison> failed = offenders.stream().filter(c -> c.verdict().failed()).toList();
      List<Comparison> kinks = sorted.stream().filter(c -> c.verdict() == Verdict.KINK).toList();
      Subject.Slot named = slots.get(slot);
      return new InputReport(
          named.name(),
          named.base().shape(),
          subject.order(),
          all.size(),
          failed.size(),
          offenders.size() - failed.size(),
          kinks.size(),
          kinks.isEmpty() ? "" : kinkOf(kinks.getFirst()),
          sorted.isEmpty() ? null : sorted.get(0),
          sorted.stream().mapToDouble(judge::doubt).max().orElse(0),
          offenders.stream().limit(OFFENDERS).toList(),
          factor(failed));
    }
  }

  /** Returns what analytic is of numeric in all failures, or NaN. */
  private static double factor(List<Comparison> failed) {
    double factor = Double.NaN;
    for (Comparison c : failed) {
      double ratio = c.verdict() == Verdict.WRONG ? c.analytic() / c.numeric() : Double.NaN;
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
