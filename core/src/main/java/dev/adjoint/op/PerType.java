package dev.adjoint.op;

import dev.adjoint.kernel.Loop;
import dev.adjoint.tensor.DType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a kernel, or something else that depends on the type, for each element type, looked up when
 * it is first needed.
 */
final class PerType<K> {

  private final Function<DType, K> lookup;
  private volatile @Nullable K float32;
  private volatile @Nullable K float64;

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
    K kernel = dtype == DType.FLOAT32 ? float32 : float64;
    return kernel != null ? kernel : find(dtype);
  }

  private K find(DType dtype) {
    K kernel = lookup.apply(dtype);
    if (dtype == DType.FLOAT32) {
      float32 = kernel;
    } else {
      float64 = kernel;
    }
    return kernel;
  }
}
