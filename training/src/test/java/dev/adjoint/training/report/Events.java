package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Reads event files: records by their description, messages by the library of Protocol Buffers. */
@SuppressWarnings("exports") // of protobuf, to tests
public final class Events {

  private Events() {}

  /**
   * A value that TensorBoard shows.
   *
   * @param type of the tensor: 1 float, 2 double, 7 string
   */
  public record Value(
      long step,
      String tag,
      String plugin,
      int type,
      List<Integer> sizes,
      ByteBuffer numbers,
      List<ByteString> strings) {

    public double scalar() {
      assertThat(plugin).isEqualTo("scalars");
      assertThat(type).isEqualTo(1);
      assertThat(sizes).isEmpty();
      assertThat(numbers.capacity()).isEqualTo(4);
      return numbers.getFloat(0);
    }

    /** Returns the sum of the buckets of a histogram. */
    public double count() {
      assertThat(plugin).isEqualTo("histograms");
      return IntStream.range(0, sizes.getFirst()).mapToDouble(i -> bucket(i, 2)).sum();
    }

    public double bucket(int row, int column) {
      assertThat(type).isEqualTo(2);
      assertThat(numbers.capacity()).isEqualTo(8 * sizes.get(0) * sizes.get(1));
      return numbers.getDouble(8 * (3 * row + column));
    }
  }

  /** Returns the files of a run in the order in which TensorBoard reads them. */
  public static List<Path> files(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run)) {
      return files.sorted().toList();
    }
  }

  /** Returns the messages of a file's records, whose checksums are right. */
  public static List<UnknownFieldSet> events(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<UnknownFieldSet> events = new ArrayList<>();
    while (bytes.hasRemaining()) {
      byte[] length = new byte[8];
      bytes.get(bytes.position(), length);
      byte[] data = new byte[Math.toIntExact(bytes.getLong())];
      assertThat(bytes.getInt()).isEqualTo(masked(length));
      bytes.get(data);
      assertThat(bytes.getInt()).isEqualTo(masked(data));
      events.add(UnknownFieldSet.parseFrom(data));
    }
    return events;
  }

  /** The CRC-32C bit by bit, by its polynomial, and TensorFlow's mask. */
  private static int masked(byte[] data) {
    int crc = -1;
    for (byte b : data) {
      crc ^= b & 0xff;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
      }
    }
    crc = ~crc;
    return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
  }

  /**
   * Returns what TensorBoard shows of a run: a file that begins at a step takes away what those
   * before say of it and of later ones.
   */
  public static List<Value> shown(Path run) throws IOException {
    List<Value> shown = new ArrayList<>();
    for (Path file : files(run)) {
      List<UnknownFieldSet> events = events(file);
      assertThat(text(events.getFirst(), 3)).isEqualTo("brain.Event:2");
      UnknownFieldSet start = events.get(1);
      assertThat(number(message(start, 7), 1)).isEqualTo(1);
      shown.removeIf(value -> value.step() >= number(start, 2));
      events.stream().filter(event -> event.hasField(5)).forEach(event -> shown.add(value(event)));
    }
    return shown;
  }

  private static Value value(UnknownFieldSet event) {
    UnknownFieldSet value = message(message(event, 5), 1);
    UnknownFieldSet tensor = message(value, 8);
    List<ByteString> content = tensor.getField(4).getLengthDelimitedList();
    return new Value(
        number(event, 2),
        text(value, 1),
        text(message(message(value, 9), 1), 1),
        (int) number(tensor, 1),
        message(tensor, 2).getField(2).getLengthDelimitedList().stream()
            .map(dim -> (int) number(parse(dim), 1))
            .toList(),
        (content.isEmpty() ? ByteBuffer.allocate(0) : content.getFirst().asReadOnlyByteBuffer())
            .order(ByteOrder.LITTLE_ENDIAN),
        tensor.getField(8).getLengthDelimitedList());
  }

  private static long number(UnknownFieldSet message, int field) {
    List<Long> all = message.getField(field).getVarintList();
    return all.isEmpty() ? 0 : all.getFirst();
  }

  private static UnknownFieldSet message(UnknownFieldSet message, int field) {
    return parse(message.getField(field).getLengthDelimitedList().getFirst());
  }

  private static String text(UnknownFieldSet message, int field) {
    return message.getField(field).getLengthDelimitedList().getFirst().toStringUtf8();
  }

  private static UnknownFieldSet parse(ByteString bytes) {
    try {
      return UnknownFieldSet.parseFrom(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
