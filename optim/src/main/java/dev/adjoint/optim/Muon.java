package dev.adjoint.optim;

import dev.adjoint.autodiff.Parameter;
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

  // Jordan's quintic: steep at 0, so that small singular values grow fast, at the price of values
  // that end between 0.7 and 1.2 instead of at 1.
  private static final double A = 3.4445;
  private static final double B = -4.7750;
  private static final double C = 2.0315;

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

  /** Updates these parameters by AdamW, even though they are matrices. */
  public Muon adamW(Collection<Parameter> parameters) {
    ParameterGroup.of(parameters).members(name(), states());
    leftToAdamW.addAll(parameters);
    return this;
  }

  /**
   * Changes the settings of the AdamW that updates what is no matrix; they default to those of
   * {@link AdamW}. The schedule of this Muon multiplies its rates as well.
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

  /** Uses the momentum itself, and not Nesterov's mean of it and the gradient. */
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
  Map<String, Shape> slots(ParameterState state) {
    return isOrthogonalized(state)
        ? Map.of(MOMENTUM, state.parameter().shape())
        : adamW.slots(state);
  }

  @Override
  Consumer<Object> update(ParameterState state, Object g) {
    if (!isOrthogonalized(state)) {
      return adamW.update(state, g);
    }
    Tensor gradient = state.tensor(g);
    Tensor old = state.slot(MOMENTUM, 0);
    Tensor mean = old.plus(gradient.minus(old).times(1 - momentum)).copy();
    Tensor direction = nesterov ? gradient.plus(mean.minus(gradient).times(momentum)) : mean;
    Consumer<Object> move = formula(state, elements(orthogonalized(direction)));
    return p -> {
      state.put(MOMENTUM, mean);
      move.accept(p);
    };
  }

  /** Moves a matrix along a direction, in the place of the gradient. */
  @Override
  protected Tensor update(Update u) {
    Tensor rate = u.number(s -> s.rate() * scale(s.shape()));
    return u.decayedValue().minus(rate.times(u.gradient()));
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

  /** Iterates {@code x = A x + B (x x') x + C (x x')^2 x}: singular values go to about 1. */
  Tensor orthogonalized(Tensor matrix) {
    boolean tall = matrix.size(0) > matrix.size(1);
    Tensor wide = tall ? matrix.transpose() : matrix; // of which x x' is the smaller product
    Tensor x = wide.div(Math.max(wide.norm(2).item(), epsilon));
    for (int i = 0; i < iterations; i++) {
      Tensor gram = x.matmul(x.transpose());
      Tensor even = gram.times(B).plus(gram.matmul(gram).times(C));
      x = x.times(A).plus(even.matmul(x));
    }
    return tall ? x.transpose() : x;
  }
}
