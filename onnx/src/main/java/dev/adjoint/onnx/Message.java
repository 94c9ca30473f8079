package dev.adjoint.onnx;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A message of protocol buffers that is written field by field; bytes are not copied. */
final class Message {

  private interface Field {
    void write(CodedOutputStream out) throws IOException;
  }

  private final List<Field> fields = new ArrayList<>();
  private int size;

  private Message add(int bytes, Field field) {
    size = Math.addExact(size, bytes);
    fields.add(field);
    return this;
  }

  Message number(int field, long value) {
    return add(
        CodedOutputStream.computeInt64Size(field, value), out -> out.writeInt64(field, value));
  }

  Message decimal(int field, float value) {
    return add(
        CodedOutputStream.computeFloatSize(field, value), out -> out.writeFloat(field, value));
  }

  Message text(int field, String value) {
    return bytes(field, ByteString.copyFromUtf8(value));
  }

  Message bytes(int field, ByteString value) {
    return add(
        CodedOutputStream.computeBytesSize(field, value), out -> out.writeBytes(field, value));
  }

  Message message(int field, Message value) {
    int length = value.size;
    int head =
        CodedOutputStream.computeTagSize(field) + CodedOutputStream.computeUInt32SizeNoTag(length);
    return add(
        Math.addExact(head, length),
        out -> {
          out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
          out.writeUInt32NoTag(length);
          value.write(out);
        });
  }

  private void write(CodedOutputStream out) throws IOException {
    for (Field field : fields) {
      field.write(out);
    }
  }

  void writeTo(OutputStream stream) throws IOException {
    CodedOutputStream out = CodedOutputStream.newInstance(stream);
    write(out);
    out.flush();
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(size);
    try {
      writeTo(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
