package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.adjoint.io.Quoted;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files beside a model that hold its large tensors.
 *
 * @param directory where they are; null if the model did not come from a file
 */
record ExternalData(@Nullable Path directory) {

  /**
   * Reads the bytes of a tensor.
   *
   * @param place by its keys: location, offset and length
   * @param what the tensor, for messages
   */
  ByteString read(Map<String, String> place, String what) throws IOException {
    String location = place.getOrDefault("location", "");
    if (directory == null) {
      throw new IOException(
          "%s: its elements are in the file %s beside the model; expected a model that is read from a file"
              .formatted(what, Quoted.text(location)));
    }
    Path file = inside(directory, location, what);
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      long size = in.length();
      long offset = number(place, "offset", 0, what);
      long length = number(place, "length", size - offset, what);
      if (offset < 0 || length < 0 || offset > size - length || length > Integer.MAX_VALUE - 8) {
        throw new IOException(
            "%s: bytes %d to %d of %s; expected a part of its %d bytes"
                .formatted(what, offset, offset + length, Quoted.text(location), size));
      }
      byte[] bytes = new byte[(int) length];
      in.seek(offset);
      in.readFully(bytes);
      return UnsafeByteOperations.unsafeWrap(bytes);
    }
  }

  /** Returns a file in the directory: a model may not read what is elsewhere. */
  private static Path inside(Path directory, String location, String what) throws IOException {
    Path real = directory.toRealPath();
    try {
      Path file = real.resolve(location).toRealPath();
      if (file.startsWith(real) && Files.isRegularFile(file)) {
        return file;
      }
    } catch (InvalidPathException | NoSuchFileException _) {
      // said below
    }
    throw new IOException(
        "%s: its elements are in %s; expected a file beside the model"
            .formatted(what, Quoted.text(location)));
  }

  private static long number(Map<String, String> place, String key, long otherwise, String what)
      throws IOException {
    String text = place.get(key);
    try {
      return text == null ? otherwise : Long.parseLong(text);
    } catch (NumberFormatException _) {
      throw new IOException(
          "%s: %s %s; expected a number of bytes".formatted(what, key, Quoted.text(text)));
    }
  }
}
