package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Moves matrices along their momentum made orthogonal (Jordan et al. 2024, "Muon: an optimizer for
 * hidden layers in neural networks"), and everything else by {@link AdamW}.
 *
 * <p>A matrix is a parameter of two axes. Embeddings and output layers are matrices too, but Jordan
 * advises AdamW for them; say so by {@link #adamW(Collection)}:
 *
 * <pre>{@code
 * new Muon(model.namedParameters())
 *     .learningRate(0.02)
 *     .adamW(model.embedding().parameters())
 *     .adamW(others -> others.learningRate(3e-4));
 * }</pre>
 *
 * <p>Defaults, of matrices: learning rate 1e-3, momentum 0.95 by Nesterov's rule, weight decay 0.1,
 * epsilon 1e-7, 5 iterations. Weights decay by themselves, as those of AdamW.
 */
public final class Muon extends FluentOptimizer<Muon> {

  private static final String MOMENTUM = "momentum_buffer";

  private final AdamW adamW = new AdamW(states());
  private final Set<Parameter> leftToAdamW = new HashSet<>();
  private double momentum = 0.95;
  private boolean nesterov = true;
  private double epsilon = 1e-7;
  private int iterations = 5;
  private boolean asLargeAsAdamW;

  /** Creates an optimizer of these parameters. */
  public Muon(List<Parameter> parameters) {
    super(parameters, 1e-3, 0.1);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Muon(Map<String, Parameter> parameters) {
    super(parameters, 1e-3, 0.1);
  }

  /** Leaves these parameters to AdamW, even though they are matrices. */
  public Muon adamW(Collection<Parameter> parameters) {
    ParameterGroup.of(parameters).members(name(), states());
    leftToAdamW.addAll(parameters);
    return this;
  }

  /**
   * Changes the settings of the AdamW that updates what is no matrix; they begin with the defaults
   * of {@link AdamW}. The schedule of this Muon is on top of its own.
   */
  public Muon adamW(Consumer<AdamW> settings) {
    settings.accept(adamW);
    return this;
  }

  /** Sets the weight of the old value in the running mean of the gradient. */
  public Muon momentum(double weight) {
    momentum = belowOne("momentum", weight);
    return this;
  }

  /** Takes the momentum as it is, and not Nesterov's mean of it and the gradient. */
  public Muon withoutNesterov() {
    nesterov = false;
    return this;
  }

  /** Sets the least norm by which a momentum is divided before it is made orthogonal. */
  public Muon epsilon(double value) {
    epsilon = atLeastZero("epsilon", value);
    return this;
  }

  /** Sets the number of Newton-Schulz iterations. */
  public Muon iterations(int number) {
    iterations = Numbers.atLeast(1, name(), "iterations", number);
    return this;
  }

  /**
   * Scales the step of a matrix by {@code 0.2 * sqrt(max(rows, columns))}, which makes it as large
   * as AdamW's (Liu et al. 2025, arXiv:2502.16982), instead of {@code sqrt(max(1, rows /
   * columns))}.
   */
  public Muon matchAdamW() {
    asLargeAsAdamW = true;
    return this;
  }

  @Override
  void begin(int taken, double outer) {
    super.begin(taken, outer);
    adamW.begin(taken, factor());
  }

  @Override
  Collection<String> slots(ParameterState state) {
    return isOrthogonalized(state) ? List.of(MOMENTUM) : adamW.slots(state);
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    if (!isOrthogonalized(state)) {
      return adamW.update(state, g);
    }
    Tensor gradient = matrix(state, g);
    Tensor old = matrix(state, state.array(MOMENTUM, 0));
    Tensor mean = old.plus(gradient.minus(old).times(1 - momentum)).copy();
    Tensor direction = nesterov ? gradient.plus(mean.minus(gradient).times(momentum)) : mean;
    Consumer<Object> move =
        super.update(state, elements(NewtonSchulz.orthogonalized(direction, iterations, epsilon)));
    return p -> {
      state.put(MOMENTUM, mean);
      move.accept(p);
    };
  }

  /** Moves a matrix along a direction, in the place of the gradient. */
  @Override
  protected Tensor update(Update u) {
    Tensor kept = u.value().times(u.number(s -> 1 - s.rate() * s.decay()));
    return kept.minus(u.number(s -> s.rate() * scale(s.shape())).times(u.gradient()));
  }

  private boolean isOrthogonalized(ParameterState state) {
    return state.parameter().shape().rank() == 2 && !leftToAdamW.contains(state.parameter());
  }

  private double scale(Shape matrix) {
    double rows = matrix.size(0);
    double columns = matrix.size(1);
    return asLargeAsAdamW
        ? 0.2 * Math.sqrt(Math.max(rows, columns))
        : Math.sqrt(Math.max(1, rows / columns));
  }

  private static Tensor matrix(ParameterState state, Object elements) {
    Parameter parameter = state.parameter();
    return Tensor.contiguous(new Storage(elements), parameter.dtype(), parameter.shape());
  }
}
