package dev.adjoint.kernel.vector;

import java.util.function.IntSupplier;
import jdk.incubator.vector.VectorShape;

/** Returns how many bits vectors have, before any class of vectors is initialized. */
public final class VectorWidth implements IntSupplier {

  /** Makes what has no state. */
  public VectorWidth() {}

  @Override
  public int getAsInt() {
    return VectorShape.preferredShape().vectorBitSize();
  }
}
