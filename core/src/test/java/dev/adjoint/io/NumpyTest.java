package dev.adjoint.io;

import static dev.adjoint.io.Same.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Reads files that NumPy 2.4 wrote, and writes the same.
 *
 * <pre>
 * x = lambda t, *s: (np.arange(np.prod(s), dtype=np.float64) / 4 - 1).astype(t).reshape(s)
 * np.save("float32.npy", x("&lt;f4", 2, 3))
 * np.save("float64.npy", x("&lt;f8", 3))
 * np.save("scalar.npy", x("&lt;f4"))
 * np.save("empty.npy", x("&lt;f8", 0, 3))
 * np.save("bigendian.npy", x("&gt;f4", 2, 3))
 * np.save("fortran.npy", np.asfortranarray(x("&lt;f8", 2, 3, 4)))
 * for v in (2, 3): np.lib.format.write_array(open(f"version{v}.npy", "wb"), x("&lt;f4", 2, 3), (v, 0))
 * tensors = {"half": x("&lt;f2", 2, 3), "int64": np.arange(6).reshape(2, 3) - 2**53,
 *     "int32": np.arange(3).astype("&gt;i4") - 1, "uint8": np.arange(256).astype("u1"),
 *     "bool": np.arange(4) % 2 == 1, "steps": np.int64(7), "float": x("&lt;f4", 5)}
 * np.savez("stored.npz", **tensors)
 * np.savez_compressed("deflated.npz", **tensors)
 * </pre>
 */
class NumpyTest {

  @TempDir Path directory;

  static byte[] resource(String name) throws IOException {
    try (InputStream in = NumpyTest.class.getResourceAsStream("/numpy/" + name)) {
      return in.readAllBytes();
    }
  }

  private static Tensor load(String name) throws IOException {
    return Npy.load(new ByteArrayInputStream(resource(name)));
  }

  private static byte[] save(Tensor tensor) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.save(out, tensor);
    return out.toByteArray();
  }

  private static Tensor x(DType dtype, int... sizes) {
    int n = 1;
    for (int size : sizes) {
      n *= size;
    }
    return Tensors.arange(0, n, 1, DType.FLOAT64).div(4).minus(1).to(dtype).reshape(sizes);
  }

  @Test
  void everyKindOfFileIsRead() throws IOException {
    assertSame(load("float32.npy"), x(DType.FLOAT32, 2, 3));
    assertSame(load("float64.npy"), x(DType.FLOAT64, 3));
    assertSame(load("scalar.npy"), x(DType.FLOAT32));
    assertSame(load("empty.npy"), x(DType.FLOAT64, 0, 3));
    assertSame(load("bigendian.npy"), x(DType.FLOAT32, 2, 3));
    assertSame(load("fortran.npy"), x(DType.FLOAT64, 2, 3, 4));
    assertSame(load("version2.npy"), x(DType.FLOAT32, 2, 3));
    assertSame(load("version3.npy"), x(DType.FLOAT32, 2, 3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32.npy", "float64.npy", "scalar.npy", "empty.npy"})
  void whatWeWriteIsWhatNumpyWrites(String name) throws IOException {
    assertThat(save(load(name))).isEqualTo(resource(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored.npz", "deflated.npz"})
  void aZipOfNamedTensorsIsRead(String name) throws IOException {
    Path file = Files.write(directory.resolve(name), resource(name));
    Map<String, Tensor> expected = new LinkedHashMap<>();
    expected.put("half", x(DType.FLOAT32, 2, 3));
    expected.put("int64", Tensors.arange(-0x1p53, -0x1p53 + 6, 1, DType.FLOAT64).reshape(2, 3));
    expected.put("int32", Tensor.of(-1d, 0d, 1d));
    expected.put("uint8", Tensors.arange(256));
    expected.put("bool", Tensor.of(0f, 1f, 0f, 1f));
    expected.put("steps", Tensor.scalar(7, DType.FLOAT64));
    expected.put("float", x(DType.FLOAT32, 5));
    assertSame(Npz.load(file), expected);
  }

  @Test
  void whatIsSavedIsLoaded() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("b.weight", Tensors.arange(100_003));
    tensors.put("a/\u00e4", x(DType.FLOAT64, 2, 3).transpose());
    tensors.put("", Tensor.scalar(Double.NaN, DType.FLOAT32));
    Path npz = directory.resolve("x.npz");
    Npz.save(npz, tensors);
    assertSame(Npz.load(npz), tensors);
    Path npy = directory.resolve("x.npy");
    Npy.save(npy, tensors.get("a/\u00e4"));
    assertSame(Npy.load(npy), tensors.get("a/\u00e4"));
  }

  @Test
  void noEntryTellsTheTime() throws IOException {
    Path file = directory.resolve("x.npz");
    Npz.save(file, Map.of("x", Tensors.ones(3)));
    try (ZipFile zip = new ZipFile(file.toFile())) {
      assertThat(zip.getEntry("x.npy").getTimeLocal())
          .isEqualTo(LocalDateTime.of(1980, 1, 1, 0, 0));
    }
  }

  @Test
  void aNameThatNoFileCanHoldIsRefused() {
    assertThatThrownBy(
            () -> Npz.save(directory.resolve("x.npz"), Map.of("\ud83d", Tensors.ones(1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("half of a surrogate pair");
  }
}
