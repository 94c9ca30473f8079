package dev.adjoint.training.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads structs of Thrift's <a
 * href="https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md">compact
 * protocol</a> as trees: a whole number is a Long, a text a String, a list a List, and a struct a
 * Map of its fields by their numbers. Nothing is allocated for a length before its bytes are there.
 */
record Thrift(ByteBuffer bytes) {

  private static final int DEEPEST = 32;

  /** Thrown for bytes that are no struct, or end within one. */
  static final class MalformedException extends IOException {
    private static final long serialVersionUID = 1;

    MalformedException(String message) {
      super(message);
    }
  }

  /** Reads a struct, and stands behind it then. */
  Map<Integer, Object> struct() throws MalformedException {
    return struct(0);
  }

  private Map<Integer, Object> struct(int depth) throws MalformedException {
    if (depth > DEEPEST) {
      throw new MalformedException("more than %d levels".formatted(DEEPEST));
    }
    Map<Integer, Object> fields = new HashMap<>();
    int field = 0;
    for (int head = next(); head != 0; head = next()) {
      int delta = head >> 4;
      field = delta == 0 ? (int) zigzag() : field + delta;
      int type = head & 15;
      fields.put(field, type <= 2 ? Long.valueOf(type == 1 ? 1 : 0) : value(type, depth));
    }
    return fields;
  }

  private Object value(int type, int depth) throws MalformedException {
    return switch (type) {
      case 1, 2, 3 -> (long) next();
      case 4, 5, 6 -> zigzag();
      case 7 -> {
        skip(Double.BYTES);
        yield 0L;
      }
      case 8 -> text();
      case 9, 10 -> list(depth);
      case 11 -> map(depth);
      case 12 -> struct(depth + 1);
      default -> throw new MalformedException("a value of type %d".formatted(type));
    };
  }

  private List<Object> list(int depth) throws MalformedException {
    int head = next();
    int size = head >> 4 == 15 ? length() : head >> 4;
    require(size); // an element takes a byte at least
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(value(head & 15, depth + 1));
    }
    return list;
  }

  private List<Object> map(int depth) throws MalformedException {
    int size = length();
    require(size);
    int types = size == 0 ? 0 : next();
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(value(types >> 4, depth + 1));
      list.add(value(types & 15, depth + 1));
    }
    return list;
  }

  private String text() throws MalformedException {
    int length = length();
    require(length);
    String text = StandardCharsets.UTF_8.decode(bytes.slice(bytes.position(), length)).toString();
    skip(length);
    return text;
  }

  private int length() throws MalformedException {
    long length = varint();
    if (length < 0 || length > bytes.remaining()) {
      throw new MalformedException(
          "a length of %s where %d bytes remain"
              .formatted(Long.toUnsignedString(length), bytes.remaining()));
    }
    return (int) length;
  }

  private long zigzag() throws MalformedException {
    long varint = varint();
    return varint >>> 1 ^ -(varint & 1);
  }

  private long varint() throws MalformedException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int next = next();
      value |= (next & 127L) << shift;
      if (next < 128) {
        return value;
      }
    }
    throw new MalformedException("a number of more than 64 bits");
  }

  private int next() throws MalformedException {
    require(1);
    return bytes.get() & 255;
  }

  private void skip(int count) throws MalformedException {
    require(count);
    bytes.position(bytes.position() + count);
  }

  private void require(int count) throws MalformedException {
    if (bytes.remaining() < count) {
      throw new MalformedException("ends where %d bytes are expected".formatted(count));
    }
  }
}
