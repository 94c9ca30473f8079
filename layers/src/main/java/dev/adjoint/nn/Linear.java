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
  private @Nullable Folded folded;

  /**
   * A norm that follows this layer, and the weights that do both to rows. Of inputs with more axes
   * the channels of the norm are axis 1, not the outputs of this layer, and the norm comes after.
   */
  private record Folded(PerChannelAffine.Affine norm, Tensor weight, Tensor bias) {}

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
    if (from.has("scale")) {
      Tensor scale = from.weight("scale", Shape.of(out)).value();
      Tensor shift = from.weight("shift", Shape.of(out)).value();
      fold(new PerChannelAffine.Affine(scale, shift));
    }
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
    if (folded == null) {
      return observed(product(x, w, bias == null ? null : bias.value()));
    }
    if (x.rank() == 2) {
      return observed(product(x, folded.weight, folded.bias));
    }
    if (x.rank() < 2 || x.size(1) != w.size(0)) {
      throw new IllegalArgumentException(
          "%1$s: input of shape %2$s; expected (N, %3$d) or (N, %4$d, ..., %3$d), for the batch norm that is folded into it"
              .formatted(this, x.shape(), w.size(1), w.size(0)));
    }
    return observed(folded.norm.of(product(x, w, bias == null ? null : bias.value())));
  }

  private static Tensor product(Tensor x, Tensor w, @Nullable Tensor b) {
    Tensor product = x.matmul(w.transpose());
    return b == null ? product : product.plus(b);
  }

  @Override
  public int outputs() {
    return weight.shape().size(0);
  }

  @Override
  public Linear foldedInto(PerChannelAffine.Affine affine) {
    Linear made = new Linear(constant(weight), bias == null ? null : constant(bias));
    made.fold(folded == null ? affine : folded.norm.then(affine));
    return made;
  }

  private static Weight constant(Weight weight) {
    return Weight.constant(weight.value().untracked());
  }

  private void fold(PerChannelAffine.Affine norm) {
    folded =
        new Folded(
            norm, Foldable.scaled(weight, norm).value(), Foldable.shifted(bias, norm).value());
  }

  @Override
  public Description description() {
    Shape shape = weight.shape();
    Description description =
        Description.of(this).set("in", shape.size(1)).set("out", shape.size(0));
    return folded == null
        ? description
        : description.tensor("scale", folded.norm.scale()).tensor("shift", folded.norm.shift());
  }

  @Override
  protected Linear copy(Copies copies) {
    Linear copy = new Linear(copies.of(weight), copies.ofNullable(bias));
    copy.folded = folded;
    return copy;
  }

  @Override
  public String toString() {
    Shape shape = weight.shape();
    return line(
        Integer.toString(shape.size(1)),
        Integer.toString(shape.size(0)),
        bias == null ? "no bias" : "");
  }
}
