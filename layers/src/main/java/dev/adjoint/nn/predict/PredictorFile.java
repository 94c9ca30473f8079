package dev.adjoint.nn.predict;

import com.google.common.base.Joiner;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Transform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Writes and reads the files of predictors: sealed tensors and three texts. */
final class PredictorFile {

  private static final String ARCHITECTURE = "adjoint.architecture";
  private static final String FEATURES = "adjoint.features";
  private static final String LABELS = "adjoint.labels";
  private static final int MAX_MESSAGE = 500;

  private PredictorFile() {}

  static void save(Path path, Architecture architecture, List<String> features, List<String> labels)
      throws IOException {
    Map<String, String> texts =
        ImmutableMap.of(
            ARCHITECTURE, architecture.text(),
            FEATURES, Joiner.on('\n').join(features),
            LABELS, Joiner.on('\n').join(labels));
    new SealedFile(architecture.tensors(), texts).save(path);
  }

  static Predictor load(Path path, Map<String, Function<Description, ?>> layers)
      throws IOException {
    try {
      SealedFile file = SealedFile.load(path);
      Architecture architecture = new Architecture(text(file, ARCHITECTURE), file.tensors());
      if (!(architecture.make(layers) instanceof Transform model)) {
        throw new IllegalArgumentException("the model does not turn one tensor into another");
      }
      return new Predictor(
          model, architecture, lines(text(file, FEATURES)), lines(text(file, LABELS)));
    } catch (IllegalArgumentException e) {
      throw new TensorFormatException(
          path.toString(), "no predictor: " + shown(String.valueOf(e.getMessage())), e);
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

  private static List<String> lines(String text) {
    return text.isEmpty() ? List.of() : Splitter.on('\n').splitToList(text);
  }

  private static String text(SealedFile file, String name) {
    String text = file.metadata().get(name);
    if (text == null) {
      throw new IllegalArgumentException("no text '%s' in the metadata".formatted(name));
    }
    return text;
  }

  /** Returns a message that quotes a file: not too long, without characters that a log obeys. */
  private static String shown(String message) {
    String shown = message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE);
    return shown.replaceAll("\\p{C}", "?");
  }
}
