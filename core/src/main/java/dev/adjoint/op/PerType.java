package dev.adjoint.op;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.tensor.DType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Keeps a kernel for each element type, looked up again when other kernels are in use. */
final class PerType<K> {

  private final Function<Kernels, K> lookup;
  private volatile @Nullable Found<K> float32;
  private volatile @Nullable Found<K> float64;

  /** A kernel, and whose it is. */
  private record Found<K>(Kernels kernels, K kernel) {}

  PerType(Function<Kernels, K> lookup) {
    this.lookup = lookup;
  }

  /**
   * Returns the kernel for a type; two threads that ask first may both look it up, and find the
   * same.
   */
  K of(DType dtype) {
    Kernels kernels = Engine.kernels(dtype);
    Found<K> found = dtype == DType.FLOAT32 ? float32 : float64;
    return found != null && found.kernels == kernels ? found.kernel : find(dtype, kernels);
  }

  private K find(DType dtype, Kernels kernels) {
    Found<K> found = new Found<>(kernels, lookup.apply(kernels));
    if (dtype == DType.FLOAT32) {
      float32 = found;
    } else {
      float64 = found;
    }
    return found.kernel;
  }
}
