package dev.adjoint.io;

import static dev.adjoint.io.Same.assertSame;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.AllocatedBytes;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads ten thousand damaged files: each is refused by the one exception for that, or read as a
 * second reader does; and none takes more memory than a file of its size has a right to.
 */
class MutatedFilesTest {

  /** Reads a file. */
  private interface Reader<T> {
    T read(byte[] file) throws IOException;
  }

  /** Compares what was read with what should have been. */
  private interface Check<T> {
    void run(byte[] file, T read) throws IOException;
  }

  @TempDir Path directory;

  /**
   * Reads damaged files.
   *
   * @param fixed bytes of memory that a reader may take for a file of no size
   * @param perByte bytes of memory that a reader may take for each byte of the file
   */
  private static <T> void read(
      int count, List<byte[]> seeds, long fixed, long perByte, Reader<T> reader, Check<T> check)
      throws IOException {
    Random random = new Random(1);
    Mutator mutator = new Mutator(2);
    int accepted = 0;
    for (int i = 0; i < count; i++) {
      byte[] seed = seeds.get(random.nextInt(seeds.size()));
      byte[] file = mutator.mutate(seed, seeds.get(random.nextInt(seeds.size())));
      T result = null;
      long before = AllocatedBytes.ofThisThread();
      try {
        result = reader.read(file);
      } catch (TensorFormatException expected) {
        // Any other exception fails the test.
      }
      long taken = AllocatedBytes.ofThisThread() - before;
      if (i > count / 10) { // classes are loaded
        assertThat(taken)
            .as("bytes taken for file %d of %d bytes", i, file.length)
            .isLessThan(fixed + perByte * file.length);
      }
      if (result != null) {
        accepted++;
        check.run(file, result);
      }
    }
    assertThat(accepted).as("files that are still files").isBetween(count / 100, count / 2);
  }

  /** Makes the length of the header right again, so that more is read than that. */
  private static byte[] withRightLength(byte[] file) {
    int end = new String(file, ISO_8859_1).lastIndexOf("}}");
    if (end > 8) {
      ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, end + 2 - 8);
    }
    return file;
  }

  @Test
  void safetensors() throws IOException {
    String header =
        "{'__metadata__':{'a':'b'},"
            + "'f64':{'dtype':'F64','shape':[2],'data_offsets':[0,16]},"
            + "'i64':{'dtype':'I64','shape':[],'data_offsets':[16,24]},"
            + "'none':{'dtype':'F32','shape':[3,0],'data_offsets':[24,24]},"
            + "'f32':{'dtype':'F32','shape':[2,3],'data_offsets':[24,48]},"
            + "'f16':{'dtype':'F16','shape':[3,1],'data_offsets':[48,54]},"
            + "'bf16':{'dtype':'BF16','shape':[1],'data_offsets':[54,56]},"
            + "'u8':{'dtype':'U8','shape':[1,1,3],'data_offsets':[56,59]},"
            + "'mask':{'dtype':'BOOL','shape':[5],'data_offsets':[59,64]}}";
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putDouble(1).putDouble(-2).putLong(3);
    for (int i = 0; i < 6; i++) {
      data.putFloat(i);
    }
    data.putInt(0x3c003c00).putInt(0x3f803c00).put(new byte[] {1, 2, 3, 1, 0, 1, 1, 0});
    String small = "{'x':{'dtype':'F32','shape':[1,3],'data_offsets':[0,12]}}";
    List<byte[]> seeds =
        List.of(
            SafetensorsTest.file(header.replace('\'', '"'), data),
            SafetensorsTest.file(small.replace('\'', '"'), new byte[12]));
    Check<Map<String, Tensor>> check = (file, tensors) -> assertSame(tensors, Djl.read(file));
    read(3000, seeds, 64_000, 20, SafetensorsTest::load, check);
    read(3000, seeds, 64_000, 20, file -> SafetensorsTest.load(withRightLength(file)), check);
  }

  @Test
  void npy() throws IOException {
    List<byte[]> seeds =
        List.of(
            NumpyTest.resource("float32.npy"),
            NumpyTest.resource("float64.npy"),
            NumpyTest.resource("bigendian.npy"),
            NumpyTest.resource("fortran.npy"),
            NumpyTest.resource("version3.npy"));
    read(
        2000,
        seeds,
        64_000,
        20,
        file -> Npy.load(new ByteArrayInputStream(file)),
        (file, tensor) -> assertSame(tensor, secondReading(file)));
  }

  @Test
  void npz() throws IOException {
    List<byte[]> seeds =
        List.of(NumpyTest.resource("stored.npz"), NumpyTest.resource("deflated.npz"));
    Path path = directory.resolve("x.npz");
    Files.write(path, seeds.get(0));
    Map<String, Tensor> whole = Npz.load(path);
    read(
        2000,
        seeds,
        64_000,
        1032, // as in Npz,
        file -> Npz.load(Files.write(path, file)),
        // What has the right checksum is what it was, whatever its name.
        (file, tensors) ->
            assertThat(tensors.values())
                .allSatisfy(tensor ->
                    assertThat(whole.values()).anySatisfy(same -> assertSame(tensor, same))));
  }

  /** Reads an array by other means, as a well-formed file of version 1 or 3. */
  private static Tensor secondReading(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int start = file[6] == 1 ? 10 + bytes.getShort(8) : 12 + bytes.getInt(8);
    String header = new String(file, 0, start, ISO_8859_1);
    String descr = header.replaceFirst("(?s).*'descr': *['\"]([^'\"]*)['\"].*", "$1");
    boolean fortran = header.matches("(?s).*'fortran_order': *True.*");
    int[] sizes =
        Stream.of(header.replaceFirst("(?s).*\\((.*)\\).*", "$1").split(","))
            .filter(size -> !size.isBlank())
            .mapToInt(size -> Integer.parseInt(size.strip()))
            .toArray();
    int n = Arrays.stream(sizes).reduce(1, (a, b) -> a * b);
    double[] values = new double[n];
    bytes.order(descr.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < n; i++) {
      // The index in reading order of what lies at position i.
      int index = i;
      if (fortran) {
        index = 0;
        int rest = i;
        int stride = n;
        for (int size : sizes) {
          stride /= size;
          index += rest % size * stride;
          rest /= size;
        }
      }
      values[index] =
          switch (descr.substring(1)) {
            case "f8" -> bytes.getDouble(start + 8 * i);
            case "f4" -> bytes.getFloat(start + 4 * i);
            case "f2" -> Halves.value(bytes.getShort(start + 2 * i));
            case "i8", "u8" -> bytes.getLong(start + 8 * i);
            case "i4" -> bytes.getInt(start + 4 * i);
            case "u4" -> bytes.getInt(start + 4 * i) & 0xffffffffL;
            default -> throw new AssertionError(descr);
          };
    }
    Tensor tensor = Tensor.of(values, sizes);
    return descr.matches(".(f2|f4)") ? tensor.to(DType.FLOAT32) : tensor;
  }
}
