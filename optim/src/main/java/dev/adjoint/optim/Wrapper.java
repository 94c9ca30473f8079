package dev.adjoint.optim;

import com.google.common.collect.ImmutableSet;
import dev.adjoint.tensor.Tensor;
import java.util.Collection;
import java.util.function.Consumer;

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

  @Override
  final void begin(int taken, double outer) {
    inner.begin(taken, outer);
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
  Collection<String> slots(ParameterState state) {
    return ImmutableSet.<String>builder()
        .addAll(inner.slots(state))
        .addAll(super.slots(state))
        .build();
  }
}
