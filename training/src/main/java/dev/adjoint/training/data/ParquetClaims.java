package dev.adjoint.training.data;

import dev.adjoint.io.FileInput;
import dev.adjoint.io.Quoted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a Parquet file says about its sizes, looked through before a library believes it: that
 * allocates what a page is said to hold before it reads it.
 *
 * <p>Fields have the numbers of <a
 * href="https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift">parquet.thrift</a>.
 */
final class ParquetClaims {

  private static final int MAGIC = 0x31524150; // PAR1
  private static final int TAIL = 8;
  private static final int LONGEST_HEADER = 1 << 20;
  private static final int FIRST_GUESS = 1 << 10;

  /** What a value takes while a page is decoded: eight bytes, and its levels. */
  private static final long BYTES_PER_VALUE = 16;

  // The kinds of pages, by the fields of their headers.
  private static final int DATA = 5;
  private static final int DICTIONARY = 7;
  private static final int DATA_2 = 8;

  /** No number, date or UUID takes more. */
  private static final long WIDEST = 64;

  private final Path file;
  private final FileChannel channel;
  private final long size;
  private final Set<String> columns;

  private ParquetClaims(Path file, FileChannel channel, Set<String> columns) throws IOException {
    this.file = file;
    this.channel = channel;
    this.size = channel.size();
    this.columns = columns;
  }

  /**
   * Checks a file.
   *
   * @param columns which are to be read; the sizes of others do not matter
   * @throws DataFormatException if it is no Parquet file, or a page of it is said to hold more than
   *     a packed file of its size may unpack to ({@link FileInput})
   */
  static void check(Path file, Set<String> columns) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      new ParquetClaims(file, channel, columns).check();
    } catch (Thrift.MalformedException e) {
      throw DataFormatException.of(file, "is damaged: " + e.getMessage(), e);
    } catch (ClassCastException e) {
      throw DataFormatException.of(file, "is damaged: a field of another type than Parquet's", e);
    }
  }

  private void check() throws IOException {
    if (size < TAIL + Integer.BYTES || bytes(0, Integer.BYTES).getInt() != MAGIC) {
      throw refuse("is no Parquet file; expected 'PAR1' at its beginning");
    }
    ByteBuffer tail = bytes(size - TAIL, TAIL);
    long length = tail.getInt();
    if (tail.getInt() != MAGIC || length < 0 || length > size - TAIL - Integer.BYTES) {
      throw refuse("is damaged or incomplete: its end is none of a Parquet file");
    }
    Map<Integer, Object> footer = new Thrift(bytes(size - TAIL - length, (int) length)).struct();
    for (Object element : list(footer, 2)) {
      Map<Integer, Object> field = struct(element);
      long width = number(field, 2, 0);
      if (columns.contains(String.valueOf(field.get(4))) && (width < 0 || width > WIDEST)) {
        throw refuse(
            "column %s has values of %d bytes; expected numbers or texts"
                .formatted(Quoted.text(String.valueOf(field.get(4))), width));
      }
    }
    long rows = 0;
    for (Object group : list(footer, 4)) {
      long count = number(struct(group), 3, -1);
      requireEqual("rows of a group", count, Math.max(0, count));
      rows += count;
      for (Object chunk : list(struct(group), 1)) {
        checkChunk(struct(chunk), count);
      }
    }
    requireEqual("rows", number(footer, 3, -1), rows);
  }

  /** Walks through the pages of a column in a group of rows, and compares what is said of them. */
  private void checkChunk(Map<Integer, Object> chunk, long rows) throws IOException {
    Map<Integer, Object> meta = struct(chunk.getOrDefault(3, Map.of()));
    List<?> path = list(meta, 3);
    if (path.size() != 1 || !columns.contains(String.valueOf(path.getFirst()))) {
      return;
    }
    String column = path.getFirst().toString();
    requireEqual("values of " + column, number(meta, 5, -1), rows);
    long data = number(meta, 9, -1);
    long dictionary = number(meta, 11, 0);
    long start = dictionary > 0 ? Math.min(dictionary, data) : data;
    long end = start + number(meta, 7, -1);
    requireInside(column, start, end - start);
    List<List<Long>> pages = new ArrayList<>(); // where each is, its bytes, and its first row
    long values = 0;
    for (long at = start; at < end; ) {
      Page page = page(column, at);
      requireInside(column, at, page.bytes);
      if (page.isData) {
        pages.add(List.of(at, page.bytes, values));
        values += page.values;
      }
      at += page.bytes;
      requireInside(column, at, end - at);
    }
    requireEqual("values of " + column, values, rows);
    if (chunk.containsKey(4)) {
      long at = number(chunk, 4, -1);
      long length = number(chunk, 5, -1);
      requireInside(column, at, length);
      Map<Integer, Object> index = new Thrift(bytes(at, (int) length)).struct();
      List<List<Long>> said =
          list(index, 1).stream()
              .map(ParquetClaims::struct)
              .map(l -> List.of(number(l, 1, -1), number(l, 2, -1), number(l, 3, -1)))
              .toList();
      if (!said.equals(pages)) {
        throw refuse(
            "is damaged: the index of column %s names other pages".formatted(Quoted.text(column)));
      }
    }
  }

  /** What the header of a page says, and the bytes that both take. */
  private record Page(boolean isData, long values, long bytes) {}

  private Page page(String column, long at) throws IOException {
    Map<Integer, Object> header = null;
    int end = 0;
    for (long peek = FIRST_GUESS; header == null; peek *= 4) {
      ByteBuffer bytes = bytes(at, (int) Math.min(peek, size - at));
      try {
        header = new Thrift(bytes).struct();
        end = bytes.position();
      } catch (Thrift.MalformedException e) {
        if (peek >= size - at || peek >= LONGEST_HEADER) {
          throw e;
        }
      }
    }
    long unpacked = number(header, 2, -1);
    long packed = number(header, 3, -1);
    requireInside(column, at + end, packed);
    int kind = header.containsKey(DATA) ? DATA : header.containsKey(DATA_2) ? DATA_2 : DICTIONARY;
    Map<Integer, Object> said = struct(header.getOrDefault(kind, Map.of()));
    long values = number(said, 1, 0);
    long definitions = kind == DATA_2 ? number(said, 5, 0) : 0;
    long repetitions = kind == DATA_2 ? number(said, 6, 0) : 0;
    long most = FileInput.limit(size);
    if (unpacked < 0
        || unpacked > most
        || Math.min(definitions, repetitions) < 0
        || definitions + repetitions > Math.min(packed, unpacked)
        || values < 0
        || values > most / BYTES_PER_VALUE) {
      throw refuse(
          "a page of column %s says that it holds %d values in %d bytes; expected at most %d, which is 100 times as many as the file has or 64 MiB"
              .formatted(Quoted.text(column), values, unpacked, most));
    }
    return new Page(kind != DICTIONARY, values, end + packed);
  }

  private void requireEqual(String what, long said, long found) throws DataFormatException {
    if (said != found) {
      throw refuse("is damaged: %d %s; expected %d".formatted(said, what, found));
    }
  }

  private void requireInside(String column, long at, long length) throws DataFormatException {
    if (at < Integer.BYTES || length < 0 || at > size || length > size - at) {
      throw refuse(
          "is damaged: %d bytes of column %s at byte %d; the file has %d"
              .formatted(length, Quoted.text(column), at, size));
    }
  }

  private ByteBuffer bytes(long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, at + bytes.position()) < 0) {
        throw refuse("is damaged or incomplete: it became shorter while it was read");
      }
    }
    return bytes.flip();
  }

  private static long number(Map<Integer, Object> struct, int field, long otherwise) {
    return (Long) struct.getOrDefault(field, otherwise);
  }

  private static List<?> list(Map<Integer, Object> struct, int field) {
    return (List<?>) struct.getOrDefault(field, List.of());
  }

  @SuppressWarnings("unchecked") // as Thrift makes them
  private static Map<Integer, Object> struct(Object value) {
    return (Map<Integer, Object>) value;
  }

  private DataFormatException refuse(String reason) {
    return DataFormatException.of(file, reason);
  }
}
