package dev.adjoint.io;

import com.google.common.base.Enums;
import dev.adjoint.kernel.Elements;
import dev.adjoint.kernel.Storage;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The element types of files, by their names in safetensors, and their conversion to the two of
 * tensors: F for floats, I and U for signed and unsigned integers, and their bits. Readers of other
 * formats take {@link #element}.
 *
 * <p>Each is read as the smaller of ours that holds all its values, and never rounded: 64-bit
 * integers, which float64 holds up to 2^53, are refused beyond that.
 */
public enum StoredType {
  F64("f8", "d", 8, DType.FLOAT64),
  F32("f4", "f", 4, DType.FLOAT32),
  /** IEEE half: 5 bits of exponent, 10 of fraction. */
  F16("f2", "e", 2, DType.FLOAT32),
  /** The upper half of a float32: 8 bits of exponent, 7 of fraction. */
  BF16(null, null, 2, DType.FLOAT32),
  I64("i8", "q", 8, DType.FLOAT64),
  U64("u8", "Q", 8, DType.FLOAT64),
  I32("i4", "i", 4, DType.FLOAT64),
  U32("u4", "I", 4, DType.FLOAT64),
  I16("i2", "h", 2, DType.FLOAT32),
  U16("u2", "H", 2, DType.FLOAT32),
  I8("i1", "b", 1, DType.FLOAT32),
  U8("u1", "B", 1, DType.FLOAT32),
  BOOL("b1", "?", 1, DType.FLOAT32);

  /** Bytes that are converted at once: they stay in the cache. */
  private static final int CHUNK = 1 << 17;

  private static final long LARGEST_EXACT = 1L << 53;

  private final @Nullable String numpy;
  private final @Nullable String letter;
  private final int bytes;
  private final DType dtype;

  StoredType(@Nullable String numpy, @Nullable String letter, int bytes, DType dtype) {
    this.numpy = numpy;
    this.letter = letter;
    this.bytes = bytes;
    this.dtype = dtype;
  }

  /** Returns the type as which elements of a tensor are written. */
  static StoredType of(DType dtype) {
    return dtype == DType.FLOAT32 ? F32 : F64;
  }

  static @Nullable StoredType named(String name) {
    return Enums.getIfPresent(StoredType.class, name).orNull();
  }

  /** Returns the type with this code in NumPy, such as {@code f4} or {@code f}, or null. */
  static @Nullable StoredType ofNumpy(String code) {
    return Arrays.stream(values())
        .filter(type -> code.equals(type.numpy) || code.equals(type.letter))
        .findFirst()
        .orElse(null);
  }

  /** Returns the type's code in NumPy, or null if NumPy has no such type. */
  @Nullable String numpy() {
    return numpy;
  }

  /** Returns the bytes of one element. */
  public int bytes() {
    return bytes;
  }

  long bytes(Shape shape) {
    return (long) shape.size() * bytes;
  }

  /** Reads a tensor of elements of this type, the last axis varying fastest. */
  Tensor read(Source source, Shape shape, ByteOrder order) throws IOException {
    if (bytes(shape) > source.remaining()) {
      throw source.refuse(
          "a tensor %s of shape %s takes %d bytes, but the file ends after %d"
              .formatted(this, shape, bytes(shape), source.remaining()));
    }
    source.claimMemory(
        (long) shape.size() * dtype.bytes(), "a tensor %s of shape %s".formatted(this, shape));
    int n = shape.size();
    Elements type = dtype == DType.FLOAT32 ? Elements.float32() : Elements.float64();
    Object array = type.uninitialized(n);
    ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, bytes(shape))).order(order);
    for (int done = 0, count; done < n; done += count) {
      count = Math.min(CHUNK / bytes, n - done);
      long start = source.position();
      source.read(chunk.array(), count * bytes);
      int decoded = decode(chunk, count, array, done);
      if (decoded < count) {
        long at = start + (long) decoded * bytes;
        throw this == BOOL
            ? source.refuse(at, "this BOOL cannot be read exactly; expected 0 or 1")
            : source.unsupported(
                at,
                "this %s cannot be read exactly; expected at most 2^53, which float64 holds"
                    .formatted(this));
      }
    }
    return Tensor.contiguous(new Storage(array), dtype, shape);
  }

  /** Writes the elements of a tensor little-endian, the last axis varying fastest. */
  static void write(Tensor tensor, OutputStream out) throws IOException {
    Tensor flat = tensor.untracked().contiguous();
    Object array = flat.storage().array();
    int n = flat.size();
    int bytes = flat.dtype().bytes();
    ByteBuffer chunk =
        ByteBuffer.allocate((int) Math.min(CHUNK, (long) n * bytes)).order(ByteOrder.LITTLE_ENDIAN);
    for (int done = 0, count; done < n; done += count) {
      count = Math.min(CHUNK / bytes, n - done);
      if (array instanceof float[] floats) {
        chunk.asFloatBuffer().put(floats, flat.offset() + done, count);
      } else {
        chunk.asDoubleBuffer().put((double[]) array, flat.offset() + done, count);
      }
      out.write(chunk.array(), 0, count * bytes);
    }
    tensor
        .checkAfterReading(); // an optimizer may have updated the elements while they were written
  }

  /**
   * Converts {@code n} elements from the beginning of a buffer to those of an array from {@code
   * at}; returns how many came before one that the array cannot hold.
   */
  private int decode(ByteBuffer from, int n, Object to, int at) {
    switch (this) {
      case F32 -> from.asFloatBuffer().get((float[]) to, at, n);
      case F64 -> from.asDoubleBuffer().get((double[]) to, at, n);
      case F16, BF16 -> {
        float[] floats = (float[]) to;
        for (int i = 0; i < n; i++) {
          floats[at + i] = half(from, i);
        }
      }
      default -> {
        return decodeIntegers(from, n, to, at);
      }
    }
    return n;
  }

  /** Returns an element of a buffer, counted from its beginning; integers are rounded to double. */
  public double element(ByteBuffer from, int index) {
    return switch (this) {
      case F64 -> from.getDouble(8 * index);
      case F32 -> from.getFloat(4 * index);
      case F16, BF16 -> half(from, index);
      default -> (double) integer(from, index * bytes);
    };
  }

  private float half(ByteBuffer from, int index) {
    short bits = from.getShort(2 * index);
    return this == F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }

  private int decodeIntegers(ByteBuffer from, int n, Object to, int at) {
    long min = this == U64 || this == BOOL ? 0 : -LARGEST_EXACT; // a U64 from 2^63 is negative here
    long max = this == BOOL ? 1 : LARGEST_EXACT;
    Elements type = Elements.of(to);
    for (int i = 0; i < n; i++) {
      long value = integer(from, i * bytes);
      if (value < min || value > max) {
        return i;
      }
      type.set(to, at + i, (double) value);
    }
    return n;
  }

  private long integer(ByteBuffer from, int position) {
    return switch (this) {
      case I64, U64 -> from.getLong(position);
      case I32 -> from.getInt(position);
      case U32 -> Integer.toUnsignedLong(from.getInt(position));
      case I16 -> from.getShort(position);
      case U16 -> Short.toUnsignedLong(from.getShort(position));
      case I8 -> from.get(position);
      case U8, BOOL -> Byte.toUnsignedLong(from.get(position));
      default -> throw new IllegalStateException(this + " is not an integer");
    };
  }
}
