package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.escape.Escaper;
import com.google.common.escape.Escapers;
import com.google.common.io.CountingOutputStream;
import dev.adjoint.io.SafetensorsHeader.Supported;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Writes the header of a safetensors file, of which never more than a piece is in memory. */
final class SafetensorsHeaderWriter {

  /** Data begins at a multiple of this, so that elements do if the file is mapped to memory. */
  private static final int ALIGNMENT = 8;

  private static final Escaper JSON = escaper();

  private SafetensorsHeaderWriter() {}

  /**
   * Writes the length of the header and the header.
   *
   * @param most bytes that it may have
   */
  static void write(
      OutputStream out, Map<String, String> metadata, List<Supported> tensors, long most)
      throws IOException {
    CountingOutputStream counter = new CountingOutputStream(OutputStream.nullOutputStream());
    writeText(counter, metadata, tensors);
    long length = Math.ceilDiv(counter.getCount(), ALIGNMENT) * ALIGNMENT;
    if (length > most) {
      throw new IllegalArgumentException(
          "save: names and metadata make a header of %d bytes; expected at most %d"
              .formatted(length, most));
    }
    out.write(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
    writeText(out, metadata, tensors);
    out.write(" ".repeat((int) (length - counter.getCount())).getBytes(UTF_8));
  }

  private static void writeText(
      OutputStream out, Map<String, String> metadata, List<Supported> tensors) throws IOException {
    Writer text = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
    String separator = "{";
    if (!metadata.isEmpty()) {
      text.append(separator).append(json(SafetensorsHeader.METADATA)).append(':');
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        text.append(separator).append(json(entry.getKey()));
        text.append(':').append(json(entry.getValue()));
        separator = ",";
      }
      text.append('}');
    }
    for (Supported tensor : tensors) {
      if (tensor.name().equals(SafetensorsHeader.METADATA)) {
        throw new IllegalArgumentException(
            "save: a tensor named '__metadata__'; expected another name, this one is the format's");
      }
      String sizes = Arrays.toString(tensor.shape().toArray()).replace(" ", "");
      text.append(separator)
          .append(json(tensor.name()))
          .append(":{\"dtype\":\"%s\",\"shape\":%s,".formatted(tensor.type(), sizes))
          .append("\"data_offsets\":[%d,%d]}".formatted(tensor.begin(), tensor.end()));
      separator = ",";
    }
    text.append(separator.equals("{") ? "{}" : "}");
    text.flush();
  }

  /** Returns a text in JSON's quotes. */
  private static String json(String text) {
    if (!UTF_8.newEncoder().canEncode(text)) {
      throw new IllegalArgumentException(
          "save: half of a surrogate pair in %s; expected a text that UTF-8 can encode"
              .formatted(Quoted.text(text)));
    }
    return '"' + JSON.escape(text) + '"';
  }

  private static Escaper escaper() {
    Escapers.Builder json = Escapers.builder().addEscape('"', "\\\"").addEscape('\\', "\\\\");
    for (char c = 0; c < ' '; c++) {
      json.addEscape(c, "\\u%04x".formatted((int) c));
    }
    return json.build();
  }
}
