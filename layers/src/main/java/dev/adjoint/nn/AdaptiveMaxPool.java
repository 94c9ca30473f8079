package dev.adjoint.nn;

import com.google.common.primitives.Ints;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Tensor;
import java.util.List;

/**
 * Takes the maximum of each of a given number of windows, whatever the size of the input, as
 * PyTorch's AdaptiveMaxPool1d, 2d and 3d: from (N, C, ...) to (N, C, sizes...), see {@link
 * Pooling#adaptiveMaxPool}.
 *
 * @param sizes the numbers of windows: one for each axis of signals, images or volumes
 */
public record AdaptiveMaxPool(List<Integer> sizes) implements Transform, Describable {

  /** Copies the sizes. */
  public AdaptiveMaxPool {
    sizes = List.copyOf(sizes);
  }

  /** Creates a layer for as many axes as there are sizes. */
  public AdaptiveMaxPool(int... sizes) {
    this(Ints.asList(sizes));
  }

  /** Creates a layer from its description. */
  public AdaptiveMaxPool(Description from) {
    this(from.integers("sizes"));
  }

  @Override
  public Description description() {
    return Description.of(AdaptiveMaxPool::new).set("sizes", Ints.toArray(sizes));
  }

  @Override
  public Tensor forward(Tensor x) {
    return Pooling.adaptiveMaxPool(x, Ints.toArray(sizes));
  }

  @Override
  public String toString() {
    return "AdaptiveMaxPool(%s)".formatted(Setting.show(Ints.toArray(sizes)));
  }
}
