package dev.adjoint.check;

import com.google.common.base.Joiner;
import com.google.common.primitives.Doubles;
import dev.adjoint.autodiff.AnomalyException;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Node;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Finds out, after a failure, which step of the computation is to blame.
 *
 * <p>One input is moved along a line, and with it the inputs x and the output y of each step. If
 * the pullback of a step is right, {@code sum(g * dy) = sum(pullback(g) * dx)} for any g, whatever
 * is wrong elsewhere. So each step is judged by itself and where it is, and all of them by the same
 * evaluations of the function, four a step size.
 */
final class FaultLocator {

  /**
   * A weighed sum over tensors of one step, which moves as expected along the line if the step is
   * right.
   *
   * @param step the number of the step
   * @param sentence what is wrong if the sum does not move so
   * @param weights by which the elements are added up, each of the shape of its tensor
   * @param expected the slope of the sum if the step is right
   */
  private record Probe(
      int step,
      String sentence,
      Function<GraphStep, List<Tensor>> tensors,
      List<Tensor> weights,
      double expected) {

    /** Returns the elements of the tensors where these are the steps. */
    double[] at(List<GraphStep> steps) {
      return Autodiff.noGrad(() -> flat(tensors.apply(steps.get(step))));
    }
  }

  private final GradientCheck check;
  private final CheckedFunction function;
  private final int variable;
  private final Generator random;
  private final Direction line;
  private final Tensor source;
  private final Tensor output;
  private final List<GraphStep> steps;

  /** The names of inputs and parameters by their nodes; empty if there are no parameters. */
  private final Map<Node, String> names = new HashMap<>();

  private FaultLocator(
      GradientCheck check, CheckedFunction function, int variable, Generator random) {
    this.check = check;
    this.function = function;
    this.variable = variable;
    this.random = random;
    this.line = Direction.draw(function.variables().get(variable).base().toDoubleArray(), random);
    List<CheckedFunction.Variable> variables = function.variables();
    boolean isModel = variables.stream().anyMatch(v -> v.parameter() != null);
    CheckedFunction.Recorded recorded = isModel ? located(function) : function.record();
    for (int i = 0; i < variables.size() && isModel; i++) {
      names.put(Objects.requireNonNull(recorded.sources().get(i).node()), variables.get(i).name());
    }
    this.source = recorded.sources().get(variable);
    this.output = recorded.y();
    this.steps = GraphStep.between(List.of(source), output);
  }

  /** Records the function with the lines of code, unless it computes what is not finite. */
  private static CheckedFunction.Recorded located(CheckedFunction function) {
    try {
      return Autodiff.detectAnomalies(() -> function.record());
    } catch (AnomalyException e) {
      return function.record();
    }
  }

  /**
   * Names what is to blame for failures, as far as that can be found.
   *
   * @param gradient the function's gradient
   * @param reports one for each variable and order
   */
  static List<Suspect> of(
      GradientCheck check,
      CheckedFunction function,
      CheckedFunction gradient,
      List<InputReport> reports,
      Generator random) {
    List<Integer> first = failed(reports, 1);
    List<Integer> second = failed(reports, 2);
    if (first.isEmpty() && second.isEmpty()) {
      // All derivatives are right and something else is not: that a pullback is linear, perhaps.
      first = IntStream.range(0, function.variables().size()).boxed().toList();
    }
    try {
      Set<Suspect> suspects = new LinkedHashSet<>();
      for (int variable : first) {
        suspects.addAll(new FaultLocator(check, function, variable, random).inGradient());
      }
      for (int variable : suspects.isEmpty() ? second : List.<Integer>of()) {
        suspects.addAll(new FaultLocator(check, gradient, variable, random).inGradient());
      }
      for (int variable : suspects.isEmpty() ? second : List.<Integer>of()) {
        suspects.addAll(
            new FaultLocator(check, function, variable, random).inDerivativesOfPullbacks());
      }
      return List.copyOf(suspects);
    } catch (RuntimeException e) {
      // Somewhere on the line the function throws or takes other steps. The failure says enough.
      return List.of();
    }
  }

  private static List<Integer> failed(List<InputReport> reports, int order) {
    List<InputReport> those = reports.stream().filter(report -> report.order() == order).toList();
    return IntStream.range(0, those.size()).filter(i -> !those.get(i).isOk()).boxed().toList();
  }

  private List<Suspect> inGradient() {
    List<Probe> constants = new ArrayList<>();
    List<Probe> pullbacks = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      GraphStep step = steps.get(i);
      for (int input : step.indices(false)) {
        if (isFinite(step.x()[input])) {
          constants.add(constant(i, input));
        }
      }
      if (step.inputs().stream().allMatch(FaultLocator::isFinite)) {
        if (!isFinite(step.y()) && !isFinite(output)) {
          // No finite difference can be taken here, so no pullback is to blame.
          String title = step.primitive().title();
          return List.of(suspect(i, "'%s', which is not finite for its inputs".formatted(title)));
        }
        pullbacks.add(pullback(i, "the pullback of " + describe(step), weights(step.y())));
      }
    }
    Set<Probe> off = off(Stream.concat(constants.stream(), pullbacks.stream()).toList());
    constants.retainAll(off);
    pullbacks.retainAll(off);
    // A constant that moves sets the output apart from what the pullback says.
    constants.forEach(moving -> pullbacks.removeIf(probe -> probe.step() == moving.step()));
    // In a gradient, what hides a constant is a pullback: its own derivative will tell which.
    return Stream.concat(
            function.order() == 1 ? withEffect(constants) : Stream.of(), pullbacks.stream())
        .map(this::suspect)
        .toList();
  }

  /**
   * Returns those of the constants that move the output of the function by moving: not so a mean
   * that is subtracted again further on, as in the pullback of a normalization.
   */
  private Stream<Probe> withEffect(List<Probe> constants) {
    if (constants.isEmpty()) {
      return Stream.of();
    }
    Tensor[] y = constants.stream().map(c -> steps.get(c.step).y()).toArray(Tensor[]::new);
    List<Tensor> g = Backward.wrt(y).seed(weights(output)).gradients(output);
    return off(
        IntStream.range(0, y.length)
            .mapToObj(i -> pullback(constants.get(i).step, constants.get(i).sentence, g.get(i)))
            .toList())
        .stream();
  }

  private Suspect suspect(Probe probe) {
    return suspect(probe.step, probe.sentence);
  }

  private Suspect suspect(int step, String sentence) {
    return new Suspect(
        sentence, names.isEmpty() ? "" : Suspect.where(steps.get(step), output, names));
  }

  private List<Suspect> inDerivativesOfPullbacks() {
    return off(IntStream.range(0, steps.size()).mapToObj(this::derivative).toList()).stream()
        .map(this::suspect)
        .toList();
  }

  /** Expects an input that does not depend on the source to stay where it is. */
  private Probe constant(int i, int input) {
    String sentence =
        "input %d of '%s' moves with %s, but was computed in noGrad or from numbers read out of a tensor"
            .formatted(
                input, steps.get(i).primitive().title(), function.variables().get(variable).name());
    List<Tensor> weights = List.of(weights(steps.get(i).x()[input]));
    return new Probe(i, sentence, step -> List.of(step.x()[input]), weights, 0);
  }

  /** Expects the output, weighed by g, to move as the pullback says. */
  private Probe pullback(int i, String sentence, Tensor g) {
    List<Tensor> weights = new ArrayList<>(List.of(g));
    Autodiff.noGrad(() -> steps.get(i).pullback(g).forEach(part -> weights.add(part.neg())));
    return new Probe(
        i,
        sentence,
        s -> Stream.concat(Stream.of(s.y()), s.inputs().stream()).toList(),
        weights,
        0);
  }

  /** Expects the pullback to move as its own derivative says. */
  private Probe derivative(int i) {
    GraphStep step = steps.get(i);
    Tensor g = weights(step.y());
    List<Tensor> cotangents = step.pullback(g);
    List<Tensor> weights = cotangents.stream().map(this::weights).toList();
    double slope = 0;
    for (int k = 0; k < weights.size(); k++) {
      Backward backward = Backward.wrt(source).seed(weights.get(k));
      Tensor gradient = backward.gradients(cotangents.get(k)).getFirst();
      slope += line.derivative(gradient.toDoubleArray());
    }
    String sentence = "the derivative of the pullback of " + describe(step);
    return new Probe(i, sentence, s -> s.pullback(g), weights, slope);
  }

  private Tensor weights(Tensor like) {
    return RandomCotangent.like(like, random);
  }

  /** Returns those of the probes that do not move as expected. */
  private Set<Probe> off(List<Probe> probes) {
    List<double[]> base = values(steps, probes);
    Map<Double, List<FiniteDifference>> slopes = new HashMap<>();
    try {
      Set<Probe> off = new LinkedHashSet<>();
      for (int i = 0; i < probes.size(); i++) {
        int probe = i;
        if (isOff(
            probes.get(i),
            h -> slopes.computeIfAbsent(h, step -> measure(step, probes, base)).get(probe))) {
          off.add(probes.get(i));
        }
      }
      return off;
    } finally {
      function.variables().get(variable).restore();
    }
  }

  private List<FiniteDifference> measure(double h, List<Probe> probes, List<double[]> base) {
    Map<Double, List<double[]>> points = new HashMap<>();
    List<FiniteDifference> slopes = new ArrayList<>();
    for (int i = 0; i < probes.size(); i++) {
      int probe = i;
      List<Tensor> weights = probes.get(i).weights;
      double epsilon = weights.stream().mapToDouble(w -> w.dtype().epsilon()).max().orElse(0);
      slopes.add(
          FiniteDifference.measure(
              t -> points.computeIfAbsent(t, x -> at(x, probes)).get(probe),
              base.get(i),
              flat(weights),
              h,
              epsilon));
    }
    return slopes;
  }

  private boolean isOff(Probe probe, DoubleFunction<FiniteDifference> slopeAt) {
    StepSizes sizes = check.steps(line, line.size());
    Optional<FiniteDifference> usable =
        sizes.all().stream()
            .filter(h -> h <= sizes.first())
            .map(slopeAt::apply)
            .filter(FiniteDifference::isFinite)
            .findFirst();
    if (usable.isEmpty()) {
      return true;
    }
    double scale = Math.abs(probe.expected) + usable.get().variation();
    return check
        .tolerance
        .within(scale)
        .decide(new ToleranceRule.Derivative(probe.expected, scale, 0, () -> 0), sizes, slopeAt)
        .outcome()
        .failed();
  }

  /** Returns what the probes see at a point of the line. */
  private List<double[]> at(double t, List<Probe> probes) {
    List<GraphStep> moved = function.stepsAt(variable, line.at(t));
    if (!names(moved).equals(names(steps))) {
      throw new IllegalStateException("the function took other steps when its input moved");
    }
    return values(moved, probes);
  }

  private static List<double[]> values(List<GraphStep> steps, List<Probe> probes) {
    return probes.stream().map(probe -> probe.at(steps)).toList();
  }

  private static List<String> names(List<GraphStep> steps) {
    return steps.stream().map(step -> step.primitive().title()).toList();
  }

  private static boolean isFinite(Tensor x) {
    return x.isFinite().all().item() == 1;
  }

  private static double[] flat(List<Tensor> tensors) {
    return Doubles.concat(
        tensors.stream().map(t -> t.untracked().toDoubleArray()).toArray(double[][]::new));
  }

  private static String describe(GraphStep step) {
    List<Integer> indices = step.indices(true);
    return "'%s' with respect to its %s %s"
        .formatted(
            step.primitive().title(),
            indices.size() == 1 ? "input" : "inputs",
            Joiner.on(" and ").join(indices));
  }
}
