package dev.adjoint.io;

import static java.util.stream.Collectors.joining;

import com.google.common.primitives.Bytes;
import dev.adjoint.io.HeaderText.Dialect;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Saves and loads one tensor in NumPy's format .npy: <a
 * href="https://numpy.org/neps/nep-0001-npy-format.html">NEP 1</a>.
 *
 * <p>Written are versions 1.0 of {@code <f4} and {@code <f8}; read are versions 1.0, 2.0 and 3.0,
 * either byte order (little-endian where the file does not say), either order of the axes ({@code
 * fortran_order}), and floats, integers and booleans, which become what {@link Safetensors} says.
 * Structured arrays, complex numbers, texts and Python objects are refused.
 */
public final class Npy {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** The data begins at a multiple of this. */
  private static final int ALIGNMENT = 64;

  /** More than any array of numbers needs. */
  private static final int MAX_HEADER = 0xffff;

  private static final Pattern DESCR = Pattern.compile("([<>=|]?)(\\w\\d|[\\w?])");

  private record Elements(StoredType type, ByteOrder order) {}

  private Npy() {}

  /** Saves a tensor atomically: the file is either the old one or all of the new one. */
  public static void save(Path path, Tensor tensor) throws IOException {
    AtomicFile.write(path, out -> save(out, tensor));
  }

  /** Writes the content of the file to a stream, which stays open. */
  public static void save(OutputStream out, Tensor tensor) throws IOException {
    out.write(header(tensor));
    StoredType.write(tensor, out);
  }

  /**
   * Loads a tensor.
   *
   * @throws TensorFormatException if the file is not what the format allows, or holds what no
   *     tensor can
   */
  public static Tensor load(Path path) throws IOException {
    return Source.read(path, Npy::read);
  }

  /**
   * Loads a tensor from a file that comes as a stream, such as a resource; the stream is read to
   * its end and stays open.
   *
   * @throws TensorFormatException if the file is not what the format allows, or holds what no
   *     tensor can
   */
  public static Tensor load(InputStream in) throws IOException {
    return Source.read(in, Npy::read);
  }

  static Tensor read(Source source) throws IOException {
    int version = readVersion(source);
    ByteBuffer length = source.littleEndian(version == 1 ? 2 : 4, "the length of the header");
    long bytes =
        version == 1
            ? Short.toUnsignedLong(length.getShort())
            : Integer.toUnsignedLong(length.getInt());
    if (bytes > MAX_HEADER) {
      throw source.refuse("a header of %d bytes; expected at most %d".formatted(bytes, MAX_HEADER));
    }
    Charset charset = version < 3 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8;
    HeaderText text = new HeaderText(source, (int) bytes, Dialect.PYTHON, charset);
    Map<String, Object> values = new HashMap<>();
    text.object(key -> {
      switch (key) {
        case "descr" -> values.put(key, readElements(text));
        case "fortran_order" -> values.put(key, readBoolean(text));
        case "shape" -> values.put(key, text.shape());
        default -> throw text.refuse("%s in a header".formatted(Quoted.text(key)));
      }
    });
    text.end();
    if (!(values.get("descr") instanceof Elements elements)
        || !(values.get("fortran_order") instanceof Boolean fortranOrder)
        || !(values.get("shape") instanceof Shape shape)) {
      throw text.refuse(
          "the header has %s; expected descr, fortran_order and shape".formatted(values.keySet()));
    }
    Shape stored = fortranOrder ? Shape.of(reversed(shape.toArray())) : shape;
    Tensor tensor = elements.type.read(source, stored, elements.order);
    source.end("the array");
    return fortranOrder ? tensor.permute(reversed(stored.axes("load"))) : tensor;
  }

  private static int readVersion(Source source) throws IOException {
    byte[] magic = source.next(MAGIC.length);
    if (!Arrays.equals(magic, MAGIC)) {
      throw source.refuse(
          0, "no array of NumPy: " + Quoted.start(Bytes.concat(magic, source.next(MAGIC.length))));
    }
    byte[] version = source.bytes(2, "the version");
    if (version[0] < 1 || version[0] > 3 || version[1] != 0) {
      throw source.refuse(
          MAGIC.length,
          "version %d.%d; expected 1.0, 2.0 or 3.0"
              .formatted(version[0] & 0xff, version[1] & 0xff));
    }
    return version[0];
  }

  private static Elements readElements(HeaderText text) throws IOException {
    if (text.startsList()) {
      throw text.unsupported("an array of structures; expected numbers, such as '<f4'");
    }
    String descr = text.string();
    Matcher parts = DESCR.matcher(descr);
    StoredType type = parts.matches() ? StoredType.ofNumpy(parts.group(2)) : null;
    // A bar says that there is no order of bytes, since there is but one.
    if (type == null || (parts.group(1).equals("|") && type.bytes() > 1)) {
      throw text.unsupported(
          "elements of type %s; expected numbers, such as '<f4', '>f8' or '|u1'"
              .formatted(Quoted.text(descr)));
    }
    return new Elements(
        type, parts.group(1).equals(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
  }

  private static boolean readBoolean(HeaderText text) throws IOException {
    String word = text.word();
    if (!word.equals("True") && !word.equals("False")) {
      throw text.refuse("%s; expected True or False".formatted(Quoted.text(word)));
    }
    return word.equals("True");
  }

  /** Returns what precedes the data of a tensor. */
  private static byte[] header(Tensor tensor) {
    String sizes =
        Arrays.stream(tensor.shape().toArray())
            .mapToObj(size -> size + (tensor.rank() == 1 ? "," : ""))
            .collect(joining(", ", "(", ")"));
    String text =
        "{'descr': '<%s', 'fortran_order': False, 'shape': %s, }"
            .formatted(StoredType.of(tensor.dtype()).numpy(), sizes);
    int start = MAGIC.length + 2 + 2;
    int end = Math.ceilDiv(start + text.length() + 1, ALIGNMENT) * ALIGNMENT;
    byte[] bytes = new byte[end];
    Arrays.fill(bytes, (byte) ' ');
    bytes[end - 1] = '\n';
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(MAGIC)
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) (end - start))
        .put(text.getBytes(StandardCharsets.ISO_8859_1));
    return bytes;
  }

  private static int[] reversed(int[] values) {
    int[] result = new int[values.length];
    Arrays.setAll(result, i -> values[values.length - 1 - i]);
    return result;
  }
}
