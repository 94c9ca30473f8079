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
  private static final int FEW = 1000;

  private final CheckedFunction function;
  private final GradientCheck check;
  private final Generator random;
  private final Pace pace;
  private final Tensor cotangent;
  private final double[] weights;
  private final double[] base;
  private final List<double[]> gradients;
  private final Supplier<RoundingNoise> noise;

  private GradientCheckRun(
      GradientCheck check, CheckedFunction function, Generator random, Pace pace) {
    this.function = function;
    this.check = check;
    this.pace = pace;
    this.random = random;
    CheckedFunction.Recorded recorded = function.record();
    check.requireType("the output", recorded.y().dtype());
    this.cotangent = RandomCotangent.of(recorded.y(), random);
    this.weights = cotangent.toDoubleArray();
    this.base = recorded.y().toDoubleArray();
    this.gradients = recorded.pull(cotangent);
    this.noise = Suppliers.memoize(() -> RoundingNoise.measure(function, cotangent, gradients));
  }

  static GradientReport report(
      GradientCheck check, TensorFunction function, List<Variable> variables) {
    Generator random = Generator.seeded(check.seed);
    Pace pace = new Pace(check, variables);
    List<InputReport> reports = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    CheckedFunction value = new CheckedFunction(function, variables, null);
    GradientCheckRun first = new GradientCheckRun(check, value, random, pace);
    first.addTo(reports, findings);
    CheckedFunction gradient = new CheckedFunction(function, variables, first.cotangent);
    if (check.order == 2) {
      new GradientCheckRun(check, gradient, random, pace).addTo(reports, findings);
    }
    String identity = "";
    if (!check.isOfArrays()) {
      AdjointIdentity steps = AdjointIdentity.of(value.record(), Generator.seeded(check.seed));
      findings.addAll(steps.findings());
      identity = steps.toString();
    }
    List<Suspect> suspects = List.of();
    if (!findings.isEmpty() || reports.stream().anyMatch(report -> report.failed() > 0)) {
      suspects =
          function instanceof ArrayFunction arrays
              ? arrays.suspects(check, variables)
              : FaultLocator.of(check, value, gradient, reports, random);
    }
    return new GradientReport(
        check,
        first.cotangent.shape(),
        reports,
        findings,
        suspects.stream().map(Suspect::what).toList(),
        suspects.stream().map(Suspect::where).toList(),
        pace.spent(),
        identity);
  }

  /** Checks the gradients of another function at the same point. */
  static List<InputReport> gradients(
      GradientCheck check, TensorFunction function, List<Variable> variables) {
    List<InputReport> reports = new ArrayList<>();
    new GradientCheckRun(
            check,
            new CheckedFunction(function, variables, null),
            Generator.seeded(check.seed),
            new Pace(check, variables))
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

  private final class Input {
    final int number;
    final Variable variable;
    final double[] x;
    final double[] analytic;
    final double largest; // derivative
    final double size; // of the largest element
    final double nothing;
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
      this.largest = Direction.largest(analytic);
      this.size = Direction.largest(x);
      this.nothing = nothing();
    }

    InputReport report() {
      if (check.mode == Mode.DIRECTIONAL) {
        for (int i = 0; i < check.count && x.length > 0; i++) {
          compare(Direction.draw(x, random), -1, i);
        }
      }
      switch (check.mode) {
        case FULL -> compare(IntStream.range(0, x.length));
        case SAMPLED ->
            compare(Arrays.stream(random.permutation(x.length).toArray()).limit(check.count));
        case DIRECTIONAL -> {
          if (comparisons.stream().anyMatch(c -> c.outcome().failed())) {
            if (x.length <= FEW) {
              compare(IntStream.range(0, x.length));
            } else {
              search(0, x.length);
            }
          }
        }
      }
      return summary();
    }

    private void compare(IntStream elements) {
      elements.forEach(i -> compare(Direction.of(x, i), i, -1));
    }

    /** Compares the first wrong elements of some that are wrong together, halving them. */
    private void search(int from, int to) {
      if (to - from == 1) {
        compare(IntStream.of(from));
        return;
      }
      int middle = (from + to) / 2;
      for (int half = 0; half < 2 && wrong.size() < OFFENDERS; half++) {
        int low = half == 0 ? from : middle;
        int high = half == 0 ? middle : to;
        Direction line = Direction.draw(x, low, high, random);
        if (decide(line, line.variation(analytic)).outcome().failed()) {
          search(low, high);
        }
      }
    }

    /** Compares the derivative along a line: of one element, or a random one of all. */
    private void compare(Direction line, int element, int direction) {
      ToleranceRule.Decision decision =
          decide(line, element < 0 ? line.variation(analytic) : largest);
      Estimate estimate = decision.estimate();
      FiniteDifference slope = estimate.slope();
      if (element >= 0) {
        numeric[element] = slope.value();
        if (decision.outcome() == Outcome.WRONG) {
          wrong.add(element);
        }
      }
      if (decision.outcome() == Outcome.KINK && kinks++ == 0) {
        kinkOf = KinkFinder.operation(function, number, line, 64 * slope.step());
      }
      comparisons.add(
          new Comparison(
              element < 0 ? List.of() : Ints.asList(variable.base().shape().unravel(element)),
              element < 0 || variable.elements().isEmpty() ? "" : variable.elements().get(element),
              direction,
              line.derivative(analytic),
              slope.value(),
              slope.left(),
              slope.right(),
              slope.step(),
              estimate.truncation(),
              estimate.roundOff(),
              decision.resolution(),
              decision.outcome()));
    }

    private ToleranceRule.Decision decide(Direction line, double beside) {
      ToleranceRule.Decision decision =
          check.tolerance.decide(
              new Derivative(
                  line.derivative(analytic),
                  beside,
                  nothing,
                  () -> line.variation(noise.get().typical().get(number))),
              check.steps(line, size),
              h ->
                  FiniteDifference.measure(
                      t -> function.valuesAt(number, line.at(t)),
                      base,
                      weights,
                      h,
                      check.epsilon()));
      pace.compared(function.order());
      return decision;
    }

    /** Returns an error that nobody sees: of output by input, rounded away twice in float64. */
    private double nothing() {
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
      List<Comparison> offenders = sorted.stream().filter(c -> !c.outcome().passed()).toList();
      List<Comparison> failed = offenders.stream().filter(c -> c.outcome().failed()).toList();
      boolean finite = failed.stream().allMatch(c -> c.outcome() == Outcome.WRONG);
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
