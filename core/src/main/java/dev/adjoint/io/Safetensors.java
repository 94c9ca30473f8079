package dev.adjoint.io;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Saves and loads named tensors in the safetensors format, which PyTorch's users exchange weights
 * in: <a href="https://github.com/huggingface/safetensors#format">the format</a>.
 *
 * <pre>{@code
 * Safetensors.save(path, model.state());
 * model.load(Safetensors.load(path));
 * }</pre>
 *
 * <p>A file is a header (names, types, shapes) and the elements. Nothing in a file is trusted:
 * duplicate names, elements that overlap or leave holes, and whatever else the format does not
 * allow are refused by a {@link TensorFormatException}, before memory is allocated for more
 * elements than the file has, or for more than the JVM may use.
 *
 * <p><b>Types.</b> Tensors are written as they are, F32 or F64. Read are also F16 and BF16, which
 * become float32; BOOL and integers of 8 and 16 bits, which become float32; and integers of 32 and
 * 64 bits (such as PyTorch's {@code num_batches_tracked}), which become float64. Nothing is ever
 * rounded: an integer beyond 2^53 is refused.
 */
public final class Safetensors {

  private Safetensors() {}

  /**
   * Saves tensors atomically: the file is either the old one or all of the new one.
   *
   * @param tensors by name; in the file float64 comes before float32, otherwise the order is kept
   */
  public static void save(Path path, Map<String, Tensor> tensors) throws IOException {
    save(path, tensors, Map.of());
  }

  /**
   * Saves tensors and texts atomically: the file is either the old one or all of the new one.
   *
   * @param tensors by name; in the file float64 comes before float32, otherwise the order is kept
   * @param metadata texts by name: the format's {@code __metadata__}
   */
  public static void save(Path path, Map<String, Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    AtomicFile.write(path, out -> save(out, tensors, metadata));
  }

  /** Writes the content of the file to a stream, which stays open. */
  public static void save(
      OutputStream out, Map<String, Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    write(out, tensors, metadata, SafetensorsHeader.MAX_LENGTH);
  }

  /** Writes a file whose header has at most so many bytes. */
  static void write(
      OutputStream out, Map<String, Tensor> tensors, Map<String, String> metadata, long maxHeader)
      throws IOException {
    List<Map.Entry<String, Tensor>> order = new ArrayList<>(tensors.entrySet());
    // Large elements first: so each begins at a multiple of its size.
    order.sort(Comparator.comparingInt(tensor -> -tensor.getValue().dtype().bytes()));
    SafetensorsHeader.write(out, metadata, order, maxHeader);
    for (Map.Entry<String, Tensor> named : order) {
      StoredType.write(named.getValue(), out);
    }
  }

  /**
   * Loads all tensors of a file.
   *
   * @return tensors by name, in the order in which they lie in the file
   * @throws TensorFormatException if the file is not what the format allows, or holds what no
   *     tensor can
   */
  public static Map<String, Tensor> load(Path path) throws IOException {
    return Source.read(path, Safetensors::read);
  }

  /**
   * Loads the tensors of a file that can be read, and reports each of the others: one of a type
   * that is not listed above, such as F8_E4M3 or C64, of more axes or elements than a tensor has,
   * or of integers beyond 2^53.
   *
   * <pre>{@code
   * Map<String, Tensor> state = Safetensors.load(path, left -> log.warning(left.getMessage()));
   * }</pre>
   *
   * @param unreadable receives, for each tensor that is left out, which and why
   * @return tensors by name, in the order in which they lie in the file
   * @throws TensorFormatException if the file is not what the format allows
   */
  public static Map<String, Tensor> load(Path path, Consumer<TensorFormatException> unreadable)
      throws IOException {
    return Source.read(
        path, source -> readTensors(SafetensorsHeader.read(source), source, unreadable));
  }

  /**
   * Loads all tensors of a file that comes as a stream, such as a resource; the stream is read to
   * its end and stays open.
   *
   * @return tensors by name, in the order in which they lie in the file
   * @throws TensorFormatException if the file is not what the format allows, or holds what no
   *     tensor can
   */
  public static Map<String, Tensor> load(InputStream in) throws IOException {
    return Source.read(in, Safetensors::read);
  }

  /**
   * Loads the tensors of a model that is spread over several files.
   *
   * <pre>{@code
   * model.load(Safetensors.loadIndexed(Path.of("model.safetensors.index.json")));
   * }</pre>
   *
   * @param index a JSON file whose {@code weight_map} says, for each tensor, in which file beside
   *     it the tensor is; of each file that is what is read
   * @return tensors by name, file after file, in the order in which they lie in each
   * @throws TensorFormatException if the index or a file is not what the format allows, holds what
   *     no tensor can, or a tensor is not where the index says
   */
  public static Map<String, Tensor> loadIndexed(Path index) throws IOException {
    return SafetensorsIndex.load(index);
  }

  /**
   * Reads the texts of a file, and none of its elements.
   *
   * @return texts by name, in the order of the file; empty if there are none
   * @throws TensorFormatException if the header is not what the format allows
   */
  public static Map<String, String> metadata(Path path) throws IOException {
    return Source.read(
        path, source -> Collections.unmodifiableMap(SafetensorsHeader.read(source).metadata()));
  }

  private static Map<String, Tensor> read(Source source) throws IOException {
    return readTensors(SafetensorsHeader.read(source), source, null);
  }

  /**
   * Reads the elements that follow a header.
   *
   * @param unreadable null if a tensor that cannot be read is to be refused
   */
  static Map<String, Tensor> readTensors(
      SafetensorsHeader header, Source source, @Nullable Consumer<TensorFormatException> unreadable)
      throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    long data = source.position();
    for (SafetensorsHeader.Entry entry : header.tensors()) {
      source.skipTo(data + entry.begin());
      try {
        tensors.put(entry.name(), entry.content().read(source));
      } catch (TensorFormatException e) {
        e.reportTo(unreadable);
      }
    }
    return Collections.unmodifiableMap(tensors);
  }
}
