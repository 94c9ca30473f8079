package dev.adjoint.optim;

import com.google.common.collect.ImmutableList;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Joining;
import dev.adjoint.optim.CurvatureHistory.Pair;
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
 * Minimizes a loss by Newton's method with a Hessian guessed from the last steps (Liu and Nocedal
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

  private final CurvatureHistory history = new CurvatureHistory();
  private int iterations;
  private @Nullable LastStep last;

  /** The step that was taken last: where it began, and how far it went. */
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

  /**
   * Sets the number of evaluations of the loss after which a step ends; the default is 5/4 of the
   * iterations.
   */
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

  /** Sets how many steps the Hessian is guessed from. */
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
   */
  public double step(Supplier<Tensor> loss) {
    Tensor values = parameters.values();
    List<Pair> pairs = history.pairs();
    int count = iterations;
    LastStep step = last;
    try {
      return iterate(loss);
    } catch (RuntimeException | Error e) {
      parameters.assign(values);
      history.replace(pairs);
      iterations = count;
      last = step;
      throw e;
    }
  }

  private double iterate(Supplier<Tensor> loss) {
    Evaluation first = evaluate(loss);
    Evaluation now = first;
    int evaluations = 1;
    int limit = maxEvaluations < 0 ? maxIterations * 5 / 4 : maxEvaluations;
    for (int i = 1; i <= maxIterations && !isMinimal(now.gradient); i++) {
      Tensor direction = nextDirection(now.gradient);
      double slope = now.gradient.matmul(direction).item();
      double t = iterations > 1 ? 1 : Math.min(1, 1 / now.gradient.norm(1).item());
      t *= learningRate;
      last = new LastStep(now.gradient, direction, t);
      if (slope > -changeTolerance) {
        break;
      }

      Tensor origin = parameters.values();
      Evaluation next = now;
      if (strongWolfe) {
        StrongWolfe.Result found =
            StrongWolfe.search(
                distance -> at(loss, origin, direction, distance),
                new Point(0, now.loss, now.gradient, slope),
                t,
                largest(direction));
        t = found.point().t();
        next = new Evaluation(found.point().loss(), found.point().gradient());
        evaluations += found.evaluations();
        last = new LastStep(now.gradient, direction, t);
      }
      parameters.assign(origin.plus(direction.times(t)));
      if (!strongWolfe && i < maxIterations) { // the next step computes the last, on its own data
        next = evaluate(loss);
        evaluations++;
      }

      boolean stuck =
          largest(direction) * t <= changeTolerance
              || Math.abs(next.loss - now.loss) < changeTolerance;
      now = next;
      if (stuck || evaluations >= limit) {
        break;
      }
    }
    return first.loss;
  }

  /** Returns the way to go, and remembers the way that was gone. */
  private Tensor nextDirection(Tensor gradient) {
    iterations++;
    if (last == null) {
      return gradient.neg();
    }
    history.add(last.direction.times(last.t), gradient.minus(last.gradient), historySize);
    return history.direction(gradient);
  }

  private boolean isMinimal(Tensor gradient) {
    return largest(gradient) <= gradientTolerance;
  }

  private static double largest(Tensor vector) {
    return vector.abs().max().item();
  }

  private record Evaluation(double loss, Tensor gradient) {}

  private Evaluation evaluate(Supplier<Tensor> loss) {
    Tensor value = loss.get();
    return new Evaluation(value.item(), parameters.gradient(value.backward()));
  }

  private Point at(Supplier<Tensor> loss, Tensor origin, Tensor direction, double t) {
    parameters.assign(origin.plus(direction.times(t)));
    Evaluation there = evaluate(loss);
    return new Point(t, there.loss, there.gradient, there.gradient.matmul(direction).item());
  }

  // ---- state -----------------------------------------------------------------------------------

  /**
   * Returns what is remembered from step to step, copied: the number of iterations as {@code
   * n_iter}, that of remembered steps as {@code history}, the length {@code t} of the last, and by
   * the path of each parameter its part of vectors under PyTorch's names, as in {@code
   * hidden.weight.old_stps}. Settings are not part of it.
   *
   * @throws IllegalStateException if two parameters have the same path
   */
  public Map<String, Tensor> state() {
    ParameterState.requireDistinctPaths(NAME, states);
    Map<String, Tensor> state = new LinkedHashMap<>();
    List<Pair> pairs = history.pairs();
    state.put("n_iter", SavedState.entry(iterations));
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
   * Goes on where an optimizer with the same settings has been: its next step has the same bits.
   *
   * @param state what {@link #state} has returned
   * @throws IllegalArgumentException naming what is missing, unknown or of another shape; then
   *     nothing has changed
   */
  public void load(Map<String, Tensor> state) {
    ParameterState.requireDistinctPaths(NAME, states);
    SavedState saved = new SavedState(NAME, state);
    int count = saved.count("n_iter");
    int size = saved.count("history");
    LastStep step = null;
    if (count > 0) {
      step = new LastStep(read(saved, "prev_flat_grad"), read(saved, "d"), saved.number("t"));
    }
    List<Pair> pairs = new ArrayList<>();
    if (size > 0) {
      Tensor steps = read(saved, "old_stps", size);
      Tensor changes = read(saved, "old_dirs", size);
      for (int i = 0; i < size; i++) {
        pairs.add(new Pair(steps.select(0, i), changes.select(0, i)));
      }
    }
    saved.requireFit();
    iterations = count;
    last = step;
    history.replace(pairs);
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
}
