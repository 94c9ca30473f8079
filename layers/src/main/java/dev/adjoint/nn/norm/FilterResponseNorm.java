package dev.adjoint.nn.norm;

import dev.adjoint.nn.Description;
import dev.adjoint.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Divides each channel of each example by the root of its mean square, {@code g * x /
 * sqrt(mean(x^2) + epsilon) + b} (Singh and Krishnan 2020, arXiv:1911.09737): {@link InstanceNorm}
 * without a mean.
 *
 * <p>Inputs have the shape (N, C, L), (N, C, H, W) or (N, C, D, H, W). The activation behind it is
 * a {@link dev.adjoint.nn.TLU}, since nothing centers what a relu would cut at 0. epsilon defaults
 * to 1e-6. Both modes compute the same.
 */
public final class FilterResponseNorm extends SpatialNorm<FilterResponseNorm> {

  /** Creates a norm of some channels. */
  public FilterResponseNorm(int channels) {
    this(Description.of(FilterResponseNorm::new).set("features", channels));
  }

  /** Creates a layer from its description. */
  public FilterResponseNorm(Description from) {
    super(from, false, 1e-6);
  }

  @Override
  Tensor normalized(Tensor x, @Nullable Tensor mask) {
    return normalize(x, mask, placement(x), reductionAxes(x)).y();
  }
}
