package dev.adjoint.nn.reparam;

import dev.adjoint.autodiff.Recorder;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Conv3d;
import dev.adjoint.nn.Convolutional;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Setting;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.Reductions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Computes the cosine of the angle between input and weights, {@code w.x / (|w| |x|)}, in place of
 * their product (Luo et al. 2017, arXiv:1702.05870).
 *
 * <pre>{@code
 * CosineNorm.of(new Linear(3, 4, generator))
 * CosineNorm.centered(new Conv2d(3, 16, 3, generator)) // Pearson's correlation
 * }</pre>
 *
 * <p>For a convolution x is the patch under the kernel, padding included. Centered, the means of w
 * and of x are subtracted first; of x, in each patch. There is no bias. Outputs are within -1 and 1
 * (up to rounding), too narrow for a softmax: see {@link #scaled}.
 *
 * <p>{@code |x|} is {@code sqrt(sum(x^2) + epsilon)}, so that the output for a patch of zeros, or
 * centered of equal values, is 0 (up to rounding). Weights of zeros give 0.
 *
 * <p>This takes the weight of the layer that it is made of; {@link #fold} leaves one of length 1.
 */
public final class CosineNorm extends Layer implements Transform {

  private final Weight weight = parameter("weight");
  private final Setting<Boolean> centered = flag("centered");
  private final Setting<Double> epsilon = decimal("epsilon", 1e-5);
  private final @Nullable ConvOptions options; // null for a linear layer
  private @Nullable Weight scale;

  private CosineNorm(Layer layer, @Nullable ConvOptions options, boolean centered) {
    this(
        (options == null
                ? Description.of(CosineNorm::new)
                : Description.of(CosineNorm::new).set(options))
            .with("weight", layer.weight("weight"))
            .set("centered", centered));
    Description unit = Description.of(UnitWeight::new).set("centered", centered);
    reparametrize("weight", w -> new UnitWeight(unit.with("original", w)));
  }

  /** Creates a layer from its description. */
  public CosineNorm(Description from) {
    super(from);
    options = from.has("stride") ? convOptions() : null;
    scale = from.has("scale") ? parameter("scale", Tensor.scalar(1, DType.FLOAT32)) : null;
    layer(); // refuses a weight of another number of axes
  }

  /** Returns a layer with this weight, without the bias. */
  private Layer layer() {
    if (options == null) {
      return new Linear(weight, null);
    }
    return switch (weight.shape().rank()) {
      case 3 -> new Conv1d(weight, null, options);
      case 5 -> new Conv3d(weight, null, options);
      default -> new Conv2d(weight, null, options); // refuses what no convolution has
    };
  }

  /** Returns cosines in place of the products of a linear layer. */
  public static CosineNorm of(Linear layer) {
    return new CosineNorm(layer, null, false);
  }

  /** Returns cosines in place of the products of a convolution. */
  public static CosineNorm of(Convolutional<?> layer) {
    return new CosineNorm(layer, patches(layer), false);
  }

  /** Returns cosines after centring, in place of the products of a linear layer. */
  public static CosineNorm centered(Linear layer) {
    return new CosineNorm(layer, null, true);
  }

  /** Returns cosines after centring, in place of the products of a convolution. */
  public static CosineNorm centered(Convolutional<?> layer) {
    return new CosineNorm(layer, patches(layer), true);
  }

  private static ConvOptions patches(Convolutional<?> layer) {
    if (Lengths.outputAxis(layer) != 0) {
      throw new IllegalArgumentException(
          "CosineNorm: %s; expected a convolution that is not transposed, whose outputs each see a patch"
              .formatted(layer));
    }
    return layer.options();
  }

  /** Sets what is added to the sum of squares of the input, under the root; defaults to 1e-5. */
  public CosineNorm epsilon(double underTheRoot) {
    epsilon.set(underTheRoot);
    return this;
  }

  /** Multiplies the cosines by one learned number, the weight named scale. */
  public CosineNorm scaled(double initial) {
    drop("scale");
    scale = parameter("scale", Tensor.scalar(initial, DType.FLOAT32));
    return this;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor w = weight.value();
    requireFit(x, w.shape());
    Tensor cosine = options == null ? unit(x, -1).matmul(w.transpose()) : ofPatches(x, w, options);
    return observed(scale == null ? cosine : cosine.times(scale.value()));
  }

  /** Divides a convolution by lengths that are another: squares summed under the kernel. */
  private Tensor ofPatches(Tensor x, Tensor w, ConvOptions how) {
    boolean isMapped = x.examples() != null; // one example of many cannot be asked
    if (centered.get() || isMapped || !Recorder.isTracing() && overflows(x)) {
      return ofSinglePatches(x, w, how);
    }
    int groups = how.groups();
    Tensor products = convolve(x, w, how);
    Tensor squares = grouped(x.square(), groups).sum(2);
    Tensor ones = Tensors.ones(w.shape().with(0, groups).with(1, 1), w.dtype());
    Tensor lengths = convolve(squares, ones, how).plus(epsilon.get()).sqrt();
    return grouped(products, groups).div(lengths.unsqueeze(2)).reshape(products.shape());
  }

  private static boolean overflows(Tensor x) {
    return x.untracked().square().sum().isFinite().item() == 0;
  }

  /**
   * Takes every patch by itself: its variance as a difference of two convolutions would cancel, and
   * squares may overflow. Kernels that are 1 in one place, one for each place in each channel, copy
   * patches out.
   */
  private Tensor ofSinglePatches(Tensor x, Tensor w, ConvOptions how) {
    int groups = how.groups();
    int channels = x.size(1);
    int size = w.size() / w.size(0);
    int places = size / w.size(1);
    Tensor each = Tensors.eye(places, w.dtype()).expand(channels, places, places);
    Shape kernels = w.shape().with(0, channels * places).with(1, 1);
    Tensor patches = convolve(x, each.reshape(kernels), how.groups(channels));
    int positions = patches.flatten(2, -1).size(2); // -1 does not say in a batch of none
    Tensor columns = patches.reshape(x.size(0), groups, size, positions);
    Tensor filters = w.reshape(groups, w.size(0) / groups, size);
    return filters.matmul(unit(columns, 2)).reshape(patches.shape().with(1, w.size(0)));
  }

  private Tensor unit(Tensor x, int axis) {
    Tensor vectors = centered.get() ? Reductions.centered(x, axis) : x;
    return vectors.div(Reductions.length(vectors, epsilon.get(), true, axis));
  }

  private static Tensor convolve(Tensor x, Tensor w, ConvOptions how) {
    return switch (w.rank()) {
      case 3 -> Convolution.conv1d(x, w, how);
      case 4 -> Convolution.conv2d(x, w, how);
      default -> Convolution.conv3d(x, w, how);
    };
  }

  /** Returns channels as (groups, channels of each). */
  private static Tensor grouped(Tensor x, int groups) {
    int[] sizes = new int[x.rank() + 1];
    sizes[0] = x.size(0);
    sizes[1] = groups;
    sizes[2] = x.size(1) / groups;
    System.arraycopy(x.shape().toArray(), 2, sizes, 3, x.rank() - 2);
    return x.reshape(sizes);
  }

  private void requireFit(Tensor x, Shape w) {
    int channels = options == null ? w.size(1) : w.size(1) * options.groups();
    String form =
        switch (options == null ? 2 : w.rank()) {
          case 2 -> "(..., %d)";
          case 3 -> "(N, %d, L)";
          case 4 -> "(N, %d, H, W)";
          default -> "(N, %d, D, H, W)";
        };
    Supplier<String> expected = () -> form.formatted(channels);
    if (options == null) {
      requireInput(x.rank() > 0 && x.size(-1) == channels, x, expected);
    } else {
      requireInput(x.rank() == w.rank() && x.size(1) == channels, x, expected);
      requireInput(
          kernelFits(x.shape(), w, options),
          x,
          () -> expected.get() + " into which the kernel fits");
    }
  }

  private static boolean kernelFits(Shape x, Shape w, ConvOptions how) {
    return how.isSame()
        || IntStream.range(2, w.rank())
            .allMatch(axis -> {
              long padded = x.size(axis) + 2L * of(how.padding(), axis);
              return (w.size(axis) - 1L) * of(how.dilation(), axis) < padded;
            });
  }

  /** Returns the setting of an axis, of one for all or one each. */
  private static int of(List<Integer> setting, int axis) {
    return setting.get(Math.min(axis - 2, setting.size() - 1));
  }

  @Override
  public String toString() {
    String of = layer().toString().replace(", no bias", "");
    return line(of, centered.printed(), epsilon.printed(), scale == null ? "" : "scaled");
  }

  /** Gives the weights of each output length 1, if centered after subtracting their mean. */
  private static final class UnitWeight extends Reparametrization {
    private final Weight original = parameter("original");
    private final Setting<Boolean> centered = flag("centered");
    private final int[] axes = Lengths.allBut(0, original.shape());

    UnitWeight(Description from) {
      super(from);
    }

    @Override
    protected Tensor compute() {
      Tensor w = original.value();
      Tensor vectors = centered.get() ? Reductions.centered(w, axes) : w;
      return vectors.div(Lengths.divisor(vectors.norm(2, Keep.AXES, axes)));
    }
  }
}
