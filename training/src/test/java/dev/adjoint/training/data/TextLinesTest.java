package dev.adjoint.training.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextLinesTest {

  @TempDir private Path directory;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(directory.resolve("lines.txt"), bytes);
  }

  private List<String> read(String text) throws IOException {
    return TextLines.read(file(text.getBytes(UTF_8)));
  }

  @Test
  void linesEndWithALineFeed() throws IOException {
    assertThat(read("a\nb\r\n\nd\re\n")).containsExactly("a", "b", "", "d\re");
    assertThat(read("a\nö€😀")).containsExactly("a", "ö€😀");
    assertThat(read("\n")).containsExactly("");
    assertThat(read("")).isEmpty();
  }

  @Test
  void aByteOrderMarkDoesNotCount() throws IOException {
    assertThat(read("\uFEFFa\n\uFEFFb")).containsExactly("a", "\uFEFFb");
  }

  @Test
  void whatIsNotUtf8IsRefused() throws IOException {
    // A byte of Latin-1, an overlong slash, half of a surrogate pair, a character cut at the end.
    for (byte[] bad :
        new byte[][] {
          {(byte) 0xe4, 'x'},
          {(byte) 0xc0, (byte) 0xaf},
          {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
          {(byte) 0xe2, (byte) 0x82}
        }) {
      byte[] bytes = new byte[4 + bad.length];
      System.arraycopy("a\nbc".getBytes(UTF_8), 0, bytes, 0, 4);
      System.arraycopy(bad, 0, bytes, 4, bad.length);
      Path file = file(bytes);
      assertThatThrownBy(() -> TextLines.read(file))
          .isInstanceOf(DataFormatException.class)
          .hasMessage(file + ", line 2: is not UTF-8 from its byte 2 on");
    }
  }

  @Test
  void aFileBeyondTheLimitsIsRefused() throws IOException {
    Path file = file("abc\nd\n".getBytes(UTF_8));
    assertThat(TextLines.read(file, 2, 3)).containsExactly("abc", "d");
    assertThatThrownBy(() -> TextLines.read(file, 1, 3))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(file + ", line 2: expected at most 1 lines");
    assertThatThrownBy(() -> TextLines.read(file, 2, 2))
        .isInstanceOf(DataFormatException.class)
        .hasMessage(file + ", line 1: expected at most 2 bytes");
  }
}
