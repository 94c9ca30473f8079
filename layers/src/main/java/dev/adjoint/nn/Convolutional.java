package dev.adjoint.nn;

import static java.util.stream.Collectors.joining;

import com.google.common.primitives.Ints;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
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
    implements Transform, Describable, Foldable<C> permits Conv1d, Conv2d {

  private final Weight weight;
  private @Nullable Weight bias;
  private final ConvOptions options;

  Convolutional(int in, int out, ConvOptions options, Generator generator, int... kernel) {
    int groups = options.groups();
    if (in < 1 || out < 1 || in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          "%s: %d inputs, %d outputs and %d groups; expected at least 1, and groups that divide both"
              .formatted(getClass().getSimpleName(), in, out, groups));
    }
    Shape shape = Shape.of(Ints.concat(new int[] {out, in / groups}, kernel));
    if (shape.size() == 0) {
      throw new IllegalArgumentException(
          "%s: kernel of sizes %s; expected at least 1"
              .formatted(getClass().getSimpleName(), Arrays.toString(kernel)));
    }
    double bound = 1 / Math.sqrt(shape.size() / (double) out);
    weight = parameter("weight", Initializers.uniform(bound, shape, generator));
    bias = parameter("bias", Initializers.uniform(bound, Shape.of(out), generator));
    this.options = options;
  }

  Convolutional(int rank, Weight weight, @Nullable Weight bias, ConvOptions options) {
    Shape shape = weight.shape();
    if (shape.rank() != rank || (bias != null && !bias.shape().equals(Shape.of(shape.size(0))))) {
      throw new IllegalArgumentException(
          "%s: weight of shape %s and bias of shape %s; expected (out, in / groups, kernel...) of %d axes, and (out)"
              .formatted(
                  getClass().getSimpleName(), shape, bias == null ? "none" : bias.shape(), rank));
    }
    this.weight = weight("weight", weight);
    this.bias = bias == null ? null : weight("bias", bias);
    this.options = options;
  }

  /** Creates what was described, with a kernel of so many axes. */
  Convolutional(Description from, int axes) {
    this(
        axes + 2,
        weight(from, axes),
        from.weightOrNull("bias", Shape.of(from.integer("out"))),
        from.convOptions());
  }

  private static Weight weight(Description from, int axes) {
    int in = from.integer("in");
    int out = from.integer("out");
    int groups = Math.max(1, from.integer("groups"));
    int[] kernel = from.integers("kernel");
    if (kernel.length != axes || in % groups != 0 || out % groups != 0) {
      throw new IllegalArgumentException(
          "%s: kernel of sizes %s, %d inputs, %d outputs and %d groups; expected %d sizes, and groups that divide inputs and outputs"
              .formatted(from.type(), Arrays.toString(kernel), in, out, groups, axes));
    }
    return from.weight("weight", Shape.of(Ints.concat(new int[] {out, in / groups}, kernel)));
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

  /** Makes a layer of this class with other weights and the same options. */
  abstract C with(Weight newWeight, @Nullable Weight newBias);

  @Override
  public int outputs() {
    return weight.shape().size(0);
  }

  @Override
  public C foldedInto(PerChannelAffine.Affine affine) {
    return with(Foldable.scaled(weight, affine), Foldable.shifted(bias, affine));
  }

  @Override
  public Description description() {
    int[] sizes = weight.shape().toArray();
    return Description.of(this)
        .set("in", sizes[1] * options.groups())
        .set("out", sizes[0])
        .set("kernel", Arrays.copyOfRange(sizes, 2, sizes.length))
        .set(options);
  }

  @Override
  protected C copy(Copies copies) {
    return with(copies.of(weight), copies.ofNullable(bias));
  }

  @Override
  public String toString() {
    Shape shape = weight.shape();
    String kernel =
        Arrays.stream(shape.toArray()).skip(2).mapToObj(String::valueOf).collect(joining("x"));
    return line(
        Integer.toString(shape.size(1) * options.groups()),
        Integer.toString(shape.size(0)),
        kernel,
        setting("stride", 1, options.stride()),
        setting("padding", 0, options.padding()),
        setting("dilation", 1, options.dilation()),
        setting("groups", 1, options.groups()),
        bias == null ? "no bias" : "");
  }

  private static String setting(String name, int usual, int... values) {
    return Arrays.stream(values).allMatch(value -> value == usual)
        ? ""
        : Arrays.stream(values)
            .limit(Arrays.stream(values).distinct().count() == 1 ? 1 : values.length)
            .mapToObj(String::valueOf)
            .collect(joining("x", name + " ", ""));
  }

  @SuppressWarnings("unchecked") // C is the class itself
  private C self() {
    return (C) this;
  }
}
