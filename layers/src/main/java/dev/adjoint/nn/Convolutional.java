package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Holds what convolutions share, whatever the number of their axes: a weight of shape (out, in /
 * groups, kernel...), and a bias of shape (out).
 *
 * <p>Both start uniform between -1/sqrt(n) and 1/sqrt(n), n inputs for each output, as in PyTorch.
 *
 * @param <C> the layer itself
 */
public abstract sealed class Convolutional<C extends Convolutional<C>> extends Layer
    implements Transform, Foldable<C> permits Conv1d, Conv2d {

  private final Weight weight;
  private @Nullable Weight bias;
  private final ConvOptions options;

  /** Creates a layer from its description, with a kernel of so many axes. */
  Convolutional(Description from, int axes) {
    super(from);
    int in = size("in").get();
    int out = size("out").get();
    int[] kernel = integers("kernel").get();
    options = convOptions();
    int groups = options.groups();
    if (in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          "%s: %d inputs, %d outputs and %d groups; expected groups that divide both"
              .formatted(type(), in, out, groups));
    }
    Shape shape = Shape.of(Ints.concat(new int[] {out, in / groups}, kernel));
    if (kernel.length != axes || shape.size() == 0) {
      throw new IllegalArgumentException(
          "%s: kernel of sizes %s; expected %d, each at least 1"
              .formatted(type(), Arrays.toString(kernel), axes));
    }
    double bound = 1 / Math.sqrt(shape.size() / (double) out);
    Function<Shape, Tensor> uniform = any -> Initializers.uniform(bound, any, from.generator());
    weight = parameter("weight", shape, uniform);
    bias = optional("bias", Shape.of(out), uniform);
  }

  /** Begins the description of a layer. */
  static Description initial(
      Function<Description, ?> constructor, int in, int out, ConvOptions options, int... kernel) {
    return Description.of(constructor)
        .set("in", in)
        .set("out", out)
        .set("kernel", kernel)
        .set(options);
  }

  /** Begins the description of a layer of existing weights. */
  static Description ofWeights(
      Function<Description, ?> constructor,
      int rank,
      Weight weight,
      @Nullable Weight bias,
      ConvOptions options) {
    int[] sizes = weight.shape().toArray();
    if (sizes.length != rank || (bias != null && !bias.shape().equals(Shape.of(sizes[0])))) {
      throw new IllegalArgumentException(
          "Conv%dd: weight of shape %s and bias of shape %s; expected (out, in / groups, kernel...) of %d axes, and (out)"
              .formatted(rank - 2, weight.shape(), bias == null ? "none" : bias.shape(), rank));
    }
    int[] kernel = Arrays.copyOfRange(sizes, 2, rank);
    return initial(constructor, sizes[1] * options.groups(), sizes[0], options, kernel)
        .with("weight", weight)
        .with("bias", bias);
  }

  /** Only convolves, as before a normalization that shifts by itself. */
  public C withoutBias() {
    drop("bias");
    bias = null;
    return self();
  }

  /** Returns how the kernel moves. */
  public ConvOptions options() {
    return options;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor w = weight.value();
    int channels = w.size(1) * options.groups();
    if (x.rank() != w.rank() || x.size(1) != channels) {
      throw new IllegalArgumentException(
          "%s: input of shape %s; expected (N, %d, %s)"
              .formatted(this, x.shape(), channels, w.rank() == 3 ? "L" : "H, W"));
    }
    return observed(convolve(x, w, bias == null ? null : bias.value()));
  }

  abstract Tensor convolve(Tensor x, Tensor w, @Nullable Tensor b);

  @Override
  public int outputs() {
    return weight.shape().size(0);
  }

  @Override
  public C foldedInto(PerChannelAffine.Affine affine) {
    Description both =
        description()
            .with("weight", Foldable.scaled(weight, affine))
            .with("bias", Foldable.shifted(bias, affine));
    @SuppressWarnings("unchecked") // of this class
    C made = (C) both.make();
    return made;
  }

  @SuppressWarnings("unchecked") // C is the class itself
  private C self() {
    return (C) this;
  }
}
