package dev.adjoint.training.report;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A message of Protocol Buffers, to which fields are added as their wire format has them. */
final class Message {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** Adds a whole number; 0 is left out, as it is the value of a missing field. */
  Message with(int field, long value) {
    if (value != 0) {
      key(field, VARINT);
      varint(value);
    }
    return this;
  }

  Message with(int field, double value) {
    key(field, FIXED64);
    return append(littleEndian(value));
  }

  Message with(int field, byte[] value) {
    key(field, BYTES);
    varint(value.length);
    return append(value);
  }

  Message with(int field, String value) {
    return with(field, value.getBytes(StandardCharsets.UTF_8));
  }

  Message with(int field, Message value) {
    return with(field, value.toBytes());
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  /** Returns numbers one after another, 8 bytes each. */
  static byte[] littleEndian(double... values) {
    ByteBuffer buffer = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asDoubleBuffer().put(values);
    return buffer.array();
  }

  private void key(int field, int type) {
    varint((long) field << 3 | type);
  }

  /** Seven bits a byte, the lowest first; the highest bit of a byte says that more follow. */
  private void varint(long value) {
    long rest = value;
    for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
      bytes.write((int) (rest & 0x7f | 0x80));
    }
    bytes.write((int) rest);
  }

  private Message append(byte[] more) {
    bytes.writeBytes(more);
    return this;
  }
}
