package dev.adjoint.examples.search.lib;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.adjoint.examples.search.Libraries;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads the files of the model, and knows Lucene and ONNX Runtime. */
public final class SearchLibraries implements Libraries {

  private static final String MODEL = "/all-minilm-l6-v2.onnx";
  private static final String TOKENIZER = "/all-minilm-l6-v2-tokenizer.json";

  @Override
  public boolean areThere() {
    return SearchLibraries.class.getResource(MODEL) != null;
  }

  @Override
  public byte[] model() throws IOException {
    try (InputStream in = resource(MODEL)) {
      return in.readAllBytes();
    }
  }

  @Override
  public List<String> vocabulary() throws IOException {
    try (Reader in = new InputStreamReader(resource(TOKENIZER), StandardCharsets.UTF_8)) {
      JsonObject model = JsonParser.parseReader(in).getAsJsonObject().getAsJsonObject("model");
      JsonObject numbers = model.getAsJsonObject("vocab");
      String[] pieces = new String[numbers.size()];
      for (Map.Entry<String, JsonElement> piece : numbers.entrySet()) {
        pieces[piece.getValue().getAsInt()] = piece.getKey();
      }
      return Arrays.asList(pieces);
    }
  }

  @Override
  public WordSearch search(List<String> documents) throws IOException {
    return new LuceneSearch(documents);
  }

  @Override
  public Engine onnxRuntime(int threads) throws IOException {
    return new OnnxRuntime(model(), threads);
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(SearchLibraries.class.getResourceAsStream(name), name);
  }
}
