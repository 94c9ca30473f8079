package dev.adjoint.check;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Checks the gradients of a function against finite differences.
 *
 * <pre>{@code
 * GradientCheck.of(x -> x[0].matmul(x[1]).tanh()).at(a, b).named("a", "b").order(2).run().assertOk();
 * }</pre>
 *
 * <p>An output of several elements is reduced to one by random weights, so that one gradient shows
 * an error in any of them. What the function holds constant is held while inputs move: values
 * behind {@code stopGradient}, random draws, running statistics ({@link
 * dev.adjoint.autodiff.Held}). Besides the derivatives, a run checks that values and gradients are
 * the same bits when computed again and on 1 or 4 threads, that pullbacks are linear in the
 * cotangent, and that no input is changed. After a failure each operation is tried by itself, and
 * the report names those whose pullbacks are wrong.
 *
 * <p>The differences use four points, at steps of 2^-12 times the size of x (at least 1). Over ten
 * functions at six places each, the largest error was 1e-12 at this step (3e-10 at 2^-10, 5e-12 at
 * 2^-16), where the usual two points have 1e-6, and 6e-11 at their own best step. The default
 * tolerances, 1e-8 absolute and 1e-6 relative, leave a margin for what is computed in many steps.
 * Where the two derivatives do not agree, smaller steps are tried, down to 2^-21.
 *
 * <p>Instances are immutable: each setting returns a new one.
 */
public final class GradientCheck {

  private static final GradientCheckSettings DEFAULTS =
      new GradientCheckSettings(GradientCheckSettings.Mode.FULL, 0, 1, 1e-8, 1e-6, 2026, false);

  private final TensorFunction function;
  private final List<Tensor> inputs;
  private final List<String> names;
  private final List<Named> parameters;
  private final GradientCheckSettings settings;

  private record Named(String name, Parameter parameter) {}

  private GradientCheck(
      TensorFunction function,
      List<Tensor> inputs,
      List<String> names,
      List<Named> parameters,
      GradientCheckSettings settings) {
    this.function = function;
    this.inputs = inputs;
    this.names = names;
    this.parameters = parameters;
    this.settings = settings;
  }

  /** Returns a check of a function; {@link #at} or {@link #wrt} say where. */
  public static GradientCheck of(TensorFunction function) {
    return new GradientCheck(function, List.of(), List.of(), List.of(), DEFAULTS);
  }

  /** Checks at these inputs, in the layout that they have; their values are read now. */
  public GradientCheck at(Tensor... x) {
    return new GradientCheck(function, List.of(x), names, parameters, settings);
  }

  /** Names the inputs in reports. */
  public GradientCheck named(String... name) {
    return new GradientCheck(function, inputs, List.of(name), parameters, settings);
  }

  /**
   * Checks the gradients of parameters, too. They are assigned while the check runs, and put back;
   * tensors read from them before can then no longer be read.
   */
  public GradientCheck wrt(Parameter... parameter) {
    return wrt(List.of(parameter));
  }

  /** Checks the gradients of parameters, too. */
  public GradientCheck wrt(List<Parameter> parameter) {
    return wrt(parameter.stream().map(p -> new Named(p.name(), p)));
  }

  /** Checks the gradients of parameters, too, under names such as their paths in a model. */
  public GradientCheck wrt(Map<String, Parameter> named) {
    return wrt(named.entrySet().stream().map(e -> new Named(e.getKey(), e.getValue())));
  }

  private GradientCheck wrt(Stream<Named> moved) {
    return new GradientCheck(function, inputs, names, moved.toList(), settings);
  }

  /** Checks gradients (1: the default), or also gradients of gradients (2). */
  public GradientCheck order(int order) {
    if (order != 1 && order != 2) {
      throw new IllegalArgumentException("order: %d; expected 1 or 2".formatted(order));
    }
    return with(settings.withOrder(order));
  }

  /** Moves every element, one at a time: the default, at 4 evaluations an element. */
  public GradientCheck full() {
    return with(settings.withMode(GradientCheckSettings.Mode.FULL, 0));
  }

  /**
   * Moves all elements of an input at once along random directions: 4 evaluations a direction,
   * whatever the size. An input that fails is checked again element by element, to find where.
   */
  public GradientCheck directional(int directions) {
    return with(settings.withMode(GradientCheckSettings.Mode.DIRECTIONAL, directions));
  }

  /** Moves some elements of each input, chosen at random, one at a time. */
  public GradientCheck sampled(int elements) {
    return with(settings.withMode(GradientCheckSettings.Mode.SAMPLED, elements));
  }

  /** Passes a derivative whose error is within either of these. */
  public GradientCheck tolerance(double absolute, double relative) {
    if (!(absolute >= 0 && relative >= 0)) {
      throw new IllegalArgumentException(
          "tolerance: %s absolute, %s relative; expected at least 0".formatted(absolute, relative));
    }
    return with(settings.withTolerance(absolute, relative));
  }

  /** Chooses the random weights, directions and samples; the default is always the same. */
  public GradientCheck seed(long seed) {
    return with(settings.withSeed(seed));
  }

  /**
   * Checks in float32, which can show gross errors only: with steps of 2^-7, where the differences
   * were measured to be within 1e-5, and tolerances of 1e-3 unless others are set after this.
   */
  public GradientCheck inFloat32() {
    return with(settings.inFloat32(1e-3, 1e-3));
  }

  /**
   * Runs the check.
   *
   * @throws IllegalArgumentException if an input or a parameter is float32, without {@link
   *     #inFloat32()}, or a parameter is frozen
   */
  public GradientReport run() {
    return new GradientCheckRun(function, slots(), settings).report();
  }

  private GradientCheck with(GradientCheckSettings changed) {
    return new GradientCheck(function, inputs, names, parameters, changed);
  }

  private List<Subject.Slot> slots() {
    if (!names.isEmpty() && names.size() != inputs.size()) {
      throw new IllegalArgumentException(
          "named: %d names %s for %d inputs; expected one for each"
              .formatted(names.size(), names, inputs.size()));
    }
    List<Subject.Slot> slots = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      String name = names.isEmpty() ? "input " + i : names.get(i);
      slots.add(new Subject.Slot(name, inputs.get(i).untracked(), null));
    }
    for (Named named : parameters) {
      Parameter parameter = named.parameter();
      if (parameter.isFrozen()) {
        throw new IllegalArgumentException(
            "gradient check: parameter '%s' is frozen and has no gradient; expected unfreeze() before"
                .formatted(named.name()));
      }
      Tensor base = parameter.value().untracked().copy();
      slots.add(new Subject.Slot(named.name(), base, parameter));
    }
    if (slots.isEmpty()) {
      throw new IllegalArgumentException(
          "gradient check: there is nothing to move; expected inputs by at(...) or parameters by wrt(...)");
    }
    for (Subject.Slot slot : slots) {
      settings.requireType(slot.name(), slot.base().dtype());
    }
    return slots;
  }
}
