package dev.adjoint.optim;

import com.google.common.collect.Maps;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Elements;
import dev.adjoint.tensor.Shape;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Keeps weights on spheres, whatever steps another optimizer takes: only their directions are
 * learned.
 *
 * <pre>{@code
 * new OnSphere(new Adam(model.namedParameters()))
 *     .unit(1, List.of(scores.weight("weight").parameter())) // rows of length 1
 *     .hyperball(List.of(hidden.weight("weight").parameter()));
 * }</pre>
 *
 * <p>Other parameters take the steps of the other optimizer as they are. Its weight decay should be
 * 0 for those on spheres, of which it would change the lengths only. Parameters, rates, groups and
 * schedule are those of the other optimizer, through whichever of both they are set.
 */
public final class OnSphere extends Wrapper<OnSphere> {

  private final Map<Parameter, Integer> axes = new HashMap<>();
  private final Set<Parameter> balls = new HashSet<>();

  /** Creates a wrapper of an optimizer. */
  public OnSphere(FluentOptimizer<?> inner) {
    super(inner);
  }

  /**
   * Divides vectors of parameters by their lengths, now and after each step, as nGPT does
   * (Loshchilov et al. 2024, arXiv:2410.01131). Vectors of zeros stay.
   *
   * @param axis along which the vectors lie: 1 or -1 for rows of matrices, 0 for columns
   */
  public OnSphere unit(int axis, Collection<Parameter> parameters) {
    return unit(Maps.toMap(parameters, _ -> axis));
  }

  /** As {@link #unit(int, Collection)}, with the axis of each parameter. */
  public OnSphere unit(Map<Parameter, Integer> axisOf) {
    ParameterGroup.of(axisOf.keySet()).members(name(), states());
    axisOf.forEach((parameter, axis) -> {
      int known = parameter.shape().axis(name(), axis);
      axes.put(parameter, known);
      parameter.update(normalization(parameter, known));
    });
    return this;
  }

  /**
   * Makes the length of each step of these parameters the learning rate times the length of the
   * parameter, and keeps the latter: {@code w = R N(w - rate R N(u))}, where R = |w|, N(x) = x /
   * |x| and u is the other's update: Hyperball (Wen et al. 2026, arXiv:2606.16899). Each is one
   * vector of all its elements.
   */
  public OnSphere hyperball(Collection<Parameter> parameters) {
    ParameterGroup.of(parameters).members(name(), states());
    balls.addAll(parameters);
    return this;
  }

  @Override
  Consumer<Object> update(ParameterState state, Object gradient) {
    Consumer<Object> step = inner.update(state, gradient);
    Parameter parameter = state.parameter();
    if (balls.contains(parameter)) {
      step = turn(step, elements(parameter.value().untracked().copy()), rate(state));
    }
    Integer axis = axes.get(parameter);
    return axis == null ? step : step.andThen(normalization(parameter, axis));
  }

  /** Returns what divides the vectors of a parameter by their lengths. */
  private static Consumer<Object> normalization(Parameter parameter, int axis) {
    Shape shape = parameter.shape();
    double rounding = parameter.dtype().epsilon();
    int inner = 1;
    for (int i = axis + 1; i < shape.rank(); i++) {
      inner *= shape.size(i);
    }
    double[] lengths = new double[inner];
    return values -> {
      int block = shape.size(axis) * lengths.length;
      for (int start = 0; start < shape.size(); start += block) {
        normalize(values, start, start + block, lengths, rounding);
      }
    };
  }

  /** Normalizes vectors side by side. What has length 1 stays, so that doing it twice is once. */
  private static void normalize(Object v, int from, int to, double[] factors, double rounding) {
    Elements elements = Elements.of(v);
    int inner = factors.length;
    Arrays.fill(factors, 0);
    for (int row = from; row < to; row += inner) {
      for (int i = 0; i < inner; i++) {
        double element = elements.get(v, row + i);
        factors[i] += element * element;
      }
    }
    for (int i = 0; i < inner; i++) {
      double length = Math.sqrt(factors[i]);
      factors[i] = length == 0 || Math.abs(length - 1) <= rounding ? 1 : 1 / length;
    }
    for (int row = from; row < to; row += inner) {
      for (int i = 0; i < inner; i++) {
        elements.set(v, row + i, elements.get(v, row + i) * factors[i]);
      }
    }
  }

  /** Returns a step to the same side whose length is a share of that of the vector before it. */
  private static Consumer<Object> turn(Consumer<Object> step, Object before, double share) {
    Elements elements = Elements.of(before);
    int size = elements.length(before);
    return step.andThen(v -> {
      double radius = 0;
      double moved = 0;
      for (int i = 0; i < size; i++) {
        double was = elements.get(before, i);
        double change = elements.get(v, i) - was;
        radius += was * was;
        moved += change * change;
      }
      double stretch = moved == 0 ? 0 : share * Math.sqrt(radius / moved);
      double after = 0;
      for (int i = 0; i < size; i++) {
        double now = stretched(elements.get(before, i), elements.get(v, i), stretch);
        after += now * now;
      }
      double back = after == 0 ? 1 : Math.sqrt(radius / after);
      for (int i = 0; i < size; i++) {
        double now = stretched(elements.get(before, i), elements.get(v, i), stretch);
        elements.set(v, i, now * back);
      }
    });
  }

  private static double stretched(double from, double to, double factor) {
    return from + factor * (to - from);
  }
}
