package dev.adjoint.io;

import com.google.common.io.CountingOutputStream;
import dev.adjoint.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Saves and loads named tensors in NumPy's format .npz: a zip file in which the tensor {@code x} is
 * {@code x.npy}, as {@link Npy} describes.
 *
 * <p>Written are stored entries, as by {@code numpy.savez}; read are also deflated ones, as by
 * {@code numpy.savez_compressed}. Deflated content may be 100 times as large as the file, or 64 MiB
 * if that is more; more is refused, since the file may have been made to fill the memory. Arrays
 * that are compressed better than that, such as large ones of zeros, can be saved by {@code
 * numpy.savez}. An array that takes more memory than the JVM may use is refused, too.
 */
public final class Npz {

  private static final String SUFFIX = ".npy";

  /** The time of every entry, as in NumPy's files: equal tensors make equal files. */
  private static final LocalDateTime EPOCH = LocalDateTime.of(1980, 1, 1, 0, 0);

  /** The most that deflate can save: 258 bytes in two bits. */
  private static final long OF_DEFLATE = 1032;

  private Npz() {}

  /**
   * Saves tensors atomically: the file is either the old one or all of the new one.
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
   * @throws TensorFormatException if the file is not what the format allows, or holds what no
   *     tensor can
   */
  public static Map<String, Tensor> load(Path path) throws IOException {
    return read(path, null);
  }

  /**
   * Loads the entries of a file that can be read, and reports each of the others: texts, objects,
   * structures, complex numbers, and what is no {@code .npy} at all.
   *
   * @param path of the default file system
   * @param unreadable receives, for each entry that is left out, which and why
   * @return tensors by name, in the order of the file's directory
   * @throws TensorFormatException if the file is not what the format allows
   */
  public static Map<String, Tensor> load(Path path, Consumer<TensorFormatException> unreadable)
      throws IOException {
    return read(path, unreadable);
  }

  private static Map<String, Tensor> read(
      Path path, @Nullable Consumer<TensorFormatException> unreadable) throws IOException {
    Version version = Version.of(path);
    try (ZipFile zip = open(path)) {
      if (!Version.of(path).equals(version)) {
        return read(path, unreadable); // another file took the name, perhaps before it was opened
      }
      long size = version.size();
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      long unclaimed = size;
      long inflated = 0;
      for (ZipEntry entry : Collections.list(zip.entries())) {
        String file = path + ", entry " + Quoted.text(entry.getName());
        unclaimed -= checkedSize(file, entry, unclaimed);
        try {
          String name = nameOf(file, entry);
          if (tensors.containsKey(name)) {
            throw new TensorFormatException(file, "is there for a second time", null);
          }
          inflated += entry.getMethod() == ZipEntry.STORED ? 0 : entry.getSize();
          if (inflated > FileInput.limit(size)) {
            throw new TensorFormatException(file, FileInput.refusal(size), null);
          }
          tensors.put(name, read(file, zip, entry));
        } catch (TensorFormatException e) {
          e.reportTo(unreadable);
        }
      }
      return Collections.unmodifiableMap(tensors);
    } catch (ZipException e) {
      throw damaged(path, String.valueOf(e.getMessage()), e);
    } catch (EOFException e) {
      throw damaged(path, "the data of an entry ends too soon", e);
    }
  }

  /** What tells a file from one that takes its name: a {@link ZipFile} does not say its size. */
  private record Version(@Nullable Object key, FileTime modified, long size) {

    static Version of(Path path) throws IOException {
      BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
      return new Version(file.fileKey(), file.lastModifiedTime(), file.size());
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
    long most = entry.getMethod() == ZipEntry.STORED ? compressed : compressed * OF_DEFLATE;
    if (entry.getSize() < 0 || entry.getSize() > most) {
      throw new TensorFormatException(
          file,
          "%d bytes that are said to have been %d; expected at most %d"
              .formatted(compressed, entry.getSize(), most),
          null);
    }
    return compressed;
  }

  private static ZipFile open(Path path) throws IOException {
    try (InputStream in = NamedFile.newInputStream(path)) {
      byte[] start = in.readNBytes(16);
      try {
        return new ZipFile(path.toFile());
      } catch (ZipException e) {
        throw damaged(path, e.getMessage() + "; " + Quoted.start(start), e);
      }
    }
  }

  private static TensorFormatException damaged(Path path, String reason, IOException cause) {
    return new TensorFormatException(
        path.toString(), "not a zip file, or a damaged one: " + reason, cause);
  }

  private static String nameOf(String file, ZipEntry entry) throws TensorFormatException {
    String name = entry.getName();
    if (!name.endsWith(SUFFIX)) {
      boolean torch = name.equals("data.pkl") || name.endsWith("/data.pkl");
      throw TensorFormatException.unsupported(
          "%s: expected a name that ends with %s%s"
              .formatted(
                  file,
                  SUFFIX,
                  torch ? "; it is a file of PyTorch; " + ForeignFormat.CONVERT : ""));
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
    CRC32 checksum = new CRC32();
    CountingOutputStream content =
        new CountingOutputStream(
            new CheckedOutputStream(OutputStream.nullOutputStream(), checksum));
    Npy.save(content, tensor);
    ZipEntry entry = new ZipEntry(SafetensorsHeader.encodable(name) + SUFFIX);
    entry.setSize(content.getCount());
    entry.setCrc(checksum.getValue());
    entry.setTimeLocal(EPOCH);
    return entry;
  }
}
