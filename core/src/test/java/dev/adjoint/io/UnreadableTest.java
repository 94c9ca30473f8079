package dev.adjoint.io;

import static dev.adjoint.io.Same.assertSame;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads files of which a part, or all, is no tensor of ours. */
class UnreadableTest {

  @TempDir private Path directory;

  private final List<String> reports = new ArrayList<>();

  private static byte[] npy(String descr, String shape, byte... data) {
    String text = "{'descr': %s, 'fortran_order': False, 'shape': %s, }\n".formatted(descr, shape);
    return ByteBuffer.allocate(10 + text.length() + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("\u0093NUMPY\1\0".getBytes(ISO_8859_1))
        .putShort((short) text.length())
        .put(text.getBytes(ISO_8859_1))
        .put(data)
        .array();
  }

  private static Tensor load(byte[] npy) throws IOException {
    return Npy.load(new ByteArrayInputStream(npy));
  }

  @Test
  void otherTensorsOfSafetensorsAreReadOnRequest() throws IOException {
    String header =
        """
        {"f8":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]},
         "a":{"dtype":"U8","shape":[1],"data_offsets":[3,4]},
         "c":{"dtype":"C64","shape":[1],"data_offsets":[4,12]},
         "deep":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[12,13]},
         "long":{"dtype":"I64","shape":[2],"data_offsets":[13,29]},
         "z":{"dtype":"U8","shape":[1],"data_offsets":[29,30]}}\
        """;
    ByteBuffer data = ByteBuffer.allocate(30).order(ByteOrder.LITTLE_ENDIAN);
    data.put(3, (byte) 7).putLong(13, Long.MAX_VALUE).put(29, (byte) 9);
    Path path = Files.write(directory.resolve("x"), SafetensorsTest.file(header, data));
    assertThatThrownBy(() -> Safetensors.load(path)).hasMessageContaining("'F8_E4M3'");
    Map<String, Tensor> read = Safetensors.load(path, e -> reports.add(e.getMessage()));
    assertThat(read).containsOnlyKeys("a", "z");
    assertSame(read.get("a"), Tensor.of(7f));
    assertSame(read.get("z"), Tensor.of(9f));
    assertThat(reports).hasSize(4);
    assertThat(reports.get(0)).contains(path.toString(), "'F8_E4M3'");
    assertThat(reports.get(1)).contains("'C64'");
    assertThat(reports.get(2)).contains("9 axes");
    assertThat(reports.get(3)).contains("I64 cannot be read exactly");
    byte[] hole = SafetensorsTest.file(header.replace("[4,12]", "[5,12]"), data);
    Files.write(path, hole);
    assertThatThrownBy(() -> Safetensors.load(path, e -> {})).hasMessageContaining("hole");
  }

  @Test
  void aTensorThatNoMemoryHoldsIsLeftOutAndItsFileNeedNoMemory() throws IOException {
    long n = Runtime.getRuntime().maxMemory() / 8; // becomes float64
    long end = 1 + 4 * n;
    String header =
        """
        {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
         "big":{"dtype":"I32","shape":[%d],"data_offsets":[1,%d]},
         "z":{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]}}\
        """
            .formatted(n, end, end, end + 1);
    byte[] start = SafetensorsTest.file(header, ByteBuffer.allocate(1));
    Path path = Files.write(directory.resolve("x"), start);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(start.length + end); // a hole, which takes no space
    }
    assertThatThrownBy(() -> Safetensors.load(path))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContainingAll("a tensor I32 of shape (" + n + ") takes ", "-Xmx");
    assertThat(Safetensors.load(path, e -> reports.add(e.getMessage()))).containsOnlyKeys("a", "z");
    assertThat(reports).hasSize(1);
  }

  @Test
  void otherEntriesOfNpzAreReadOnRequest() throws IOException {
    Path path = directory.resolve("x.npz");
    Map<String, byte[]> entries =
        Map.of(
            "README.txt", "hello".getBytes(ISO_8859_1),
            "text.npy", npy("'<U2'", "()", new byte[8]),
            "rows.npy", npy("[('x', '<f4')]", "()", new byte[4]),
            "object.npy", npy("'|O'", "()", new byte[4]),
            "x.npy", npy("'|u1'", "()", (byte) 5));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    Files.write(path, out.toByteArray());
    assertThatThrownBy(() -> Npz.load(path)).isInstanceOf(TensorFormatException.class);
    Map<String, Tensor> read = Npz.load(path, e -> reports.add(e.getMessage()));
    assertThat(read).containsOnlyKeys("x");
    assertSame(read.get("x"), Tensor.scalar(5, DType.FLOAT32));
    assertThat(reports).hasSize(4);
    assertThat(String.join("\n", reports)).contains("README.txt", "'<U2'", "structures", "'|O'");
    int crc = new String(out.toByteArray(), ISO_8859_1).lastIndexOf("x.npy") - 30;
    byte[] damaged = out.toByteArray();
    damaged[crc] ^= 1;
    Files.write(path, damaged);
    assertThatThrownBy(() -> Npz.load(path, e -> {})).isInstanceOf(TensorFormatException.class);
  }

  @Test
  void headersThatOtherWritersWriteAreRead() throws IOException {
    byte[] one = {0, 0, (byte) 0x80, 0x3f};
    for (String descr : new String[] {"'<f4'", "'f4'", "'=f4'", "'f'", "'<f'"}) {
      assertSame(load(npy(descr, "(1L,)", one)), Tensor.of(1f));
    }
    assertSame(
        load(npy("'?'", "(2L, 1)", (byte) 1, (byte) 0)), Tensor.of(new float[][] {{1}, {0}}));
    assertSame(load(npy("'|b1'", "()", (byte) 1)), Tensor.scalar(1, DType.FLOAT32));
    assertSame(load(npy("'b'", "()", (byte) -1)), Tensor.scalar(-1, DType.FLOAT32));
    assertThatThrownBy(() -> load(npy("'<f4'", "(1LL,)", one))).hasMessageContaining("got 'L'");
  }

  @Test
  void whatIsTakenForOursIsSaidByItsName() throws IOException {
    Path path = directory.resolve("model.pt");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("archive/data.pkl"));
      zip.write(9);
    }
    Files.write(path, out.toByteArray());
    String convert = "safetensors.torch.save_file(torch.load(file, weights_only=True), new_file)";
    assertThatThrownBy(() -> Safetensors.load(path)).hasMessageContainingAll("a zip file", convert);
    assertThatThrownBy(() -> Npy.load(path)).hasMessageContainingAll("a zip file", convert);
    assertThatThrownBy(() -> Npz.load(path)).hasMessageContainingAll("of PyTorch", convert);
    Map<String, String> others =
        Map.of(
            "\u0080\u0002\u008a\nl\u00fc\u009cF", "a pickle",
            "version https://git-lfs", "Git LFS",
            "<!DOCTYPE html>", "a web page",
            "GGUF\u0003\0\0\0", "GGUF",
            "\u0089HDF\r\n\u001a\n", "HDF5");
    for (Map.Entry<String, String> other : others.entrySet()) {
      Files.write(path, other.getKey().getBytes(ISO_8859_1));
      assertThatThrownBy(() -> Safetensors.load(path)).hasMessageContaining(other.getValue());
      assertThatThrownBy(() -> Npz.load(path)).hasMessageContaining(other.getValue());
    }
  }

  @Test
  void aFileOfAnotherKindIsRefusedByHowItBegins() throws IOException {
    Path path = directory.resolve("model");
    Map<String, String> others =
        Map.of(
            "name,age\nAnn,36\nBob,4", "it begins with 'name,age\\nAnn,36\\n'",
            "a,1", "it begins with 'a,1'",
            "", "is empty",
            "PK\u0003\u0004\u0014\0\u0008\u0008\u0008\0",
                "it begins with the bytes 50 4b 03 04 14 00 08 08 08 00; it is a zip file",
            "\u0089PNG\r\n\u001a\n\0",
                "it begins with the bytes 89 50 4e 47 0d 0a 1a 0a 00; it is an image");
    for (Map.Entry<String, String> other : others.entrySet()) {
      Files.write(path, other.getKey().getBytes(ISO_8859_1));
      assertThatThrownBy(() -> Safetensors.load(path))
          .isInstanceOf(TensorFormatException.class)
          .hasMessageContainingAll(path + ", byte 0: no safetensors file", other.getValue());
      assertThatThrownBy(() -> SealedFile.load(path))
          .hasMessageContainingAll("no safetensors file", other.getValue());
      assertThatThrownBy(() -> Npy.load(path))
          .isInstanceOf(TensorFormatException.class)
          .hasMessageContaining("no array of NumPy: it ");
      assertThatThrownBy(() -> Npz.load(path))
          .isInstanceOf(TensorFormatException.class)
          .hasMessageContainingAll("not a zip file, or a damaged one", other.getValue());
    }
  }
}
