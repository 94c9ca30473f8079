package dev.adjoint.onnx;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.io.StoredType;
import dev.adjoint.tensor.DType;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The element types of ONNX, with their numbers in files.
 *
 * <p>Floats are computed in float32, doubles in float64. Integers and truth values are computed as
 * whole numbers in float64, which is exact up to 2^53, so that all operations have one kind of
 * tensor (ADR 66).
 */
enum ElementType {
  FLOAT(1, 32, StoredType.F32),
  UINT8(2, 8, StoredType.U8),
  INT8(3, 8, StoredType.I8),
  UINT16(4, 16, StoredType.U16),
  INT16(5, 16, StoredType.I16),
  INT32(6, 32, StoredType.I32),
  INT64(7, 64, StoredType.I64),
  BOOL(9, 8, StoredType.BOOL),
  FLOAT16(10, 16, StoredType.F16),
  DOUBLE(11, 64, StoredType.F64),
  UINT32(12, 32, StoredType.U32),
  UINT64(13, 64, StoredType.U64),
  BFLOAT16(16, 16, StoredType.BF16),
  FLOAT8E4M3FN(17, new SmallFloat(4, 3, 7, 448, false)),
  FLOAT8E4M3FNUZ(18, new SmallFloat(4, 3, 8, 240, true)),
  FLOAT8E5M2(19, new SmallFloat(5, 2, 15, 57344, false)),
  FLOAT8E5M2FNUZ(20, new SmallFloat(5, 2, 16, 57344, true)),
  UINT4(21, 4, null),
  INT4(22, 4, null),
  FLOAT4E2M1(23, new SmallFloat(2, 1, 1, 6, false)),
  UINT2(25, 2, null),
  INT2(26, 2, null);

  private static final ImmutableMap<Long, String> UNSUPPORTED =
      ImmutableMap.of(
          0L,
          "that are no tensor's",
          8L,
          "string",
          14L,
          "complex64",
          15L,
          "complex128",
          24L,
          "float8e8m0");

  /** Its number in files. */
  final int number;

  /** The bits of an element in raw data; those of less than 8 share a byte, from its lowest on. */
  final int bits;

  private final @Nullable StoredType stored;
  final @Nullable SmallFloat small;

  ElementType(int number, int bits, @Nullable StoredType stored) {
    this.number = number;
    this.bits = bits;
    this.stored = stored;
    small = null;
  }

  ElementType(int number, SmallFloat small) {
    this.number = number;
    bits = small.bits();
    stored = null;
    this.small = small;
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
      throw new UnsupportedOnnxException(
          "%s: elements of type %s; expected floats, integers or truth values"
              .formatted(what, UNSUPPORTED.getOrDefault(number, Long.toString(number))));
    }
    return type;
  }

  /** Returns the type of the tensors that hold such elements. */
  DType dtype() {
    return isFloat() && this != DOUBLE ? DType.FLOAT32 : DType.FLOAT64;
  }

  boolean isFloat() {
    return switch (this) {
      case FLOAT, DOUBLE, FLOAT16, BFLOAT16 -> true;
      default -> small != null;
    };
  }

  boolean isInteger() {
    return !isFloat() && this != BOOL;
  }

  boolean isSigned() {
    return switch (this) {
      case INT2, INT4, INT8, INT16, INT32, INT64 -> true;
      default -> false;
    };
  }

  /** Returns the smallest integer of this type. */
  double lowest() {
    return isSigned() ? -Math.pow(2, bits - 1) : 0;
  }

  /** Returns the largest integer of this type. */
  double highest() {
    return Math.pow(2, isSigned() ? bits - 1 : bits) - 1;
  }

  /** Returns the bytes of raw data that so many elements take. */
  long bytes(int elements) {
    return Math.ceilDiv((long) elements * bits, 8);
  }

  /** Returns an element of raw data. */
  double element(ByteBuffer raw, int index) {
    if (stored != null) {
      return stored.element(raw, index);
    }
    int each = 8 / bits;
    int code = raw.get(index / each) >> index % each * bits & (1 << bits) - 1;
    return small != null
        ? small.value(code)
        : isSigned() && code > highest() ? code - (1 << bits) : code;
  }
}
