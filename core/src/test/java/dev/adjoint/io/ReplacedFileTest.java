package dev.adjoint.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files that are read while others take their names: what is read is all of one of them. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows replaces no open file")
class ReplacedFileTest {

  private static final Tensor SMALL = Tensors.zeros(2);
  private static final Tensor LARGE = Tensors.zeros(500);

  @TempDir private Path directory;

  /** Loads one tensor. */
  private interface Loader {
    Tensor load(Path file) throws IOException;
  }

  /** Saves one tensor. */
  private interface Saver {
    void save(Path file, Tensor x) throws IOException;
  }

  @Test
  void anOpenFileKeepsItsSize() throws IOException {
    Path file = directory.resolve("file");
    AtomicFile.write(file, out -> out.write(new byte[3]));
    try (NamedFile.Input in = NamedFile.newInputStream(file)) {
      AtomicFile.write(file, out -> out.write(new byte[5]));
      assertThat(in.size()).isEqualTo(3);
      assertThat(in.readAllBytes()).hasSize(3);
    }
  }

  @Test
  void aSealedFileIsWhole() throws Exception {
    assertWhole(
        (file, x) -> new SealedFile(Map.of("x", x), Map.of()).save(file),
        file -> SealedFile.load(file).tensors().get("x"));
  }

  @Test
  void anNpyFileIsWhole() throws Exception {
    assertWhole(Npy::save, Npy::load);
  }

  @Test
  void anNpzFileIsWhole() throws Exception {
    assertWhole((file, x) -> Npz.save(file, Map.of("x", x)), file -> Npz.load(file).get("x"));
  }

  /** Loads a file again and again while another thread replaces it by one of another size. */
  private void assertWhole(Saver saver, Loader loader) throws Exception {
    Path small = directory.resolve("small");
    Path large = directory.resolve("large");
    Path file = directory.resolve("file");
    saver.save(small, SMALL);
    saver.save(large, LARGE);
    saver.save(file, SMALL);
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Integer> replaced =
          thread.submit(() -> {
            int times = 0;
            for (Path next = directory.resolve("next"); !done.get(); times++) {
              Files.copy(times % 2 == 0 ? large : small, next);
              Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
            }
            return times;
          });
      try {
        for (int i = 0; i < 2000; i++) {
          assertThat(loader.load(file).size()).isIn(SMALL.size(), LARGE.size());
        }
      } finally {
        done.set(true);
      }
      assertThat(replaced.get()).isPositive();
    }
  }
}
