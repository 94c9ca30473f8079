package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes by what lies around each position: {@code g * v / sqrt(mean_B(v^2) + epsilon) + b},
 * with {@code v = x - mean_A(x)} (Ren et al. 2017, arXiv:1611.04520).
 *
 * <p>Inputs have the shape (N, C, L), (N, C, H, W) or (N, C, D, H, W); for windows along the units
 * of a layer, (N, 1, units). A and B are windows around a position, over all channels, of as many
 * positions as there are in them: windows over everything make this {@code new GroupNorm(1, C)}.
 * epsilon is the square of the paper's smoother sigma, and defaults to 1. The paper has no g and b
 * on images ({@link #withoutAffine}). Both modes compute the same.
 */
public final class DivisiveNorm extends SpatialNorm<DivisiveNorm> {

  private final int summation = size("summation").get();
  private final int suppression = size("suppression").get();

  /** Creates a norm of some channels whose windows A and B are so many positions wide. */
  public DivisiveNorm(int channels, int window) {
    this(channels, window, window);
  }

  /** Creates a norm of some channels with a window A of the mean and B of the squares. */
  public DivisiveNorm(int channels, int summation, int suppression) {
    this(
        Description.of(DivisiveNorm::new)
            .set("features", channels)
            .set("summation", summation)
            .set("suppression", suppression));
  }

  /** Creates a layer from its description. */
  public DivisiveNorm(Description from) {
    super(from, true, 1);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    Tensor known = mask == null ? Tensors.ones(x.slice(1, 0, 1).shape(), x.dtype()) : mask;
    Tensor v = x.minus(around(x, known, summation)).times(known);
    return affine(v.times(inverse(around(v.square(), known, suppression))));
  }

  /** Returns means over all channels and the known positions of windows. */
  private Tensor around(Tensor x, Tensor known, int size) {
    Tensor sum = x.mean(Keep.AXES, 1);
    Tensor count = known;
    for (int axis : positions(x)) {
      sum = LocalResponseNorm.neighbors(sum, axis, size);
      count = LocalResponseNorm.neighbors(count, axis, size);
    }
    return sum.div(count.clamp(1, Double.MAX_VALUE));
  }
}
