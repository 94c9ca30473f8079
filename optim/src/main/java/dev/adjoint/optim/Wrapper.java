package dev.adjoint.optim;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * An optimizer around another, whose parameters, rates, groups, schedule and memory are its own: it
 * changes the steps that the other takes. {@code update(ParameterState, Object)} says how: what it
 * returns runs after all memory is allocated, and calls that of the other. {@link #update(Update)}
 * is a formula for what it does besides, if that is elementwise.
 */
abstract class Wrapper<O extends Wrapper<O>> extends FluentOptimizer<O> {

  final FluentOptimizer<?> inner;

  Wrapper(FluentOptimizer<?> inner) {
    super(inner.states(), 0, 0); // the root has the rates
    this.inner = inner;
  }

  @Override
  final FluentOptimizer<?> root() {
    return inner.root();
  }

  /** Returns the class, and what it is around. */
  @Override
  public String toString() {
    return name() + " around " + inner;
  }

  @Override
  final void begin(int taken, double outer) {
    inner.begin(taken, outer);
  }

  @Override
  Gradients lookedAt(Gradients here, Supplier<Gradients> again) {
    return inner.lookedAt(here, again);
  }

  @Override
  final void end() {
    inner.end();
  }

  @Override
  final Map<Parameter, Tensor> evaluated() {
    return inner.evaluated();
  }

  @Override
  Consumer<Object> update(ParameterState state, Object gradient) {
    return inner.update(state, gradient);
  }

  @Override
  protected Tensor update(Update u) {
    return u.value();
  }

  @Override
  Map<String, Shape> slots(ParameterState state) {
    return ImmutableMap.<String, Shape>builder()
        .putAll(inner.slots(state))
        .putAll(super.slots(state))
        .buildKeepingLast();
  }
}
