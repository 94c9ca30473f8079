package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.Interpolation;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * Makes signals, images or volumes larger or smaller, as PyTorch's Upsample: from (N, C, ...) to
 * (N, C, ...), see {@link Interpolation}.
 *
 * <pre>{@code
 * new Upsample(2)                             // twice as large, elements repeated
 * new Upsample(1.5, Interpolation.LINEAR)     // bilinear, for images
 * Upsample.to(Interpolation.LINEAR, 32, 48)
 * }</pre>
 *
 * @param mode how values between the elements are found
 * @param factor by which axes become longer; 0 where sizes are given
 * @param sizes of the axes: one for all, or one an axis; empty where a factor is given
 */
public record Upsample(Interpolation mode, double factor, List<Integer> sizes)
    implements Transform, Describable {

  /** Checks that there is either a factor or sizes. */
  public Upsample {
    sizes = List.copyOf(sizes);
    boolean isFactor = factor > 0 && factor < Double.POSITIVE_INFINITY;
    if (sizes.isEmpty() ? !isFactor : factor != 0) {
      throw new IllegalArgumentException(
          "Upsample: factor %s and sizes %s; expected a factor above 0, or sizes"
              .formatted(factor, sizes));
    }
  }

  /** Makes axes longer by a factor, with the element below each position. */
  public Upsample(double factor) {
    this(factor, Interpolation.NEAREST);
  }

  /** Makes axes longer by a factor. */
  public Upsample(double factor, Interpolation mode) {
    this(mode, factor, List.of());
  }

  /** Creates a layer from its description. */
  public Upsample(Description from) {
    this(
        from.constant("mode", Interpolation.class),
        from.has("factor") ? from.decimal("factor") : 0,
        from.has("sizes") ? Ints.asList(from.integers("sizes")) : List.of());
  }

  /** Returns a layer whose outputs have given sizes: one for all axes, or one an axis. */
  public static Upsample to(Interpolation mode, int... sizes) {
    return new Upsample(mode, 0, Ints.asList(sizes));
  }

  @Override
  public Description description() {
    Description description = Description.of(Upsample::new).set("mode", mode);
    return sizes.isEmpty()
        ? description.set("factor", factor)
        : description.set("sizes", Ints.toArray(sizes));
  }

  @Override
  public Tensor forward(Tensor x) {
    WindowPool.requirePositions(this, x);
    return sizes.isEmpty() ? mode.rescale(x, factor) : mode.resize(x, Ints.toArray(sizes));
  }

  @Override
  public String toString() {
    return "Upsample(%s, %s)"
        .formatted(
            sizes.isEmpty() ? "factor " + factor : "to " + Setting.show(Ints.toArray(sizes)),
            Setting.show(mode));
  }
}
