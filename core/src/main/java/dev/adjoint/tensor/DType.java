package dev.adjoint.tensor;

import com.google.common.base.Ascii;
import dev.adjoint.kernel.Elements;

/** The type of a tensor's elements. */
public enum DType {
  /** 32-bit IEEE 754 numbers: the default. */
  FLOAT32(4, 0x1p-23, Float.MAX_VALUE),
  /** 64-bit IEEE 754 numbers, for gradient checks and reference values. */
  FLOAT64(8, 0x1p-52, Double.MAX_VALUE);

  private final int bytes;
  private final double epsilon;
  private final double largest;

  DType(int bytes, double epsilon, double largest) {
    this.bytes = bytes;
    this.epsilon = epsilon;
    this.largest = largest;
  }

  /** Returns the bytes one element takes. */
  public int bytes() {
    return bytes;
  }

  /** Returns the distance from 1 to the next larger number of this type. */
  public double epsilon() {
    return epsilon;
  }

  /** Returns the largest finite number of this type. */
  public double largest() {
    return largest;
  }

  /**
   * Returns the type in which an operation on two tensors is computed: {@link #FLOAT64} if either
   * is, else {@link #FLOAT32}. This is the whole rule of promotion; Java numbers take the type of
   * the tensor that they meet.
   */
  public static DType promote(DType a, DType b) {
    return a == FLOAT64 || b == FLOAT64 ? FLOAT64 : FLOAT32;
  }

  Elements elements() {
    return this == FLOAT32 ? Elements.float32() : Elements.float64();
  }

  @Override
  public String toString() {
    return Ascii.toLowerCase(name());
  }
}
