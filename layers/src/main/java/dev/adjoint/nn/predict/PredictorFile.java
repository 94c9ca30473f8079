package dev.adjoint.nn.predict;

import com.google.common.base.Joiner;
import com.google.common.base.Splitter;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Transform;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Writes and reads the files of predictors: sealed tensors and some texts. */
final class PredictorFile {

  /** With this begin the names of our texts; all others are the user's. */
  static final String OWN = "adjoint.";

  private static final String ARCHITECTURE = OWN + "architecture";
  private static final String COLUMNS = OWN + "columns";
  private static final String FEATURES = OWN + "features";
  private static final String LABELS = OWN + "labels";

  private PredictorFile() {}

  static void save(Path path, Predictor predictor) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(ARCHITECTURE, predictor.architecture().text());
    texts.put(COLUMNS, ColumnsText.of(predictor.columns()));
    texts.put(FEATURES, Joiner.on('\n').join(predictor.features()));
    texts.put(LABELS, Joiner.on('\n').join(predictor.labels()));
    texts.putAll(predictor.metadata());
    AtomicFile.createDirectoryOf(path);
    new SealedFile(predictor.architecture().tensors(), texts).save(path);
  }

  static Predictor load(Path path, Map<String, Function<Description, ?>> layers)
      throws IOException {
    try {
      SealedFile file = SealedFile.load(path);
      Map<String, String> texts = new LinkedHashMap<>(file.metadata());
      Architecture architecture = new Architecture(take(texts, ARCHITECTURE), file.tensors());
      if (!(architecture.make(layers) instanceof Transform model)) {
        throw new IllegalArgumentException("the model does not turn one tensor into another");
      }
      Columns columns = columns(texts);
      String[] labels = lines(take(texts, LABELS));
      for (String name : texts.keySet()) {
        if (name.startsWith(OWN)) {
          throw new IllegalArgumentException(
              "the text %s, of a later version; expected none".formatted(Texts.quoted(name)));
        }
      }
      return new Predictor(
          model, architecture, columns, Texts.lines("labels", labels), texts, null);
    } catch (IllegalArgumentException e) {
      throw new TensorFormatException(path.toString(), "no predictor: " + e.getMessage(), e);
    }
  }

  /** Returns the columns; those of a file of the first version are numbers. */
  private static Columns columns(Map<String, String> texts) {
    String features = take(texts, FEATURES);
    if (!texts.containsKey(COLUMNS)) {
      return new Columns().numeric(lines(features));
    }
    Columns columns = ColumnsText.read(take(texts, COLUMNS));
    Iterator<String> names = Splitter.on('\n').split(features).iterator();
    if (features.isEmpty() ? columns.width() > 0 : !columns.areFeatures(names)) {
      throw new IllegalArgumentException("the features are not those of the columns");
    }
    return columns;
  }

  private static String[] lines(String text) {
    return text.isEmpty()
        ? new String[0]
        : Splitter.on('\n').splitToList(text).toArray(String[]::new);
  }

  private static String take(Map<String, String> texts, String name) {
    String text = texts.remove(name);
    if (text == null) {
      throw new IllegalArgumentException("no text '%s' in the metadata".formatted(name));
    }
    return text;
  }
}
