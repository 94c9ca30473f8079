package dev.adjoint.onnx;

import dev.adjoint.tensor.DType;
import org.jspecify.annotations.Nullable;

/**
 * The element types of ONNX, with their numbers in files.
 *
 * <p>Floats are computed in float32, doubles in float64. Integers and truth values are computed as
 * whole numbers in float64, which is exact up to 2^53, so that all operations have one kind of
 * tensor (ADR 66).
 */
enum ElementType {
  FLOAT(1, 4),
  UINT8(2, 1),
  INT8(3, 1),
  UINT16(4, 2),
  INT16(5, 2),
  INT32(6, 4),
  INT64(7, 8),
  BOOL(9, 1),
  FLOAT16(10, 2),
  DOUBLE(11, 8),
  UINT32(12, 4),
  UINT64(13, 8),
  BFLOAT16(16, 2);

  private static final String[] UNSUPPORTED = {
    "that are no tensor's",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "string",
    "",
    "",
    "",
    "",
    "",
    "complex64",
    "complex128",
    "",
    "float8e4m3fn",
    "float8e4m3fnuz",
    "float8e5m2",
    "float8e5m2fnuz",
    "uint4",
    "int4",
    "float4e2m1",
    "float8e8m0",
    "uint2",
    "int2"
  };

  /** Its number in files. */
  final int number;

  /** The bytes of an element in raw data. */
  final int bytes;

  ElementType(int number, int bytes) {
    this.number = number;
    this.bytes = bytes;
  }

  /** Returns the type with a number, or null if no tensor here can hold its elements. */
  static @Nullable ElementType numbered(long number) {
    for (ElementType type : values()) {
      if (type.number == number) {
        return type;
      }
    }
    return null;
  }

  /** Returns the type with a number. */
  static ElementType require(long number, String what) {
    ElementType type = numbered(number);
    if (type == null) {
      boolean known = number >= 0 && number < UNSUPPORTED.length;
      throw new UnsupportedOnnxException(
          "%s: elements of type %s; expected floats, integers or truth values"
              .formatted(what, known ? UNSUPPORTED[(int) number] : Long.toString(number)));
    }
    return type;
  }

  /** Returns the type of the tensors that hold such elements. */
  DType dtype() {
    return switch (this) {
      case FLOAT, FLOAT16, BFLOAT16 -> DType.FLOAT32;
      default -> DType.FLOAT64;
    };
  }

  boolean isFloat() {
    return this == FLOAT || this == DOUBLE || this == FLOAT16 || this == BFLOAT16;
  }

  boolean isInteger() {
    return !isFloat() && this != BOOL;
  }

  boolean isSigned() {
    return this == INT8 || this == INT16 || this == INT32 || this == INT64;
  }

  /** Returns the number of integers of this type, as a power of 2. */
  int bits() {
    return 8 * bytes;
  }
}
