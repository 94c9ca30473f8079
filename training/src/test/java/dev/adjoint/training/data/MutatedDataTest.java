package dev.adjoint.training.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads thousands of damaged files: each is refused by the one exception for that, or read as a
 * second, simpler reader does; and none takes more memory than a file of its size has a right to.
 */
class MutatedDataTest {

  private static final HexFormat HEX = HexFormat.of();

  /** Reads a file and compares the result with what it should be. */
  private interface Check {
    void run(Path file, byte[] bytes) throws IOException;
  }

  private final Random random = new Random(1);

  @TempDir private Path directory;

  private void run(int count, List<byte[]> seeds, Check check) throws IOException {
    Path file = directory.resolve("damaged");
    int accepted = 0;
    for (int i = 0; i < count; i++) {
      byte[] bytes = mutate(seeds.get(random.nextInt(seeds.size())));
      Files.deleteIfExists(file); // some file systems write at once what replaces a file
      Files.write(file, bytes);
      long before = AllocatedBytes.ofThisThread();
      boolean read = true;
      try {
        check.run(file, bytes);
      } catch (DataFormatException e) { // any other exception fails the test
        assertThat(e.getMessage()).startsWith(file.toString()).doesNotContainPattern("\\p{Cc}");
        read = false;
      }
      accepted += read ? 1 : 0;
      if (i > count / 10) { // classes are loaded
        assertThat(AllocatedBytes.ofThisThread() - before)
            .as("bytes taken for file %d of %d bytes", i, bytes.length)
            .isLessThan(1_000_000);
      }
    }
    assertThat(accepted).as("files that are still files").isBetween(count / 50, count * 9 / 10);
  }

  /** Returns a damaged copy, or once in a while the file itself. */
  private byte[] mutate(byte[] seed) {
    byte[] bytes = seed.clone();
    for (int rounds = random.nextInt(3); rounds > 0 && bytes.length > 0; rounds--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt(256);
        case 2 -> bytes[at] = (byte) ",\"\n\r; x-1e.\u0000".charAt(random.nextInt(12));
        case 3 -> bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 9)); // cut, or zeros
        case 4 -> bytes = without(bytes, at, Math.min(bytes.length, at + random.nextInt(9)));
        default -> {
          if (at + 4 <= bytes.length) {
            ByteBuffer.wrap(bytes).putInt(at, random.nextInt() >>> random.nextInt(32));
          }
        }
      }
    }
    return bytes;
  }

  private static byte[] without(byte[] bytes, int from, int to) {
    byte[] rest = Arrays.copyOf(bytes, bytes.length - to + from);
    System.arraycopy(bytes, to, rest, from, bytes.length - to);
    return rest;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void idx() throws IOException {
    byte[] images = HEX.parseHex("00000803000000020000000200000003000102030405060708090a0b");
    byte[] labels = HEX.parseHex("0000080100000004010203ff");
    byte[] floats = HEX.parseHex("00000d02000000010000000240490fdb80000000");
    run(
        4000,
        List.of(images, labels, floats),
        (file, bytes) -> {
          Tensor tensor = Idx.read(file);
          ByteBuffer buffer = ByteBuffer.wrap(bytes);
          int rank = bytes[3];
          int n = 1;
          for (int axis = 0; axis < rank; axis++) {
            assertThat(tensor.size(axis)).isEqualTo(buffer.getInt(4 + 4 * axis));
            n *= tensor.size(axis);
          }
          int start = 4 + 4 * rank;
          double[] values = tensor.toDoubleArray();
          for (int i = 0; i < n; i++) {
            double expected =
                switch (bytes[2]) {
                  case 8 -> bytes[start + i] & 0xff;
                  case 9 -> bytes[start + i];
                  case 11 -> buffer.getShort(start + 2 * i);
                  case 12 -> buffer.getInt(start + 4 * i);
                  case 13 -> buffer.getFloat(start + 4 * i);
                  case 14 -> buffer.getDouble(start + 8 * i);
                  default -> throw new AssertionError("type " + bytes[2]);
                };
            assertThat(values[i]).isEqualTo(expected);
          }
        });
  }

  @Test
  void packedIdx() throws IOException {
    byte[] labels = HEX.parseHex("0000080100000004010203ff");
    // What has the right checksum is what it was.
    run(
        2000,
        List.of(gzip(labels)),
        (file, bytes) -> assertThat(Idx.readIntegers(file)).isEqualTo(IntTensor.of(1, 2, 3, 255)));
  }

  @Test
  void csv() throws IOException {
    String plain = "x,color,y,kind\n1.5,red,-2,a\n2,green,1e3,b\n.5,red,0,a\n";
    String quoted =
        "kind,note,\"y\",color,x\r\nb,\"two\r\nlines, \"\"\",0,red,1\r\na,,1,\"blue\",2\r\n";
    Schema<IntTensor> schema = Schema.label("kind").numeric("x", "y").category("color");
    run(
        4000,
        List.of(plain.getBytes(UTF_8), quoted.getBytes(UTF_8)),
        (file, bytes) -> {
          Table<IntTensor> table = Csv.read(file, schema);
          Batch<Tensor, IntTensor> all = table.dataset().all();
          assertThat(table.features()).hasSize(all.inputs().size(1)).startsWith("x", "y");
          assertThat(all.inputs().isFinite().min().item()).isOne();
          assertThat(all.targets().toArray()).hasSize(all.size());
          String text = new String(bytes, UTF_8);
          if (text.indexOf('"') < 0) {
            compare(text, table, all);
          }
        });
  }

  /** Reads a file without quotes by splitting it. */
  private static void compare(String text, Table<IntTensor> table, Batch<Tensor, IntTensor> all) {
    List<List<String>> lines =
        Arrays.stream(text.split("[\r\n]+"))
            .filter(line -> !line.isEmpty())
            .map(line -> Arrays.stream(line.split(",", -1)).map(String::strip).toList())
            .toList();
    List<String> header = lines.getFirst();
    assertThat(all.size()).isEqualTo(lines.size() - 1);
    for (int i = 0; i < all.size(); i++) {
      List<String> fields = lines.get(i + 1);
      String color = "color=" + fields.get(header.indexOf("color"));
      assertThat(all.inputs().get(i, 0)).isEqualTo(number(fields.get(header.indexOf("x"))));
      assertThat(all.inputs().get(i, 1)).isEqualTo(number(fields.get(header.indexOf("y"))));
      for (int feature = 2; feature < table.features().size(); feature++) {
        assertThat(all.inputs().get(i, feature) == 1)
            .isEqualTo(table.features().get(feature).equals(color));
      }
      assertThat(table.labels().get(all.targets().get(i)))
          .isEqualTo(fields.get(header.indexOf("kind")));
    }
  }

  private static double number(String text) {
    return Float.parseFloat(text);
  }
}
