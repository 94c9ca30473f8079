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
  private final List<CheckedFunction.Variable> variables;
  private final GradientCheckSettings settings;
  private final ToleranceRule tolerance;
  private final Generator random;

  GradientCheckRun(
      TensorFunction function,
      List<CheckedFunction.Variable> variables,
      GradientCheckSettings settings) {
    this.function = function;
    this.variables = variables;
    this.settings = settings;
    this.tolerance = settings.tolerance();
    this.random = Generator.seeded(settings.seed());
  }

  GradientReport report() {
    List<InputReport> reports = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    CheckedFunction subject = CheckedFunction.of(function, variables);
    Tensor weights = check(subject, reports, findings);
    CheckedFunction gradient = subject.gradientOf(weights);
    if (settings.order() == 2) {
      check(gradient, reports, findings);
    }
    List<String> suspects =
        findings.isEmpty() && reports.stream().allMatch(report -> report.failed() == 0)
            ? List.of()
            : FaultLocator.of(subject, gradient, reports, settings, random);
    return new GradientReport(settings, weights.shape(), reports, findings, suspects);
  }

  /** Checks one order; returns the weights of the outputs. */
  private Tensor check(CheckedFunction subject, List<InputReport> reports, List<String> findings) {
    CheckedFunction.Recorded recorded = subject.record();
    settings.requireType("the output", recorded.dtype());
    Tensor weights = RandomCotangent.of(recorded.shape(), recorded.dtype(), random);
    double[] base = recorded.y().toDoubleArray();
    List<double[]> analytic = recorded.pull(weights);
    RoundingNoise noise = new RoundingNoise(subject, weights, analytic);
    findings.addAll(ConsistencyCheck.findings(subject, weights, tolerance, noise, random));
    for (int i = 0; i < variables.size(); i++) {
      try {
        reports.add(
            new Input(subject, i, weights.toDoubleArray(), base, noise, analytic.get(i)).report());
      } finally {
        subject.restore(i);
      }
    }
    return weights;
  }

  /** Checks one input. */
  private final class Input {
    final CheckedFunction subject;
    final int slot;
    final double[] weights;
    final double[] base;
    final double[] analytic;
    final double[] x;
    final RoundingNoise noise;

    Input(
        CheckedFunction subject,
        int slot,
        double[] weights,
        double[] base,
        RoundingNoise noise,
        double[] analytic) {
      this.subject = subject;
      this.slot = slot;
      this.weights = weights;
      this.noise = noise;
      this.base = base;
      this.analytic = analytic;
      this.x = variables.get(slot).base().toDoubleArray();
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
          new ToleranceRule.Derivative(
              analytic[i], Direction.largest(analytic), nothing(), () -> noise.of(slot)[i]),
          settings.steps(Math.abs(x[i]), Direction.largest(x)),
          moving(i));
    }

    /** Moves one element. */
    private FiniteDifference.Line moving(int i) {
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
          new ToleranceRule.Derivative(
              sum, line.variation(analytic), nothing(), () -> line.variation(noise.of(slot))),
          settings.steps(line.size(), line.size()),
          line::at);
    }

    private Comparison comparison(
        int element,
        int direction,
        ToleranceRule.Derivative derivative,
        StepSizes steps,
        FiniteDifference.Line point) {
      ToleranceRule.Decision decision =
          tolerance.decide(
              derivative,
              steps,
              h ->
                  FiniteDifference.measure(
                      t -> subject.valuesAt(slot, point.at(t)),
                      base,
                      weights,
                      h,
                      settings.epsilon()));
      CheckedFunction.Variable named = variables.get(slot);
      Estimate estimate = decision.estimate();
      FiniteDifference slope = estimate.slope();
      return new Comparison(
          element < 0 ? List.of() : Ints.asList(named.base().shape().unravel(element)),
          element < 0 || named.elements().isEmpty() ? "" : named.elements().get(element),
          direction,
          derivative.analytic(),
          slope.value(),
          slope.left(),
          slope.right(),
          slope.step(),
          estimate.truncation(),
          estimate.roundOff(),
          decision.resolution(),
          decision.verdict());
    }

    /** Returns an error that nobody sees: of output by input, rounded away twice in float64. */
    private double nothing() {
      double size = Direction.largest(x);
      return 0x1p-104 * RandomCotangent.size(weights, base) / (size == 0 ? 1 : size);
    }

    /** Names the operation whose kink this is, if it can be found. */
    private String kinkOf(Comparison kink) {
      if (kink.direction() >= 0) {
        return "";
      }
      int element = 0;
      for (int axis = 0; axis < kink.index().size(); axis++) {
        element = element * variables.get(slot).base().shape().size(axis) + kink.index().get(axis);
      }
      return KinkFinder.operation(subject, slot, moving(element), 64 * kink.step());
    }

    private InputReport summary(List<Comparison> all) {
      List<Comparison> sorted =
          all.stream().sorted(Comparator.comparingDouble(tolerance::badness).reversed()).toList();
      List<Comparison> offenders = sorted.stream().filter(c -> !c.verdict().passed()).toList();
      List<Comparison> failed = offenders.stream().filter(c -> c.verdict().failed()).toList();
      List<Comparison> kinks = sorted.stream().filter(c -> c.verdict() == Verdict.KINK).toList();
      CheckedFunction.Variable named = variables.get(slot);
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
          sorted.stream().mapToDouble(tolerance::doubt).max().orElse(0),
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
