package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
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
    if (values instanceof long[] longs) {
      raw = packed(longs, type);
      values = null;
    }
    long given =
        values != null ? Array.getLength(values) : raw.size() == type.bytes(size) ? size : -1;
    if (given != size) {
      throw new IOException(
          "%s: %s elements of type %s in shape %s; expected %d"
              .formatted(what, given < 0 ? raw.size() + " bytes of" : given, type, shape, size));
    }
    return new Value(tensor(type, raw, values, shape), type);
  }

  /** Returns numbers that are given one by one as they lie in raw data. */
  private static ByteString packed(long[] longs, ElementType type) {
    int bytes = Math.max(1, type.bits / 8);
    ByteBuffer packed = ByteBuffer.allocate(longs.length * bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (long each : longs) {
      for (int k = 0; k < bytes; k++) {
        packed.put((byte) (each >> 8 * k));
      }
    }
    return UnsafeByteOperations.unsafeWrap(packed.array());
  }

  private static Tensor tensor(
      ElementType type, ByteString raw, @Nullable Object values, Shape shape) {
    int[] sizes = shape.toArray();
    ByteBuffer bytes = raw.asReadOnlyByteBuffer().slice().order(ByteOrder.LITTLE_ENDIAN);
    if (type.dtype() == DType.FLOAT32) {
      float[] floats = values instanceof float[] given ? given : new float[shape.size()];
      for (int i = 0; values == null && type != ElementType.FLOAT && i < floats.length; i++) {
        floats[i] = (float) type.element(bytes, i);
      }
      if (values == null && type == ElementType.FLOAT) {
        bytes.asFloatBuffer().get(floats);
      }
      return Tensor.of(floats, sizes);
    }
    double[] doubles = values instanceof double[] given ? given : new double[shape.size()];
    for (int i = 0; values == null && i < doubles.length; i++) {
      doubles[i] = type.element(bytes, i);
    }
    return Tensor.of(doubles, sizes);
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
}
