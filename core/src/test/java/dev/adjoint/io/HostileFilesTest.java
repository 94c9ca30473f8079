package dev.adjoint.io;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads files that were made to do harm: each is refused, with the place and the reason. */
class HostileFilesTest {

  /** Describes a tensor of four bytes. */
  private static final String NO_SAFETENSORS =
      "byte 0: no safetensors file, which begins with the length of its header, at most"
          + " 100000000: ";

  private static final String T = "{'dtype':'F32','shape':[1],'data_offsets':[0,4]}";

  @TempDir Path directory;

  private static void assertRefused(byte[] file, String message) {
    assertThatThrownBy(() -> SafetensorsTest.load(file))
        .isInstanceOf(TensorFormatException.class)
        .hasMessage("the stream, " + message);
  }

  /** A header, with its quotes single for legibility, before some bytes of data. */
  private static void assertRefused(String header, int bytes, String message) {
    assertRefused(SafetensorsTest.file(header.replace('\'', '"'), new byte[bytes]), message);
  }

  private static void assertRefused(
      String type, String shape, String offsets, int bytes, String message) {
    String header =
        "{'x':{'dtype':'%s','shape':%s,'data_offsets':%s}}".formatted(type, shape, offsets);
    assertRefused(header, bytes, message);
  }

  private static byte[] npy(String header, int bytes) {
    byte[] text = header.getBytes(ISO_8859_1);
    return ByteBuffer.allocate(10 + text.length + bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("\u0093NUMPY\1\0".getBytes(ISO_8859_1))
        .putShort((short) text.length)
        .put(text)
        .array();
  }

  private static void assertNpyRefused(byte[] file, String message) {
    assertThatThrownBy(() -> Npy.load(new ByteArrayInputStream(file)))
        .isInstanceOf(TensorFormatException.class)
        .hasMessage("the stream, " + message);
  }

  private static void assertNpyRefused(String header, int bytes, String message) {
    assertNpyRefused(npy(header, bytes), message);
  }

  private static byte[] zip(String name, byte[] content) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry(name));
      zip.write(content);
    }
    return out.toByteArray();
  }

  private void assertNpzRefused(byte[] file, String message) throws IOException {
    Path path = Files.write(directory.resolve("x.npz"), file);
    assertThatThrownBy(() -> Npz.load(path))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageStartingWith(path + message);
  }

  /** Returns where a sequence of bytes is in a file, the last time. */
  private static int find(byte[] file, String bytes) {
    return new String(file, ISO_8859_1).lastIndexOf(bytes);
  }

  private static ByteBuffer littleEndian(byte[] file) {
    return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void aHeaderThatIsNoJsonIsRefused() {
    assertRefused(" {}", 0, "byte 8: expected the header to begin with '{', got ' '");
    assertRefused("", 0, "byte 8: expected the header to begin with '{', got the end");
    assertRefused("{", 0, "byte 9: expected '\"', got the end");
    assertRefused("{}x", 0, "byte 10: expected the end of the header, got 'x'");
    assertRefused("{'x':" + T + ",}", 4, "byte 62: expected '\"', got '}'");
    assertRefused("{'x':" + T + " 'y':", 4, "byte 62: expected '}', got '\"'");
    assertRefused("{'x' " + T, 4, "byte 13: expected ':', got '{'");
    assertRefused("{'ä€' " + T, 4, "byte 17: expected ':', got '{'");
    assertRefused("{'x':" + T, 4, "byte 61: expected '}', got the end");
    assertRefused("{'x':[]}", 0, "byte 13: expected '{', got '['");
  }

  @Test
  void aTextThatIsNoneIsRefused() {
    assertRefused("{'x", 0, "byte 9: a text without an end");
    assertRefused("{'x\\", 0, "byte 9: a text without an end");
    assertRefused("{'\\u12", 0, "byte 9: a text without an end");
    assertRefused("{'\n'", 0, "byte 9: a control character in a text; expected it to be escaped");
    assertRefused("{'\\x'", 0, "byte 9: an unknown escape: a backslash and 'x'");
    assertRefused(
        "{'\\u00g0'", 0, "byte 9: expected four hexadecimal digits of an escape, got 'g'");
    assertRefused(
        "{'\\u00\uff110'",
        0,
        "byte 9: expected four hexadecimal digits of an escape, got '\uff11'");
    assertRefused("{'\\ud83d'", 0, "byte 9: half of a surrogate pair in a text");
    assertRefused("{'\\ude00\\ud83d'", 0, "byte 9: half of a surrogate pair in a text");
    byte[] latin = SafetensorsTest.file("{\"a\":", new byte[0]);
    latin[10] = (byte) 0xe4;
    assertRefused(latin, "byte 10: the header is not UTF-8");
  }

  @Test
  void aNameThatIsThereTwiceIsRefused() {
    assertRefused("{'x':" + T + ",'x':" + T + "}", 4, "byte 62: 'x' is there for a second time");
    assertRefused(
        "{'x':" + T + ",'\\u0078':" + T + "}", 4, "byte 62: 'x' is there for a second time");
    assertRefused("{'__metadata__':{'a':'','a':''}}", 0, "byte 32: 'a' is there for a second time");
    assertRefused(
        "{'__metadata__':{},'__metadata__':{}}",
        0,
        "byte 27: '__metadata__' is there for a second time");
    assertRefused(
        "{'x':{'dtype':'F32','dtype':'F32'}}", 0, "byte 28: 'dtype' is there for a second time");
  }

  @Test
  void whatDescribesNoTensorIsRefused() {
    assertRefused(
        "{'x':{}}", 0, "byte 14: tensor 'x' has []; expected dtype, shape and data_offsets");
    assertRefused("{'x':{'type':'F32'}}", 0, "byte 14: 'type' in a tensor");
    assertRefused("{'__metadata__':{'a':1}}", 0, "byte 29: expected '\"', got '1'");
    assertRefused("{'__metadata__':{'a':{'b':{}}}}", 0, "byte 29: expected '\"', got '{'");
    assertRefused(
        "{'x':{'shape':[[[[",
        0,
        "byte 23: expected a whole number from 0, without leading zeros, got '['");
    assertRefused(
        "F33",
        "[1]",
        "[0,4]",
        4,
        "byte 22: elements of type 'F33'; expected one of"
            + " [F64, F32, F16, BF16, I64, U64, I32, U32, I16, U16, I8, U8, BOOL]");
    assertRefused("F32", "[1]", "[0]", 4, "byte 57: 1 offsets; expected begin and end");
    assertRefused("F32", "[1]", "[0,2,4]", 4, "byte 61: 3 offsets; expected begin and end");
  }

  @Test
  void aNumberThatIsNoneIsRefused() {
    String expected = "expected a whole number from 0, without leading zeros, got ";
    assertRefused("F32", "[-1]", "[0,4]", 4, "byte 37: " + expected + "'-'");
    assertRefused("F32", "[01]", "[0,4]", 4, "byte 37: " + expected + "'0'");
    assertRefused("F32", "[]", "[,4]", 4, "byte 55: " + expected + "','");
    assertRefused("F32", "[1,]", "[0,4]", 4, "byte 39: " + expected + "']'");
    assertRefused("F32", "[1.0]", "[0,4]", 4, "byte 38: expected ']', got '.'");
    assertRefused("F32", "[1e0]", "[0,4]", 4, "byte 38: expected ']', got 'e'");
    assertRefused("F32", "[9223372036854775808]", "[0,4]", 4, "byte 37: a number beyond 2^63 - 1");
  }

  @Test
  void aShapeBeyondWhatATensorCanHaveIsRefused() {
    assertRefused(
        "F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]", 4, "byte 54: a shape of 9 axes; expected at most 8");
    assertRefused(
        "F32",
        "[9223372036854775807]",
        "[0,4]",
        4,
        "byte 56: an axis of size 9223372036854775807; expected at most 2^31 - 1");
    assertRefused(
        "F32",
        "[65536,65536]",
        "[0,4]",
        4,
        "byte 48: no shape of a tensor: a tensor has at most 2147483639 elements,"
            + " got shape [65536, 65536]");
    assertRefused(
        "F32",
        "[0,2147483647,4]",
        "[0,0]",
        0,
        "byte 51: no shape of a tensor: a tensor has at most 2147483639 elements,"
            + " got shape [0, 2147483647, 4]");
  }

  @Test
  void offsetsThatDoNotFitAreRefused() {
    assertRefused(
        "F32",
        "[2]",
        "[0,4]",
        4,
        "byte 60: tensor 'x' of type F32 and shape (2) takes 8 bytes, but has offsets [0, 4]");
    assertRefused(
        "F32",
        "[1]",
        "[4,0]",
        4,
        "byte 60: tensor 'x' of type F32 and shape (1) takes 4 bytes, but has offsets [4, 0]");
    assertRefused(
        "F32", "[1]", "[0,4]", 3, "byte 62: 3 bytes of data; expected 4, which the tensors take");
    assertRefused(
        "F32", "[1]", "[0,4]", 5, "byte 62: 5 bytes of data; expected 4, which the tensors take");
    assertRefused(
        "F32",
        "[1]",
        "[9223372036854775803,9223372036854775807]",
        4,
        "byte 98: tensor 'x' begins at offset 9223372036854775803;"
            + " expected 0, without a hole or an overlap");
    assertRefused(
        "{'x':" + T + ",'y':" + T + "}",
        4,
        "byte 119: tensor 'y' begins at offset 0; expected 4, without a hole or an overlap");
    assertRefused(
        "{'x':" + T + ",'y':" + T.replace("0,4", "8,12") + "}",
        12,
        "byte 120: tensor 'y' begins at offset 8; expected 4, without a hole or an overlap");
    assertRefused("{}", 1, "byte 10: 1 bytes of data; expected 0, which the tensors take");
  }

  @Test
  void aHeaderLongerThanTheFileIsRefused() {
    assertRefused(new byte[7], NO_SAFETENSORS + "it begins with the bytes 00 00 00 00 00 00 00");
    assertRefused(
        littleEndian(new byte[10]).putLong(3).array(),
        "byte 8: the header takes 3 bytes, but the file ends after 2");
    assertRefused(
        littleEndian(new byte[10]).putLong(100_000_001).array(),
        NO_SAFETENSORS + "it begins with the bytes 01 e1 f5 05 00 00 00 00 00 00");
    assertRefused(
        littleEndian(new byte[10]).putLong(-1).array(),
        NO_SAFETENSORS + "it begins with the bytes ff ff ff ff ff ff ff ff 00 00");
  }

  @Test
  void aMessageDoesNotRepeatALongOrHarmfulName() {
    assertRefused(
        "{'\\n\\u001b%s':{'bad':1}}".formatted("x".repeat(1000)),
        0,
        "byte 1021: 'bad' in a tensor");
    assertRefused(
        "{'%s\\n':{}}".formatted("x".repeat(1000)),
        0,
        "byte 1015: tensor '%s...' has []; expected dtype, shape and data_offsets"
            .formatted("x".repeat(100)));
    assertRefused(
        "{'\\n\\u001b[1m':{}}",
        0,
        "byte 24: tensor '\\n\\u001b[1m' has []; expected dtype, shape and data_offsets");
  }

  @Test
  void aFileThatNumpyCannotHaveWrittenIsRefused() {
    assertNpyRefused(
        new byte[5], "byte 0: no array of NumPy: it begins with the bytes 00 00 00 00 00");
    assertNpyRefused(
        new byte[6], "byte 0: no array of NumPy: it begins with the bytes 00 00 00 00 00 00");
    byte[] file = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", 4);
    file[6] = 4;
    assertNpyRefused(file, "byte 6: version 4.0; expected 1.0, 2.0 or 3.0");
    file[6] = 2;
    assertNpyRefused(file, "byte 12: a header of 662372408 bytes; expected at most 65535");
    file[6] = 1;
    file[7] = 1;
    assertNpyRefused(file, "byte 6: version 1.1; expected 1.0, 2.0 or 3.0");
    assertNpyRefused(Arrays.copyOf(file, 8), "byte 6: version 1.1; expected 1.0, 2.0 or 3.0");
    file[7] = 0;
    assertNpyRefused(
        Arrays.copyOf(file, 9),
        "byte 8: the length of the header takes 2 bytes, but the file ends after 1");
    assertNpyRefused(
        Arrays.copyOf(file, 60), "byte 10: the header takes 56 bytes, but the file ends after 50");
    assertNpyRefused(
        Arrays.copyOf(file, file.length - 1),
        "byte 66: a tensor F32 of shape () takes 4 bytes, but the file ends after 3");
    assertNpyRefused(
        Arrays.copyOf(file, file.length + 1), "byte 70: 1 bytes follow the array; expected none");
  }

  @Test
  void aHeaderThatIsNoPythonIsRefused() {
    assertNpyRefused(
        "{'descr': '<f4', }",
        4,
        "byte 28: the header has [descr]; expected descr, fortran_order and shape");
    assertNpyRefused("{'descr': '<f4', 'x': 1}", 4, "byte 27: 'x' in a header");
    assertNpyRefused(
        "{'descr': '<f4', 'descr': '<f4'}", 4, "byte 27: 'descr' is there for a second time");
    assertNpyRefused(
        "{'descr': [('x', '<f4')]}",
        4,
        "byte 20: an array of structures; expected numbers, such as '<f4'");
    assertNpyRefused("{'descr': '\\x3cf4'}", 4, "byte 20: an unknown escape: a backslash and 'x'");
    assertNpyRefused("{'fortran_order': false}", 4, "byte 28: 'false'; expected True or False");
    assertNpyRefused("{'fortran_order': 1}", 4, "byte 28: ''; expected True or False");
    assertNpyRefused("{'shape': 3}", 4, "byte 20: expected '(', got '3'");
    assertNpyRefused(
        "{'shape': (3,,)}",
        4,
        "byte 23: expected a whole number from 0, without leading zeros, got ','");
    assertNpyRefused(
        "{'shape': (65536, 65536)}",
        4,
        "byte 33: no shape of a tensor: a tensor has at most 2147483639 elements,"
            + " got shape [65536, 65536]");
    assertNpyRefused(
        "{'shape': (), 'fortran_order': False, 'descr': '<f4'} x",
        4,
        "byte 64: expected the end of the header, got 'x'");
  }

  @Test
  void elementsThatAreNoNumbersAreRefused() {
    for (String descr :
        new String[] {"|O", "<c8", "<U3", "|V4", "<M8[s]", "|f4", "g", "", "<f16"}) {
      assertNpyRefused(
          "{'descr': '%s'}".formatted(descr),
          4,
          "byte 20: elements of type '%s'; expected numbers, such as '<f4', '>f8' or '|u1'"
              .formatted(descr));
    }
  }

  @Test
  void aClaimThatTheFileCannotMeetTakesNoMemory() {
    assertNpyRefused(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000,), }",
        4,
        "byte 76: a tensor F64 of shape (2000000000) takes 16000000000 bytes,"
            + " but the file ends after 4");
    assertRefused(
        "F64",
        "[2000000000]",
        "[0,16000000000]",
        4,
        "byte 81: 4 bytes of data; expected 16000000000, which the tensors take");
  }

  @Test
  void whatIsNoZipFileIsRefused() throws IOException {
    assertNpzRefused(new byte[0], ": not a zip file, or a damaged one: ");
    assertNpzRefused(new byte[100], ": not a zip file, or a damaged one: ");
    assertThatThrownBy(() -> Npz.load(directory.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void anEntryThatIsNoTensorIsRefused() throws IOException {
    byte[] array = NumpyTest.resource("float32.npy");
    assertNpzRefused(zip("x.txt", array), ", entry 'x.txt': expected a name that ends with .npy");
    assertNpzRefused(
        zip("x.npy", new byte[9]), ", entry 'x.npy', byte 0: no array of NumPy: it begins with");
    assertNpzRefused(
        zip("x.npy", Arrays.copyOf(array, array.length + 1)),
        ", entry 'x.npy', byte 152: 1 bytes follow the array; expected none");
  }

  @Test
  void aZipFileThatContradictsItselfIsRefused() throws IOException {
    byte[] file = zip("x.npy", NumpyTest.resource("float32.npy"));
    int directoryEntry = find(file, "PK\1\2");
    byte[] checksum = file.clone();
    checksum[directoryEntry + 16]++;
    assertNpzRefused(checksum, ", entry 'x.npy': the size or the checksum is wrong");
    byte[] array = NumpyTest.resource("float32.npy");
    CRC32 crc = new CRC32();
    crc.update(array);
    byte[] longer = zip("x.npy", Arrays.copyOf(array, array.length + 1));
    littleEndian(longer)
        .putInt(find(longer, "PK\1\2") + 16, (int) crc.getValue())
        .putInt(find(longer, "PK\1\2") + 24, array.length);
    assertNpzRefused(longer, ", entry 'x.npy': the size or the checksum is wrong");
    byte[] bomb = file.clone();
    littleEndian(bomb).putInt(directoryEntry + 24, 1 << 30);
    assertNpzRefused(bomb, ", entry 'x.npy': 88 bytes that are said to have been 1073741824;");
    byte[] overlap = file.clone();
    littleEndian(overlap).putInt(directoryEntry + 20, file.length + 1);
    assertNpzRefused(overlap, "");
    byte[] cut = zip("x.npy", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 3));
    int entry = find(cut, "PK\1\2");
    littleEndian(cut).putInt(entry + 24, littleEndian(cut).getInt(entry + 24) + 1);
    assertNpzRefused(cut, "");
  }

  @Test
  void entriesThatShareTheirBytesAreRefused() throws IOException {
    // Two entries of a directory with the same local entry: how a small file becomes a large bomb.
    byte[] array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (5000,)}", 5000);
    new Random(1).nextBytes(array);
    byte[] file = zip("x.npy", array);
    int begin = find(file, "PK\1\2");
    int end = find(file, "PK\5\6");
    byte[] second = Arrays.copyOfRange(file, begin, end);
    second[46] = 'y';
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(file, 0, end);
    for (int i = 0; i < 3; i++) {
      second[46]++;
      out.write(second);
    }
    out.write(file, end, file.length - end);
    byte[] bomb = out.toByteArray();
    int last = find(bomb, "PK\5\6");
    littleEndian(bomb)
        .putShort(last + 8, (short) 4)
        .putShort(last + 10, (short) 4)
        .putInt(last + 12, 4 * (end - begin));
    assertNpzRefused(bomb, ", entry");
  }

  @Test
  void aMissingFileIsNotAFormat() {
    assertThatThrownBy(() -> Safetensors.load(directory.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class);
    assertThatThrownBy(() -> Npy.load(directory.resolve("missing")))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(directory).isEmptyDirectory();
  }
}
