package dev.adjoint.training;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Layer;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Saves and loads everything that a training needs to continue with the same bits.
 *
 * <pre>{@code
 * Checkpoint checkpoint =
 *     Checkpoint.at(path).with("model", model).with("optimizer", adam).with("generator", generator);
 * Position position = checkpoint.load().orElse(Position.START);
 * ...
 * checkpoint.save(position);
 * }</pre>
 *
 * <p>It is one {@link SealedFile}, so that PyTorch's users can look into it: the parts' tensors as
 * in {@code model.hidden.weight}. A new one takes the place of the old one at once, whole; whatever
 * happens meanwhile, one of both is there. A damaged file is recognized.
 */
public final class Checkpoint {

  private static final String FORMAT = "format";
  private static final String THIS_FORMAT = "adjoint checkpoint 1";
  private static final String POSITION = "position";
  private static final String DATA = "data";

  /** A part of a checkpoint, which is saved under a name of its own. */
  private record Part(Supplier<Map<String, Tensor>> state, Consumer<Map<String, Tensor>> load) {}

  private final Path path;
  private final Map<String, Part> parts = new LinkedHashMap<>();
  private String data = "";
  private volatile @Nullable Position last;

  private Checkpoint(Path path) {
    this.path = path;
  }

  /** Returns a checkpoint of nothing but a position, in the file at a path. */
  public static Checkpoint at(Path path) {
    return new Checkpoint(path);
  }

  /** Returns another with the same file and parts, to add more. */
  Checkpoint copy() {
    Checkpoint copy = new Checkpoint(path);
    copy.parts.putAll(parts);
    return copy;
  }

  /** Says what data the position is a place in; a file that says something else is refused. */
  Checkpoint on(String description) {
    data = description;
    return this;
  }

  /** Adds a model: its parameters and buffers. */
  public Checkpoint with(String name, Layer model) {
    return with(name, model::state, model::load);
  }

  /** Adds an optimizer, and with it the place in its schedule. */
  public Checkpoint with(String name, Optimizer optimizer) {
    return with(name, optimizer::state, optimizer::load);
  }

  /** Adds a generator, such as the one that dropout draws from. */
  public Checkpoint with(String name, Generator generator) {
    return with(name, generator::state, generator::load);
  }

  /**
   * Adds anything that returns its state and can load it: {@code plateau::state, plateau::load}.
   */
  public Checkpoint with(
      String name, Supplier<Map<String, Tensor>> state, Consumer<Map<String, Tensor>> load) {
    if (name.isEmpty() || name.contains(".") || name.equals(POSITION) || parts.containsKey(name)) {
      throw new IllegalArgumentException(
          "Checkpoint: a part '%s' beside '%s' and %s; expected a new name without dots"
              .formatted(name, POSITION, parts.keySet()));
    }
    parts.put(name, new Part(state, load));
    return this;
  }

  /** Returns the path of the file. */
  public Path path() {
    return path;
  }

  /** Returns the position that was saved or loaded last by this object. */
  Optional<Position> last() {
    return Optional.ofNullable(last);
  }

  /**
   * Saves all parts and a position, in the place of what was there; directories are created.
   *
   * @throws IOException if that is not possible; then the old file is there still
   */
  public void save(Position position) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(POSITION, Tensor.of((double) position.epoch(), position.batch(), position.step()));
    states()
        .forEach(
            (name, state) -> state.forEach((key, value) -> tensors.put(name + "." + key, value)));
    AtomicFile.createDirectoryOf(path);
    new SealedFile(tensors, ImmutableMap.of(FORMAT, THIS_FORMAT, DATA, data)).save(path);
    last = position;
  }

  /** Throws what would be thrown by {@link #save}, as far as that can be known before. */
  void requireSavable() {
    states();
    try {
      if (Files.isDirectory(path)) {
        throw new FileSystemException(path.toString(), null, "a directory");
      }
      AtomicFile.createDirectoryOf(path);
      Files.delete(Files.createTempFile(path.toAbsolutePath().getParent(), ".", ".tmp"));
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written: %s".formatted(path, e), e);
    }
  }

  private Map<String, Map<String, Tensor>> states() {
    Map<String, Map<String, Tensor>> states = new LinkedHashMap<>();
    parts.forEach((name, part) -> states.put(name, part.state().get()));
    return states;
  }

  /** Loads a checkpoint, if there is one, for a training that will save it. */
  static Optional<Position> begin(@Nullable Checkpoint checkpoint) {
    if (checkpoint == null) {
      return Optional.empty();
    }
    checkpoint.requireSavable();
    try {
      return checkpoint.load();
    } catch (ClosedByInterruptException e) {
      throw (CancellationException)
          new CancellationException("fit: the thread was interrupted").initCause(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * Loads all parts, or none.
   *
   * @return the position that was saved; empty if there is no file
   * @throws CheckpointException if the file is damaged, no checkpoint, or does not fit the parts
   */
  public Optional<Position> load() throws IOException {
    if (Files.notExists(path)) {
      return Optional.empty();
    }
    SealedFile file = read();
    requireSameData(file.metadata().getOrDefault(DATA, ""));
    Map<String, Map<String, Tensor>> states = new LinkedHashMap<>();
    parts.keySet().forEach(name -> states.put(name, new LinkedHashMap<>()));
    for (Map.Entry<String, Tensor> entry : file.tensors().entrySet()) {
      String name = entry.getKey();
      int dot = name.indexOf('.');
      Map<String, Tensor> state = states.get(name.substring(0, Math.max(dot, 0)));
      if (state != null) {
        state.put(name.substring(dot + 1), entry.getValue());
      } else if (!name.equals(POSITION)) {
        throw new CheckpointException(
            path, "holds '%s'; expected nothing but %s".formatted(name, parts.keySet()));
      }
    }
    Position position = position(file.tensors().get(POSITION));
    loadAll(states);
    last = position;
    return Optional.of(position);
  }

  private SealedFile read() throws IOException {
    SealedFile file;
    try {
      file = SealedFile.load(path);
    } catch (TensorFormatException e) {
      throw new CheckpointException(path, "is damaged or no checkpoint: " + e.getMessage(), e);
    }
    if (!THIS_FORMAT.equals(file.metadata().get(FORMAT))) {
      throw new CheckpointException(
          path,
          "has the format %s; expected '%s'".formatted(file.metadata().get(FORMAT), THIS_FORMAT));
    }
    return file;
  }

  private void requireSameData(String saved) throws CheckpointException {
    if (!saved.equals(data) && !saved.isEmpty() && !data.isEmpty()) {
      throw new CheckpointException(
          path,
          "is of a training on %s; expected the same data, got %s (another training needs a file of its own)"
              .formatted(saved, data));
    }
  }

  private Position position(@Nullable Tensor saved) throws CheckpointException {
    double[] numbers = saved == null ? new double[0] : saved.toDoubleArray();
    if (saved == null
        || saved.dtype() != DType.FLOAT64
        || numbers.length != 3
        || !Arrays.stream(numbers).allMatch(n -> n >= 0 && n == (int) n)) {
      throw new CheckpointException(path, "has no '%s' of three whole numbers".formatted(POSITION));
    }
    return new Position((int) numbers[0], (int) numbers[1], (int) numbers[2]);
  }

  private void loadAll(Map<String, Map<String, Tensor>> states) throws CheckpointException {
    Map<String, Map<String, Tensor>> before = states();
    for (Map.Entry<String, Map<String, Tensor>> own : before.entrySet()) {
      if (!own.getValue().isEmpty() && at(states, own.getKey()).isEmpty()) {
        throw new CheckpointException(
            path,
            "does not fit what is to go on: it holds nothing of '%s'; expected the parts that were saved, or a file of its own"
                .formatted(own.getKey()));
      }
    }
    try {
      parts.forEach((name, part) -> part.load().accept(at(states, name)));
    } catch (RuntimeException e) {
      try {
        parts.forEach((name, part) -> part.load().accept(at(before, name)));
      } catch (RuntimeException again) {
        e.addSuppressed(again);
      }
      throw new CheckpointException(
          path,
          "does not fit what is to go on: %s; expected what it was saved with, or to begin anew without this file"
              .formatted(e.getMessage()),
          e);
    }
  }

  private static Map<String, Tensor> at(Map<String, Map<String, Tensor>> states, String name) {
    return Objects.requireNonNull(states.get(name));
  }

  /** Returns the file and the names of the parts. */
  @Override
  public String toString() {
    return "Checkpoint %s of %s".formatted(path, parts.keySet());
  }
}
