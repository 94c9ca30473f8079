package dev.adjoint.check;

import com.google.common.collect.Streams;
import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A function at a base point: its values nearby and its gradients there.
 *
 * <p>Of order 2, the function is the gradient of the given one, all of its parts in one row: its
 * gradient contains every second derivative. What the function holds constant ({@link Replay})
 * stays as it is at the base point.
 */
final class CheckedFunction {

  /**
   * An input, or a parameter, with respect to which gradients are checked.
   *
   * @param elements the names of its elements; none, if they have none
   */
  record Variable(String name, List<String> elements, Tensor base, @Nullable Parameter parameter) {
    Tensor current() {
      return parameter == null ? base : parameter.value().untracked();
    }

    /** Returns a tensor with these elements that gradients are wanted of. */
    private Tensor source(double[] at) {
      Tensor value = Tensor.of(at, at.length).to(base.dtype()).reshape(base.shape());
      if (parameter == null) {
        return value.tracked();
      }
      parameter.assign(value);
      return parameter.value();
    }

    /** Returns a tensor with the elements of the base point that gradients are wanted of. */
    private Tensor source() {
      return parameter == null ? base.tracked() : parameter.value();
    }

    void restore() {
      if (parameter != null) {
        parameter.assign(base);
      }
    }
  }

  private final TensorFunction function;
  private final List<Variable> variables;
  private final @Nullable Tensor cotangent;
  private final Replay replay = Replay.probing();

  /**
   * Creates a function.
   *
   * @param cotangent null for the function itself; else for the gradient of {@code sum(function *
   *     cotangent)}
   */
  CheckedFunction(TensorFunction function, List<Variable> variables, @Nullable Tensor cotangent) {
    this.function = function;
    this.variables = variables;
    this.cotangent = cotangent;
  }

  List<Variable> variables() {
    return variables;
  }

  int order() {
    return cotangent == null ? 1 : 2;
  }

  /** Computes the output at the base point, recorded. */
  Recorded record() {
    return record(variables.stream().map(Variable::source).toList(), true);
  }

  /** Returns the steps from a variable with other elements to the output. */
  List<GraphStep> stepsAt(int variable, double[] elements) {
    Recorded recorded = record(moved(variable, elements), true);
    return GraphStep.between(List.of(recorded.sources.get(variable)), recorded.y);
  }

  /** Computes the output with other elements in one variable. */
  double[] valuesAt(int variable, double[] elements) {
    return record(moved(variable, elements), false).y.toDoubleArray();
  }

  /** Computes the gradients with other elements in every variable, and puts parameters back. */
  List<double[]> gradientsAt(List<double[]> elements, Tensor weights) {
    try {
      List<Tensor> sources =
          Streams.zip(variables.stream(), elements.stream(), Variable::source).toList();
      return record(sources, true).pull(weights);
    } finally {
      variables.forEach(Variable::restore);
    }
  }

  double[] valuesWithoutRecording() {
    return Autodiff.noGrad(() -> record().y.toDoubleArray());
  }

  /** Tells whether gradients were computed in a run: without recording there are none. */
  boolean differentiates() {
    return replay.differentiates();
  }

  private List<Tensor> moved(int variable, double[] elements) {
    return IntStream.range(0, variables.size())
        .mapToObj(
            i -> i == variable ? variables.get(i).source(elements) : variables.get(i).source())
        .toList();
  }

  /** Runs the function; of order 2, its gradient is recorded only if it is differentiable. */
  private Recorded record(List<Tensor> sources, boolean differentiable) {
    Tensor[] inputs =
        IntStream.range(0, sources.size())
            .filter(i -> variables.get(i).parameter == null)
            .mapToObj(sources::get)
            .toArray(Tensor[]::new);
    Tensor y =
        replay.run(() -> {
          Tensor output = function.apply(inputs);
          if (output == null) {
            throw new IllegalArgumentException(
                "gradient check: the function returned null; expected a tensor");
          }
          return cotangent == null
              ? output
              : Joining.concat(
                  0,
                  gradients(output, sources, cotangent, differentiable)
                      .map(g -> g.reshape(-1))
                      .toArray(Tensor[]::new));
        });
    return new Recorded(y, sources);
  }

  private static Stream<Tensor> gradients(
      Tensor y, List<Tensor> sources, Tensor weights, boolean differentiable) {
    Backward backward = Backward.wrt(sources.toArray(Tensor[]::new)).seed(weights);
    return (differentiable ? backward.createGraph() : backward).gradients(y).stream();
  }

  /**
   * An output and the tensors it was computed from.
   *
   * @param y the output
   * @param sources one for each variable
   */
  record Recorded(Tensor y, List<Tensor> sources) {

    /** Computes the gradients of {@code sum(y * weights)}, one for each variable. */
    List<double[]> pull(Tensor weights) {
      return gradients(y, sources, weights, false).map(Tensor::toDoubleArray).toList();
    }
  }
}
