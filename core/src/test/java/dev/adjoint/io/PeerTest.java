package dev.adjoint.io;

import static dev.adjoint.io.Same.assertSame;

import ai.djl.ndarray.NDList.Encoding;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exchanges files with the Deep Java Library. */
class PeerTest {

  @TempDir Path directory;

  private static Map<String, Tensor> state() {
    Generator generator = Generator.seeded(1);
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("running.mean", generator.normal(0, 1, Shape.of(3), DType.FLOAT64));
    state.put("features.0.weight", generator.normal(2, 3, 4));
    state.put("Maße \"µ\"\\", Tensor.of(Float.NaN, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE));
    state.put("scalar", Tensor.scalar(0.1, DType.FLOAT32));
    state.put("none", Tensors.zeros(0, 3));
    return state;
  }

  @Test
  void anotherImplementationReadsSafetensors() throws IOException {
    Path file = directory.resolve("ours.safetensors");
    Safetensors.save(file, state(), Map.of("format", "pt"));
    assertSame(Djl.read(Files.readAllBytes(file)), state());
  }

  @Test
  void weReadSafetensorsOfAnotherImplementation() throws IOException {
    Path file = directory.resolve("theirs.safetensors");
    Files.write(file, Djl.write(Encoding.SAFETENSORS, state()));
    assertSame(Safetensors.load(file), state());
  }

  @Test
  void anotherImplementationReadsNpz() throws IOException {
    Path file = directory.resolve("ours.npz");
    Npz.save(file, state());
    assertSame(Djl.read(Files.readAllBytes(file)), state());
  }

  @Test
  void weReadNpzOfAnotherImplementation() throws IOException {
    Path file = directory.resolve("theirs.npz");
    Files.write(file, Djl.write(Encoding.NPZ, state()));
    assertSame(Npz.load(file), state());
  }
}
