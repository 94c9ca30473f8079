package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.adjoint.io.HeaderText.Dialect;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Reads the files of a model whose index says which tensor is in which of them. */
final class SafetensorsIndex {

  private static final String MAP = "weight_map";

  /** How deep values besides the map may nest, which is more than the sizes and names there are. */
  private static final int DEPTH = 4;

  private SafetensorsIndex() {}

  static Map<String, Tensor> load(Path index) throws IOException {
    Map<String, Set<String>> files = Source.read(index, SafetensorsIndex::read);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    long[] claimed = {0};
    for (Map.Entry<String, Set<String>> file : files.entrySet()) {
      Path path = index.resolveSibling(file.getKey());
      tensors.putAll(Source.read(path, source -> read(source, file.getValue(), claimed)));
    }
    return Collections.unmodifiableMap(tensors);
  }

  /** Returns the names of the tensors of each file. */
  private static Map<String, Set<String>> read(Source source) throws IOException {
    if (source.remaining() > SafetensorsHeader.MAX_LENGTH) {
      throw source.refuse(
          "an index of %d bytes; expected at most %d"
              .formatted(source.remaining(), SafetensorsHeader.MAX_LENGTH));
    }
    HeaderText text = new HeaderText(source, (int) source.remaining(), Dialect.JSON, UTF_8);
    Map<String, Set<String>> files = new LinkedHashMap<>();
    boolean[] there = {false};
    text.object(key -> {
      if (key.equals(MAP)) {
        there[0] = true;
        text.object(tensor ->
            files.computeIfAbsent(fileName(text), _ -> new LinkedHashSet<>()).add(tensor));
      } else {
        text.skip(DEPTH);
      }
    });
    text.end();
    if (!there[0]) {
      throw source.refuse(0, "no %s; expected the index of safetensors files".formatted(MAP));
    }
    return files;
  }

  /** Reads the name of a file, which is no way to another directory. */
  private static String fileName(HeaderText text) throws IOException {
    String name = text.string();
    try {
      Path path = Path.of(name);
      if (!name.isEmpty() && !name.equals("..") && path.equals(path.getFileName())) {
        return name;
      }
    } catch (InvalidPathException e) {
      // Refused as other names are.
    }
    throw text.refuse(
        "the file %s; expected a name of a file beside the index".formatted(Quoted.text(name)));
  }

  /** Reads some tensors of one file, after files whose tensors took so much memory. */
  private static Map<String, Tensor> read(Source source, Set<String> names, long[] claimed)
      throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(source).only(names);
    Set<String> missing = new LinkedHashSet<>(names);
    header.tensors().forEach(tensor -> missing.remove(tensor.name()));
    if (!missing.isEmpty()) {
      throw source.refuse(
          0, "no tensors %s; expected them, as the index says".formatted(Quoted.list(missing)));
    }
    source.claimMemory(claimed[0], "what was read of the other files");
    Map<String, Tensor> tensors = Safetensors.readTensors(header, source, null);
    claimed[0] = source.claimedMemory();
    return tensors;
  }
}
