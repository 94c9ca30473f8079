package dev.adjoint.examples.search;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.sequence.WordPiece;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public class SearchIndexTest {

  private static final WordPiece TOKENIZER =
      new WordPiece(
          Stream.of("[PAD] [UNK] [CLS] [SEP] a the list map file sort open size of ( ) x ##s")
              .flatMap(line -> Stream.of(line.split(" ")))
              .toList());

  private static final List<ApiMethod> METHODS =
      List.of(
          new ApiMethod("java.util.List", "sort(X x)", "Sorts the list."),
          new ApiMethod("java.util.Map", "size()", "The size of a map."),
          new ApiMethod("java.io.File", "open()", "Opens the file."),
          new ApiMethod("java.io.File", "size()", "Size of the file of a list of the files."));

  /** Returns an index of four methods by a small encoder that has learned nothing. */
  public static SearchIndex index() {
    return SearchIndex.of(encoder(), TOKENIZER, METHODS);
  }

  private static SentenceEncoder encoder() {
    return new SentenceEncoder(17, 16, 64, 2, Generator.seeded(3));
  }

  private static List<String> sentences() {
    return METHODS.stream().map(ApiMethod::sentence).toList();
  }

  @Test
  void aSentenceHasTheSameVectorAmongLongerOnes() {
    SentenceEncoder encoder = encoder();
    Tensor together = encoder.forward(TOKENIZER.encode(sentences(), 128));
    Tensor grouped = encoder.encode(TOKENIZER, sentences());
    assertThat(grouped).isCloseTo(together.untracked(), 1e-5, 1e-6);
    for (int i = 0; i < METHODS.size(); i++) {
      Tensor alone = encoder.forward(TOKENIZER.encode(sentences().subList(i, i + 1), 128));
      assertThat(together.slice(0, i, i + 1)).isCloseTo(alone.untracked(), 1e-5, 1e-6);
      assertThat(alone.norm(2).item()).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void pairsAreLearned() {
    SentenceEncoder encoder = encoder();
    AdamW adam = new AdamW(encoder.namedParameters());
    adam.learningRate(3e-3);
    Pairs pairs = new Pairs(TOKENIZER, METHODS);
    double before = encoder.loss(pairs.all()).item();
    for (int step = 0; step < 12; step++) {
      adam.step(encoder.loss(pairs.all()).backward());
    }
    assertThat(encoder.loss(pairs.all()).item()).isLessThan(before / 4);
    SearchIndex index = SearchIndex.of(encoder, TOKENIZER, METHODS);
    Recall recall =
        Recall.of(encoder.encode(TOKENIZER, sentences()), index.vectors(), new int[] {0, 1, 2, 3});
    assertThat(recall).isEqualTo(new Recall(1, 1, 1));
    assertThat(index.find("Opens the file.", 2).getFirst().method()).isEqualTo(METHODS.get(2));
  }

  @Test
  void whatIsSavedIsLoaded(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("index.safetensors");
    SearchIndex index = index();
    index.save(file);
    SearchIndex loaded = SearchIndex.load(file);
    assertThat(loaded.methods()).isEqualTo(METHODS);
    assertThat(loaded.find("a list", 3)).isEqualTo(index.find("a list", 3));
    SealedFile whole = SealedFile.load(file);
    new SealedFile(Map.of("vectors", index.vectors()), whole.metadata()).save(file);
    assertThatThrownBy(() -> SearchIndex.load(file))
        .isInstanceOf(TensorFormatException.class)
        .hasMessage(
            file + ": no index of a search: no embeddings of pieces and positions; expected both");
    new SealedFile(whole.tensors(), Map.of("owners", "x")).save(file);
    assertThatThrownBy(() -> SearchIndex.load(file))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContaining("no text 'calls'");
  }

  @Test
  void theNamesOfBertBecomeOurs() {
    Map<String, Tensor> ours = encoder().state();
    Map<String, Tensor> bert = new HashMap<>();
    Tensor rows = Generator.seeded(1).normal(64, 64);
    for (String name : new String[] {"query", "key", "value"}) {
      bert.put("encoder.layer.1.attention.self." + name + ".weight", rows);
    }
    bert.put("encoder.layer.0.attention.output.dense.bias", rows);
    bert.put("encoder.layer.0.output.LayerNorm.bias", rows);
    bert.put("encoder.layer.0.output.dense.bias", rows);
    bert.put("embeddings.LayerNorm.weight", rows);
    bert.put("pooler.dense.weight", rows);
    Map<String, Tensor> mapped = SentenceEncoder.FROM_BERT.of(bert);
    assertThat(mapped.keySet())
        .containsExactlyInAnyOrder(
            "encoder.layers.1.self_attn.in_proj_weight",
            "encoder.layers.0.self_attn.out_proj.bias",
            "encoder.layers.0.norm2.bias",
            "encoder.layers.0.linear2.bias",
            "norm.weight");
    assertThat(ours.keySet()).containsAll(mapped.keySet());
    assertThat(mapped.get("encoder.layers.1.self_attn.in_proj_weight").shape())
        .isEqualTo(Shape.of(192, 64));
  }
}
