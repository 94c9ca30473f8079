package dev.adjoint.op;

import dev.adjoint.kernel.Kernels;
import dev.adjoint.tensor.DType;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Keeps a kernel for each element type, looked up when it is first needed. */
final class PerType<K> {

  private final Function<Kernels, K> lookup;
  private volatile @Nullable K float32;
  private volatile @Nullable K float64;

  PerType(Function<Kernels, K> lookup) {
    this.lookup = lookup;
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
    K kernel = lookup.apply(Engine.kernels(dtype));
    if (dtype == DType.FLOAT32) {
      float32 = kernel;
    } else {
      float64 = kernel;
    }
    return kernel;
  }
}
