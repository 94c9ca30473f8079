package dev.adjoint.nn;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.autodiff.Replay;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Names a tensor that a layer computes with: a {@link Parameter}, or what a {@link
 * Reparametrization} computes from parameters of its own, or a constant in a layer {@linkplain
 * Layer#forInference made for inference}.
 *
 * <p>A layer reads {@link #value()} in each forward and need not know which it is. Several layers
 * may hold one weight, and then share it.
 */
public final class Weight {

  private final Shape shape;
  private @Nullable Parameter parameter;
  private @Nullable Reparametrization reparametrization;
  private @Nullable Tensor constant;

  private Weight(
      Shape shape,
      @Nullable Parameter parameter,
      @Nullable Reparametrization reparametrization,
      @Nullable Tensor constant) {
    this.shape = shape;
    this.parameter = parameter;
    this.reparametrization = reparametrization;
    this.constant = constant;
  }

  /**
   * Creates a weight that is learned.
   *
   * @param name how messages call its parameter, as in {@code Linear.weight}
   */
  public static Weight learned(String name, Tensor initial) {
    return new Weight(initial.shape(), new Parameter(name, initial), null, null);
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
    return new Weight(value.shape(), null, null, value.copy());
  }

  /** Creates a weight that is computed. */
  static Weight computed(Shape shape, Reparametrization by) {
    return new Weight(shape, null, by, null);
  }

  /** Returns the tensor to compute with. */
  public Tensor value() {
    if (parameter != null) {
      return parameter.value();
    }
    return reparametrization != null
        ? reparametrization.compute()
        : Objects.requireNonNull(constant);
  }

  /**
   * Returns the parameter that this weight is.
   *
   * @throws IllegalStateException if it is reparametrized or constant
   */
  public Parameter parameter() {
    if (parameter == null) {
      throw new IllegalStateException(
          "this weight of shape %s is %s, not a parameter"
              .formatted(
                  shape(),
                  reparametrization != null ? "computed by " + reparametrization : "constant"));
    }
    return parameter;
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

  /** Tells whether this is a parameter by itself. */
  public boolean isParameter() {
    return parameter != null;
  }

  /** Returns what this weight is, and its shape. */
  @Override
  public String toString() {
    return parameter != null
        ? parameter.toString()
        : (reparametrization != null ? "computed by %s, " : "constant, ")
            .formatted(reparametrization)
            .concat("shape " + shape);
  }

  /** Returns what computes this weight, or null. */
  @Nullable Reparametrization reparametrization() {
    return reparametrization;
  }

  /** Becomes what a reparametrization computes of what this has been, and returns that. */
  Reparametrization computeBy(Function<Weight, ? extends Reparametrization> by) {
    Reparametrization made = by.apply(new Weight(shape, parameter, reparametrization, constant));
    parameter = null;
    constant = null;
    reparametrization = made;
    return made;
  }

  /** Becomes a parameter with the value that is computed now, frozen if all it depends on is. */
  void fold(String name) {
    Layer by = Objects.requireNonNull(reparametrization);
    parameter = new Parameter(name, value());
    if (by.parameters().stream().allMatch(Parameter::isFrozen)) {
      parameter.freeze();
    }
    reparametrization = null;
  }
}
