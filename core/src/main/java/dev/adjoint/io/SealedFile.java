package dev.adjoint.io;

import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Named tensors and texts that are saved with a checksum, the seal, so that a damaged file is
 * recognized: a {@link Safetensors} file with one more text, since the format has no checksum.
 *
 * <pre>{@code
 * new SealedFile(model.state(), Map.of("epoch", "7")).save(path);
 * model.load(SealedFile.load(path).tensors());
 * }</pre>
 *
 * <p>The seal, the text {@code sha256}, is the SHA-256 of the file as it would be without. It
 * detects accidents and is no signature: a changed file can be sealed again.
 *
 * @param tensors by name
 * @param metadata texts by name, without the seal
 */
public record SealedFile(Map<String, Tensor> tensors, Map<String, String> metadata) {

  private static final String SEAL = "sha256";

  /** Holds copies of both maps, in their order. */
  public SealedFile {
    if (metadata.containsKey(SEAL)) {
      throw new IllegalArgumentException(
          "SealedFile: a text with the name '%s', which is that of the seal".formatted(SEAL));
    }
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
  }

  /** Saves atomically: the file at the path is either the old one or all of the new one. */
  public void save(Path path) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>(metadata);
    texts.put(SEAL, seal());
    Safetensors.save(path, tensors, texts);
  }

  /**
   * Loads a file and compares it with its seal.
   *
   * @throws TensorFormatException if it is damaged, or another kind of file
   */
  public static SealedFile load(Path path) throws IOException {
    return Source.read(path, SealedFile::read);
  }

  private static SealedFile read(Source source) throws IOException {
    SafetensorsHeader header = SafetensorsHeader.read(source);
    Map<String, String> texts = new LinkedHashMap<>(header.metadata());
    String seal = texts.remove(SEAL);
    if (seal == null) {
      throw source.refuse(
          "the file has no seal, the text '%s'; expected a saved predictor or checkpoint (Safetensors.load reads tensors alone)"
              .formatted(SEAL));
    }
    SealedFile file = new SealedFile(Safetensors.readTensors(header, source, null), texts);
    if (!seal.equals(file.seal())) {
      throw source.refuse("the content does not match its seal: the file is damaged");
    }
    return file;
  }

  private String seal() {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      // No limit: a file whose header grows when it is written again is damaged, not an error of
      // ours.
      Safetensors.write(
          new DigestOutputStream(OutputStream.nullOutputStream(), sha),
          tensors,
          metadata,
          Long.MAX_VALUE);
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to nothing does not fail", e);
    }
  }
}
