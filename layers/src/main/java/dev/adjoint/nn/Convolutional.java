package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The base class of convolutions with any number of axes: a weight of shape (out, in / groups,
 * kernel...), or (in, out / groups, kernel...) of a transposed one, and a bias of shape (out).
 *
 * <p>Both start uniform between -1/sqrt(n) and 1/sqrt(n), as in PyTorch: n is the product of all
 * sizes of the weight but the first, for a convolution the inputs of each output.
 *
 * @param <C> the layer itself
 */
public abstract sealed class Convolutional<C extends Convolutional<C>> extends Layer
    implements Transform, Foldable<C>
    permits Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d {

  private final Weight weight;
  private @Nullable Weight bias;
  private final ConvOptions options;
  private final boolean transposed;
  private final Operation operation;

  interface Operation {
    Tensor of(Tensor x, Tensor w, ConvOptions options);
  }

  /** Creates a layer from its description, with a kernel of so many axes. */
  Convolutional(Description from, int axes, boolean transposed, Operation operation) {
    super(from);
    this.transposed = transposed;
    this.operation = operation;
    int in = size("in").get();
    int out = size("out").get();
    int[] kernel = integers("kernel").get();
    if (!transposed && from.has("output_padding")) {
      throw new IllegalArgumentException(
          "%s: an output padding; expected none, as this is no transposed convolution"
              .formatted(type()));
    }
    if (transposed && (from.has("padding_mode") || from.has("same_padding"))) {
      throw new IllegalArgumentException(
          "%s: padding of a mode, or to the same length; expected a number of zeros, as this is a transposed convolution"
              .formatted(type()));
    }
    options =
        transposed ? steps().outputPadding(integers("output_padding", 0).get()) : convOptions();
    int groups = options.groups();
    if (in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          "%s: %d inputs, %d outputs and %d groups; expected groups that divide both"
              .formatted(type(), in, out, groups));
    }
    int[] channels = transposed ? new int[] {in, out / groups} : new int[] {out, in / groups};
    Shape shape = Shape.of(Ints.concat(channels, kernel));
    if (kernel.length != axes || shape.size() == 0) {
      throw new IllegalArgumentException(
          "%s: kernel of sizes %s; expected %d, each at least 1"
              .formatted(type(), Arrays.toString(kernel), axes));
    }
    double bound = 1 / Math.sqrt(shape.size() / (double) shape.size(0));
    Function<Shape, Tensor> uniform = any -> Initializers.uniform(bound, any, from.generator());
    weight = parameter("weight", shape, uniform);
    bias = optional("bias", Shape.of(out), uniform);
  }

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
      boolean transposed,
      Weight weight,
      @Nullable Weight bias,
      ConvOptions options) {
    int[] sizes = weight.shape().toArray();
    int grouped = sizes.length < 2 ? 0 : sizes[1] * options.groups();
    int out = sizes.length < 2 || transposed ? grouped : sizes[0];
    if (sizes.length != rank || (bias != null && !bias.shape().equals(Shape.of(out)))) {
      throw new IllegalArgumentException(
          "%s%dd: weight of shape %s and bias of shape %s; expected (%s / groups, kernel...) of %d axes, and (out)"
              .formatted(
                  transposed ? "ConvTranspose" : "Conv",
                  rank - 2,
                  weight.shape(),
                  bias == null ? "none" : bias.shape(),
                  transposed ? "in, out" : "out, in",
                  rank));
    }
    int[] kernel = Arrays.copyOfRange(sizes, 2, rank);
    return initial(constructor, transposed ? sizes[0] : grouped, out, options, kernel)
        .with("weight", weight)
        .with("bias", bias);
  }

  /** Leaves out the bias, as before a normalization that adds its own. */
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
    int channels = transposed ? w.size(0) : w.size(1) * options.groups();
    String sizes = w.rank() == 3 ? "L" : w.rank() == 4 ? "H, W" : "D, H, W";
    requireInput(
        x.rank() == w.rank() && x.size(1) == channels,
        x,
        () -> "(N, %d, %s)".formatted(channels, sizes));
    Tensor y = operation.of(x, w, options);
    return observed(bias == null ? y : y.plus(perChannel(bias, y)));
  }

  /** Returns the axis of the weight that counts outputs: 1 of a transposed convolution, else 0. */
  public int outputAxis() {
    return transposed ? 1 : 0;
  }

  @Override
  public int outputs() {
    return transposed ? weight.shape().size(1) * options.groups() : weight.shape().size(0);
  }

  @Override
  public C foldedInto(PerChannelAffine.Affine affine) {
    Tensor scale = affine.scale();
    if (transposed) { // each group of inputs meets the outputs of that group
      int inputs = weight.shape().size(0) / options.groups();
      scale = scale.reshape(options.groups(), 1, -1).expand(-1, inputs, -1).flatten(0, 1);
    }
    int[] sizes = new int[weight.shape().rank()];
    Arrays.fill(sizes, 1);
    System.arraycopy(scale.shape().toArray(), 0, sizes, 0, scale.rank());
    Description both =
        description()
            .with("weight", Foldable.scaled(weight, scale.reshape(sizes)))
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
