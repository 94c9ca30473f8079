package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import dev.adjoint.io.Quoted;
import dev.adjoint.onnx.Proto.TensorData;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A tensor of a model while it runs.
 *
 * @param tensor its elements, of the type's {@link ElementType#dtype}
 * @param type what they are in the model
 */
record Value(Tensor tensor, ElementType type) implements Item {

  /** Returns a value of the type that a tensor of floats has. */
  static Value of(Tensor tensor) {
    return new Value(
        tensor, tensor.dtype() == DType.FLOAT32 ? ElementType.FLOAT : ElementType.DOUBLE);
  }

  /** Returns integers. */
  static Value of(int... integers) {
    double[] values = new double[integers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = integers[i];
    }
    return new Value(Tensor.of(values), ElementType.INT64);
  }

  /** Returns another tensor of the same type. */
  Value with(Tensor other) {
    return new Value(other.to(type.dtype()), type);
  }

  Shape shape() {
    return tensor.shape();
  }

  /** Returns the elements as integers, as for sizes and axes; larger ones are cut to int. */
  int[] toInts() {
    double[] values = tensor.untracked().toDoubleArray();
    int[] integers = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      integers[i] = (int) values[i];
    }
    return integers;
  }

  IntTensor toIntTensor() {
    return IntTensor.of(toInts(), shape().toArray());
  }

  /**
   * Returns the tensor of a file.
   *
   * @throws IOException if it is damaged
   * @throws UnsupportedOnnxException if it has elements that no tensor here can hold
   */
  static Value read(TensorData data, ExternalData files) throws IOException {
    String what = "tensor " + Quoted.text(data.name());
    ElementType type = ElementType.require(data.type(), what);
    Shape shape = shape(data.dims(), what);
    int size = shape.size();
    ByteString raw = data.external().isEmpty() ? data.raw() : files.read(data.external(), what);
    Object values = data.values();
    long given =
        values == null
            ? raw.size() / type.bytes + (raw.size() % type.bytes == 0 ? 0 : -1)
            : Array.getLength(values);
    if (given != size) {
      throw new IOException(
          "%s: %s elements of type %s in shape %s; expected %d"
              .formatted(
                  what, values == null ? raw.size() + " bytes of" : given, type, shape, size));
    }
    int[] sizes = shape.toArray();
    return new Value(
        type.dtype() == DType.FLOAT32
            ? Tensor.of(floats(type, raw, values, size), sizes)
            : Tensor.of(doubles(type, raw, values, size), sizes),
        type);
  }

  private static Shape shape(long[] dims, String what) throws IOException {
    int[] sizes = new int[dims.length];
    for (int i = 0; i < dims.length; i++) {
      sizes[i] = Math.clamp(dims[i], -1, Integer.MAX_VALUE);
    }
    try {
      return Shape.of(sizes);
    } catch (IllegalArgumentException e) {
      throw new IOException("%s: %s".formatted(what, e.getMessage()), e);
    }
  }

  /** Returns this in float64, if it is in float32: how a model computes that was moved to it. */
  Value widened() {
    return type.isFloat() ? new Value(tensor.to(DType.FLOAT64), ElementType.DOUBLE) : this;
  }

  private static float[] floats(ElementType type, ByteString raw, @Nullable Object values, int n) {
    float[] floats = new float[n];
    ByteBuffer bytes = raw.asReadOnlyByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
    if (values instanceof float[] given) {
      return given;
    }
    if (values == null && type == ElementType.FLOAT) {
      bytes.asFloatBuffer().get(floats);
      return floats;
    }
    for (int i = 0; i < n; i++) {
      short bits = values instanceof long[] given ? (short) given[i] : bytes.getShort(2 * i);
      floats[i] =
          type == ElementType.FLOAT16
              ? Float.float16ToFloat(bits)
              : Float.intBitsToFloat(bits << 16);
    }
    return floats;
  }

  private static double[] doubles(
      ElementType type, ByteString raw, @Nullable Object values, int n) {
    double[] doubles = new double[n];
    ByteBuffer bytes = raw.asReadOnlyByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
    if (values instanceof double[] given) {
      return given;
    }
    for (int i = 0; i < n; i++) {
      doubles[i] =
          values instanceof long[] given
              ? (double) given[i]
              : switch (type) {
                case DOUBLE -> bytes.getDouble(8 * i);
                case INT64, UINT64 -> (double) bytes.getLong(8 * i);
                case INT32 -> bytes.getInt(4 * i);
                case UINT32 -> Integer.toUnsignedLong(bytes.getInt(4 * i));
                case INT16 -> bytes.getShort(2 * i);
                case UINT16 -> Short.toUnsignedInt(bytes.getShort(2 * i));
                case INT8 -> bytes.get(i);
                default -> Byte.toUnsignedInt(bytes.get(i));
              };
    }
    return doubles;
  }
}
