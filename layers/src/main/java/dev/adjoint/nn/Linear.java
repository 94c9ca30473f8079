package dev.adjoint.nn;

import dev.adjoint.op.MatMul;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Computes {@code x W' + b} over the last axis: from (..., in) to (..., out).
 *
 * <p>The weight has the shape (out, in). Weight and bias start uniform between -1/sqrt(in) and
 * 1/sqrt(in), as in PyTorch.
 */
public final class Linear extends Layer implements Transform, Foldable<Linear> {

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
    this(Description.of(Linear::new).set("in", in).set("out", out).with(generator));
  }

  /**
   * Creates a layer of existing weights, shared with all other layers that hold them.
   *
   * @param weight of shape (out, in)
   * @param bias of shape (out), or null
   */
  public Linear(Weight weight, @Nullable Weight bias) {
    this(ofWeights(weight, bias));
  }

  /** Creates a layer from its description. */
  public Linear(Description from) {
    super(from);
    int in = size("in").get();
    int out = size("out").get();
    Function<Shape, Tensor> uniform =
        shape -> Initializers.uniform(1 / Math.sqrt(in), shape, from.generator());
    weight = parameter("weight", Shape.of(out, in), uniform);
    bias = optional("bias", Shape.of(out), uniform);
    if (from.has("scale")) {
      fold(new PerChannelAffine.Affine(fixed("scale"), fixed("shift")));
    }
  }

  private static Description ofWeights(Weight weight, @Nullable Weight bias) {
    Shape shape = weight.shape();
    if (shape.rank() != 2 || (bias != null && !bias.shape().equals(Shape.of(shape.size(0))))) {
      throw new IllegalArgumentException(
          "Linear: weight of shape %s and bias of shape %s; expected (out, in) and (out)"
              .formatted(shape, bias == null ? "none" : bias.shape()));
    }
    return Description.of(Linear::new)
        .set("in", shape.size(1))
        .set("out", shape.size(0))
        .with("weight", weight)
        .with("bias", bias);
  }

  /** Leaves out the bias, as before a normalization that adds its own. */
  public Linear withoutBias() {
    drop("bias");
    bias = null;
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor w = weight.value();
    requireLastAxis("input", x, w.size(1));
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
    return b == null ? x.matmul(w.transpose()) : MatMul.linear(x, w, b);
  }

  @Override
  public int outputs() {
    return weight.shape().size(0);
  }

  @Override
  public Linear foldedInto(PerChannelAffine.Affine affine) {
    PerChannelAffine.Affine norm = folded == null ? affine : folded.norm.then(affine);
    Description both = description().with("scale", norm.scale()).with("shift", norm.shift());
    return (Linear) both.make();
  }

  /** Says that a norm is in it, which shifts whether there is a bias or not. */
  @Override
  public String toString() {
    Shape shape = weight.shape();
    return folded == null
        ? super.toString()
        : line("%s, %s, with a batch norm".formatted(shape.size(1), shape.size(0)));
  }

  private void fold(PerChannelAffine.Affine norm) {
    folded =
        new Folded(
            norm,
            Foldable.scaled(weight, norm.scale().reshape(-1, 1)).value(),
            Foldable.shifted(bias, norm).value());
  }
}
