package dev.adjoint.onnx;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;

/**
 * Makes results fit their type: integers wrap, half floats are rounded, truth values are 0 or 1.
 */
final class Types {

  private Types() {}

  /** Returns a value of a type from a result that was computed in floats. */
  static Value fitted(Tensor result, ElementType type) {
    Tensor tensor = result.to(type.dtype());
    return new Value(type.isInteger() ? wrapped(tensor, type) : tensor, type);
  }

  /** Returns whole numbers that fit into the bits of the type; 64 bits are left as they are. */
  private static Tensor wrapped(Tensor x, ElementType type) {
    if (type.bits == 64) {
      return x;
    }
    double range = Math.pow(2, type.bits);
    Tensor positive = x.remainder(range); // from 0 to range - 1
    return type.isSigned()
        ? positive.minus(positive.greaterEqual(range / 2).times(range))
        : positive;
  }

  /**
   * Converts a value to another type, as C does.
   *
   * @param saturate whether what is too large for a float of 8 bits becomes the largest one
   */
  static Value cast(Value value, ElementType to, boolean saturate) {
    Tensor x = value.tensor();
    if (to == ElementType.BOOL) {
      return new Value(x.notEqual(0).to(DType.FLOAT64), to);
    }
    if (to.isFloat() && to.bits < 32) {
      return new Value(rounded(x, to, saturate), to);
    }
    return fitted(to.isInteger() ? x.to(DType.FLOAT64).trunc() : x, to);
  }

  private static Tensor rounded(Tensor x, ElementType to, boolean saturate) {
    float[] values = x.untracked().to(DType.FLOAT32).toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] =
          to == ElementType.FLOAT16
              ? Float.float16ToFloat(Float.floatToFloat16(values[i]))
              : to.small == null ? brain(values[i]) : (float) to.small.rounded(values[i], saturate);
    }
    return Tensor.of(values, x.shape().toArray());
  }

  /** Rounds to the 8 bits of a bfloat16, to even. */
  private static float brain(float value) {
    if (Float.isNaN(value)) {
      return value;
    }
    int bits = Float.floatToRawIntBits(value);
    return Float.intBitsToFloat((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
  }
}
