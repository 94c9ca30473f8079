package dev.adjoint.nn;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Computes {@code x W' + b} over the last axis: from (..., in) to (..., out).
 *
 * <p>The weight has the shape (out, in). Weight and bias start uniform between -1/sqrt(in) and
 * 1/sqrt(in), as in PyTorch.
 */
public final class Linear extends Layer implements Transform, Describable, Foldable<Linear> {

  private final Weight weight;
  private @Nullable Weight bias;
  private boolean rowsOnly;

  /** Creates a layer with a bias. */
  public Linear(int in, int out, Generator generator) {
    if (in < 1 || out < 1) {
      throw new IllegalArgumentException(
          "Linear: %d inputs and %d outputs; expected at least 1 of both".formatted(in, out));
    }
    double bound = 1 / Math.sqrt(in);
    weight = parameter("weight", Initializers.uniform(bound, Shape.of(out, in), generator));
    bias = parameter("bias", Initializers.uniform(bound, Shape.of(out), generator));
  }

  /**
   * Creates a layer of existing weights, which it shares with whoever else holds them.
   *
   * @param weight of shape (out, in)
   * @param bias of shape (out), or null
   */
  public Linear(Weight weight, @Nullable Weight bias) {
    if (weight.shape().rank() != 2
        || (bias != null && !bias.shape().equals(Shape.of(weight.shape().size(0))))) {
      throw new IllegalArgumentException(
          "Linear: weight of shape %s and bias of shape %s; expected (out, in) and (out)"
              .formatted(weight.shape(), bias == null ? "none" : bias.shape()));
    }
    this.weight = weight("weight", weight);
    this.bias = bias == null ? null : weight("bias", bias);
  }

  /** Creates what was described. */
  public Linear(Description from) {
    this(from, from.integer("in"), from.integer("out"));
  }

  private Linear(Description from, int in, int out) {
    this(from.weight("weight", Shape.of(out, in)), from.weightOrNull("bias", Shape.of(out)));
    rowsOnly = from.flag("rows_only");
  }

  /** Only multiplies, as before a normalization that shifts by itself. */
  public Linear withoutBias() {
    drop("bias");
    bias = null;
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor w = weight.value();
    if (x.rank() == 0 || x.size(-1) != w.size(1)) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (..., %d)".formatted(this, x.shape(), w.size(1)));
    }
    if (rowsOnly && x.rank() != 2) {
      throw new IllegalArgumentException(
          "%s, with a batch norm folded into it: input of shape %s; expected (N, %d)"
              .formatted(this, x.shape(), w.size(1)));
    }
    Tensor product = x.matmul(w.transpose());
    return observed(bias == null ? product : product.plus(bias.value()));
  }

  /** Only for rows: in (N, T, out) the channels of a batch norm are not the outputs of this. */
  @Override
  public Linear foldedInto(PerChannelAffine.Affine affine) {
    Linear folded = new Linear(Foldable.scaled(weight, affine), Foldable.shifted(bias, affine));
    folded.rowsOnly = true;
    return folded;
  }

  @Override
  public Description description() {
    Shape shape = weight.shape();
    return Description.of(this)
        .set("in", shape.size(1))
        .set("out", shape.size(0))
        .set("rows_only", rowsOnly);
  }

  @Override
  protected Linear copy(Copies copies) {
    Linear copy = new Linear(copies.of(weight), copies.ofNullable(bias));
    copy.rowsOnly = rowsOnly;
    return copy;
  }

  @Override
  public String toString() {
    Shape shape = weight.shape();
    return "Linear(%d, %d)".formatted(shape.size(1), shape.size(0));
  }
}
