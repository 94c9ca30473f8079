package dev.adjoint.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Runs files by ONNX Runtime. */
final class Runtime {

  private static final OrtEnvironment ENVIRONMENT =
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "adjoint");

  private Runtime() {}

  /** Computes the outputs of a file. */
  static Map<String, Tensor> run(byte[] file, Map<String, Object> inputs) throws OrtException {
    Map<String, OnnxTensor> given = new LinkedHashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = ENVIRONMENT.createSession(file, options)) {
        for (String name : session.getInputNames()) {
          given.put(name, tensor(inputs.get(name)));
        }
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        try (OrtSession.Result result = session.run(given)) {
          for (Map.Entry<String, ai.onnxruntime.OnnxValue> output : result) {
            outputs.put(output.getKey(), tensor((OnnxTensor) output.getValue()));
          }
        }
        return outputs;
      }
    } finally {
      given.values().forEach(OnnxTensor::close);
    }
  }

  private static long[] sizes(Shape shape) {
    return Arrays.stream(shape.toArray()).asLongStream().toArray();
  }

  private static OnnxTensor tensor(Object value) throws OrtException {
    if (value instanceof IntTensor indices) {
      long[] values = Arrays.stream(indices.toArray()).asLongStream().toArray();
      return OnnxTensor.createTensor(ENVIRONMENT, LongBuffer.wrap(values), sizes(indices.shape()));
    }
    Tensor x = (Tensor) value;
    return x.dtype() == DType.FLOAT32
        ? OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(x.toFloatArray()), sizes(x.shape()))
        : OnnxTensor.createTensor(
            ENVIRONMENT, DoubleBuffer.wrap(x.toDoubleArray()), sizes(x.shape()));
  }

  private static Tensor tensor(OnnxTensor value) {
    int[] sizes = Arrays.stream(value.getInfo().getShape()).mapToInt(Math::toIntExact).toArray();
    FloatBuffer floats = value.getFloatBuffer();
    if (floats != null) {
      float[] array = new float[floats.remaining()];
      floats.get(array);
      return Tensor.of(array, sizes);
    }
    LongBuffer longs = value.getLongBuffer();
    if (longs != null) {
      double[] array = new double[longs.remaining()];
      Arrays.setAll(array, longs::get);
      return Tensor.of(array, sizes);
    }
    DoubleBuffer doubles = value.getDoubleBuffer();
    double[] array = new double[doubles.remaining()];
    doubles.get(array);
    return Tensor.of(array, sizes);
  }
}
