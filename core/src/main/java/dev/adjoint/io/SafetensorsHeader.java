package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.escape.Escaper;
import com.google.common.escape.Escapers;
import com.google.common.io.CountingOutputStream;
import com.google.common.primitives.Bytes;
import com.google.common.primitives.Longs;
import dev.adjoint.io.HeaderText.Dialect;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The header of a safetensors file: the texts of its metadata, and its tensors in the order in
 * which they lie in the file. A header is written without more than a piece of it in memory.
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> tensors) {

  /**
   * One tensor.
   *
   * @param begin the first of its bytes, in what follows the header
   * @param end behind the last of them
   * @param content reads them; throws if the format allows the tensor and none of ours can hold it
   */
  record Entry(String name, long begin, long end, Source.Format<Tensor> content) {}

  /** The format's own limit, against headers that are an attack. */
  static final int MAX_LENGTH = 100_000_000;

  private static final String METADATA = "__metadata__";

  /** Data begins at a multiple of this, so that elements do if the file is mapped to memory. */
  private static final int ALIGNMENT = 8;

  private static final Escaper JSON = escaper();

  /** Reads a header and compares it with the size of the file. */
  static SafetensorsHeader read(Source source) throws IOException {
    byte[] start = source.next(Long.BYTES);
    long length = start.length < Long.BYTES ? -1 : Long.reverseBytes(Longs.fromByteArray(start));
    if (length < 0 || length > MAX_LENGTH) {
      throw source.refuse(
          0,
          "no safetensors file, which begins with the length of its header, at most %d: %s"
              .formatted(MAX_LENGTH, Quoted.start(Bytes.concat(start, source.next(Long.BYTES)))));
    }
    HeaderText text = new HeaderText(source, (int) length, Dialect.JSON, UTF_8);
    Map<String, String> metadata = new LinkedHashMap<>();
    List<Entry> tensors = new ArrayList<>();
    text.object(name -> {
      if (name.equals(METADATA)) {
        text.object(key -> metadata.put(key, text.string()));
      } else {
        tensors.add(readEntry(name, text));
      }
    });
    text.end();
    tensors.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    checkCover(source, tensors);
    return new SafetensorsHeader(metadata, tensors);
  }

  SafetensorsHeader only(Set<String> names) {
    return new SafetensorsHeader(
        metadata, tensors.stream().filter(tensor -> names.contains(tensor.name())).toList());
  }

  private static Entry readEntry(String name, HeaderText text) throws IOException {
    Map<String, Object> values = new HashMap<>();
    text.object(key -> {
      try {
        switch (key) {
          case "dtype" -> values.put(key, readType(text));
          case "shape" -> values.put(key, text.shape());
          case "data_offsets" -> values.put(key, readOffsets(text));
          default -> throw text.refuse("%s in a tensor".formatted(Quoted.text(key)));
        }
      } catch (TensorFormatException e) {
        if (!e.isUnsupported()) {
          throw e;
        }
        values.put(key, e);
      }
    });
    Object type = values.get("dtype");
    Object shape = values.get("shape");
    if (type == null || shape == null || !(values.get("data_offsets") instanceof long[] offsets)) {
      throw text.refuse(
          "tensor %s has %s; expected dtype, shape and data_offsets"
              .formatted(Quoted.text(name), values.keySet()));
    }
    if (type instanceof StoredType stored && shape instanceof Shape sizes) {
      if (offsets[1] - offsets[0] != stored.bytes(sizes)) {
        throw text.refuse(
            "tensor %s of type %s and shape %s takes %d bytes, but has offsets %s"
                .formatted(
                    Quoted.text(name),
                    stored,
                    sizes,
                    stored.bytes(sizes),
                    Arrays.toString(offsets)));
      }
      return new Entry(
          name,
          offsets[0],
          offsets[1],
          source -> stored.read(source, sizes, ByteOrder.LITTLE_ENDIAN));
    }
    if (offsets[1] < offsets[0]) {
      throw text.refuse(
          "tensor %s has offsets %s; expected its begin before its end"
              .formatted(Quoted.text(name), Arrays.toString(offsets)));
    }
    Object unsupported = type instanceof TensorFormatException ? type : shape;
    return new Entry(
        name,
        offsets[0],
        offsets[1],
        source -> {
          throw (TensorFormatException) unsupported;
        });
  }

  private static StoredType readType(HeaderText text) throws IOException {
    String name = text.string();
    StoredType type = StoredType.named(name);
    if (type == null) {
      throw text.unsupported(
          "elements of type %s; expected one of %s"
              .formatted(Quoted.text(name), Arrays.toString(StoredType.values())));
    }
    return type;
  }

  private static long[] readOffsets(HeaderText text) throws IOException {
    List<Long> offsets = text.integers();
    if (offsets.size() != 2) {
      throw text.refuse("%d offsets; expected begin and end".formatted(offsets.size()));
    }
    return Longs.toArray(offsets);
  }

  /** Throws unless each tensor begins where the one before it ends, and the last at the end. */
  private static void checkCover(Source source, List<Entry> tensors) throws IOException {
    long data = source.position();
    long end = 0;
    for (Entry tensor : tensors) {
      if (tensor.begin() != end) {
        throw source.refuse(
            data + end,
            "tensor %s begins at offset %d; expected %d, without a hole or an overlap"
                .formatted(Quoted.text(tensor.name()), tensor.begin(), end));
      }
      end = tensor.end();
    }
    if (end != source.remaining()) {
      throw source.refuse(
          "%d bytes of data; expected %d, which the tensors take"
              .formatted(source.remaining(), end));
    }
  }

  /**
   * Writes the length of a header and the header.
   *
   * @param tensors in the order in which they lie in the file
   * @param most bytes that it may have
   */
  static void write(
      OutputStream out,
      Map<String, String> metadata,
      List<Map.Entry<String, Tensor>> tensors,
      long most)
      throws IOException {
    CountingOutputStream counter = new CountingOutputStream(OutputStream.nullOutputStream());
    writeText(counter, metadata, tensors);
    long length = Math.ceilDiv(counter.getCount(), ALIGNMENT) * ALIGNMENT;
    if (length > most) {
      throw new IllegalArgumentException(
          "save: names and metadata make a header of %d bytes; expected at most %d"
              .formatted(length, most));
    }
    out.write(littleEndian(length));
    writeText(out, metadata, tensors);
    out.write(" ".repeat((int) (length - counter.getCount())).getBytes(UTF_8));
  }

  private static byte[] littleEndian(long number) {
    return Longs.toByteArray(Long.reverseBytes(number));
  }

  private static void writeText(
      OutputStream out, Map<String, String> metadata, List<Map.Entry<String, Tensor>> tensors)
      throws IOException {
    Writer text = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
    String separator = "{";
    if (!metadata.isEmpty()) {
      text.append(separator).append(json(METADATA)).append(':');
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        text.append(separator).append(json(entry.getKey()));
        text.append(':').append(json(entry.getValue()));
        separator = ",";
      }
      text.append('}');
    }
    long begin = 0;
    for (Map.Entry<String, Tensor> named : tensors) {
      if (named.getKey().equals(METADATA)) {
        throw new IllegalArgumentException(
            "save: a tensor named '__metadata__'; expected another name, this one is the format's");
      }
      StoredType type = StoredType.of(named.getValue().dtype());
      Shape shape = named.getValue().shape();
      long end = begin + type.bytes(shape);
      String sizes = Arrays.toString(shape.toArray()).replace(" ", "");
      text.append(separator)
          .append(json(named.getKey()))
          .append(":{\"dtype\":\"%s\",\"shape\":%s,".formatted(type, sizes))
          .append("\"data_offsets\":[%s,%s]}".formatted(begin, end));
      separator = ",";
      begin = end;
    }
    text.append(separator.equals("{") ? "{}" : "}");
    text.flush();
  }

  /** Returns a text in JSON's quotes. */
  private static String json(String text) {
    return '"' + JSON.escape(encodable(text)) + '"';
  }

  /** Returns a text that a file can hold. */
  static String encodable(String text) {
    if (!UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          "save: half of a surrogate pair in %s; expected a text that UTF-8 can encode"
              .formatted(Quoted.text(text)));
    }
    return text;
  }

  private static Escaper escaper() {
    Escapers.Builder json = Escapers.builder().addEscape('"', "\\\"").addEscape('\\', "\\\\");
    for (char c = 0; c < ' '; c++) {
      json.addEscape(c, "\\u%04x".formatted((int) c));
    }
    return json.build();
  }
}
