package dev.adjoint.op;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.kernel.Kernels.Loop;
import dev.adjoint.tensor.DType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a kernel, or what is made of kernels, for each element type: looked up when it is first
 * needed, and again when other kernels are in use.
 */
final class PerType<K> {

  private final Function<DType, K> lookup;
  private volatile @Nullable Found<K> float32;
  private volatile @Nullable Found<K> float64;

  /** A kernel, and whose it is. */
  private record Found<K>(Kernels kernels, K kernel) {}

  PerType(Function<DType, K> lookup) {
    this.lookup = lookup;
  }

  /** Keeps the loops over a function. */
  static PerType<Loop> loop(String function, int arity) {
    return new PerType<>(dtype -> Engine.kernels(dtype).loop(function, arity));
  }

  /**
   * Returns the kernel for a type; two threads that ask first may both look it up, and find the
   * same.
   */
  K of(DType dtype) {
    Kernels kernels = Engine.kernels(dtype);
    Found<K> found = dtype == DType.FLOAT32 ? float32 : float64;
    return found != null && found.kernels.equals(kernels) ? found.kernel : find(dtype, kernels);
  }

  private K find(DType dtype, Kernels kernels) {
    Found<K> found = new Found<>(kernels, lookup.apply(dtype));
    if (dtype == DType.FLOAT32) {
      float32 = found;
    } else {
      float64 = found;
    }
    return found.kernel;
  }
}
