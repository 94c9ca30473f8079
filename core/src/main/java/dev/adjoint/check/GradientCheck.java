package dev.adjoint.check;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.CheckedFunction.Variable;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

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
 * dev.adjoint.autodiff.Replay}). Besides the derivatives, a run checks that values and gradients
 * are the same bits when computed again and on 1 or 4 threads, that pullbacks are linear in the
 * cotangent, and that no input is changed. After a failure each operation is tried by itself, and
 * the report names those whose pullbacks are wrong.
 *
 * <p>Differences use four points. The first step is 2^-12 of the input's size, where over ten
 * functions at six places each the largest error was 1e-12 (3e-10 at 2^-10, 5e-12 at 2^-16); the
 * usual two points have 1e-6 there, and 6e-11 at their own best step. Where the two derivatives do
 * not agree, or rounding may hide that they do not, steps from the whole size of the input down to
 * 2^-36 of it are tried, and the one with the least uncertainty decides. How well a derivative
 * could be checked is part of the report; where that is worse than {@link #resolution}, the outcome
 * is {@link Outcome#UNDECIDED}, with which a check does not pass.
 *
 * <p>Instances are immutable: each setting returns a new one.
 */
public final class GradientCheck {

  enum Mode {
    FULL,
    DIRECTIONAL,
    SAMPLED
  }

  private final TensorFunction function;
  private List<Tensor> inputs = List.of();
  private List<String> names = List.of();
  private Map<String, List<String>> elements = Map.of();
  private List<Map.Entry<String, Parameter>> parameters = List.of();
  private double step;
  private boolean float32;
  Mode mode = Mode.FULL;
  int count;
  int order = 1;
  ToleranceRule tolerance = new ToleranceRule(0, 1e-6, 0.01);
  long seed = 2026;
  @Nullable Duration budget;
  LongSupplier clock = System::nanoTime;

  private GradientCheck(TensorFunction function) {
    this.function = function;
  }

  /** Returns a check of a function, at a point given by {@link #at} and {@link #wrt}. */
  public static GradientCheck of(TensorFunction function) {
    return new GradientCheck(function);
  }

  /**
   * Returns a check of a gradient that was written by hand, in plain Java:
   *
   * <pre>{@code
   * GradientCheck.of(x -> x[0] * x[0] * x[1], x -> new double[] {2 * x[0] * x[1], x[0] * x[0]})
   *     .at(1.5, -2)
   *     .run()
   *     .assertOk();
   * }</pre>
   *
   * <p>A failure names the element with both values, and says what all wrong ones have in common,
   * if it is a factor, a sign, another element's slope or a missing penalty. A gradient that
   * depends on anything but the point is found, too. Second derivatives are those of the gradient:
   * {@code ofJacobian(gradient, hessian)} checks them.
   *
   * @param value of the function at x, which it leaves as it is
   * @param gradient returns a new array or always the same, of x's length
   */
  public static GradientCheck of(
      ToDoubleFunction<double[]> value, UnaryOperator<double[]> gradient) {
    return new GradientCheck(
        new ArrayFunction(
            x -> DoubleStream.of(value.applyAsDouble(x)).toArray(),
            (x, g) -> Arrays.stream(gradient.apply(x)).map(part -> g[0] * part).toArray(),
            null));
  }

  /**
   * Returns a check of a function of several outputs whose product of vector and jacobian was
   * written by hand.
   *
   * @param vjp of x and of one weight for each output: the gradient of the weighed sum of the
   *     outputs
   */
  public static GradientCheck of(UnaryOperator<double[]> f, BinaryOperator<double[]> vjp) {
    return new GradientCheck(new ArrayFunction(f, vjp, null));
  }

  /**
   * Returns a check of a function of several outputs whose jacobian was written by hand, a row for
   * each output. A failure names outputs and elements, or says that the jacobian is transposed.
   */
  public static GradientCheck ofJacobian(
      UnaryOperator<double[]> f, Function<double[], double[][]> jacobian) {
    return new GradientCheck(ArrayFunction.of(f, jacobian));
  }

  /** Checks at one input, which is a vector of these elements in float64. */
  public GradientCheck at(double... x) {
    return at(Tensor.of(x));
  }

  /** Checks at these inputs, in the layout that they have; their values are read now. */
  public GradientCheck at(Tensor... x) {
    return with(check -> check.inputs = List.of(x));
  }

  /** Names the inputs in reports; the default is {@code input 0} and so on, or {@code x}. */
  public GradientCheck named(String... name) {
    return with(check -> check.names = List.of(name));
  }

  /**
   * Names the elements of an input or parameter in reports, in row-major order: {@code
   * elements("theta", "mass", "length")}.
   *
   * @param input its name in reports
   */
  public GradientCheck elements(String input, String... name) {
    Map<String, List<String>> more = new LinkedHashMap<>(elements);
    more.put(input, List.of(name));
    return with(check -> check.elements = more);
  }

  /**
   * Also checks the gradients of parameters. They are assigned while the check runs, and restored;
   * tensors read from them before can then no longer be read.
   */
  public GradientCheck wrt(Parameter... parameter) {
    return wrt(List.of(parameter));
  }

  /** Also checks the gradients of parameters. */
  public GradientCheck wrt(List<Parameter> parameter) {
    List<Map.Entry<String, Parameter>> named =
        parameter.stream().map(p -> Map.entry(p.name(), p)).toList();
    return with(check -> check.parameters = named);
  }

  /** Also checks the gradients of parameters, under names such as their paths in a model. */
  public GradientCheck wrt(Map<String, Parameter> named) {
    List<Map.Entry<String, Parameter>> all = List.copyOf(new LinkedHashMap<>(named).entrySet());
    return with(check -> check.parameters = all);
  }

  /** Checks gradients (1), or also gradients of gradients (2); defaults to 1. */
  public GradientCheck order(int order) {
    if (order != 1 && order != 2) {
      throw new IllegalArgumentException("order: %d; expected 1 or 2".formatted(order));
    }
    if (order == 2 && isOfArrays()) {
      throw new IllegalArgumentException(
          "order: 2 for a gradient in plain Java, which has none of its own; expected"
              + " ofJacobian(gradient, hessian) for second derivatives");
    }
    return with(check -> check.order = order);
  }

  /**
   * Moves every element, one at a time, with 4 evaluations for each, and about 50 where these do
   * not suffice; this is the default. After a second it is known how long that will take: ten
   * seconds or more are logged at once, and stand in the report. See {@link #within} and {@link
   * #directional}.
   */
  public GradientCheck full() {
    return with(check -> check.mode = Mode.FULL);
  }

  /**
   * Moves all elements of an input at once along random directions: 4 evaluations for each
   * direction, whatever the size; 2 directions are enough for most. An error in any element is seen
   * if it is larger than the tolerance times the length of the input's whole gradient: what this
   * misses is an error in an element whose derivative is nothing beside the others. An input that
   * fails is checked again element by element, to find where; one of more than 1,000 elements by
   * halves, until the first wrong ones are found.
   */
  public GradientCheck directional(int directions) {
    return some(Mode.DIRECTIONAL, directions);
  }

  /** Moves some elements of each input, chosen at random, one at a time. */
  public GradientCheck sampled(int elements) {
    return some(Mode.SAMPLED, elements);
  }

  private GradientCheck some(Mode mode, int count) {
    checkArgument(
        count >= 1, "gradient check: %s directions or samples; expected at least 1", count);
    return with(check -> {
      check.mode = mode;
      check.count = count;
    });
  }

  /**
   * Sets the tolerance, which defaults to 0 and 1e-6. A derivative passes if its error is within
   * either, or no larger than the uncertainty of the differences. A function whose derivatives are
   * 0 only up to rounding may need an absolute tolerance: it is of the size of its derivatives,
   * which only its user knows.
   */
  public GradientCheck tolerance(double absolute, double relative) {
    if (!(absolute >= 0 && relative >= 0)) {
      throw new IllegalArgumentException(
          "tolerance: %s absolute, %s relative; expected at least 0".formatted(absolute, relative));
    }
    return with(
        check -> check.tolerance = new ToleranceRule(absolute, relative, tolerance.resolution()));
  }

  /**
   * Sets the largest uncertainty with which a derivative passes, relative to the derivative;
   * defaults to 0.01. A large output that moves little, such as a loss with a large constant in it,
   * hides errors behind its rounding; those larger than this are found.
   */
  public GradientCheck resolution(double relative) {
    checkArgument(relative > 0, "resolution: %s; expected more than 0", relative);
    return with(check ->
        check.tolerance = new ToleranceRule(tolerance.absolute(), tolerance.relative(), relative));
  }

  /**
   * Sets the first step size, for a function that changes much over less than the default, or
   * little over much more; defaults to 2^-12 of the input's size, which is the element's or, if
   * that is larger, the largest element's up to 1.
   *
   * @param first rounded down to a power of two, so that moving an element is exact
   */
  public GradientCheck step(double first) {
    checkArgument(
        first > 0 && first < Double.POSITIVE_INFINITY, "step: %s; expected more than 0", first);
    return with(check -> check.step = Direction.power(first));
  }

  /**
   * Refuses a check that would take longer than this, as soon as that is known: after the first
   * second. Without this, any time will do. What is measured depends on the machine, so leave room.
   */
  public GradientCheck within(Duration budget) {
    checkArgument(budget.isPositive(), "within: %s; expected more than 0", budget);
    return with(check -> check.budget = budget);
  }

  GradientCheck clock(LongSupplier nanoseconds) {
    return with(check -> check.clock = nanoseconds);
  }

  /** Sets the seed of the random weights, directions and samples; defaults to 2026. */
  public GradientCheck seed(long seed) {
    return with(check -> check.seed = seed);
  }

  /**
   * Checks in float32, which can show gross errors only: with steps from 2^-7, a tolerance of 1e-3
   * and a resolution of 0.1, unless others are set after this.
   */
  public GradientCheck inFloat32() {
    return with(check -> {
      check.float32 = true;
      check.tolerance = new ToleranceRule(tolerance.absolute(), 1e-3, 0.1);
    });
  }

  /**
   * Runs the check.
   *
   * @throws IllegalArgumentException if an input or a parameter is float32, without {@link
   *     #inFloat32()}, or a parameter is frozen
   * @throws IllegalStateException if it would take longer than {@link #within} allows
   */
  public GradientReport run() {
    List<Variable> variables = variables();
    variables.forEach(v -> requireType(v.name(), v.base().dtype()));
    return GradientCheckRun.report(this, function, variables);
  }

  private GradientCheck with(Consumer<GradientCheck> change) {
    GradientCheck copy = new GradientCheck(function);
    copy.inputs = inputs;
    copy.names = names;
    copy.elements = elements;
    copy.parameters = parameters;
    copy.mode = mode;
    copy.count = count;
    copy.order = order;
    copy.tolerance = tolerance;
    copy.step = step;
    copy.seed = seed;
    copy.float32 = float32;
    copy.budget = budget;
    copy.clock = clock;
    change.accept(copy);
    return copy;
  }

  private List<Variable> variables() {
    if (!names.isEmpty() && names.size() != inputs.size()) {
      throw new IllegalArgumentException(
          "named: %d names %s for %d inputs; expected one for each"
              .formatted(names.size(), names, inputs.size()));
    }
    List<Variable> variables = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      String name = names.isEmpty() ? isOfArrays() ? "x" : "input " + i : names.get(i);
      variables.add(variable(name, inputs.get(i).untracked(), null));
    }
    for (Map.Entry<String, Parameter> named : parameters) {
      Parameter parameter = named.getValue();
      checkArgument(
          !parameter.isFrozen(),
          "gradient check: parameter '%s' is frozen and has no gradient; expected unfreeze() before",
          named.getKey());
      variables.add(variable(named.getKey(), parameter.value().untracked().copy(), parameter));
    }
    checkArgument(
        !variables.isEmpty(),
        "gradient check: there is nothing to move; expected inputs by at(...) or parameters by"
            + " wrt(...)");
    List<String> known = variables.stream().map(Variable::name).toList();
    elements.forEach((name, those) -> {
      int at = known.indexOf(name);
      if (at < 0 || variables.get(at).base().size() != those.size()) {
        throw new IllegalArgumentException(
            "elements: %d names for '%s'; expected one of the inputs %s, and a name for each of its elements"
                .formatted(those.size(), name, known));
      }
    });
    return variables;
  }

  private Variable variable(String name, Tensor base, @Nullable Parameter parameter) {
    return new Variable(name, elements.getOrDefault(name, List.of()), base, parameter);
  }

  void requireType(String what, DType dtype) {
    if (dtype == DType.FLOAT32 && !float32) {
      throw new IllegalArgumentException(
          ("gradient check: %s is float32, in which differences cannot tell a small error from"
                  + " rounding; expected float64, as by to(DType.FLOAT64), or inFloat32() for a coarse"
                  + " check")
              .formatted(what));
    }
  }

  /** Tells whether the function is one of arrays, with derivatives written by hand. */
  boolean isOfArrays() {
    return function instanceof ArrayFunction;
  }

  double epsilon() {
    return (float32 ? DType.FLOAT32 : DType.FLOAT64).epsilon();
  }

  /**
   * Returns the steps to try along a line.
   *
   * @param largest the size of the largest element of the input
   */
  StepSizes steps(Direction line, double largest) {
    return StepSizes.of(line.size(), largest, epsilon(), step);
  }

  String extent() {
    return switch (mode) {
      case FULL -> "every element";
      case DIRECTIONAL -> count + (count == 1 ? " direction" : " directions") + " an input";
      case SAMPLED -> "at most " + count + " elements an input";
    };
  }

  String settings() {
    return extent()
        + String.format(Locale.ROOT, ", tolerance %.0e relative", tolerance.relative())
        + (tolerance.absolute() > 0
            ? String.format(Locale.ROOT, " or %.0e absolute", tolerance.absolute())
            : "")
        + String.format(Locale.ROOT, ", resolution %.0e", tolerance.resolution())
        + (float32 ? ", float32" : "");
  }

  /** Returns the numbers of inputs and parameters, and the settings. */
  @Override
  public String toString() {
    return "GradientCheck of %s inputs and %s parameters, order %s, %s"
        .formatted(inputs.size(), parameters.size(), order, settings());
  }
}
