package dev.adjoint.check;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.primitives.Ints;
import dev.adjoint.check.CheckedFunction.Variable;
import dev.adjoint.check.GradientCheck.Mode;
import dev.adjoint.check.ToleranceRule.Derivative;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The check of one order: every input of a function, or of its gradient, and its consistency. */
final class GradientCheckRun {

  private static final int OFFENDERS = 5;

  private final CheckedFunction function;
  private final GradientCheck check;
  private final Generator random;
  private final Tensor cotangent;
  private final double[] weights;
  private final double[] base;
  private final List<double[]> gradients;
  private final Supplier<RoundingNoise> noise;

  private GradientCheckRun(GradientCheck check, CheckedFunction function, Generator random) {
    this.function = function;
    this.check = check;
    this.random = random;
    CheckedFunction.Recorded recorded = function.record();
    check.requireType("the output", recorded.y().dtype());
    this.cotangent = RandomCotangent.of(recorded.y(), random);
    this.weights = cotangent.toDoubleArray();
    this.base = recorded.y().toDoubleArray();
    this.gradients = recorded.pull(cotangent);
    this.noise = Suppliers.memoize(() -> RoundingNoise.measure(function, cotangent, gradients));
  }

  /** Checks all orders. */
  static GradientReport report(
      GradientCheck check, TensorFunction function, List<Variable> variables) {
    Generator random = Generator.seeded(check.seed);
    List<InputReport> reports = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    CheckedFunction value = new CheckedFunction(function, variables, null);
    GradientCheckRun first = new GradientCheckRun(check, value, random);
    first.addTo(reports, findings);
    CheckedFunction gradient = new CheckedFunction(function, variables, first.cotangent);
    if (check.order == 2) {
      new GradientCheckRun(check, gradient, random).addTo(reports, findings);
    }
    List<String> suspects = List.of();
    if (!findings.isEmpty() || reports.stream().anyMatch(report -> report.failed() > 0)) {
      suspects =
          function instanceof ArrayFunction arrays
              ? arrays.suspects(check, variables)
              : FaultLocator.of(check, value, gradient, reports, random);
    }
    return new GradientReport(check, first.cotangent.shape(), reports, findings, suspects);
  }

  /** Checks the gradients of another function at the same point. */
  static List<InputReport> gradients(
      GradientCheck check, TensorFunction function, List<Variable> variables) {
    List<InputReport> reports = new ArrayList<>();
    new GradientCheckRun(
            check, new CheckedFunction(function, variables, null), Generator.seeded(check.seed))
        .addTo(reports, new ArrayList<>());
    return reports;
  }

  private void addTo(List<InputReport> reports, List<String> findings) {
    findings.addAll(
        new ConsistencyCheck(function, cotangent, check.tolerance, noise).findings(random));
    for (int i = 0; i < function.variables().size(); i++) {
      try {
        reports.add(new Input(i).report());
      } finally {
        function.variables().get(i).restore();
      }
    }
  }

  /** The check of one input. */
  private final class Input {
    final int number;
    final Variable variable;
    final double[] x;
    final double[] analytic;
    final List<Comparison> comparisons = new ArrayList<>();
    final double[] numeric;
    final List<Integer> wrong = new ArrayList<>();
    int kinks;
    String kinkOf = "";

    Input(int number) {
      this.number = number;
      this.variable = function.variables().get(number);
      this.x = variable.base().toDoubleArray();
      this.analytic = gradients.get(number);
      this.numeric = x.clone();
      Arrays.fill(numeric, Double.NaN);
    }

    InputReport report() {
      if (check.mode == Mode.DIRECTIONAL) {
        for (int i = 0; i < check.count && x.length > 0; i++) {
          compare(Direction.draw(x, random), -1, i);
        }
      }
      IntStream elements =
          switch (check.mode) {
            case FULL -> IntStream.range(0, x.length);
            case SAMPLED ->
                Arrays.stream(random.permutation(x.length).toArray()).limit(check.count);
            case DIRECTIONAL ->
                comparisons.stream().anyMatch(c -> c.verdict().failed())
                    ? IntStream.range(0, x.length)
                    : IntStream.empty();
          };
      elements.forEach(i -> compare(Direction.of(x, i), i, -1));
      return summary();
    }

    /** Compares the derivative along a line: of one element, or a random one of all. */
    private void compare(Direction line, int element, int direction) {
      double largest = element < 0 ? line.variation(analytic) : Direction.largest(analytic);
      Derivative derivative =
          new Derivative(
              line.derivative(analytic),
              largest,
              nothing(),
              () -> line.variation(noise.get().typical().get(number)));
      ToleranceRule.Decision decision =
          check.tolerance.decide(
              derivative,
              check.steps(line, Direction.largest(x)),
              h ->
                  FiniteDifference.measure(
                      t -> function.valuesAt(number, line.at(t)),
                      base,
                      weights,
                      h,
                      check.epsilon()));
      Estimate estimate = decision.estimate();
      FiniteDifference slope = estimate.slope();
      if (element >= 0) {
        numeric[element] = slope.value();
        if (decision.verdict() == Verdict.WRONG) {
          wrong.add(element);
        }
      }
      if (decision.verdict() == Verdict.KINK && kinks++ == 0) {
        kinkOf = KinkFinder.operation(function, number, line, 64 * slope.step());
      }
      comparisons.add(
          new Comparison(
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
              decision.verdict()));
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

    private InputReport summary() {
      List<Comparison> sorted =
          comparisons.stream()
              .sorted(Comparator.comparingDouble(Comparison::severity).reversed())
              .toList();
      List<Comparison> offenders = sorted.stream().filter(c -> !c.verdict().passed()).toList();
      List<Comparison> failed = offenders.stream().filter(c -> c.verdict().failed()).toList();
      boolean finite = failed.stream().allMatch(c -> c.verdict() == Verdict.WRONG);
      CommonCause cause =
          new CommonCause(finite ? List.copyOf(wrong) : List.of(), analytic, numeric, x);
      return new InputReport(
          variable.name(),
          variable.base().shape(),
          function.order(),
          sorted.size(),
          failed.size(),
          offenders.size() - failed.size(),
          kinks,
          kinkOf,
          sorted.isEmpty() ? null : sorted.get(0),
          sorted.stream().mapToDouble(Comparison::doubt).max().orElse(0),
          offenders.stream().limit(OFFENDERS).toList(),
          cause.factor(),
          cause.sentence(variable.base().shape()));
    }
  }
}
