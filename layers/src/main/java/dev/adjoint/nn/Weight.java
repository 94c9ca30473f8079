package dev.adjoint.nn;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that a layer computes with: a {@link Parameter}, the result of a {@link
 * Reparametrization}, or a constant in a layer {@linkplain Layer#forInference made for inference}.
 *
 * <p>A layer reads {@link #value()} in each forward and need not know which it is. Several layers
 * may hold one weight, and then share it.
 */
public final class Weight {

  private final Shape shape;
  private Object source; // a Parameter, a Reparametrization, or a constant Tensor

  /** Creates a weight of a parameter, a reparametrization, or a constant. */
  Weight(Shape shape, Object source) {
    this.shape = shape;
    this.source = source;
  }

  /**
   * Creates a weight that is trained.
   *
   * @param name the name of its parameter in messages, as in {@code Linear.weight}
   */
  public static Weight learned(String name, Tensor initial) {
    return new Weight(initial.shape(), new Parameter(name, initial));
  }

  /**
   * Creates a weight that never changes.
   *
   * @throws IllegalArgumentException if gradients are recorded for the value, which would get lost
   */
  public static Weight constant(Tensor value) {
    if (value.isTracked()) {
      throw new IllegalArgumentException(
          "Weight.constant: tensor of shape %s, for which gradients are recorded; expected its untracked() to lose them, Weight.learned to learn them, or a Reparametrization that computes the weight"
              .formatted(value.shape()));
    }
    return new Weight(value.shape(), value.copy());
  }

  /** Returns the current value. */
  public Tensor value() {
    if (source instanceof Parameter parameter) {
      return parameter.value();
    }
    return source instanceof Reparametrization by ? by.compute() : (Tensor) source;
  }

  /**
   * Returns the parameter that this weight is.
   *
   * @throws IllegalStateException if it is reparametrized or constant
   */
  public Parameter parameter() {
    if (source instanceof Parameter parameter) {
      return parameter;
    }
    throw new IllegalStateException(
        "this weight of shape %s is %s, not a parameter".formatted(shape, origin()));
  }

  /** Replaces the value of the {@link #parameter()}. */
  public void assign(Tensor value) {
    parameter().assign(value);
  }

  /** Returns the shape, which never changes. */
  public Shape shape() {
    return shape;
  }

  /** Returns the type. */
  public DType dtype() {
    return isParameter() ? parameter().dtype() : Replay.probing().run(this::value).dtype();
  }

  /** Tells whether this is a parameter, not computed or constant. */
  public boolean isParameter() {
    return source instanceof Parameter;
  }

  /** Returns what this weight is, and its shape. */
  @Override
  public String toString() {
    return isParameter() ? source.toString() : "%s, shape %s".formatted(origin(), shape);
  }

  private String origin() {
    return source instanceof Reparametrization ? "computed by " + source : "constant";
  }

  @Nullable Reparametrization reparametrization() {
    return source instanceof Reparametrization by ? by : null;
  }

  /** Becomes what a reparametrization computes of what this has been, and returns that. */
  Reparametrization computeBy(Function<Weight, ? extends Reparametrization> by) {
    Reparametrization made = by.apply(new Weight(shape, source));
    source = made;
    return made;
  }

  /** If computed, becomes a parameter of the value now, frozen if all it depends on is. */
  void fold(String name) {
    if (source instanceof Reparametrization by) {
      Parameter parameter = new Parameter(name, by.compute());
      if (by.parameters().stream().allMatch(Parameter::isFrozen)) {
        parameter.freeze();
      }
      source = parameter;
    }
  }
}
