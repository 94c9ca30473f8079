package dev.adjoint.optim;

import dev.adjoint.op.ElementwiseUpdate;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/**
 * The update of a parameter, as {@link FluentOptimizer#update} writes it: the tensors and numbers
 * of the formula. The tensors stand for those of every parameter: nothing can be read out of them.
 */
public final class Update {

  /** The value, what is remembered, the gradient, and the numbers. */
  private final List<Tensor> x;

  /** How many of them are arrays; the others are numbers. */
  private final int arrays;

  /** The first value of what is remembered, by name. */
  private final Map<String, Double> initial = new LinkedHashMap<>();

  private final Map<String, Tensor> before = new LinkedHashMap<>();
  private final Map<String, Tensor> after = new LinkedHashMap<>();
  private final List<ToDoubleFunction<Step>> numbers = new ArrayList<>();

  private Update(List<Tensor> x, int arrays) {
    this.x = x;
    this.arrays = arrays;
  }

  /** Returns the parameter's value before the step. */
  public Tensor value() {
    return x.getFirst();
  }

  /** Returns the value after decoupled weight decay: {@code value * (1 - rate * decay)}. */
  public Tensor decayedValue() {
    return value().times(number(step -> 1 - step.rate * step.decay));
  }

  /** Returns the gradient of the loss. */
  public Tensor gradient() {
    return x.get(arrays - 1);
  }

  /** Returns the gradient of the loss with an L2 penalty: {@code gradient + decay * value}. */
  public Tensor penalizedGradient() {
    return gradient().plus(number(Step::decay).times(value()));
  }

  /** Returns the learning rate of the parameter's group, as scheduled. */
  public Tensor rate() {
    return number(Step::rate);
  }

  /**
   * Updates a tensor of the parameter's shape that is remembered from step to step, zeros at first.
   *
   * @param name its name in {@link Optimizer#state}
   * @param update computes what it becomes from what it was
   * @return what it has become
   */
  public Tensor remember(String name, UnaryOperator<Tensor> update) {
    return remember(name, 0, update);
  }

  /** As {@link #remember(String, UnaryOperator)}; all elements are {@code first} at first. */
  public Tensor remember(String name, double first, UnaryOperator<Tensor> update) {
    Tensor next = update.apply(remembered(name));
    initial.put(name, first);
    if (after.put(name, next) != null) {
      throw new IllegalStateException(
          "update: '%s' is remembered twice; expected each name once".formatted(name));
    }
    return next;
  }

  /** As {@link #remember(String, UnaryOperator)}; it is the parameter's value at first. */
  public Tensor rememberValue(String name, UnaryOperator<Tensor> update) {
    return remember(name, ParameterState.VALUE, update);
  }

  /** Returns what was remembered by a name before the step. */
  public Tensor remembered(String name) {
    initial.putIfAbsent(name, 0.0);
    return before.computeIfAbsent(name, n -> x.get(1 + before.size()));
  }

  /**
   * Returns a number that may differ from step to step, and from parameter to parameter.
   *
   * @param ofStep computes it, in every step
   */
  public Tensor number(ToDoubleFunction<Step> ofStep) {
    numbers.add(ofStep);
    return x.get(arrays + numbers.size() - 1);
  }

  /** A step of one parameter: what the numbers of its update depend on. */
  public static final class Step {
    private final ParameterState state;
    private final double rate;
    private final double decay;

    private Step(ParameterState state, double rate, double decay) {
      this.state = state;
      this.rate = rate;
      this.decay = decay;
    }

    /** Returns the number of the step, among those of this parameter: 1 for the first. */
    public int number() {
      return state.nextStep();
    }

    /** Returns the parameter's shape. */
    public Shape shape() {
      return state.parameter().shape();
    }

    /** Returns the learning rate, as scheduled, of the parameter's group. */
    public double rate() {
      return rate;
    }

    /** Returns the weight decay of the parameter's group. */
    public double decay() {
      return decay;
    }

    /** Returns whether something was remembered by this name before this step. */
    public boolean remembers(String name) {
      return state.get(name) != null;
    }
  }

  /**
   * A formula that has been traced.
   *
   * @param loop runs over the value, what is remembered, and the gradient
   * @param initial the first value of what is remembered, by name, in the order of the loop
   * @param numbers of which the loop takes the values in a step
   */
  record Rule(
      ElementwiseUpdate loop, Map<String, Double> initial, List<ToDoubleFunction<Step>> numbers) {

    static Rule of(String name, Function<Update, Tensor> formula) {
      // A first look tells how many tensors and numbers there are.
      Update look = new Update(Collections.nCopies(Integer.MAX_VALUE, Tensor.scalar(1)), 1);
      Objects.requireNonNull(
          formula.apply(look), name + ": update returned null; expected the new value");
      int arrays = look.initial.size() + 2;
      return new Rule(
          new ElementwiseUpdate(
              name, arrays, x -> results(formula, List.of(x), arrays), look.numbers.size()),
          look.initial,
          look.numbers);
    }

    private static Tensor[] results(Function<Update, Tensor> formula, List<Tensor> x, int arrays) {
      Update update = new Update(x, arrays);
      List<Tensor> made = new ArrayList<>();
      made.add(formula.apply(update));
      update.before.forEach((name, was) -> made.add(update.after.getOrDefault(name, was)));
      return made.toArray(new Tensor[0]);
    }

    /** Returns what updates the elements of a parameter, having allocated all that this needs. */
    Consumer<Object> prepare(ParameterState state, Object gradient, double rate, double decay) {
      Step step = new Step(state, rate, decay);
      double[] values = new double[numbers.size()];
      Arrays.setAll(values, i -> numbers.get(i).applyAsDouble(step));
      Map<String, Tensor> slots = new LinkedHashMap<>();
      initial.forEach((name, first) -> slots.put(name, state.slot(name, first)));
      Object[] arrays = new Object[slots.size() + 2];
      int next = 1;
      for (Tensor slot : slots.values()) {
        arrays[next++] = slot.storage().array();
      }
      arrays[next] = gradient;
      DType dtype = state.parameter().dtype();
      loop.prepare(dtype);
      return value -> {
        slots.forEach(state::put);
        arrays[0] = value;
        loop.run(dtype, arrays, values, state.size());
      };
    }
  }
}
