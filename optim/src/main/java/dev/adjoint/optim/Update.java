package dev.adjoint.optim;

import dev.adjoint.op.ElementwiseUpdate;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/**
 * The update of a parameter, as {@link Optimizer#update} writes it: the tensors and numbers of the
 * formula. The tensors stand for those of every parameter: nothing can be read out of them.
 */
public final class Update {

  private final Tensor value;
  private final Tensor gradient;
  private final Supplier<Tensor> old;
  private final Function<ToDoubleFunction<Step>, Tensor> numbers;
  private final Map<String, Tensor> before = new LinkedHashMap<>();
  private final Map<String, Tensor> after = new LinkedHashMap<>();
  private final Map<String, Double> initial = new LinkedHashMap<>();

  private Update(
      Tensor value,
      Tensor gradient,
      Supplier<Tensor> old,
      Function<ToDoubleFunction<Step>, Tensor> numbers) {
    this.value = value;
    this.gradient = gradient;
    this.old = old;
    this.numbers = numbers;
  }

  /** Returns the parameter's value before the step. */
  public Tensor value() {
    return value;
  }

  /** Returns the gradient of the loss. */
  public Tensor gradient() {
    return gradient;
  }

  /**
   * Updates a tensor of the parameter's shape that is remembered from step to step, zeros at first.
   *
   * @param name its name in {@link Optimizer#state}
   * @param update what it becomes of what it was
   * @return what it has become
   */
  public Tensor remember(String name, UnaryOperator<Tensor> update) {
    return remember(name, 0, update);
  }

  /** As {@link #remember(String, UnaryOperator)}; all elements are {@code first} at first. */
  public Tensor remember(String name, double first, UnaryOperator<Tensor> update) {
    initial.put(name, first);
    Tensor next = update.apply(remembered(name));
    if (after.put(name, next) != null) {
      throw new IllegalStateException(
          "update: '%s' is remembered twice; expected each name once".formatted(name));
    }
    return next;
  }

  /** Returns what was remembered by a name before the step. */
  public Tensor remembered(String name) {
    return before.computeIfAbsent(name, n -> old.get());
  }

  /**
   * Returns a number that may differ from step to step, and from parameter to parameter, such as
   * the learning rate.
   *
   * @param ofStep is asked in every step
   */
  public Tensor number(ToDoubleFunction<Step> ofStep) {
    return numbers.apply(ofStep);
  }

  /** A formula that has been looked at: what it remembers, its numbers, and how it is run. */
  record Rule(
      Map<String, Double> initial, List<ToDoubleFunction<Step>> numbers, ElementwiseUpdate update) {

    /** Looks at the formula of an optimizer. */
    static Rule of(String name, Function<Update, Tensor> formula) {
      Tensor sample = Tensors.ones(Shape.of(), DType.FLOAT32);
      List<ToDoubleFunction<Step>> numbers = new ArrayList<>();
      Update first =
          new Update(
              sample,
              sample,
              () -> sample,
              number -> {
                numbers.add(number);
                return sample;
              });
      Objects.requireNonNull(
          formula.apply(first), name + ": update returned null; expected the new value");
      int arrays = first.before.size() + 2;
      Map<String, Double> initial = new LinkedHashMap<>();
      first
          .before
          .keySet()
          .forEach(slot -> initial.put(slot, first.initial.getOrDefault(slot, 0.0)));
      return new Rule(
          initial,
          numbers,
          new ElementwiseUpdate(name, arrays, x -> traced(formula, arrays, x), numbers.size()));
    }

    /** Applies a formula to the value, what is remembered, the gradient and the numbers. */
    private static Tensor[] traced(Function<Update, Tensor> formula, int arrays, Tensor[] x) {
      int[] next = {1, arrays};
      Update update = new Update(x[0], x[arrays - 1], () -> x[next[0]++], number -> x[next[1]++]);
      List<Tensor> made = new ArrayList<>();
      made.add(formula.apply(update));
      update.before.forEach((slot, was) -> made.add(update.after.getOrDefault(slot, was)));
      return made.toArray(new Tensor[0]);
    }
  }
}
