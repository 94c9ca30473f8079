package dev.adjoint.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SealedFileTest {

  private static final Map<String, Tensor> TENSORS =
      Map.of("w", Tensor.of(1f, 2f, 3f), "v", Tensor.of(new double[] {4, 5}, 1, 2));

  @TempDir private Path directory;

  @Test
  void whatIsSavedIsLoaded() throws IOException {
    Path path = directory.resolve("file");
    new SealedFile(TENSORS, Map.of("epoch", "7", "kind", "test")).save(path);
    SealedFile loaded = SealedFile.load(path);
    assertThat(loaded.metadata()).isEqualTo(Map.of("epoch", "7", "kind", "test"));
    assertThat(loaded.tensors()).containsOnlyKeys("w", "v");
    assertThat(loaded.tensors().get("v").toDoubleArray()).containsExactly(4, 5);
    assertThat(Safetensors.load(path)).containsOnlyKeys("w", "v");
  }

  @Test
  void everyChangedByteIsNoticed() throws IOException {
    Path path = directory.resolve("file");
    new SealedFile(TENSORS, Map.of("epoch", "7")).save(path);
    byte[] whole = Files.readAllBytes(path);
    for (int i = 0; i < whole.length; i++) {
      byte[] damaged = whole.clone();
      damaged[i] ^= 1;
      Files.write(path, damaged);
      assertThatExceptionOfType(TensorFormatException.class)
          .as("byte %d", i)
          .isThrownBy(() -> SealedFile.load(path));
    }
  }

  @Test
  void anotherKindOfFileIsRefused() throws IOException {
    Path path = directory.resolve("file");
    Safetensors.save(path, TENSORS);
    assertThatThrownBy(() -> SealedFile.load(path))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContainingAll(path.toString(), "no seal");
    assertThatThrownBy(() -> new SealedFile(TENSORS, Map.of("sha256", "x")))
        .hasMessageContaining("that of the seal");
  }
}
