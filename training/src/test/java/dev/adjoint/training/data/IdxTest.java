package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {

  @TempDir private Path directory;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("x.idx"), bytes);
  }

  private Path file(String hex) throws IOException {
    return file(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  private static void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> Idx.read(file))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(file + message);
  }

  @Test
  void bytesAreReadAsMnistStoresThem() throws IOException {
    Path images = file("0000 08 03  00000002 00000001 00000003  00 01 7f 80 fe ff");
    assertThat(Idx.read(images))
        .hasSameBitsAs(Tensor.of(new float[] {0, 1, 127, 128, 254, 255}, 2, 1, 3));
    assertThat(Idx.readIntegers(file("0000 08 01 00000003 05 00 ff")))
        .isEqualTo(IntTensor.of(5, 0, 255));
  }

  @Test
  void everyTypeIsReadExactly() throws IOException {
    assertThat(Idx.read(file("0000 09 01 00000002 7f 80"))).hasSameBitsAs(Tensor.of(127f, -128f));
    assertThat(Idx.read(file("0000 0b 01 00000002 7fff ffff")))
        .hasSameBitsAs(Tensor.of(32767f, -1f));
    assertThat(Idx.read(file("0000 0c 01 00000002 7fffffff 80000000")))
        .hasSameBitsAs(Tensor.of(2147483647.0, -2147483648.0));
    assertThat(Idx.read(file("0000 0d 01 00000002 3f800000 7f800000")))
        .hasSameBitsAs(Tensor.of(1, Float.POSITIVE_INFINITY));
    assertThat(Idx.read(file("0000 0e 00 3ff0000000000001")))
        .hasSameBitsAs(Tensor.scalar(Math.nextUp(1.0), DType.FLOAT64));
    assertThat(Idx.readIntegers(file("0000 0c 02 00000001 00000002 7fffffff 80000000")))
        .isEqualTo(IntTensor.of(new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE}, 1, 2));
    assertThat(Idx.read(file("0000 08 02 00000000 00000003"))).hasShape(0, 3);
    Path floats = file("0000 0d 01 00000001 3f800000");
    assertThatThrownBy(() -> Idx.readIntegers(floats))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(floats + ", byte 2: elements of type FLOAT; expected integers");
  }

  @Test
  void whatIsWrittenIsReadAgainPackedOrNot() throws IOException {
    Tensor images = Tensors.arange(240).div(16).floor().reshape(4, 6, 10);
    IntTensor labels = IntTensor.of(3, 0, 255, 9);
    for (String suffix : new String[] {"", ".gz"}) {
      Path x = directory.resolve("images" + suffix);
      Path y = directory.resolve("labels" + suffix);
      Idx.writeBytes(x, images);
      Idx.writeBytes(y, labels);
      assertThat(Files.size(x) < 240).isEqualTo(suffix.equals(".gz"));
      assertThat(Idx.read(x)).hasSameBitsAs(images);
      assertThat(Idx.readIntegers(y)).isEqualTo(labels);
    }
    assertThat(Files.readAllBytes(directory.resolve("labels")))
        .isEqualTo(HexFormat.of().parseHex("00000801000000040300ff09"));
  }

  @Test
  void whatIsNoByteIsNotWritten() {
    Path file = directory.resolve("none");
    for (double value : new double[] {-1, 256, 0.5, Double.NaN}) {
      assertThatThrownBy(() -> Idx.writeBytes(file, Tensor.of(1, value)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "writeBytes: %s at position 1 of shape (2); expected a whole number from 0 to 255"
                  .formatted(value));
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void aHeaderThatIsNoneIsRefused() throws IOException {
    String expected = "; expected 0, 0, a type (8, 9 or 11 to 14) and at most 8 axes";
    assertRefused(file(""), ", byte 0: the magic number takes 4 bytes, but the file ends after 0");
    assertRefused(
        file("00"), ", byte 0: the magic number takes 4 bytes, but the file ends after 1");
    assertRefused(file("89504e47 00"), ", byte 0: begins with bytes [-119, 80, 78, 71]" + expected);
    assertRefused(
        file("00000a01 00000000"), ", byte 0: begins with bytes [0, 0, 10, 1]" + expected);
    assertRefused(file("00000809"), ", byte 0: begins with bytes [0, 0, 8, 9]" + expected);
    assertRefused(file("000008ff"), ", byte 0: begins with bytes [0, 0, 8, -1]" + expected);
    assertRefused(
        file("00000802 00000001"),
        ", byte 4: the list of sizes takes 8 bytes, but the file ends after 4");
  }

  @Test
  void sizesThatTheFileDoesNotHaveAreRefused() throws IOException {
    assertRefused(
        file("00000801 00000003 0102"),
        ", byte 8: a tensor of shape (3) and type UNSIGNED_BYTE takes 3 bytes, but the file has at"
            + " most 2");
    assertRefused(
        file("00000801 00000001 0102"), ", byte 9: more bytes follow the tensor of shape (1)");
    assertRefused(
        file("00000802 ffffffff 00000001"),
        ", byte 4: no shape of a tensor: a size is at least 0, got shape [-1, 1]");
    assertRefused(
        file("00000803 00010000 00010000 00000001"),
        ", byte 4: no shape of a tensor: a tensor has at most 2147483639 elements,"
            + " got shape [65536, 65536, 1]");
  }

  @Test
  void aClaimThatTheFileCannotMeetTakesNoMemory() throws IOException {
    byte[] claim = HexFormat.of().parseHex("00000e017fff0000");
    for (byte[] bytes : new byte[][] {claim, gzip(claim)}) {
      Path file = file(bytes);
      long before = AllocatedBytes.ofThisThread();
      assertThatThrownBy(() -> Idx.read(file))
          .isInstanceOf(DataFormatException.class)
          .hasMessageContaining("byte 8: a tensor of shape (2147418112) and type DOUBLE takes");
      assertThat(AllocatedBytes.ofThisThread() - before).isLessThan(10_000_000);
    }
    // A packed file may claim what packing could have achieved, and is believed when it is there.
    byte[] large =
        gzip(ByteBuffer.allocate(100_008).put(HexFormat.of().parseHex("0000080100020000")).array());
    assertRefused(
        file(large), ", byte 8: the tensor takes 131072 bytes, but the file ends after 100000");
  }

  @Test
  void aDamagedGzipFileIsRefused() throws IOException {
    byte[] packed = gzip(HexFormat.of().parseHex("00000801000000020102"));
    assertThat(Idx.read(file(packed))).hasShape(2);
    String message = ": cannot be unpacked: the gzip file ends too soon";
    assertRefused(file(Arrays.copyOf(packed, packed.length - 9)), message);
    assertRefused(file(Arrays.copyOf(packed, 2)), message);
    byte[] wrongChecksum = packed.clone();
    wrongChecksum[packed.length - 8] ^= 1;
    assertRefused(file(wrongChecksum), ": cannot be unpacked: the checksum is wrong");
  }
}
