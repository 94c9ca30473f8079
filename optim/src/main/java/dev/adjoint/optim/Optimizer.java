package dev.adjoint.optim;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Supplier;

/**
 * Improves parameters by their gradients.
 *
 * <pre>{@code
 * Optimizer optimizer =
 *     new Adam(model.namedParameters())
 *         .learningRate(3e-3)
 *         .schedule(Schedule.cosine(900).warmup(100));
 * for (...) {
 *   Tensor loss = ...;
 *   optimizer.step(Clipping.clipNorm(loss.backward(), 1));
 * }
 * }</pre>
 *
 * <p>Gradients of several batches are added before the step: {@code g.plus(h).times(0.5)} is that
 * of the mean of two losses.
 *
 * <p>Names and defaults of settings are PyTorch's. Settings may be changed at any time; the next
 * step uses them. The bits of a step do not depend on the number of threads. Optimizers are not
 * safe to share between threads. {@link FluentOptimizer} is the base of all.
 */
public interface Optimizer {

  /**
   * Updates every parameter by its gradient, in place. Frozen parameters, and those that took no
   * part in what was differentiated, are skipped: they do not decay and count no step.
   *
   * <p>Memory is allocated before the first update: if it runs out, nothing has changed.
   *
   * @throws IllegalArgumentException if the gradients are those of other parameters only, as of
   *     another model
   */
  void step(Gradients gradients);

  /**
   * Updates every parameter, as {@link #step(Gradients)}, by an optimizer that may also need
   * gradients at other values, as {@link SAM} does.
   *
   * @param gradients at the values that the parameters have
   * @param again computes gradients of the same loss at the values that the parameters have then
   */
  default void step(Gradients gradients, Supplier<Gradients> again) {
    step(gradients);
  }

  /**
   * Updates every parameter by the gradients of a loss.
   *
   * @param loss computes it, a scalar, from the values that the parameters have then
   * @return the loss before the step
   */
  default double step(Supplier<Tensor> loss) {
    Tensor value = loss.get();
    double before = value.item();
    step(value.backward(), () -> loss.get().backward());
    return before;
  }

  /**
   * Gives the parameters the values that predict best, where these are others than those that
   * learn, as in {@link ScheduleFreeAdamW}; until {@link #train} no step is taken, and nothing
   * saved or loaded. A trainer calls both.
   */
  default void eval() {}

  /** Gives the parameters the values back that they had before {@link #eval}. */
  default void train() {}

  /** Returns the parameters that this optimizer updates, in their order. */
  List<Parameter> parameters();

  /** Returns the learning rate that has been set. */
  double learningRate();

  /** Sets the learning rate, from the next step on. */
  Optimizer learningRate(double rate);

  /** Returns the learning rate of the next step: the one that has been set, as scheduled. */
  double currentLearningRate();

  /**
   * Returns the angle by which the next step turns a parameter, in radians, once it is in
   * equilibrium: a loss that is invariant to the scale of a parameter has gradients orthogonal to
   * it, which make it longer, and weight decay makes it shorter; the angle at which both balance
   * depends on the settings alone, not on the loss (Wan et al. 2020, arXiv:2006.08419; Kosson,
   * Messmer and Jaggi 2023, arXiv:2305.17212, table 1). With the learning rate r and the decay d,
   * where gradients of different steps are independent and {@code r d} is small beside 1 -
   * momentum, it is
   *
   * <ul>
   *   <li>{@code sqrt(2 r d)} for {@link SGD}, and {@code sqrt(2 r d / (1 + momentum))} with
   *       momentum;
   *   <li>{@code sqrt(2 r d (1 - beta1) / (1 + beta1))} for {@link AdamW};
   *   <li>{@code sqrt(pi r d ((1 - beta1)^2 + beta1^2 (1 - beta2) / (1 + beta2)))} for {@link
   *       Lion}, to some percent, since signs are not linear.
   * </ul>
   *
   * <p>Of {@link Adam}, whose decay is a penalty in the gradient, it depends on the gradients: it
   * is empty, as for every other optimizer that does not know it, and without a decay, where
   * weights grow and turn less and less.
   *
   * @throws IllegalArgumentException if the parameter is none of this optimizer's
   */
  default OptionalDouble equilibriumAngle(Parameter parameter) {
    return OptionalDouble.empty();
  }

  /**
   * Returns a copy of what is remembered from step to step: the number of steps as {@code step},
   * and by the path of each parameter its own number, as in {@code hidden.weight.step}, and tensors
   * under PyTorch's names, as in {@code hidden.weight.exp_avg}. Settings are not part of it.
   *
   * @throws IllegalStateException if two parameters have the same path
   */
  Map<String, Tensor> state();

  /**
   * Continues from where an optimizer with the same settings has been: its next step has the same
   * bits.
   *
   * @param state what {@link #state} has returned
   * @throws IllegalArgumentException naming what is missing, unknown or of another shape; then
   *     nothing has changed
   */
  void load(Map<String, Tensor> state);
}
