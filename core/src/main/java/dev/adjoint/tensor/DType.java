package dev.adjoint.tensor;

import dev.adjoint.kernel.Buffers;

/** The type of a tensor's elements. */
public enum DType {
  /** 32-bit IEEE 754 numbers: the default. */
  FLOAT32("float32", 4, 0x1p-23),
  /** 64-bit IEEE 754 numbers, for gradient checks and reference values. */
  FLOAT64("float64", 8, 0x1p-52);

  private final String label;
  private final int bytes;
  private final double epsilon;

  DType(String label, int bytes, double epsilon) {
    this.label = label;
    this.bytes = bytes;
    this.epsilon = epsilon;
  }

  /** Returns the bytes one element takes. */
  public int bytes() {
    return bytes;
  }

  /** Returns the distance from 1 to the next larger number of this type. */
  public double epsilon() {
    return epsilon;
  }

  /**
   * Returns the type in which an operation on two tensors is computed: {@link #FLOAT64} if either
   * is, else {@link #FLOAT32}. This is the whole rule of promotion; Java numbers take the type of
   * the tensor that they meet.
   */
  public static DType promote(DType a, DType b) {
    return a == FLOAT64 || b == FLOAT64 ? FLOAT64 : FLOAT32;
  }

  /** Returns an array for {@code n} elements, all of which the caller must write. */
  Object uninitialized(int n) {
    return this == FLOAT32 ? Buffers.uninitializedFloats(n) : Buffers.uninitializedDoubles(n);
  }

  /** Returns an array of {@code n} zeros. */
  Object zeroed(int n) {
    return this == FLOAT32 ? Buffers.zeroedFloats(n) : Buffers.zeroedDoubles(n);
  }

  /** Reads one element of an array of this type. */
  double get(Object array, int index) {
    return this == FLOAT32 ? ((float[]) array)[index] : ((double[]) array)[index];
  }

  /** Writes one element of an array of this type, rounding to it. */
  void set(Object array, int index, double value) {
    if (this == FLOAT32) {
      ((float[]) array)[index] = (float) value;
    } else {
      ((double[]) array)[index] = value;
    }
  }

  @Override
  public String toString() {
    return label;
  }
}
