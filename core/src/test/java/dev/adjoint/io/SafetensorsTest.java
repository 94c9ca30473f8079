package dev.adjoint.io;

import static dev.adjoint.io.Same.assertSame;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.AllocatedBytes;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

  @TempDir Path directory;

  /** Returns a file with this header and these bytes. */
  static byte[] file(String header, byte[] data) {
    return file(header, ByteBuffer.wrap(data));
  }

  /** Returns a file with this header and all bytes of a buffer. */
  static byte[] file(String header, ByteBuffer data) {
    byte[] text = header.getBytes(UTF_8);
    return ByteBuffer.allocate(8 + text.length + data.capacity())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(text.length)
        .put(text)
        .put(data.clear())
        .array();
  }

  static Map<String, Tensor> load(byte[] file) throws IOException {
    return Safetensors.load(new ByteArrayInputStream(file));
  }

  private static byte[] save(Map<String, Tensor> tensors, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.save(out, tensors, metadata);
    return out.toByteArray();
  }

  private static ByteBuffer data(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads the only tensor of a file of one element type. */
  private static Tensor read(String type, ByteBuffer data, int n) throws IOException {
    String header =
        "{\"x\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(type, n, data.capacity());
    return load(file(header, data)).get("x");
  }

  @Test
  void aFileIsWhatTheFormatSays() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("0.weight", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    tensors.put("\"\\\n\u00e4", Tensor.scalar(-1, DType.FLOAT64));
    String header =
        "{\"__metadata__\":{\"format\":\"pt\",\"\u00f6\":\"\\u0001\"},"
            + "\"\\\"\\\\\\u000a\u00e4\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},"
            + "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]}}";
    int padding = 7 - (header.getBytes(UTF_8).length + 7) % 8;
    ByteBuffer data = data(32).putDouble(-1);
    IntStream.rangeClosed(1, 6).forEach(data::putFloat);
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    metadata.put("\u00f6", "\u0001");
    assertThat(save(tensors, metadata)).isEqualTo(file(header + " ".repeat(padding), data));
  }

  @Test
  void whatIsSavedIsLoaded() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("b", Tensor.of(Double.NaN, -0.0, Double.MAX_VALUE));
    tensors.put("z", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    tensors.put("a", Tensors.zeros(3, 0, 2));
    tensors.put("", Tensor.scalar(Math.PI, DType.FLOAT32));
    Path file = directory.resolve("model.safetensors");
    Map<String, String> metadata = Map.of("epoch", "3", "\ud83d\ude00", "\"\\\b\f\n\r\t/");
    Safetensors.save(file, tensors, metadata);
    assertSame(Safetensors.load(file), tensors);
    assertSame(load(Files.readAllBytes(file)), tensors);
    assertThat(Safetensors.metadata(file)).isEqualTo(metadata);
  }

  @Test
  void nothingAtAllCanBeSaved() throws IOException {
    Path file = directory.resolve("empty.safetensors");
    Safetensors.save(file, Map.of());
    assertThat(Safetensors.load(file)).isEmpty();
    assertThat(Safetensors.metadata(file)).isEmpty();
  }

  @Test
  void aViewIsSavedAsWhatItShows() throws IOException {
    Tensor matrix = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
    Map<String, Tensor> views = new LinkedHashMap<>();
    views.put("transposed", matrix.transpose());
    views.put("row", matrix.slice(0, 1, 2));
    views.put("expanded", Tensors.full(Shape.of(70_000), 2, DType.FLOAT32));
    views.put("tracked", matrix.tracked().transpose());
    assertSame(load(save(views, Map.of())), views);
  }

  @Test
  void manyElementsAreSavedAndLoadedInPieces() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("double", Tensors.arange(0, 100_003, 1, DType.FLOAT64));
    tensors.put("float", Tensors.arange(100_003));
    assertSame(load(save(tensors, Map.of())), tensors);
  }

  @Test
  void noMoreMemoryIsTakenThanTheElementsNeed() throws IOException {
    Path file = directory.resolve("large.safetensors");
    Tensor large = Tensors.arange(1 << 22);
    Safetensors.save(file, Map.of("x", large));
    long before = AllocatedBytes.ofThisThread();
    Safetensors.save(file, Map.of("x", large));
    long saved = AllocatedBytes.ofThisThread();
    Safetensors.load(file);
    long loaded = AllocatedBytes.ofThisThread();
    assertThat(saved - before).as("to save").isLessThan(1 << 20);
    assertThat(loaded - saved).as("to load").isLessThan((4 << 22) + (1 << 20));
  }

  @Test
  void namesPassUnchanged() throws IOException {
    String name = "module.features.0.bn1.running_var";
    assertThat(load(save(Map.of(name, Tensors.ones(2)), Map.of()))).containsOnlyKeys(name);
  }

  @Test
  void halvesOfEitherKindAreWidened() throws IOException {
    ByteBuffer all = data(2 << 16);
    IntStream.range(0, 1 << 16).forEach(bits -> all.putShort((short) bits));
    Tensor half = read("F16", all, 1 << 16);
    Tensor brain = read("BF16", all, 1 << 16);
    assertThat(half.dtype()).isEqualTo(DType.FLOAT32);
    assertThat(brain.dtype()).isEqualTo(DType.FLOAT32);
    float[] halves = half.toFloatArray();
    float[] brains = brain.toFloatArray();
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat(Double.valueOf(halves[bits]))
          .isEqualTo(Double.valueOf(Halves.value((short) bits)));
      assertThat(Float.floatToRawIntBits(brains[bits])).isEqualTo(bits << 16);
    }
  }

  @Test
  void integersAndBooleansAreReadExactly() throws IOException {
    assertSame(read("BOOL", data(2).put((byte) 1), 2), Tensor.of(1f, 0f));
    assertSame(read("U8", data(2).put((byte) 1).put((byte) -1), 2), Tensor.of(1f, 255f));
    assertSame(read("I8", data(2).put((byte) 1).put((byte) -1), 2), Tensor.of(1f, -1f));
    assertSame(read("U16", data(2).putShort((short) -1), 1), Tensor.of(65535f));
    assertSame(read("I16", data(2).putShort((short) -2), 1), Tensor.of(-2f));
    assertSame(read("U32", data(4).putInt(-1), 1), Tensor.of(4294967295d));
    assertSame(read("I32", data(4).putInt(Integer.MIN_VALUE), 1), Tensor.of(-2147483648d));
    assertSame(read("U64", data(8).putLong(1L << 53), 1), Tensor.of(0x1p53));
    assertSame(read("I64", data(16).putLong(-(1L << 53)).putLong(12), 2), Tensor.of(-0x1p53, 12d));
  }

  @Test
  void aNumberThatWouldBeRoundedIsRefused() {
    assertThatThrownBy(() -> read("I64", data(16).putLong(1).putLong((1L << 53) + 1), 2))
        .isInstanceOf(TensorFormatException.class)
        .hasMessage(
            "the stream, byte 71: this I64 cannot be read exactly;"
                + " expected at most 2^53, which float64 holds");
    assertThatThrownBy(() -> read("I64", data(8).putLong(Long.MIN_VALUE), 1))
        .isInstanceOf(TensorFormatException.class);
    assertThatThrownBy(() -> read("U64", data(8).putLong(-1), 1))
        .isInstanceOf(TensorFormatException.class);
    assertThatThrownBy(() -> read("BOOL", data(1).put((byte) 2), 1))
        .isInstanceOf(TensorFormatException.class)
        .hasMessageContaining("BOOL cannot be read exactly; expected 0 or 1");
  }

  @Test
  void anUpdateWhileElementsAreWrittenIsNoticed() {
    Parameter weight = new Parameter("weight", Tensors.ones(100_000));
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int from, int n) {
            super.write(bytes, from, n);
            if (size() > 200_000) { // in the midst of the elements
              weight.update(array -> ((float[]) array)[0] = 2);
            }
          }
        };
    assertThatThrownBy(() -> Safetensors.save(out, Map.of("w", weight.value()), Map.of()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("parameter 'weight' was updated");
  }

  @Test
  void aFileThatCannotBeIsNotSaved() throws IOException {
    Path file = directory.resolve("model.safetensors");
    Safetensors.save(file, Map.of("x", Tensors.ones(1)));
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> Safetensors.save(file, Map.of("__metadata__", Tensors.ones(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "save: a tensor named '__metadata__'; expected another name, this one is the format's");
    assertThatThrownBy(() -> Safetensors.save(file, Map.of("\ud83d", Tensors.ones(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("half of a surrogate pair");
    Map<String, String> huge = Map.of("x", "y".repeat(100_000_000));
    assertThatThrownBy(() -> Safetensors.save(file, Map.of(), huge))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("make a header of 100000032 bytes; expected at most 100000000");
    assertThat(file).hasBinaryContent(before);
    assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
  }

  @Test
  void aHeaderMayBeWrittenOtherwise() throws IOException {
    String header =
        "{ \"\\u0061\\uD83D\\uDE00\\/\" :\n{\"shape\":[1 ,2] , \"data_offsets\": [4,12],"
            + "\t\"dtype\":\"F32\"},\"b\":{\"data_offsets\":[0,4],\"dtype\":\"F32\",\"shape\":[]}} \r\n";
    ByteBuffer data = data(12).putFloat(1).putFloat(2).putFloat(3);
    Map<String, Tensor> expected = new LinkedHashMap<>();
    expected.put("b", Tensor.scalar(1, DType.FLOAT32));
    expected.put("a\ud83d\ude00/", Tensor.of(new float[] {2, 3}, 1, 2));
    assertSame(load(file(header, data)), expected);
  }

  @Test
  void aFileIsTheSameInEveryLocale() throws IOException {
    Map<String, Tensor> tensors = Map.of("x", Tensor.of(1f, 2f));
    byte[] expected = save(tensors, Map.of());
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.of("fa")); // whose digits are not those of JSON
    try {
      assertThat(save(tensors, Map.of())).isEqualTo(expected);
    } finally {
      Locale.setDefault(before);
    }
  }
}
