package dev.adjoint.training.data;

import dev.adjoint.io.AtomicFile;
import dev.adjoint.io.FileInput;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes IDX files, the format of <a
 * href="https://yann.lecun.org/exdb/mnist/index.html">MNIST</a>, packed by gzip or not. A packed
 * file may become 100 times as large, or 64 MiB if that is more, and a tensor may take half of the
 * memory that the JVM may use.
 *
 * <pre>{@code
 * Tensor images = Idx.read(Path.of("train-images-idx3-ubyte.gz")).div(255); // (60000, 28, 28)
 * IntTensor labels = Idx.readIntegers(Path.of("train-labels-idx1-ubyte.gz")); // (60000)
 * }</pre>
 */
public final class Idx {

  /** What a Java array can hold. */
  private static final int MOST_BYTES = Integer.MAX_VALUE - 8;

  /** Returns an element of a big-endian buffer. */
  private interface Element {
    double get(ByteBuffer buffer, int i);
  }

  /** The types of elements. */
  private enum Type {
    UNSIGNED_BYTE(0x08, 1, (buffer, i) -> Byte.toUnsignedInt(buffer.get(i))),
    BYTE(0x09, 1, ByteBuffer::get),
    SHORT(0x0B, 2, (buffer, i) -> buffer.getShort(2 * i)),
    INT(0x0C, 4, (buffer, i) -> buffer.getInt(4 * i)),
    FLOAT(0x0D, 4, (buffer, i) -> buffer.getFloat(4 * i)),
    DOUBLE(0x0E, 8, (buffer, i) -> buffer.getDouble(8 * i));

    private final int code;
    private final int bytes;
    private final Element element;

    Type(int code, int bytes, Element element) {
      this.code = code;
      this.bytes = bytes;
      this.element = element;
    }

    /** Returns what an element takes in a tensor: float64 for what float32 does not hold. */
    int tensorBytes() {
      return this == INT || this == DOUBLE ? Double.BYTES : Float.BYTES;
    }

    static @Nullable Type of(int code) {
      return Arrays.stream(values()).filter(type -> type.code == code).findAny().orElse(null);
    }
  }

  /** What a file contains. */
  private record Content(Type type, Shape shape, ByteBuffer buffer) {
    double get(int i) {
      return type.element.get(buffer, i);
    }
  }

  private Idx() {}

  /**
   * Reads a file into a tensor of the same shape and values: float64 for 32-bit integers and 64-bit
   * floats, else float32.
   *
   * @throws DataFormatException if the file is not what the format allows, or is damaged
   */
  public static Tensor read(Path file) throws IOException {
    Content content = content(file);
    int n = content.shape.size();
    int[] sizes = content.shape.toArray();
    if (content.type.tensorBytes() == Double.BYTES) {
      double[] values = new double[n];
      Arrays.setAll(values, content::get);
      return Tensor.of(values, sizes);
    }
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) content.get(i);
    }
    return Tensor.of(values, sizes);
  }

  /**
   * Reads a file of integers into a tensor of the same shape.
   *
   * @throws DataFormatException if the file is not what the format allows, holds floats, or is
   *     damaged
   */
  public static IntTensor readIntegers(Path file) throws IOException {
    Content content = content(file);
    if (content.type == Type.FLOAT || content.type == Type.DOUBLE) {
      throw DataFormatException.atByte(
          file, 2, "elements of type %s; expected integers".formatted(content.type));
    }
    int[] values = new int[content.shape.size()];
    Arrays.setAll(values, i -> (int) content.get(i));
    return IntTensor.of(values, content.shape.toArray());
  }

  /**
   * Writes a tensor of whole numbers from 0 to 255 as unsigned bytes, packed by gzip if the file's
   * name ends with ".gz".
   */
  public static void writeBytes(Path file, Tensor tensor) throws IOException {
    double[] values = tensor.toDoubleArray();
    writeBytes(file, tensor.shape(), i -> values[i]);
  }

  /**
   * Writes a tensor of numbers from 0 to 255 as unsigned bytes, packed by gzip if the file's name
   * ends with ".gz".
   */
  public static void writeBytes(Path file, IntTensor tensor) throws IOException {
    writeBytes(file, tensor.shape(), tensor::get);
  }

  private static void writeBytes(Path file, Shape shape, IntToDoubleFunction element)
      throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * shape.rank() + shape.size());
    bytes.putShort((short) 0).put((byte) Type.UNSIGNED_BYTE.code).put((byte) shape.rank());
    for (int size : shape.toArray()) {
      bytes.putInt(size);
    }
    for (int i = 0; i < shape.size(); i++) {
      double value = element.applyAsDouble(i);
      if (value != ((int) value & 0xff)) {
        throw new IllegalArgumentException(
            "writeBytes: %s at position %d of shape %s; expected a whole number from 0 to 255"
                .formatted(value, i, shape));
      }
      bytes.put((byte) value);
    }
    AtomicFile.write(
        file,
        out -> {
          if (file.toString().endsWith(".gz")) {
            try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
              packed.write(bytes.array());
            }
          } else {
            out.write(bytes.array());
          }
        });
  }

  private static Content content(Path file) throws IOException {
    try (FileInput in = FileInput.open(file)) {
      return content(file, in, in.mostBytes());
    } catch (ZipException | EOFException e) {
      throw DataFormatException.gzip(file, e);
    }
  }

  /**
   * Reads a file.
   *
   * @param most how many bytes it has at most: a header that claims more is refused before memory
   *     is taken for it
   */
  private static Content content(Path file, InputStream in, long most) throws IOException {
    byte[] magic = bytes(file, in, 0, 4, "the magic number");
    Type type = Type.of(magic[2]);
    int rank = magic[3];
    if (magic[0] != 0 || magic[1] != 0 || type == null || rank < 0 || rank > Shape.MAX_RANK) {
      throw DataFormatException.atByte(
          file,
          0,
          "begins with bytes %s; expected 0, 0, a type (8, 9 or 11 to 14) and at most %d axes"
              .formatted(Arrays.toString(magic), Shape.MAX_RANK));
    }
    int start = 4 + 4 * rank;
    int[] sizes = new int[rank];
    ByteBuffer.wrap(bytes(file, in, 4, 4 * rank, "the list of sizes")).asIntBuffer().get(sizes);
    Shape shape = shape(file, sizes);
    long bytes = (long) shape.size() * type.bytes;
    if (bytes > Math.min(most - start, MOST_BYTES)) {
      throw DataFormatException.atByte(
          file,
          start,
          "a tensor of shape %s and type %s takes %d bytes, but the file has at most %d"
              .formatted(shape, type, bytes, Math.min(most - start, MOST_BYTES)));
    }
    long memory = bytes + (long) shape.size() * type.tensorBytes();
    if (MemoryLimit.isExceededBy(memory)) {
      throw DataFormatException.atByte(
          file,
          start,
          MemoryLimit.refusal("elements of type %s and shape %s".formatted(type, shape), memory));
    }
    byte[] elements = bytes(file, in, start, (int) bytes, "the tensor");
    if (in.read() >= 0) {
      throw DataFormatException.atByte(
          file, start + bytes, "more bytes follow the tensor of shape %s".formatted(shape));
    }
    return new Content(type, shape, ByteBuffer.wrap(elements));
  }

  private static Shape shape(Path file, int[] sizes) throws DataFormatException {
    try {
      return Shape.of(sizes);
    } catch (IllegalArgumentException e) {
      throw DataFormatException.atByte(file, 4, "no shape of a tensor: " + e.getMessage());
    }
  }

  private static byte[] bytes(Path file, InputStream in, int position, int n, String what)
      throws IOException {
    byte[] bytes = in.readNBytes(n); // takes memory for what is there
    if (bytes.length < n) {
      throw DataFormatException.atByte(
          file,
          position,
          "%s takes %d bytes, but the file ends after %d".formatted(what, n, bytes.length));
    }
    return bytes;
  }
}
