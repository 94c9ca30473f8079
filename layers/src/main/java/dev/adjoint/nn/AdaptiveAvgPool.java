package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * Takes the mean of each of a given number of windows, whatever the size of the input, as PyTorch's
 * AdaptiveAvgPool1d, 2d and 3d: from (N, C, ...) to (N, C, sizes...), see {@link
 * Pooling#adaptiveAvgPool}.
 *
 * @param sizes the numbers of windows: one for each axis of signals, images or volumes
 */
public record AdaptiveAvgPool(List<Integer> sizes) implements Transform, Describable {

  /** Copies the sizes. */
  public AdaptiveAvgPool {
    sizes = List.copyOf(sizes);
  }

  /** Creates a layer for as many axes as there are sizes. */
  public AdaptiveAvgPool(int... sizes) {
    this(Ints.asList(sizes));
  }

  /** Creates a layer from its description. */
  public AdaptiveAvgPool(Description from) {
    this(from.integers("sizes"));
  }

  @Override
  public Description description() {
    return Description.of(AdaptiveAvgPool::new).set("sizes", Ints.toArray(sizes));
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.adaptiveAvgPool(x, Ints.toArray(sizes));
  }

  @Override
  public String toString() {
    return "AdaptiveAvgPool(%s)".formatted(Setting.show(Ints.toArray(sizes)));
  }
}
