package dev.adjoint.optim;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Divides the gradient by the root of its mean square, of which a matrix has only the means of rows
 * and columns: next to no memory (Shazeer and Stern 2018, "Adafactor: adaptive learning rates with
 * sublinear memory cost", arXiv:1804.04235).
 *
 * <p>Defaults: learning rate 1e-2, beta2 decay -0.8, epsilons of the type and 1e-3, d 1, no weight
 * decay. All of it is as in PyTorch: the rate is the largest of a step relative to the root mean
 * square of the values, {@code min(rate, 1 / sqrt(t))}; weights decay by themselves; the first
 * epsilon is the least root of the mean square; parameters of more axes are matrices of their last
 * two. Unlike there, a schedule multiplies the relative step, and mean squares are limited to the
 * root of the type's largest number, so that huge gradients stay harmless.
 */
public final class Adafactor extends FluentOptimizer<Adafactor> {

  private static final String ROWS = "row_var";
  private static final String COLUMNS = "col_var";
  private static final String ALL = "variance";

  private double decay = -0.8;
  private double epsilon = Double.NaN; // of the type
  private double least = 1e-3;
  private double d = 1;

  /** Divides a gradient by the root of the product of row and column. */
  private Autodiff.TernaryOperator whitened = whitened();

  /** The distance of the step that is being prepared. */
  private double distance;

  /** Creates an optimizer of these parameters. */
  public Adafactor(List<Parameter> parameters) {
    super(parameters, 1e-2, 0);
  }

  /** Creates an optimizer of these parameters, by path. */
  public Adafactor(Map<String, Parameter> parameters) {
    super(parameters, 1e-2, 0);
  }

  /** Sets the exponent, at most 0: in step t, {@code t^decay} is the weight of new squares. */
  public Adafactor beta2Decay(double exponent) {
    decay = Numbers.atMostZero(name(), "beta2 decay", exponent);
    return this;
  }

  /** Sets the least root of the mean square, and the least root mean square of the values. */
  public Adafactor epsilons(double first, double second) {
    epsilon = atLeastZero("first epsilon", first);
    least = atLeastZero("second epsilon", second);
    whitened = whitened();
    return this;
  }

  /** Sets the largest root mean square of a direction, at least 1: longer ones are scaled to it. */
  public Adafactor d(double threshold) {
    d = Numbers.atLeastOne(name(), "d", threshold);
    return this;
  }

  private Autodiff.TernaryOperator whitened() {
    return Autodiff.elementwise(
        "Adafactor", (g, row, column) -> g.div(row.times(column).sqrt().max(epsilon(g.dtype()))));
  }

  private Tensor epsilon(DType dtype) {
    return Tensor.scalar(Double.isNaN(epsilon) ? dtype.epsilon() : epsilon, dtype);
  }

  @Override
  Map<String, Shape> slots(ParameterState state) {
    Shape shape = state.parameter().shape();
    return shape.rank() < 2
        ? ImmutableMap.of(ALL, shape)
        : ImmutableMap.of(ROWS, without(shape, -1), COLUMNS, without(shape, -2));
  }

  private static Shape without(Shape shape, int axis) {
    int[] sizes = shape.toArray();
    sizes[sizes.length + axis] = 1;
    return Shape.of(sizes);
  }

  @Override
  Consumer<Object> update(ParameterState state, Object elements) {
    Tensor g = state.tensor(elements);
    double weight = Math.pow(state.nextStep(), decay);
    Consumer<Object> remember;
    Tensor direction;
    Tensor square = g.square();
    if (g.rank() < 2) {
      Tensor v = moved(state, ALL, square, weight);
      direction = whitened.apply(g, v, Tensor.scalar(1, g.dtype()));
      remember = _ -> state.put(ALL, v);
    } else {
      Tensor r = moved(state, ROWS, square.mean(Keep.AXES, -1), weight);
      Tensor c = moved(state, COLUMNS, square.mean(Keep.AXES, -2), weight);
      Tensor mean = r.mean(Keep.AXES, -2).max(epsilon(r.dtype()));
      direction = whitened.apply(g, r.div(mean), c);
      remember =
          _ -> {
            state.put(ROWS, r);
            state.put(COLUMNS, c);
          };
    }
    double rms = rms(direction);
    double relative = Math.min(rate(state), factor() / Math.sqrt(state.nextStep()));
    distance =
        Math.max(least, rms(state.parameter().value().untracked()))
            * relative
            / Math.max(1, rms / d);
    return remember.andThen(formula(state, elements(direction)));
  }

  private static double rms(Tensor tensor) {
    return tensor.norm(2).item() / Math.sqrt(Math.max(1, tensor.size()));
  }

  /** Moves a mean towards new squares, by a part of the way. */
  private static Tensor moved(ParameterState state, String slot, Tensor square, double weight) {
    double largest = Math.sqrt(square.dtype().largest());
    Tensor old = state.slot(slot, square.shape(), 0);
    return old.plus(square.clamp(0, largest).minus(old).times(weight)).copy();
  }

  /** Moves along a direction, in the place of the gradient. */
  @Override
  protected Tensor update(Update u) {
    return u.decayedValue().minus(u.gradient().times(u.number(_ -> distance)));
  }
}
