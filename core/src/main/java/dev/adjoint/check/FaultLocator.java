package dev.adjoint.check;

import static java.util.stream.Collectors.toCollection;

import com.google.common.base.Joiner;
import com.google.common.collect.ArrayListMultimap;
import com.google.common.collect.ListMultimap;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  private final CheckedFunction function;
  private final int variable;
  private final GradientCheckSettings settings;
  private final Generator random;
  private final Direction line;
  private final Tensor source;
  private final List<GraphStep> steps;

  private FaultLocator(
      CheckedFunction function, int variable, GradientCheckSettings settings, Generator random) {
    this.function = function;
    this.variable = variable;
    this.settings = settings;
    this.random = random;
    this.line = Direction.draw(function.variables().get(variable).base().toDoubleArray(), random);
    CheckedFunction.Recorded recorded = function.record();
    this.source = recorded.sources().get(variable);
    this.steps = GraphStep.between(source, recorded.y());
  }

  /**
   * Names what is to blame for failures, as far as that can be found.
   *
   * @param gradient the function's gradient
   * @param reports one for each variable and order
   */
  static List<String> of(
      CheckedFunction function,
      CheckedFunction gradient,
      List<InputReport> reports,
      GradientCheckSettings settings,
      Generator random) {
    List<Integer> first = failed(reports, 1);
    List<Integer> second = failed(reports, 2);
    if (first.isEmpty() && second.isEmpty()) {
      // All derivatives are right and something else is not: that a pullback is linear, perhaps.
      first = IntStream.range(0, function.variables().size()).boxed().toList();
    }
    try {
      Set<String> suspects = new LinkedHashSet<>();
      for (int variable : first) {
        suspects.addAll(new FaultLocator(function, variable, settings, random).inGradient());
      }
      for (int variable : suspects.isEmpty() ? second : List.<Integer>of()) {
        suspects.addAll(new FaultLocator(gradient, variable, settings, random).inGradient());
      }
      for (int variable : suspects.isEmpty() ? second : List.<Integer>of()) {
        suspects.addAll(
            new FaultLocator(function, variable, settings, random).inDerivativesOfPullbacks());
      }
      return List.copyOf(suspects);
    } catch (RuntimeException e) {
      // Somewhere on the line the function throws or takes other steps. The failure says enough.
      return List.of();
    }
  }

  /** Returns the variables that failed in an order. */
  private static List<Integer> failed(List<InputReport> reports, int order) {
    List<InputReport> those = reports.stream().filter(report -> report.order() == order).toList();
    return IntStream.range(0, those.size()).filter(i -> !those.get(i).isOk()).boxed().toList();
  }

  private List<String> inGradient() {
    List<PullbackProbe> constants = new ArrayList<>();
    List<PullbackProbe> pullbacks = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      for (int input : steps.get(i).indices(false)) {
        constants.add(constant(i, input));
      }
      pullbacks.add(pullback(i));
    }
    Set<PullbackProbe> off = off(Stream.concat(constants.stream(), pullbacks.stream()).toList());
    constants.retainAll(off);
    pullbacks.retainAll(off);
    // A constant that moves sets the output apart from what the pullback says.
    constants.forEach(moving -> pullbacks.removeIf(probe -> probe.step() == moving.step()));
    // In a gradient, what hides a constant is a pullback: its own derivative will tell which.
    return Stream.concat(
            function.order() == 1 ? constants.stream() : Stream.of(), pullbacks.stream())
        .map(PullbackProbe::sentence)
        .toList();
  }

  private List<String> inDerivativesOfPullbacks() {
    return off(IntStream.range(0, steps.size()).mapToObj(this::derivative).toList()).stream()
        .map(PullbackProbe::sentence)
        .toList();
  }

  /** Expects an input that does not depend on the source to stay where it is. */
  private PullbackProbe constant(int i, int input) {
    boolean known = steps.get(i).x()[input].isFinite().all().item() == 1;
    return new PullbackProbe(
        i,
        "input %d of '%s' moves with %s, but was computed in noGrad or from numbers read out of a tensor"
            .formatted(
                input, steps.get(i).primitive().name(), function.variables().get(variable).name()),
        step -> known ? List.of(step.x()[input]) : List.of(),
        known ? List.of(weights(steps.get(i).x()[input])) : List.of(),
        0);
  }

  /** Expects the output to move as the pullback says. */
  private PullbackProbe pullback(int i) {
    GraphStep step = steps.get(i);
    String sentence = "the pullback of " + describe(step);
    if (!step.inputs(true).stream().allMatch(x -> x.isFinite().all().item() == 1)) {
      return new PullbackProbe(i, sentence, s -> List.of(), List.of(), 0);
    }
    Tensor g = weights(step.y());
    List<Tensor> weights = new ArrayList<>(List.of(g));
    Autodiff.noGrad(() -> step.pullback(g).forEach(part -> weights.add(part.neg())));
    return new PullbackProbe(
        i,
        sentence,
        s -> Stream.concat(Stream.of(s.y()), s.inputs(true).stream()).toList(),
        weights,
        0);
  }

  /** Expects the pullback to move as its own derivative says. */
  private PullbackProbe derivative(int i) {
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
    return new PullbackProbe(i, sentence, s -> s.pullback(g), weights, slope);
  }

  private Tensor weights(Tensor like) {
    return RandomCotangent.like(like, random);
  }

  /** Returns those of the probes that do not move as expected. */
  private Set<PullbackProbe> off(List<PullbackProbe> probes) {
    StepSizes sizes = settings.steps(line.size(), line.size());
    List<double[]> base = values(steps, probes);
    ListMultimap<PullbackProbe, FiniteDifference> slopes = ArrayListMultimap.create();
    try {
      for (double h : sizes.all()) {
        Map<Double, List<double[]>> points = new HashMap<>();
        try {
          for (int i = 0; i < probes.size(); i++) {
            int probe = i;
            FiniteDifference.Line at =
                t -> points.computeIfAbsent(t, x -> at(x, probes)).get(probe);
            slopes.put(probes.get(i), probes.get(i).measure(at, base.get(i), h));
          }
        } catch (RuntimeException e) {
          if (h <= sizes.first()) {
            throw e;
          }
          // So large a step may leave the domain.
        }
      }
    } finally {
      function.variables().get(variable).restore();
    }
    return probes.stream()
        .filter(probe -> probe.isOff(slopes.get(probe), settings, sizes))
        .collect(toCollection(LinkedHashSet::new));
  }

  /** Returns what the probes see at a point of the line. */
  private List<double[]> at(double t, List<PullbackProbe> probes) {
    List<GraphStep> moved = function.stepsAt(variable, line.at(t));
    if (!names(moved).equals(names(steps))) {
      throw new IllegalStateException("the function took other steps when its input moved");
    }
    return values(moved, probes);
  }

  private static List<double[]> values(List<GraphStep> steps, List<PullbackProbe> probes) {
    return probes.stream().map(probe -> probe.at(steps)).toList();
  }

  private static List<String> names(List<GraphStep> steps) {
    return steps.stream().map(step -> step.primitive().name()).toList();
  }

  private static String describe(GraphStep step) {
    List<Integer> indices = step.indices(true);
    return "'%s' with respect to its %s %s"
        .formatted(
            step.primitive().name(),
            indices.size() == 1 ? "input" : "inputs",
            Joiner.on(" and ").join(indices));
  }
}
