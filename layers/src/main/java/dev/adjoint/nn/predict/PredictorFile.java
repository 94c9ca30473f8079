package dev.adjoint.nn.predict;

import com.google.common.base.Joiner;
import com.google.common.base.Splitter;
import dev.adjoint.io.Safetensors;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Writes and reads the files of predictors: safetensors with four texts more. */
final class PredictorFile {

  private static final String ARCHITECTURE = "adjoint.architecture";
  private static final String FEATURES = "adjoint.features";
  private static final String LABELS = "adjoint.labels";
  private static final String DIGEST = "adjoint.sha256";

  private static final int MAX_MESSAGE = 500;

  private PredictorFile() {}

  static void save(Path path, Architecture architecture, List<String> features, List<String> labels)
      throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(ARCHITECTURE, architecture.text());
    texts.put(FEATURES, Joiner.on('\n').join(features));
    texts.put(LABELS, Joiner.on('\n').join(labels));
    texts.put(DIGEST, digest(architecture.tensors(), texts));
    Safetensors.save(path, architecture.tensors(), texts);
  }

  static Predictor load(Path path, Map<String, Function<Description, ?>> layers)
      throws IOException {
    Map<String, String> texts = new LinkedHashMap<>(Safetensors.metadata(path));
    Map<String, Tensor> tensors = Safetensors.load(path);
    try {
      String expected = text(texts, DIGEST);
      texts.remove(DIGEST);
      String digest = digest(tensors, texts);
      if (!digest.equals(expected)) {
        throw new IllegalArgumentException(
            "the content has the digest %s; expected %s".formatted(digest, expected));
      }
      Architecture architecture = new Architecture(text(texts, ARCHITECTURE), tensors);
      if (!(architecture.make(layers) instanceof Transform model)) {
        throw new IllegalArgumentException("the model does not turn one tensor into another");
      }
      return new Predictor(
          model, architecture, lines(text(texts, FEATURES)), lines(text(texts, LABELS)));
    } catch (IllegalArgumentException e) {
      throw new TensorFormatException(
          path.toString(),
          "not a file of a predictor: " + shown(String.valueOf(e.getMessage())),
          e);
    }
  }

  /** Returns names that can be written as lines. */
  static List<String> lines(String what, String... names) {
    for (String name : names) {
      if (name.isEmpty() || name.lines().count() > 1 || name.strip().length() < name.length()) {
        throw new IllegalArgumentException(
            "%s: '%s'; expected a text on one line, without white space at its ends"
                .formatted(what, name));
      }
    }
    return List.of(names);
  }

  /** Returns a message that quotes a file: not too long, without characters that a log obeys. */
  private static String shown(String message) {
    String shown = message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE);
    return shown.replaceAll("\\p{C}", "?");
  }

  private static List<String> lines(String text) {
    return text.isEmpty() ? List.of() : Splitter.on('\n').splitToList(text);
  }

  private static String text(Map<String, String> texts, String name) {
    String text = texts.get(name);
    if (text == null) {
      throw new IllegalArgumentException("no text '%s' in the metadata".formatted(name));
    }
    return text;
  }

  /** Returns the SHA-256 of what the file would be without it. */
  private static String digest(Map<String, Tensor> tensors, Map<String, String> texts)
      throws IOException {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    Safetensors.save(new DigestOutputStream(OutputStream.nullOutputStream(), sha), tensors, texts);
    return HexFormat.of().formatHex(sha.digest());
  }
}
