package dev.adjoint.check;

import com.google.common.primitives.Ints;
import dev.adjoint.check.CheckedFunction.Variable;
import dev.adjoint.check.ToleranceRule.Derivative;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The check of one order: every input of a function, or of its gradient, and its consistency. */
final class GradientCheckRun {

  private static final int OFFENDERS = 5;

  private final CheckedFunction function;
  private final GradientCheckSettings settings;
  private final ToleranceRule tolerance;
  private final Generator random;
  private final Tensor cotangent;
  private final double[] weights;
  private final double[] base;
  private final List<double[]> gradients;
  private final RoundingNoise noise;

  private GradientCheckRun(
      CheckedFunction function, GradientCheckSettings settings, Generator random) {
    this.function = function;
    this.settings = settings;
    this.tolerance = settings.tolerance();
    this.random = random;
    CheckedFunction.Recorded recorded = function.record();
    settings.requireType("the output", recorded.y().dtype());
    this.cotangent = RandomCotangent.of(recorded.y(), random);
    this.weights = cotangent.toDoubleArray();
    this.base = recorded.y().toDoubleArray();
    this.gradients = recorded.pull(cotangent);
    this.noise = new RoundingNoise(function, cotangent, gradients);
  }

  /** Checks all orders. */
  static GradientReport report(
      TensorFunction function, List<Variable> variables, GradientCheckSettings settings) {
    Generator random = Generator.seeded(settings.seed());
    List<InputReport> reports = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    CheckedFunction value = CheckedFunction.of(function, variables);
    Tensor cotangent = new GradientCheckRun(value, settings, random).check(reports, findings);
    CheckedFunction gradient = value.gradientOf(cotangent);
    if (settings.order() == 2) {
      new GradientCheckRun(gradient, settings, random).check(reports, findings);
    }
    List<String> suspects =
        findings.isEmpty() && reports.stream().allMatch(report -> report.failed() == 0)
            ? List.of()
            : FaultLocator.of(value, gradient, reports, settings, random);
    return new GradientReport(settings, cotangent.shape(), reports, findings, suspects);
  }

  private Tensor check(List<InputReport> reports, List<String> findings) {
    findings.addAll(new ConsistencyCheck(function, cotangent, tolerance, noise).findings(random));
    for (int i = 0; i < function.variables().size(); i++) {
      try {
        reports.add(new Input(i).report());
      } finally {
        function.variables().get(i).restore();
      }
    }
    return cotangent;
  }

  /** Checks one input. */
  private final class Input {
    final int number;
    final Variable variable;
    final double[] x;
    final double[] analytic;

    Input(int number) {
      this.number = number;
      this.variable = function.variables().get(number);
      this.x = variable.base().toDoubleArray();
      this.analytic = gradients.get(number);
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
          new Derivative(
              analytic[i], Direction.largest(analytic), nothing(), () -> noise.of(number)[i]),
          settings.steps(Math.abs(x[i]), Direction.largest(x)),
          moving(i));
    }

    /** Returns the line along which one element moves. */
    private FiniteDifference.Line moving(int i) {
      return t -> {
        double[] moved = x.clone();
        moved[i] += t;
        return moved;
      };
    }

    /** Compares the derivative along a random line of all elements. */
    private Comparison direction(int draw) {
      Direction line = Direction.draw(x, random);
      double sum = line.derivative(analytic);
      return comparison(
          -1,
          draw,
          new Derivative(
              sum, line.variation(analytic), nothing(), () -> line.variation(noise.of(number))),
          settings.steps(line.size(), line.size()),
          line::at);
    }

    private Comparison comparison(
        int element,
        int direction,
        Derivative derivative,
        StepSizes steps,
        FiniteDifference.Line point) {
      ToleranceRule.Decision decision =
          tolerance.decide(
              derivative,
              steps,
              h ->
                  FiniteDifference.measure(
                      t -> function.valuesAt(number, point.at(t)),
                      base,
                      weights,
                      h,
                      settings.epsilon()));
      Estimate estimate = decision.estimate();
      FiniteDifference slope = estimate.slope();
      return new Comparison(
          element < 0 ? List.of() : Ints.asList(variable.base().shape().unravel(element)),
          element < 0 || variable.elements().isEmpty() ? "" : variable.elements().get(element),
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
      double outputs =
          IntStream.range(0, base.length)
              .mapToDouble(i -> Math.abs(weights[i] * base[i]))
              .filter(Double::isFinite)
              .sum();
      return 0x1p-104 * outputs / (size == 0 ? 1 : size);
    }

    /** Names the operation whose kink this is, if it can be found. */
    private String kinkOf(Comparison kink) {
      if (kink.direction() >= 0) {
        return "";
      }
      int element = 0;
      for (int axis = 0; axis < kink.index().size(); axis++) {
        element = element * variable.base().shape().size(axis) + kink.index().get(axis);
      }
      return KinkFinder.operation(function, number, moving(element), 64 * kink.step());
    }

    private InputReport summary(List<Comparison> all) {
      List<Comparison> sorted =
          all.stream().sorted(Comparator.comparingDouble(Comparison::severity).reversed()).toList();
      List<Comparison> offenders = sorted.stream().filter(c -> !c.verdict().passed()).toList();
      List<Comparison> failed = offenders.stream().filter(c -> c.verdict().failed()).toList();
      List<Comparison> kinks = sorted.stream().filter(c -> c.verdict() == Verdict.KINK).toList();
      return new InputReport(
          variable.name(),
          variable.base().shape(),
          function.order(),
          all.size(),
          failed.size(),
          offenders.size() - failed.size(),
          kinks.size(),
          kinks.isEmpty() ? "" : kinkOf(kinks.getFirst()),
          sorted.isEmpty() ? null : sorted.get(0),
          sorted.stream().mapToDouble(Comparison::doubt).max().orElse(0),
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
