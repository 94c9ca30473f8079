package dev.adjoint.io;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.passthrough.PassthroughNDArray;
import ai.djl.util.passthrough.PassthroughNDManager;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads and writes files by the Deep Java Library, without any of its engines. */
final class Djl {

  static {
    System.setProperty("slf4j.internal.verbosity", "ERROR"); // it would miss a logger
  }

  private Djl() {}

  /** Writes tensors. */
  static byte[] write(NDList.Encoding encoding, Map<String, Tensor> tensors) throws IOException {
    NDList list = new NDList();
    tensors.forEach((name, tensor) -> {
      boolean single = tensor.dtype() == DType.FLOAT32;
      ByteBuffer bytes =
          ByteBuffer.allocate(tensor.size() * tensor.dtype().bytes())
              .order(ByteOrder.nativeOrder());
      for (double value : tensor.toDoubleArray()) {
        if (single) {
          bytes.putFloat((float) value);
        } else {
          bytes.putDouble(value);
        }
      }
      list.add(array(name, bytes.flip(), single ? DataType.FLOAT32 : DataType.FLOAT64, tensor));
    });
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    list.encode(out, encoding);
    return out.toByteArray();
  }

  /** Reads a file of any of its formats; integers and half floats become what we make of them. */
  static Map<String, Tensor> read(byte[] file) {
    NDList list = NDList.decode(PassthroughNDManager.INSTANCE, new ByteArrayInputStream(file));
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (NDArray array : list) {
      tensors.put(array.getName(), tensor(array));
    }
    return tensors;
  }

  private static NDArray array(String name, ByteBuffer bytes, DataType type, Tensor like) {
    long[] sizes = Arrays.stream(like.shape().toArray()).asLongStream().toArray();
    NDArray array =
        new PassthroughNDArray(PassthroughNDManager.INSTANCE, bytes, new Shape(sizes), type);
    array.setName(name);
    return array;
  }

  private static Tensor tensor(NDArray array) {
    ByteBuffer bytes = array.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    int[] sizes = Arrays.stream(array.getShape().getShape()).mapToInt(Math::toIntExact).toArray();
    int n = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] =
          switch (array.getDataType()) {
            case FLOAT64 -> bytes.getDouble();
            case FLOAT32 -> bytes.getFloat();
            case FLOAT16 -> Halves.value(bytes.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            case INT64, UINT64 -> bytes.getLong();
            case INT32 -> bytes.getInt();
            case UINT32 -> bytes.getInt() & 0xffffffffL;
            case INT16 -> bytes.getShort();
            case UINT16 -> bytes.getShort() & 0xffff;
            case INT8 -> bytes.get();
            case UINT8, BOOLEAN -> bytes.get() & 0xff;
            default -> throw new AssertionError(array.getDataType());
          };
    }
    return switch (array.getDataType()) {
      case FLOAT64, INT64, UINT64, INT32, UINT32 -> Tensor.of(values, sizes);
      default -> Tensor.of(values, sizes).to(DType.FLOAT32);
    };
  }
}
