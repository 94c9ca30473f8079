package dev.adjoint.io;

import static dev.adjoint.io.HeaderText.quoted;
import static java.util.stream.Collectors.joining;

import dev.adjoint.io.HeaderText.Dialect;
import dev.adjoint.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * Describes what is in a safetensors file: the texts of its metadata, and its tensors in the order
 * in which they lie in the file.
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> tensors) {

  /** One tensor; its bytes are those from begin to before end of what follows the header. */
  record Entry(String name, StoredType type, Shape shape, long begin, long end) {}

  /** The format's own limit, against headers that are an attack. */
  private static final int MAX_LENGTH = 100_000_000;

  /** Data begins at a multiple of this, so that elements do if the file is mapped to memory. */
  private static final int ALIGNMENT = 8;

  private static final String METADATA = "__metadata__";

  /** Reads a header and compares it with the size of the file. */
  static SafetensorsHeader read(Source source) throws IOException {
    long length = source.littleEndian(Long.BYTES, "the length of the header").getLong();
    if (length < 0 || length > MAX_LENGTH) {
      throw source.refuse(
          0,
          "a header of %s bytes; expected at most %d"
              .formatted(Long.toUnsignedString(length), MAX_LENGTH));
    }
    HeaderText text = new HeaderText(source, (int) length, Dialect.JSON, StandardCharsets.UTF_8);
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

  private static Entry readEntry(String name, HeaderText text) throws IOException {
    Map<String, Object> values = new HashMap<>();
    text.object(key -> {
      switch (key) {
        case "dtype" -> values.put(key, readType(text));
        case "shape" -> values.put(key, text.shape());
        case "data_offsets" -> values.put(key, readOffsets(text));
        default -> throw text.refuse("%s in a tensor".formatted(quoted(key)));
      }
    });
    if (!(values.get("dtype") instanceof StoredType type)
        || !(values.get("shape") instanceof Shape shape)
        || !(values.get("data_offsets") instanceof long[] offsets)) {
      throw text.refuse(
          "tensor %s has %s; expected dtype, shape and data_offsets"
              .formatted(quoted(name), values.keySet()));
    }
    if (offsets[1] - offsets[0] != type.bytes(shape)) {
      throw text.refuse(
          "tensor %s of type %s and shape %s takes %d bytes, but has offsets %s"
              .formatted(quoted(name), type, shape, type.bytes(shape), Arrays.toString(offsets)));
    }
    return new Entry(name, type, shape, offsets[0], offsets[1]);
  }

  private static StoredType readType(HeaderText text) throws IOException {
    String name = text.string();
    StoredType type = StoredType.named(name);
    if (type == null) {
      throw text.refuse(
          "elements of type %s; expected one of %s"
              .formatted(quoted(name), Arrays.toString(StoredType.values())));
    }
    return type;
  }

  private static long[] readOffsets(HeaderText text) throws IOException {
    long[] offsets = text.integers();
    if (offsets.length != 2) {
      throw text.refuse("%d offsets; expected begin and end".formatted(offsets.length));
    }
    return offsets;
  }

  /** Throws unless each tensor begins where the one before it ends, and the last at the end. */
  private static void checkCover(Source source, List<Entry> tensors) throws IOException {
    long data = source.position();
    long end = 0;
    for (Entry tensor : tensors) {
      if (tensor.begin != end) {
        throw source.refuse(
            data + end,
            "tensor %s begins at offset %d; expected %d, without a hole or an overlap"
                .formatted(quoted(tensor.name), tensor.begin, end));
      }
      end = tensor.end;
    }
    if (end != source.remaining()) {
      throw source.refuse(
          "%d bytes of data; expected %d, which the tensors take"
              .formatted(source.remaining(), end));
    }
  }

  /** Returns the bytes of a file up to its data: the length of the header and the header. */
  byte[] toBytes() {
    StringJoiner members = new StringJoiner(",", "{", "}");
    if (!metadata.isEmpty()) {
      members.add(
          metadata.entrySet().stream()
              .map(text -> json(text.getKey()) + ":" + json(text.getValue()))
              .collect(joining(",", json(METADATA) + ":{", "}")));
    }
    for (Entry tensor : tensors) {
      if (tensor.name.equals(METADATA)) {
        throw new IllegalArgumentException(
            "save: a tensor named '__metadata__'; expected another name, this one is the format's");
      }
      members.add(
          "%s:{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(
                  json(tensor.name),
                  tensor.type,
                  Arrays.toString(tensor.shape.toArray()).replace(" ", ""),
                  tensor.begin,
                  tensor.end));
    }
    byte[] text = members.toString().getBytes(StandardCharsets.UTF_8);
    int length = Math.ceilDiv(text.length, ALIGNMENT) * ALIGNMENT;
    if (length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "save: names and metadata make a header of %d bytes; expected at most %d"
              .formatted(length, MAX_LENGTH));
    }
    byte[] bytes = new byte[Long.BYTES + length];
    Arrays.fill(bytes, (byte) ' ');
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(text);
    return bytes;
  }

  /** Returns a text in JSON's quotes. */
  private static String json(String text) {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          "save: half of a surrogate pair in %s; expected a text that UTF-8 can encode"
              .formatted(quoted(text)));
    }
    StringBuilder result = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < ' ') {
        result.append("\\u%04x".formatted((int) c));
      } else {
        result.append(c == '"' || c == '\\' ? "\\" : "").append(c);
      }
    }
    return result.append('"').toString();
  }
}
