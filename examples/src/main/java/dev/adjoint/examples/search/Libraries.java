package dev.adjoint.examples.search;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** What the Maven profile {@code search} adds: a pretrained model, and libraries beside it. */
public interface Libraries {

  /** Returns them, if the profile is there. */
  static Optional<Libraries> find() {
    try {
      return ServiceLoader.load(Libraries.class).findFirst().filter(Libraries::areThere);
    } catch (ServiceConfigurationError _) {
      return Optional.empty(); // a build with the profile has left its name
    }
  }

  /** Tells whether the jars of the profile are there: a build with it may have left its classes. */
  boolean areThere();

  /** Reads the ONNX file of all-MiniLM-L6-v2. */
  byte[] model() throws IOException;

  /** Reads the vocabulary of its tokenizer. */
  List<String> vocabulary() throws IOException;

  /** Searches documents by their words, as BM25 ranks them. */
  WordSearch search(List<String> documents) throws IOException;

  /** Runs the model by ONNX Runtime on so many threads. */
  Engine onnxRuntime(int threads) throws IOException;

  /** Finds documents by words. */
  interface WordSearch {
    /** Returns the numbers of the best documents, the best one first. */
    int[] best(String query, int most) throws IOException;
  }

  /** The same model elsewhere. */
  interface Engine extends AutoCloseable {
    /** Returns what the last layer makes of each piece, (N, T, width) in a row. */
    float[] hidden(SentenceEncoder.Group sentences);

    @Override
    void close();
  }
}
