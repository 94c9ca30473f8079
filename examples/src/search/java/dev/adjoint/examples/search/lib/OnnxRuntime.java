package dev.adjoint.examples.search.lib;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.adjoint.examples.search.Libraries.Engine;
import dev.adjoint.examples.search.SentenceEncoder.Group;
import dev.adjoint.tensor.IntTensor;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Map;

/** ONNX Runtime on the CPU, with its optimizations of the graph. */
final class OnnxRuntime implements Engine {

  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  OnnxRuntime(byte[] model, int threads) throws IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      session = environment.createSession(model, options);
    } catch (OrtException e) {
      throw new IOException(e);
    }
  }

  @Override
  public float[] hidden(Group sentences) {
    IntTensor pieces = sentences.tokens().pieces();
    long[] shape = {pieces.shape().size(0), pieces.shape().size(1)};
    long[] ids = new long[pieces.size()];
    long[] mask = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = pieces.get(i);
      int sentence = (int) (i / shape[1]);
      mask[i] = i % shape[1] < sentences.tokens().lengths().get(sentence) ? 1 : 0;
    }
    try (OnnxTensor tokens = OnnxTensor.createTensor(environment, LongBuffer.wrap(ids), shape);
        OnnxTensor there = OnnxTensor.createTensor(environment, LongBuffer.wrap(mask), shape);
        OnnxTensor types =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(new long[ids.length]), shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", tokens, "attention_mask", there, "token_type_ids", types))) {
      FloatBuffer hidden = ((OnnxTensor) result.get(0)).getFloatBuffer();
      float[] values = new float[hidden.remaining()];
      hidden.get(values);
      return values;
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }
}
