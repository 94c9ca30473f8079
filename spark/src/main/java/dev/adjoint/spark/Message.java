package dev.adjoint.spark;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Storage;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * What driver and executors send one another: two vectors, which add.
 *
 * <p>To the executors go parameters and buffers; back come the gradients of parameters, and numbers
 * that have to be exact. As bytes: the bytes of a value, the number of numbers, the numbers, the
 * values, little-endian.
 *
 * @param values one after another, float32 or float64
 * @param numbers float64
 */
record Message(Tensor values, Tensor numbers) {

  private static final int HEADER = 2 * Integer.BYTES;

  /** How values are written. */
  enum Format {
    FLOAT32(Float.BYTES),
    FLOAT64(Double.BYTES),
    BFLOAT16(Short.BYTES);

    private final int bytes;

    Format(int bytes) {
      this.bytes = bytes;
    }

    static Format ofBytes(int bytes) {
      return switch (bytes) {
        case Float.BYTES -> FLOAT32;
        case Double.BYTES -> FLOAT64;
        default -> BFLOAT16;
      };
    }

    static Format of(DType dtype) {
      return dtype == DType.FLOAT64 ? FLOAT64 : FLOAT32;
    }
  }

  /** Returns the type that holds the values of all parameters. */
  static DType typeOf(List<Parameter> parameters) {
    return parameters.stream().allMatch(parameter -> parameter.dtype() == DType.FLOAT32)
        ? DType.FLOAT32
        : DType.FLOAT64;
  }

  /** Returns the elements of tensors one after another. */
  static Tensor joined(List<Tensor> tensors, DType dtype) {
    Tensor[] flat =
        tensors.stream()
            .map(tensor -> tensor.untracked().to(dtype).reshape(tensor.shape().size()))
            .toArray(Tensor[]::new);
    return flat.length == 0 ? Tensors.zeros(Shape.of(0), dtype) : Joining.concat(0, flat);
  }

  /** Returns the parts of a vector as tensors of the shapes of others. */
  static List<Tensor> parted(Tensor flat, List<Tensor> like) {
    List<Tensor> parts = new ArrayList<>();
    int from = 0;
    for (Tensor tensor : like) {
      int to = from + tensor.shape().size();
      parts.add(flat.slice(0, from, to).reshape(tensor.shape().toArray()).to(tensor.dtype()));
      from = to;
    }
    return parts;
  }

  /**
   * Returns the sum in the order of a binary tree over the list: of neighbors, of neighbors of
   * these, and so on. So it depends on nothing but the messages and their places.
   */
  static Message sum(List<Message> messages) {
    List<Message> level = messages;
    while (level.size() > 1) {
      List<Message> above = new ArrayList<>();
      for (int i = 0; i < level.size(); i += 2) {
        Message left = level.get(i);
        above.add(i + 1 < level.size() ? left.plus(level.get(i + 1)) : left);
      }
      level = above;
    }
    return level.getFirst();
  }

  private Message plus(Message other) {
    return new Message(values.plus(other.values), numbers.plus(other.numbers));
  }

  /** Returns one of so many parts of nearly equal size. */
  Message part(int number, int parts) {
    return new Message(part(values, number, parts), part(numbers, number, parts));
  }

  private static Tensor part(Tensor vector, int number, int parts) {
    long size = vector.shape().size();
    return vector.slice(0, (int) (size * number / parts), (int) (size * (number + 1) / parts));
  }

  /** Puts parts together again. */
  static Message ofParts(List<Message> parts) {
    return new Message(
        Joining.concat(0, parts.stream().map(Message::values).toArray(Tensor[]::new)),
        Joining.concat(0, parts.stream().map(Message::numbers).toArray(Tensor[]::new)));
  }

  /** Returns the format that loses nothing. */
  Format format() {
    return Format.of(values.dtype());
  }

  byte[] bytes(Format format) {
    int size = values.shape().size();
    int count = numbers.shape().size();
    ByteBuffer out =
        ByteBuffer.allocate(HEADER + count * Double.BYTES + size * format.bytes)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(format.bytes)
            .putInt(count);
    out.asDoubleBuffer().put(numbers.toDoubleArray());
    out.position(HEADER + count * Double.BYTES);
    switch (format) {
      case FLOAT32 -> out.asFloatBuffer().put(values.toFloatArray());
      case FLOAT64 -> out.asDoubleBuffer().put(values.toDoubleArray());
      case BFLOAT16 -> {
        for (float value : values.toFloatArray()) {
          out.putShort(upperHalf(value));
        }
      }
    }
    return out.array();
  }

  static Message of(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    Format format = Format.ofBytes(in.getInt());
    double[] numbers = new double[in.getInt()];
    in.asDoubleBuffer().get(numbers);
    in.position(HEADER + numbers.length * Double.BYTES);
    int size = in.remaining() / format.bytes;
    if (format == Format.FLOAT64) {
      double[] values = new double[size];
      in.asDoubleBuffer().get(values);
      return new Message(owning(values, DType.FLOAT64, size), Tensor.of(numbers));
    }
    float[] values = new float[size];
    if (format == Format.FLOAT32) {
      in.asFloatBuffer().get(values);
    } else {
      for (int i = 0; i < size; i++) {
        values[i] = Float.intBitsToFloat(in.getShort() << Short.SIZE);
      }
    }
    return new Message(owning(values, DType.FLOAT32, size), Tensor.of(numbers));
  }

  /** Returns a tensor of these elements, without a copy of them. */
  private static Tensor owning(Object elements, DType dtype, int size) {
    return Tensor.contiguous(new Storage(elements), dtype, Shape.of(size));
  }

  /** Rounds to bfloat16, to nearest and ties to even. */
  private static short upperHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = Float.isNaN(value) ? bits | 0x400000 : bits + 0x7FFF + (bits >>> Short.SIZE & 1);
    return (short) (rounded >>> Short.SIZE);
  }
}
