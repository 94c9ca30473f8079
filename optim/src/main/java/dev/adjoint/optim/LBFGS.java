package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Joining;
import dev.adjoint.optim.StrongWolfe.Point;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Minimizes a loss by Newton's method with a Hessian estimated from the last steps (Liu and Nocedal
 * 1989, "On the limited memory BFGS method"): for losses without noise, on all data.
 *
 * <pre>{@code
 * LBFGS lbfgs = new LBFGS(model.namedParameters()).strongWolfe();
 * for (int i = 0; i < 10; i++) {
 *   double before = lbfgs.step(() -> Losses.mse(model.forward(x), y));
 * }
 * }</pre>
 *
 * <p>One step computes the loss many times. Defaults: learning rate 1, at most 20 iterations and 25
 * evaluations a step, tolerances 1e-7 for the gradient and 1e-9 for changes, a history of 100
 * steps, no line search. Frozen parameters keep their values.
 */
public final class LBFGS {

  private static final String NAME = "LBFGS";

  private final ImmutableList<ParameterState> states;
  private final FlatParameters parameters;
  private double learningRate = 1;
  private int maxIterations = 20;
  private int maxEvaluations = -1;
  private double gradientTolerance = 1e-7;
  private double changeTolerance = 1e-9;
  private int historySize = 100;
  private boolean strongWolfe;

  private Memory memory = new Memory(0, CurvatureHistory.NONE, null);

  /** How often the step that is being taken has computed the loss. */
  private int evaluations;

  private record Memory(int iterations, CurvatureHistory history, @Nullable LastStep last) {}

  /** The iteration before: where it began, and how far it went. */
  private record LastStep(Tensor gradient, Tensor direction, double t) {
    LastStep {
      gradient = gradient.copy();
      direction = direction.copy();
    }
  }

  /** Creates an optimizer of these parameters. */
  public LBFGS(List<Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  /** Creates an optimizer of these parameters, by path. */
  public LBFGS(Map<String, Parameter> parameters) {
    this(ParameterState.of(parameters));
  }

  private LBFGS(ImmutableList<ParameterState> states) {
    this.states = ParameterState.eachOnce(NAME, states);
    this.parameters = new FlatParameters(states);
  }

  /** Returns the class, the number of parameters, the rate and the number of iterations. */
  @Override
  public String toString() {
    return "%s of %s parameters, learning rate %s, after %s iterations"
        .formatted(NAME, states.size(), learningRate, memory.iterations());
  }

  // ---- settings --------------------------------------------------------------------------------

  /** Sets the length of a step, or of the first trial of a line search. */
  public LBFGS learningRate(double rate) {
    learningRate = Numbers.atLeastZero(NAME, "learning rate", rate);
    return this;
  }

  /** Sets the largest number of iterations a step. */
  public LBFGS maxIterations(int number) {
    maxIterations = Numbers.atLeast(1, NAME, "maxIterations", number);
    return this;
  }

  /** Sets after how many evaluations of the loss a step ends; by default 5/4 of the iterations. */
  public LBFGS maxEvaluations(int number) {
    maxEvaluations = Numbers.atLeast(1, NAME, "maxEvaluations", number);
    return this;
  }

  /** Sets the largest element of the gradient at which the minimum is reached. */
  public LBFGS gradientTolerance(double value) {
    gradientTolerance = Numbers.atLeastZero(NAME, "gradient tolerance", value);
    return this;
  }

  /** Sets the change of the loss, or of every parameter, below which a step ends. */
  public LBFGS changeTolerance(double value) {
    changeTolerance = Numbers.atLeastZero(NAME, "change tolerance", value);
    return this;
  }

  /** Sets the number of steps that the Hessian is estimated from. */
  public LBFGS historySize(int steps) {
    historySize = Numbers.atLeast(1, NAME, "history size", steps);
    return this;
  }

  /** Searches along each direction for a point that meets the strong Wolfe conditions. */
  public LBFGS strongWolfe() {
    strongWolfe = true;
    return this;
  }

  // ---- steps -----------------------------------------------------------------------------------

  /**
   * Improves the parameters. If the loss throws, or memory runs out, they have the values of
   * before, and nothing is remembered of the step.
   *
   * @param loss computes the loss, a scalar, from the values that the parameters have then
   * @return the loss before the step
   * @throws IllegalArgumentException if the loss depends on parameters, but on none of these
   */
  public double step(Supplier<Tensor> loss) {
    Tensor values = parameters.values();
    Memory before = memory;
    try {
      return iterate(loss);
    } catch (RuntimeException | Error e) {
      parameters.assign(values);
      memory = before;
      throw e;
    }
  }

  private double iterate(Supplier<Tensor> loss) {
    evaluations = 0;
    Point first = evaluate(loss, null, 0);
    Point now = first;
    int limit = maxEvaluations < 0 ? maxIterations * 5 / 4 : maxEvaluations;
    for (int i = 1; i <= maxIterations && largest(now.gradient()) > gradientTolerance; i++) {
      int count = memory.iterations + 1;
      CurvatureHistory history = history(now.gradient());
      Tensor direction = history.direction(now.gradient());
      double slope = now.gradient().matmul(direction).item();
      double t = learningRate * (count > 1 ? 1 : Math.min(1, 1 / now.gradient().norm(1).item()));
      memory = new Memory(count, history, new LastStep(now.gradient(), direction, t));
      if (slope > -changeTolerance) {
        break;
      }

      Tensor origin = parameters.values();
      Point next = now;
      if (strongWolfe) {
        next =
            StrongWolfe.search(
                distance -> {
                  parameters.assign(origin.plus(direction.times(distance)));
                  return evaluate(loss, direction, distance);
                },
                new Point(0, now.loss(), now.gradient(), slope),
                t,
                largest(direction));
        t = next.t();
        memory = new Memory(count, history, new LastStep(now.gradient(), direction, t));
      }
      parameters.assign(origin.plus(direction.times(t)));
      if (!strongWolfe && i < maxIterations) { // the next step computes the last, on its own data
        next = evaluate(loss, null, 0);
      }

      boolean stuck =
          largest(direction) * t <= changeTolerance
              || Math.abs(next.loss() - now.loss()) < changeTolerance;
      now = next;
      if (stuck || evaluations >= limit) {
        break;
      }
    }
    return first.loss();
  }

  /** Returns what is known of the Hessian at a point with this gradient. */
  private CurvatureHistory history(Tensor gradient) {
    LastStep last = memory.last;
    return last == null
        ? memory.history
        : memory.history.plus(
            last.direction.times(last.t), gradient.minus(last.gradient), historySize);
  }

  private static double largest(Tensor vector) {
    return vector.abs().max().item();
  }

  /** Computes the loss where the parameters are: so far along a direction, if there is one. */
  private Point evaluate(Supplier<Tensor> loss, @Nullable Tensor direction, double t) {
    evaluations++;
    Tensor value = loss.get();
    Gradients gradients = value.backward();
    ParameterState.requireOwn(NAME, states, gradients);
    Tensor gradient = parameters.gradient(gradients);
    double slope = direction == null ? 0 : gradient.matmul(direction).item();
    return new Point(t, value.item(), gradient, slope);
  }

  // ---- state -----------------------------------------------------------------------------------

  /**
   * Returns a copy of what is remembered from step to step: the number of iterations as {@code
   * n_iter}, that of remembered steps as {@code history}, the length {@code t} of the last, and by
   * the path of each parameter its part of vectors under PyTorch's names, as in {@code
   * hidden.weight.old_stps}. Settings are not part of it.
   *
   * @throws IllegalStateException if two parameters have the same path
   */
  public Map<String, Tensor> state() {
    ParameterState.requireDistinctPaths(NAME, states);
    Map<String, Tensor> state = new LinkedHashMap<>();
    List<Pair> pairs = memory.history.pairs();
    LastStep last = memory.last;
    state.put("n_iter", SavedState.entry(memory.iterations));
    state.put("history", SavedState.entry(pairs.size()));
    if (last != null) {
      state.put("t", SavedState.entry(last.t));
      save(state, "d", last.direction);
      save(state, "prev_flat_grad", last.gradient);
    }
    if (!pairs.isEmpty()) {
      save(state, "old_stps", stack(pairs, Pair::step));
      save(state, "old_dirs", stack(pairs, Pair::change));
    }
    return Collections.unmodifiableMap(state);
  }

  /**
   * Continues from where an optimizer of the same settings was: its next step has the same bits.
   *
   * @param state what {@link #state} has returned
   * @throws IllegalArgumentException naming what is missing, unknown or misshapen, before any
   *     change
   */
  public void load(Map<String, Tensor> state) {
    ParameterState.requireDistinctPaths(NAME, states);
    SavedState saved = new SavedState(NAME, state);
    int count = saved.count("n_iter");
    int size = saved.count("history");
    LastStep last =
        count == 0
            ? null
            : new LastStep(read(saved, "prev_flat_grad"), read(saved, "d"), saved.number("t"));
    List<Pair> pairs = new ArrayList<>();
    if (size > 0) {
      Tensor steps = read(saved, "old_stps", size);
      Tensor changes = read(saved, "old_dirs", size);
      for (int i = 0; i < size; i++) {
        pairs.add(new Pair(steps.select(0, i), changes.select(0, i)));
      }
    }
    saved.requireFit();
    memory = new Memory(count, new CurvatureHistory(ImmutableList.copyOf(pairs)), last);
  }

  private static Tensor stack(List<Pair> pairs, Function<Pair, Tensor> of) {
    return Joining.stack(0, pairs.stream().map(of).toArray(Tensor[]::new));
  }

  private void save(Map<String, Tensor> state, String name, Tensor vectors) {
    parameters.split(vectors).forEach((path, part) -> state.put(path + "." + name, part));
  }

  private Tensor read(SavedState saved, String name, int... vectors) {
    return parameters.join(each -> {
      int[] sizes = Arrays.copyOf(vectors, vectors.length + 1);
      sizes[vectors.length] = each.size();
      return saved.tensor(each.path() + "." + name, Shape.of(sizes));
    });
  }

  /** A step and the change of the gradient along it. */
  private record Pair(Tensor step, Tensor change, double curvature) {
    Pair(Tensor step, Tensor change) {
      this(step.copy(), change.copy(), change.matmul(step).item());
    }
  }

  /**
   * How the gradient changed along the last steps, the oldest first: so the inverse of the Hessian
   * is roughly known (Nocedal and Wright 2006, algorithm 7.4).
   */
  private record CurvatureHistory(ImmutableList<Pair> pairs) {

    static final CurvatureHistory NONE = new CurvatureHistory(ImmutableList.of());

    /** The least curvature, times the square of the step, that is worth remembering. */
    private static final double LEAST = 1e-10;

    /** Adds a step if the gradient grew along it, and forgets the oldest beyond a limit. */
    CurvatureHistory plus(Tensor step, Tensor change, int limit) {
      Pair pair = new Pair(step, change);
      if (!(pair.curvature > LEAST)) {
        return this;
      }
      List<Pair> kept = pairs.subList(Math.max(0, pairs.size() + 1 - limit), pairs.size());
      return new CurvatureHistory(ImmutableList.<Pair>builder().addAll(kept).add(pair).build());
    }

    /** Returns minus the gradient times the inverse Hessian: the direction to the minimum. */
    Tensor direction(Tensor gradient) {
      Tensor q = gradient.neg();
      double[] shares = new double[pairs.size()];
      for (int i = shares.length - 1; i >= 0; i--) {
        Pair pair = pairs.get(i);
        shares[i] = pair.step.matmul(q).item() / pair.curvature;
        q = q.minus(pair.change.times(shares[i]));
      }
      if (pairs.isEmpty()) {
        return q;
      }
      Pair last = pairs.getLast(); // whose curvature stands for that in all other directions
      Tensor r = q.times(last.curvature / last.change.matmul(last.change).item());
      for (int i = 0; i < shares.length; i++) {
        Pair pair = pairs.get(i);
        double share = pair.change.matmul(r).item() / pair.curvature;
        r = r.plus(pair.step.times(shares[i] - share));
      }
      return r;
    }
  }

  /** Sees all elements of several parameters as one vector. */
  private record FlatParameters(List<ParameterState> parameters) {

    /** Returns a copy of the values. */
    Tensor values() {
      return flat(state -> state.parameter().value().untracked());
    }

    /** Returns the gradient, 0 for parameters that took no part. */
    Tensor gradient(Gradients gradients) {
      return flat(state -> gradients.orZeros(state.parameter()).untracked());
    }

    /** Assigns a vector, whole or not at all; frozen parameters keep their values. */
    void assign(Tensor vector) {
      Map<Parameter, Tensor> values = new LinkedHashMap<>();
      int from = 0;
      for (ParameterState state : parameters) {
        int to = from + state.size();
        if (!state.parameter().isFrozen()) {
          values.put(
              state.parameter(), vector.slice(0, from, to).reshape(state.parameter().shape()));
        }
        from = to;
      }
      Parameter.assign(values);
    }

    /** Returns the parts of vectors (..., size) that belong to the parameters, by path. */
    Map<String, Tensor> split(Tensor vectors) {
      Map<String, Tensor> parts = new LinkedHashMap<>();
      int from = 0;
      for (ParameterState state : parameters) {
        int to = from + state.size();
        parts.put(state.path(), vectors.slice(-1, from, to).copy());
        from = to;
      }
      return parts;
    }

    /** Puts together what {@link #split} has taken apart. */
    Tensor join(Function<ParameterState, Tensor> part) {
      return Joining.concat(-1, parameters.stream().map(part).toArray(Tensor[]::new));
    }

    private Tensor flat(Function<ParameterState, Tensor> part) {
      return join(state -> part.apply(state).reshape(state.size()).copy());
    }
  }
}
