package dev.adjoint.io;

import static dev.adjoint.io.Same.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsIndexTest {

  @TempDir private Path directory;

  @BeforeEach
  void twoFiles() throws IOException {
    Map<String, Tensor> first = new LinkedHashMap<>();
    first.put("a", Tensor.of(1f, 2f));
    first.put("b", Tensor.of(3f));
    first.put("c", Tensor.of(4f, 5f, 6f));
    Safetensors.save(directory.resolve("1.safetensors"), first);
    Safetensors.save(directory.resolve("2.safetensors"), Map.of("d", Tensor.of(7f)));
  }

  /** Writes an index, with its quotes single for legibility, and loads what it names. */
  private Map<String, Tensor> load(String index) throws IOException {
    return Safetensors.loadIndexed(
        Files.writeString(directory.resolve("index.json"), index.replace('\'', '"')));
  }

  private void assertRefused(String index, String message) {
    assertThatThrownBy(() -> load(index))
        .isInstanceOf(TensorFormatException.class)
        .hasMessage(directory.resolve("index.json") + message);
  }

  @Test
  void theTensorsOfAllFilesAreLoaded() throws IOException {
    Map<String, Tensor> expected = new LinkedHashMap<>();
    expected.put("d", Tensor.of(7f));
    expected.put("a", Tensor.of(1f, 2f));
    expected.put("b", Tensor.of(3f));
    expected.put("c", Tensor.of(4f, 5f, 6f));
    assertSame(
        load(
            """
            {'metadata': {'total_size': 2.8e1, 'x': [null, -1, {'y': true}], 'z': 'text'},
             'weight_map': {'d': '2.safetensors', 'c': '1.safetensors', 'b': '1.safetensors',
              'a': '1.safetensors'}}
            """),
        expected);
  }

  @Test
  void ofAFileThatIsReadWhatTheIndexNames() throws IOException {
    Map<String, Tensor> expected = new LinkedHashMap<>();
    expected.put("a", Tensor.of(1f, 2f));
    expected.put("c", Tensor.of(4f, 5f, 6f));
    assertSame(load("{'weight_map': {'c': '1.safetensors', 'a': '1.safetensors'}}"), expected);
    assertThat(load("{'weight_map': {}}")).isEmpty();
  }

  @Test
  void whatIsNoIndexIsRefused() {
    assertRefused("{}", ", byte 0: no weight_map; expected the index of safetensors files");
    assertRefused("[]", ", byte 0: expected the header to begin with '{', got '['");
    assertRefused("{'weight_map': []}", ", byte 15: expected '{', got '['");
    assertRefused("{'weight_map': {'a': 1}}", ", byte 21: expected '\"', got '1'");
    assertRefused(
        "{'weight_map': {'a': 'x', 'a': 'x'}}", ", byte 26: 'a' is there for a second time");
    assertRefused("{'x': [1, 01]}", ", byte 10: expected a value, got '0'");
    assertRefused("{'x': nul}", ", byte 6: expected a value, got 'n'");
    assertRefused("{'x': }", ", byte 6: expected a value, got '}'");
    assertRefused("{'weight_map': {}} x", ", byte 19: expected the end of the header, got 'x'");
    assertRefused(
        "{'x': " + "[".repeat(1_000_000),
        ", byte 10: objects and lists that nest deeper than expected");
  }

  @Test
  void noFileOfAnotherDirectoryIsRead() {
    for (String name : new String[] {"../1.safetensors", "/etc/passwd", "x/1", "..", ""}) {
      assertRefused(
          "{'weight_map': {'a': '%s'}}".formatted(name),
          ", byte 21: the file '%s'; expected a name of a file beside the index".formatted(name));
    }
    assertRefused(
        "{'weight_map': {'a': '\\u0000'}}",
        ", byte 21: the file '\\u0000'; expected a name of a file beside the index");
  }

  @Test
  void aTensorIsWhereTheIndexSays() {
    assertThatThrownBy(() -> load("{'weight_map': {'d': '1.safetensors', 'a': '1.safetensors'}}"))
        .isInstanceOf(TensorFormatException.class)
        .hasMessage(
            directory.resolve("1.safetensors")
                + ", byte 0: no tensors ['d']; expected them, as the index says");
    assertThatThrownBy(() -> load("{'weight_map': {'d': '3.safetensors'}}"))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("3.safetensors");
    assertThatThrownBy(() -> load("{'weight_map': {'d': '.'}}"))
        .isInstanceOf(FileSystemException.class)
        .hasMessageContaining("is a directory");
  }

  @Test
  void anIndexThatWasCutOffIsRefused() {
    String index = "{'metadata': {'x': [1, 'y']}, 'weight_map': {'d': '2.safetensors'}}";
    for (int length = 0; length < index.length(); length++) {
      String part = index.substring(0, length);
      assertThatThrownBy(() -> load(part)).as(part).isInstanceOf(TensorFormatException.class);
    }
  }
}
