package dev.adjoint.io;

import com.google.common.primitives.Longs;
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

/**
 * The header of a safetensors file: the texts of its metadata, and its tensors in the order in
 * which they lie in the file.
 */
record SafetensorsHeader(Map<String, String> metadata, List<Entry> tensors) {

  /** One tensor; its bytes are those from begin to before end of what follows the header. */
  sealed interface Entry {
    String name();

    long begin();

    long end();
  }

  /** A tensor that can be read. */
  record Supported(String name, StoredType type, Shape shape, long begin, long end)
      implements Entry {}

  /** A tensor that the format allows and none of ours can be, for the reason in the message. */
  record Unsupported(String name, String message, long begin, long end) implements Entry {}

  /** The format's own limit, against headers that are an attack. */
  static final int MAX_LENGTH = 100_000_000;

  /** The name under which the texts are. */
  static final String METADATA = "__metadata__";

  /** Reads a header and compares it with the size of the file. */
  static SafetensorsHeader read(Source source) throws IOException {
    long length = source.littleEndian(Long.BYTES, "the length of the header").getLong();
    if (length < 0 || length > MAX_LENGTH) {
      byte[] start =
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
      throw source.refuse(
          0,
          "a header of %s bytes; expected at most %d%s"
              .formatted(Long.toUnsignedString(length), MAX_LENGTH, ForeignFormat.seen(start)));
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
        values.put(key, String.valueOf(e.getMessage()));
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
      return new Supported(name, stored, sizes, offsets[0], offsets[1]);
    }
    if (offsets[1] < offsets[0]) {
      throw text.refuse(
          "tensor %s has offsets %s; expected its begin before its end"
              .formatted(Quoted.text(name), Arrays.toString(offsets)));
    }
    String message = type instanceof String unknown ? unknown : shape.toString();
    return new Unsupported(name, message, offsets[0], offsets[1]);
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
}
