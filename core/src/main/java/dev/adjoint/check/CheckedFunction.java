package dev.adjoint.check;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Holds a function at a base point, and computes its values nearby and its gradients there.
 *
 * <p>Of order 2, the function is the gradient of the given one, all of its parts in one row: its
 * gradient contains every second derivative. What the function holds constant ({@link Replay}) is
 * held at the base point.
 */
final class CheckedFunction {

  /**
   * Holds something that is moved: an input, or a parameter.
   *
   * @param elements the names of its elements; none, if they have none
   */
  record Variable(String name, List<String> elements, Tensor base, @Nullable Parameter parameter) {
    Tensor current() {
      return parameter == null ? base : parameter.value().untracked();
    }
  }

  private final TensorFunction function;
  private final List<Variable> variables;
  private final @Nullable Tensor cotangent;
  private final Replay replay = Replay.probing();

  private CheckedFunction(
      TensorFunction function, List<Variable> variables, @Nullable Tensor cotangent) {
    this.function = function;
    this.variables = variables;
    this.cotangent = cotangent;
  }

  static CheckedFunction of(TensorFunction function, List<Variable> variables) {
    return new CheckedFunction(function, variables, null);
  }

  /** Returns the gradient of {@code sum(function * cotangent)} as a subject of its own. */
  CheckedFunction gradientOf(Tensor weights) {
    return new CheckedFunction(function, variables, weights);
  }

  List<Variable> variables() {
    return variables;
  }

  int order() {
    return cotangent == null ? 1 : 2;
  }

  /** Computes the output at the base point, recorded. */
  Recorded record() {
    return record(leaves());
  }

  /** Computes the output with other elements in one slot, recorded. */
  Recorded recordAt(int slot, double[] elements) {
    return record(moved(slot, elements));
  }

  private Recorded record(Tensor[] inputs) {
    Tensor y = replay.run(() -> output(inputs, true));
    List<Tensor> sources = sources(inputs);
    return new Recorded(y, sources);
  }

  /** Computes the output with other elements in one slot. */
  double[] valuesAt(int slot, double[] elements) {
    Tensor[] inputs = moved(slot, elements);
    return replay.run(() -> output(inputs, false)).toDoubleArray();
  }

  /** Computes the gradients with other elements in every slot, and puts parameters back. */
  List<double[]> gradientsAt(List<double[]> elements, Tensor weights) {
    try {
      Tensor[] inputs = leaves();
      for (int slot = 0; slot < variables.size(); slot++) {
        move(slot, elements.get(slot), inputs);
      }
      return record(inputs).pull(weights);
    } finally {
      IntStream.range(0, variables.size()).forEach(this::restore);
    }
  }

  /** Puts other elements into one slot; returns the inputs. */
  private Tensor[] moved(int slot, double[] elements) {
    Tensor[] inputs = leaves();
    move(slot, elements, inputs);
    return inputs;
  }

  private void move(int slot, double[] elements, Tensor[] inputs) {
    Variable moved = variables.get(slot);
    Tensor value =
        Tensor.of(elements, elements.length).to(moved.base.dtype()).reshape(moved.base.shape());
    Parameter parameter = moved.parameter();
    if (parameter != null) {
      parameter.assign(value);
    } else {
      inputs[slot] = value.tracked();
    }
  }

  /**
   * Computes the output at the base point, without recording.
   *
   * @return null if that cannot be done, because the function differentiates inside
   */
  double @Nullable [] valuesWithoutRecording() {
    try {
      return Autodiff.noGrad(() -> replay.run(() -> output(leaves(), false))).toDoubleArray();
    } catch (IllegalArgumentException | IllegalStateException e) {
      return null;
    }
  }

  /** Puts a parameter back to its base value. */
  void restore(int slot) {
    Variable moved = variables.get(slot);
    Parameter parameter = moved.parameter();
    if (parameter != null) {
      parameter.assign(moved.base);
    }
  }

  private Tensor[] leaves() {
    return variables.stream()
        .filter(slot -> slot.parameter() == null)
        .map(slot -> slot.base().tracked())
        .toArray(Tensor[]::new);
  }

  /** Returns the tensors that gradients are wanted of: one a slot. */
  private List<Tensor> sources(Tensor[] inputs) {
    List<Tensor> sources = new ArrayList<>(List.of(inputs));
    for (Variable slot : variables) {
      Parameter parameter = slot.parameter();
      if (parameter != null) {
        sources.add(parameter.value());
      }
    }
    return sources;
  }

  private Tensor output(Tensor[] inputs, boolean differentiable) {
    Tensor y = function.apply(inputs.clone());
    if (cotangent == null) {
      return y;
    }
    List<Tensor> sources = sources(inputs);
    List<Tensor> gradients = gradients(y, sources, cotangent, differentiable);
    Tensor[] flat = gradients.stream().map(g -> g.reshape(-1)).toArray(Tensor[]::new);
    return Joining.concat(0, flat);
  }

  private static List<Tensor> gradients(
      Tensor y, List<Tensor> sources, Tensor weights, boolean differentiable) {
    List<Tensor> result = new ArrayList<>();
    Gradients gradients = null;
    if (y.isTracked()) {
      Backward backward = Backward.wrt(sources.toArray(new Tensor[0])).seed(weights);
      gradients = (differentiable ? backward.createGraph() : backward).of(y);
    }
    for (Tensor source : sources) {
      result.add(
          gradients != null && gradients.contains(source)
              ? gradients.of(source)
              : Tensors.zeros(source.shape(), source.dtype()));
    }
    return result;
  }

  /**
   * Holds an output and the tensors it was computed from.
   *
   * @param y the output
   * @param sources one a slot
   */
  record Recorded(Tensor y, List<Tensor> sources) {

    /** Computes the gradients of {@code sum(y * weights)}, one a slot. */
    List<double[]> pull(Tensor weights) {
      return gradients(y, sources, weights, false).stream().map(Tensor::toDoubleArray).toList();
    }

    Shape shape() {
      return y.shape();
    }

    DType dtype() {
      return y.dtype();
    }
  }
}
