package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FileInputTest {

  @TempDir private Path directory;

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream packed = new GZIPOutputStream(out)) {
      packed.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] join(byte[]... parts) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.write(part);
    }
    return out.toByteArray();
  }

  private byte[] read(byte[] file) throws IOException {
    try (FileInput in = FileInput.open(Files.write(directory.resolve("file"), file))) {
      return in.readAllBytes();
    }
  }

  @Test
  void aFileIsReadPackedOrNot() throws IOException {
    byte[] text = "text ".repeat(10_000).getBytes(UTF_8);
    assertThat(read(text)).isEqualTo(text);
    assertThat(read(gzip(text))).isEqualTo(text);
    assertThat(read(new byte[0])).isEmpty();
    assertThat(read(new byte[] {0x1f})).containsExactly(0x1f);
    assertThat(read(gzip(new byte[0]))).isEmpty();
  }

  @Test
  void membersFollowOneAnother() throws IOException {
    byte[] a = "a".repeat(20_000).getBytes(UTF_8);
    byte[] empty = gzip(new byte[0]);
    byte[][] manyEmpty = new byte[100_000][];
    Arrays.fill(manyEmpty, empty);
    assertThat(read(join(empty, gzip(a), empty, empty, gzip("b".getBytes(UTF_8)), new byte[600])))
        .isEqualTo(join(a, "b".getBytes(UTF_8)));
    assertThat(read(join(join(manyEmpty), gzip(a)))).isEqualTo(a);
  }

  @Test
  void theFieldsOfAHeaderAreSkipped() throws IOException {
    byte[] plain = gzip("x".getBytes(UTF_8));
    byte[] header = Arrays.copyOf(plain, 10);
    byte[] rest = Arrays.copyOfRange(plain, 10, plain.length);
    header[3] = 2 | 4 | 8 | 16;
    byte[] fields = {3, 0, 1, 2, 3, 'n', 'a', 'm', 'e', 0, 'c', 0, 7, 7};
    assertThat(read(join(header, fields, rest))).containsExactly('x');
  }

  @Test
  void aDamagedMemberIsNotTakenForTheEnd() throws IOException {
    byte[] first = gzip("first".getBytes(UTF_8));
    byte[] second = gzip("second".getBytes(UTF_8));
    for (int n = 1; n < second.length; n++) {
      byte[] cut = join(first, Arrays.copyOf(second, n));
      assertThatThrownBy(() -> read(cut)).isInstanceOf(EOFException.class);
    }
    for (int i = 0; i < second.length; i++) {
      byte[] damaged = second.clone();
      damaged[i] ^= 1;
      if (i < 3 || i > 9) { // in between are a time and a system, which nothing checks
        assertThatThrownBy(() -> read(join(first, damaged)))
            .isInstanceOfAny(ZipException.class, EOFException.class);
      }
    }
    assertThatThrownBy(() -> read(join(first, "rest".getBytes(UTF_8))))
        .isInstanceOf(ZipException.class);
  }

  @Test
  void aSmallFileDoesNotFillTheMemory() throws IOException {
    byte[] bomb = gzip(new byte[70_000_000]);
    assertThatThrownBy(
            () -> {
              try (FileInput in = FileInput.open(Files.write(directory.resolve("file"), bomb))) {
                in.transferTo(OutputStream.nullOutputStream());
              }
            })
        .isInstanceOf(ZipException.class)
        .hasMessage(
            "%d bytes unpack to more than 67108864, which is 100 times as many or 64 MiB; unpack"
                + " the file first if you trust it",
            bomb.length);
  }

  @Test
  void aDirectoryIsReportedByItsName() {
    assertThatThrownBy(() -> FileInput.open(directory))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(directory + ": is a directory; expected a file");
    assertThatThrownBy(() -> Safetensors.load(directory))
        .hasMessage(directory + ": is a directory; expected a file");
    assertThatThrownBy(() -> Npz.load(directory))
        .hasMessage(directory + ": is a directory; expected a file");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsReportedByTheFile() throws IOException {
    try (FileOutputStream full = new FileOutputStream("/dev/full")) {
      assertThatThrownBy(() -> NamedFile.writing(Path.of("model"), full).write(new byte[9]))
          .isInstanceOf(FileSystemException.class)
          .hasMessage("model: No space left on device");
    }
  }
}
