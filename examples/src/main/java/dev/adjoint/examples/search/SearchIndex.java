package dev.adjoint.examples.search;

import dev.adjoint.io.AtomicFile;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.sequence.WordPiece;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Methods with the vectors of their signatures, and the encoder and its vocabulary that made them:
 * all that a search needs, in one file.
 *
 * @param vectors of shape (methods, width), each of length 1
 */
public record SearchIndex(
    SentenceEncoder encoder, WordPiece tokenizer, List<ApiMethod> methods, Tensor vectors) {

  private static final String VECTORS = "vectors";
  private static final String MODEL = "model.";

  /** A method that was found, and the cosine between its signature and the question. */
  public record Hit(ApiMethod method, double cosine) {}

  /** Computes the vectors of methods. */
  public static SearchIndex of(
      SentenceEncoder encoder, WordPiece tokenizer, List<ApiMethod> methods) {
    List<String> texts = methods.stream().map(ApiMethod::words).toList();
    return new SearchIndex(encoder, tokenizer, methods, encoder.encode(tokenizer, texts));
  }

  /** Returns the methods whose signatures are nearest to a question. */
  public List<Hit> find(String question, int most) {
    Tensor query = encoder.encode(tokenizer, List.of(question));
    float[] cosines = query.matmul(vectors.transpose()).toFloatArray();
    return IntStream.range(0, cosines.length)
        .boxed()
        .sorted(Collections.reverseOrder((a, b) -> Float.compare(cosines[a], cosines[b])))
        .limit(most)
        .map(i -> new Hit(methods.get(i), cosines[i]))
        .toList();
  }

  /** Saves everything; the file is either the old one or all of the new one. */
  public void save(Path file) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    encoder.state().forEach((name, tensor) -> tensors.put(MODEL + name, tensor));
    tensors.put(VECTORS, vectors);
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("owners", lines(methods.stream().map(ApiMethod::owner).toList()));
    texts.put("calls", lines(methods.stream().map(ApiMethod::call).toList()));
    texts.put("sentences", lines(methods.stream().map(ApiMethod::sentence).toList()));
    texts.put("vocabulary", lines(tokenizer.vocabulary()));
    AtomicFile.createDirectoryOf(file);
    new SealedFile(tensors, texts).save(file);
  }

  private static String lines(List<String> texts) {
    return String.join("\n", texts);
  }

  /**
   * Loads what was saved.
   *
   * @throws TensorFormatException if the file is damaged or another one
   */
  public static SearchIndex load(Path path) throws IOException {
    SealedFile file = SealedFile.load(path);
    Map<String, Tensor> state =
        file.tensors().entrySet().stream()
            .filter(tensor -> tensor.getKey().startsWith(MODEL))
            .collect(
                Collectors.toMap(
                    tensor -> tensor.getKey().substring(MODEL.length()), Map.Entry::getValue));
    try {
      SentenceEncoder encoder = SentenceEncoder.ofState(state);
      List<String> owners = texts(file, "owners");
      List<String> calls = texts(file, "calls");
      List<String> sentences = texts(file, "sentences");
      Tensor vectors = file.tensors().get(VECTORS);
      if (vectors == null
          || vectors.rank() != 2
          || vectors.size(0) != owners.size()
          || calls.size() != owners.size()
          || sentences.size() != owners.size()) {
        throw new IllegalArgumentException(
            "expected a vector, a class, a call and a sentence each");
      }
      List<ApiMethod> methods = new ArrayList<>();
      for (int i = 0; i < owners.size(); i++) {
        methods.add(new ApiMethod(owners.get(i), calls.get(i), sentences.get(i)));
      }
      WordPiece tokenizer = new WordPiece(texts(file, "vocabulary"));
      return new SearchIndex(encoder, tokenizer, List.copyOf(methods), vectors);
    } catch (IllegalArgumentException e) {
      throw new TensorFormatException(
          path.toString(), "no index of a search: " + e.getMessage(), e);
    }
  }

  private static List<String> texts(SealedFile file, String name) {
    String all = file.metadata().get(name);
    if (all == null) {
      throw new IllegalArgumentException("no text '%s'; expected it".formatted(name));
    }
    return List.of(all.split("\n", -1));
  }
}
