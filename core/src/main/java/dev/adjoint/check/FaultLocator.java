package dev.adjoint.check;

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
import java.util.stream.Collectors;
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
  private final int slot;
  private final GradientCheckSettings settings;
  private final Generator random;
  private final Direction line;
  private final Tensor source;
  private final List<GraphStep> steps;

  private FaultLocator(
      CheckedFunction function, int slot, GradientCheckSettings settings, Generator random) {
    this.function = function;
    this.slot = slot;
    this.settings = settings;
    this.random = random;
    this.line = Direction.draw(function.variables().get(slot).base().toDoubleArray(), random);
    CheckedFunction.Recorded recorded = function.record();
    this.source = recorded.sources().get(slot);
    this.steps = GraphStep.between(source, recorded.y());
  }

  /**
   * Names what is to blame for failures, as far as that can be found.
   *
   * @param gradient the subject of order 2
   * @param reports one a slot and order
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
      for (int slot : first) {
        suspects.addAll(new FaultLocator(function, slot, settings, random).inGradient());
      }
      for (int slot : suspects.isEmpty() ? second : List.<Integer>of()) {
        suspects.addAll(new FaultLocator(gradient, slot, settings, random).inGradient());
      }
      for (int slot : suspects.isEmpty() ? second : List.<Integer>of()) {
        suspects.addAll(
            new FaultLocator(function, slot, settings, random).inDerivativesOfPullbacks());
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
    measure(Stream.concat(constants.stream(), pullbacks.stream()).toList());
    List<PullbackProbe> moving = off(constants);
    // A constant that moves sets the output apart from what the pullback says.
    Set<Integer> excused = moving.stream().map(PullbackProbe::step).collect(Collectors.toSet());
    Stream<PullbackProbe> wrong =
        off(pullbacks).stream().filter(probe -> !excused.contains(probe.step()));
    // In a gradient, what hides a constant is a pullback: its own derivative will tell which.
    return Stream.concat(function.order() == 1 ? moving.stream() : Stream.of(), wrong)
        .map(PullbackProbe::sentence)
        .toList();
  }

  private List<String> inDerivativesOfPullbacks() {
    List<PullbackProbe> derivatives =
        IntStream.range(0, steps.size()).mapToObj(this::derivative).toList();
    measure(derivatives);
    return off(derivatives).stream().map(PullbackProbe::sentence).toList();
  }

  /** Expects an input that does not depend on the source to stay where it is. */
  private PullbackProbe constant(int i, int input) {
    boolean known = steps.get(i).x()[input].isFinite().all().item() == 1;
    return new PullbackProbe(
        steps,
        i,
        "input %d of '%s' moves with %s, but was computed in noGrad or from numbers read out of a tensor"
            .formatted(
                input, steps.get(i).primitive().name(), function.variables().get(slot).name()),
        step -> known ? List.of(step.x()[input]) : List.of(),
        known ? List.of(weights(steps.get(i).x()[input])) : List.of(),
        0);
  }

  /** Expects the output to move as the pullback says. */
  private PullbackProbe pullback(int i) {
    GraphStep step = steps.get(i);
    String sentence = "the pullback of " + describe(step);
    if (!step.inputs(true).stream().allMatch(x -> x.isFinite().all().item() == 1)) {
      return new PullbackProbe(steps, i, sentence, s -> List.of(), List.of(), 0);
    }
    Tensor g = weights(step.y());
    List<Tensor> weights = new ArrayList<>(List.of(g));
    Autodiff.noGrad(() -> step.pullback(g).forEach(part -> weights.add(part.neg())));
    return new PullbackProbe(
        steps,
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
      slope += slope(cotangents.get(k), weights.get(k));
    }
    String sentence = "the derivative of the pullback of " + describe(step);
    return new PullbackProbe(steps, i, sentence, s -> s.pullback(g), weights, slope);
  }

  /** Returns the derivative of {@code sum(y * weights)} along the line, by backward. */
  private double slope(Tensor y, Tensor weights) {
    Tensor gradient = Backward.wrt(source).seed(weights).gradients(y).getFirst();
    return line.derivative(gradient.toDoubleArray());
  }

  private Tensor weights(Tensor like) {
    return RandomCotangent.like(like, random);
  }

  private StepSizes steps() {
    return settings.steps(line.size(), line.size());
  }

  private void measure(List<PullbackProbe> probes) {
    try {
      StepSizes sizes = steps();
      for (double h : sizes.all()) {
        try {
          measure(probes, h);
        } catch (RuntimeException e) {
          if (h <= sizes.first()) {
            throw e;
          }
          // So large a step may leave the domain.
        }
      }
    } finally {
      function.variables().get(slot).restore();
    }
  }

  private void measure(List<PullbackProbe> probes, double h) {
    Map<Double, List<double[]>> points = new HashMap<>();
    for (int i = 0; i < probes.size(); i++) {
      int probe = i;
      probes.get(i).measure(t -> points.computeIfAbsent(t, x -> at(x, probes)).get(probe), h);
    }
  }

  private List<double[]> at(double t, List<PullbackProbe> probes) {
    CheckedFunction.Recorded recorded = function.recordAt(slot, line.at(t));
    List<GraphStep> moved = GraphStep.between(recorded.sources().get(slot), recorded.y());
    if (!names(moved).equals(names(steps))) {
      throw new IllegalStateException("the function took other steps when its input moved");
    }
    return probes.stream().map(probe -> probe.at(moved)).toList();
  }

  private static List<String> names(List<GraphStep> steps) {
    return steps.stream().map(step -> step.primitive().name()).toList();
  }

  private List<PullbackProbe> off(List<PullbackProbe> probes) {
    return probes.stream().filter(probe -> probe.isOff(settings, steps())).toList();
  }

  private static String describe(GraphStep step) {
    List<Integer> indices = step.indices(true);
    return "'%s' with respect to its %s %s"
        .formatted(
            step.primitive().name(),
            indices.size() == 1 ? "input" : "inputs",
            indices.stream().map(String::valueOf).collect(Collectors.joining(" and ")));
  }
}
