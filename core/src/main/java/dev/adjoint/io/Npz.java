package dev.adjoint.io;

import static dev.adjoint.io.HeaderText.quoted;

import dev.adjoint.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Saves and loads named tensors in NumPy's format .npz: a zip file in which the tensor {@code x} is
 * {@code x.npy}, as {@link Npy} describes.
 *
 * <p>Written are stored entries, as by {@code numpy.savez}; read are also deflated ones, as by
 * {@code numpy.savez_compressed}. What is deflated may be up to 1,032 times as large in memory as
 * in the file: no claim beyond that is believed, but a file from a stranger is better one of {@link
 * Safetensors}.
 */
public final class Npz {

  private static final String SUFFIX = ".npy";

  /** The most that deflate can save: 258 bytes in two bits. */
  private static final long MAX_INFLATION = 1032;

  /** The time of every entry, as in NumPy's files: equal tensors make equal files. */
  private static final LocalDateTime EPOCH = LocalDateTime.of(1980, 1, 1, 0, 0);

  private Npz() {}

  /**
   * Saves tensors so that the file at the path is either the old one or all of the new one.
   *
   * @param tensors by name, in the order in which they are written
   */
  public static void save(Path path, Map<String, Tensor> tensors) throws IOException {
    AtomicFile.write(
        path,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          zip.setMethod(ZipOutputStream.STORED);
          for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
            zip.putNextEntry(entry(named.getKey(), named.getValue()));
            Npy.save(zip, named.getValue());
            zip.closeEntry();
          }
          zip.finish();
        });
  }

  /**
   * Loads all tensors of a file.
   *
   * @param path of the default file system
   * @return tensors by name, in the order of the file's directory
   * @throws TensorFormatException if the file is not what the format allows, or holds what tensors
   *     cannot
   */
  public static Map<String, Tensor> load(Path path) throws IOException {
    try (ZipFile zip = new ZipFile(path.toFile())) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      long unclaimed = Files.size(path);
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String file = path + ", entry " + quoted(entry.getName());
        unclaimed -= checkedSize(file, entry, unclaimed);
        String name = nameOf(file, entry);
        if (tensors.containsKey(name)) {
          throw new TensorFormatException(file, "is there for a second time", null);
        }
        tensors.put(name, read(file, zip, entry));
      }
      return Collections.unmodifiableMap(tensors);
    } catch (ZipException e) {
      throw new TensorFormatException(
          path.toString(), "not a zip file, or a damaged one: " + e.getMessage(), e);
    } catch (EOFException e) {
      throw new TensorFormatException(path.toString(), "the data of an entry ends too soon", e);
    }
  }

  /** Returns the compressed size of an entry, which with the true size is one that can be. */
  private static long checkedSize(String file, ZipEntry entry, long unclaimed)
      throws TensorFormatException {
    long compressed = entry.getCompressedSize();
    if (compressed < 0 || compressed > unclaimed) {
      throw new TensorFormatException(
          file,
          "takes %d bytes; expected at most %d, which no other entry takes"
              .formatted(compressed, unclaimed),
          null);
    }
    long most = entry.getMethod() == ZipEntry.STORED ? compressed : compressed * MAX_INFLATION;
    if (entry.getSize() < 0 || entry.getSize() > most) {
      throw new TensorFormatException(
          file,
          "%d bytes that are said to have been %d; expected at most %d"
              .formatted(compressed, entry.getSize(), most),
          null);
    }
    return compressed;
  }

  private static String nameOf(String file, ZipEntry entry) throws TensorFormatException {
    String name = entry.getName();
    if (!name.endsWith(SUFFIX)) {
      throw new TensorFormatException(file, "expected a name that ends with " + SUFFIX, null);
    }
    return name.substring(0, name.length() - SUFFIX.length());
  }

  private static Tensor read(String file, ZipFile zip, ZipEntry entry) throws IOException {
    try (CheckedInputStream in = new CheckedInputStream(zip.getInputStream(entry), new CRC32())) {
      Tensor tensor = Npy.read(new Source(file, in, entry.getSize()));
      if (in.read() >= 0 || in.getChecksum().getValue() != entry.getCrc()) {
        throw new TensorFormatException(file, "the size or the checksum is wrong", null);
      }
      return tensor;
    }
  }

  /** Returns the description of an entry, which for stored ones precedes the content. */
  private static ZipEntry entry(String name, Tensor tensor) throws IOException {
    CheckedOutputStream content =
        new CheckedOutputStream(OutputStream.nullOutputStream(), new CRC32());
    Npy.save(content, tensor);
    ZipEntry entry = new ZipEntry(name + SUFFIX);
    entry.setSize(Npy.size(tensor));
    entry.setCrc(content.getChecksum().getValue());
    entry.setTimeLocal(EPOCH);
    return entry;
  }
}
