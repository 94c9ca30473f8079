package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads files that pyarrow has written ({@code parquet/write.py}). */
class ParquetTest {

  @TempDir private Path directory;

  private static Path file(String name) {
    try {
      return Path.of(ParquetTest.class.getResource("/parquet/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertRefused(Path file, Schema<?> schema, String message) {
    assertThatThrownBy(() -> Parquet.read(file, schema))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(file + message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain.parquet", "gzip.parquet", "delta.parquet"})
  void allTypesOfNumbersAndTextsAreRead(String name) throws IOException {
    Table<IntTensor> table =
        Parquet.read(
            file(name),
            Schema.label("day")
                .numeric("width", "petals")
                .missing(-1)
                .numeric("weight", "half", "price", "small", "unsigned", "long")
                .category("species")
                .missing(0)
                .category("wild")
                .missing(0));
    assertThat(table.features())
        .endsWith("species=iris", "species=rose", "species=tulip", "wild=false", "wild=true");
    assertThat(table.labels()).hasSize(6).contains("2026-01-06");
    assertThat(table.dataset().all().inputs())
        .hasSameBitsAs(
            Tensor.of(
                new float[][] {
                  {0.5f, 5, 1.5f, 0.5f, 1.25f, 1, 1, 1, 1, 0, 0, 0, 1},
                  {1.25f, 12, 2.5f, 1, -9.5f, -2, 2, 2, 0, 1, 0, 1, 0},
                  {-1, 5, 3.5f, 1.5f, 1.25f, 3, 3, 3, 1, 0, 0, 0, 1},
                  {-2, 6, 4.5f, 2, -9.5f, 4, 4, 4, 0, 0, 1, 0, 0},
                  {3.5f, -1, 5.5f, 2.5f, 1.25f, 5, 5, 5, 0, 0, 0, 0, 1},
                  {
                    1e30f,
                    12,
                    6.5f,
                    3,
                    -9.5f,
                    -6,
                    0x1p32f - 0x1p8f,
                    0x1p64f - 0x1p40f,
                    0,
                    1,
                    0,
                    1,
                    0
                  }
                }));
  }

  @Test
  void whatTheSchemaDoesNotAllowIsRefusedWithItsRow() {
    Path plain = file("plain.parquet");
    Schema<Tensor> weight = Schema.target("weight");
    assertRefused(
        plain,
        weight.numeric("petals"),
        ", row 5: column 'petals' is null; expected a number, or Schema.missing for a feature");
    assertRefused(
        plain,
        weight.numeric("id"),
        ", row 6: column 'id' is '16777217', which float32 would round to 16777216; expected a"
            + " category if it is an id, a smaller number, or one with a decimal point, which may"
            + " be rounded");
    assertRefused(
        plain, weight.numeric("wild"), ", row 1: column 'wild' is 'true'; expected a number");
    assertRefused(
        plain,
        weight.numeric("raw"),
        ", row 1: column 'raw' is of bytes; expected numbers or texts");
    for (String nested : new String[] {"list", "place"}) {
      assertRefused(
          plain,
          weight.numeric(nested),
          ": column '%s' is of lists or structs; expected numbers or texts".formatted(nested));
    }
    Path snappy = file("snappy.parquet");
    assertRefused(
        snappy,
        Schema.target("weight").numeric("width"),
        ": no column 'width'; the columns are '[species, width]'".replace("'width';", "'weight';"));
  }

  @Test
  void aPackingThatNoLibraryReadsIsSaid() {
    assertThatThrownBy(
            () -> Parquet.read(file("snappy.parquet"), Schema.label("species").numeric("width")))
        .isInstanceOf(DataFormatException.class)
        .hasMessageContaining("Cannot read SNAPPY-compressed Parquet file")
        .hasMessageContaining("org.xerial.snappy:snappy-java");
  }

  @Test
  void whatIsNoParquetIsRefused() throws IOException {
    Schema<Tensor> schema = Schema.target("y").numeric("x");
    Path csv = Files.writeString(directory.resolve("a.csv"), "x,y\n1,2\n1,2\n");
    assertRefused(csv, schema, ": is no Parquet file; expected 'PAR1' at its beginning");
    byte[] bytes = Files.readAllBytes(file("plain.parquet"));
    Path part = Files.write(directory.resolve("part"), Arrays.copyOf(bytes, bytes.length - 100));
    assertRefused(part, schema, ": is damaged or incomplete: its end is none of a Parquet file");
  }

  /** Writes a file of one column x of one page, whose header says what it holds. */
  private Path claim(int values, int unpacked, int width) throws IOException {
    byte[] page =
        struct(
            "15",
            zigzag(0),
            "15",
            zigzag(unpacked),
            "15",
            zigzag(8),
            "2c",
            struct("15", zigzag(values), "15", zigzag(0), "15", zigzag(3), "15", zigzag(3)));
    byte[] chunk =
        struct(
            "26",
            zigzag(4),
            "1c",
            struct(
                "15",
                zigzag(width == 0 ? 5 : 7),
                "19",
                hex("1500"),
                "19",
                hex("180178"),
                "15",
                zigzag(0),
                "16",
                zigzag(values),
                "16",
                zigzag(page.length + 8),
                "16",
                zigzag(page.length + 8),
                "26",
                zigzag(4)));
    byte[] type =
        width == 0
            ? struct("15", zigzag(5), "25", zigzag(0), "18", hex("0178"))
            : struct("15", zigzag(7), "15", zigzag(width), "15", zigzag(0), "18", hex("0178"));
    byte[] footer =
        struct(
            "15",
            zigzag(2),
            "19",
            join(hex("2c"), struct("48", hex("0173"), "15", zigzag(1)), type),
            "16",
            zigzag(values),
            "19",
            join(
                hex("1c"),
                struct(
                    "19",
                    join(hex("1c"), chunk),
                    "16",
                    zigzag(page.length + 8),
                    "16",
                    zigzag(values))));
    byte[] length =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(footer.length).array();
    return Files.write(
        directory.resolve("claim"),
        join(hex("50415231"), page, new byte[8], footer, length, hex("50415231")));
  }

  /** Writes a struct of the compact protocol: heads of fields in hexadecimal, and their values. */
  private static byte[] struct(Object... fields) {
    byte[] bytes = {};
    for (Object field : fields) {
      bytes = join(bytes, field instanceof String head ? hex(head) : (byte[]) field);
    }
    return join(bytes, new byte[1]);
  }

  private static byte[] zigzag(int value) {
    byte[] bytes = {};
    long rest = 2L * value;
    for (; rest > 127; rest >>>= 7) {
      bytes = join(bytes, new byte[] {(byte) (rest | 128)});
    }
    return join(bytes, new byte[] {(byte) rest});
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  @Test
  void whatAFileClaimsIsNotAllocated() throws IOException {
    Schema<IntTensor> schema = Schema.label("x").numeric("x2");
    assertRefused(claim(1, 8, 0), schema, ": no column 'x2'; the columns are '[x]'");
    String most =
        "; expected at most 67108864, which is 100 times as many as the file has or 64 MiB";
    for (int[] claim : new int[][] {{2_000_000_000, 8}, {1, 2_000_000_000}}) {
      Path file = claim(claim[0], claim[1], 0);
      long before = AllocatedBytes.ofThisThread();
      assertRefused(
          file,
          schema,
          ": a page of column 'x' says that it holds %d values in %d bytes%s"
              .formatted(claim[0], claim[1], most));
      assertThat(AllocatedBytes.ofThisThread() - before).isLessThan(1_000_000);
    }
    assertRefused(
        claim(1, 8, 2_000_000_000 / 16384),
        schema,
        ": column 'x' has values of 122070 bytes; expected numbers or texts");
  }

  @Test
  void damagedFilesAreReadOrRefused() throws IOException {
    Random random = new Random(1);
    Schema<IntTensor> schema =
        Schema.label("day").numeric("width", "petals").category("species").missing(0);
    Path damaged = directory.resolve("damaged");
    int refused = 0;
    for (String name : new String[] {"plain.parquet", "gzip.parquet", "delta.parquet"}) {
      byte[] bytes = Files.readAllBytes(file(name));
      for (int i = 0; i < 25; i++) {
        byte[] copy = bytes.clone();
        for (int n = random.nextInt(3); n >= 0; n--) {
          copy[random.nextInt(copy.length)] = (byte) random.nextInt();
        }
        Files.deleteIfExists(damaged);
        Files.write(damaged, copy);
        try {
          assertTimeoutPreemptively(ofSeconds(5), () -> Parquet.read(damaged, schema));
        } catch (Exception e) {
          assertThat(e)
              .as("%s, file %d", name, i)
              .isInstanceOf(DataFormatException.class)
              .hasMessageStartingWith(damaged.toString());
          refused++;
        }
      }
    }
    assertThat(refused).isBetween(15, 74);
  }
}
