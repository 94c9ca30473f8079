package dev.adjoint.training.data;

import static dev.adjoint.training.data.HostileFiles.gzip;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.adjoint.io.Npy;
import dev.adjoint.io.Npz;
import dev.adjoint.io.Safetensors;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Is a process of little memory that reads a file of each hostile kind, and prints how long that
 * took, what it allocated, and the refusal. The status is 1 if one was read or refused otherwise
 * than documented, and 2 if one took too long.
 */
final class HostileReading {

  static final int SECONDS_FOR_EACH = 60;

  private static final Schema<Tensor> NUMBER = Schema.target("y").numeric("x");
  private static final Class<? extends Exception> TENSORS = TensorFormatException.class;
  private static final Class<? extends Exception> DATA = DataFormatException.class;

  /** Reads a file. */
  private interface Reader {
    Object read(Path file) throws Exception;
  }

  /** A file, and how it is to be refused. */
  private record Kind(
      String name, byte[] bytes, Reader reader, Class<? extends Exception> refusal, String why) {}

  /** What came out. */
  private record Outcome(Throwable refusal, long millis, long allocated) {}

  private final Path directory;
  private final List<Kind> kinds = new ArrayList<>();

  private HostileReading(Path directory, boolean slow) throws IOException {
    this.directory = directory;
    texts();
    packed();
    images();
    tensors();
    predictors();
    if (slow) {
      slowTexts();
    }
  }

  /**
   * Reads all kinds of files, which are made in a directory; the second argument adds slow ones.
   */
  public static void main(String[] args) throws Exception {
    HostileReading reading = new HostileReading(Path.of(args[0]), Boolean.parseBoolean(args[1]));
    System.out.printf(
        Locale.ROOT, "%-42s %9s %6s %8s  %s%n", "kind", "bytes", "ms", "MB used", "refusal");
    boolean right = true;
    for (Kind kind : reading.kinds) {
      right &= reading.isRefused(kind);
    }
    System.exit(right ? 0 : 1);
  }

  private void add(
      String name, byte[] bytes, Reader reader, Class<? extends Exception> e, String why) {
    kinds.add(new Kind(name, bytes, reader, e, why));
  }

  private void texts() throws IOException {
    Reader csv = file -> Csv.read(file, NUMBER);
    Reader categories = file -> Csv.read(file, Schema.target("y").category("x"));
    byte[] head = "x,y\n".getBytes(UTF_8);
    add(
        "CSV, 80,000 digits and an x",
        HostileFiles.csvOfOneNumber("1".repeat(80_000) + "x"),
        csv,
        DATA,
        "expected a number");
    add(
        "CSV, a number of a million digits",
        HostileFiles.csvOfOneNumber("1".repeat(1_000_000)),
        csv,
        DATA,
        "that float32 holds");
    add(
        "CSV, 1 MB of 1,000 categories",
        HostileFiles.csvOfCategories(),
        categories,
        DATA,
        "half of what the JVM may use");
    add(
        "CSV, packed, one field of 200 MB",
        gzip(head, "1", 200),
        csv,
        DATA,
        "not CSV after line 1");
    add(
        "text, packed, one line of 200 MB",
        gzip(head, "1", 200),
        TextLines::read,
        DATA,
        "at most 1048576 bytes");
    add(
        "text, packed, 200 MB of empty lines",
        gzip(head, "\n", 200),
        TextLines::read,
        DATA,
        "half of what the JVM may use");
  }

  /** Adds what is refused in the end, which takes longer than a build has time for. */
  private void slowTexts() throws IOException {
    Reader csv = file -> Csv.read(file, NUMBER);
    byte[] head = "x,y\n".getBytes(UTF_8);
    add(
        "CSV, packed, 200 MB of empty lines",
        gzip(head, "\n", 200),
        csv,
        DATA,
        "unpack to more than");
    add(
        "CSV, packed, 200 MB of lines",
        gzip(head, "1,1\n", 200),
        csv,
        DATA,
        "half of what the JVM may use");
  }

  private void packed() throws IOException {
    add(
        "IDX, 8,000 empty gzip members",
        HostileFiles.emptyMembers(8000),
        Idx::read,
        DATA,
        "ends after 0");
    add(
        "IDX, packed, claims 200 MB and has them",
        gzip(HostileFiles.idxHeader(200 << 20), "\0", 200),
        Idx::read,
        DATA,
        "takes 209715200 bytes");
    add(
        "IDX, packed, 60 MB that become 240",
        gzip(HostileFiles.idxHeader(60 << 20), "\0", 60),
        Idx::read,
        DATA,
        "half of what the JVM may use");
    add(
        "IDX, claims 2^31 - 1 bytes",
        HostileFiles.idxHeader(Integer.MAX_VALUE),
        Idx::read,
        DATA,
        "no shape of a tensor");
    add("npz, 80 MB of zeros", HostileFiles.npz(80), Npz::load, TENSORS, "unpack to more than");
    add(
        "npz, says that 1 MB is 1 GB",
        HostileFiles.npzThatLies(),
        Npz::load,
        TENSORS,
        "1073741824");
  }

  private void images() throws IOException {
    Reader image = HostileReading::readImage;
    String pixels = "which maxPixels sets";
    add("PNG, claims 30000 x 30000", HostileFiles.png(30_000, 30_000), image, DATA, pixels);
    add("JPEG, claims 65000 x 65000", HostileFiles.jpeg(65_000, 65_000), image, DATA, pixels);
    add("GIF, claims 65000 x 65000", HostileFiles.gif(65_000, 65_000), image, DATA, pixels);
    add(
        "BMP, claims 30000 x 30000",
        HostileFiles.bmp(30_000, 30_000),
        image,
        DATA,
        "cannot be decoded");
    add("PNG, claims 2896 x 2896, which is allowed", HostileFiles.png(2896, 2896), image, DATA, "");
    add("JPEG, claims 2896 x 2896", HostileFiles.jpeg(2896, 2896), image, DATA, "");
    add("GIF, claims 2896 x 2896", HostileFiles.gif(2896, 2896), image, DATA, "");
    add("BMP, claims 2896 x 2896", HostileFiles.bmp(2896, 2896), image, DATA, "");
    add(
        "BMP around a PNG of 30000 x 30000",
        HostileFiles.bmpAround(HostileFiles.png(30_000, 30_000)),
        image,
        DATA,
        "around another image");
    add(
        "JPEG, progressive, 2,000 scans",
        HostileFiles.jpegOfScans(2000),
        image,
        DATA,
        "passes over the image");
  }

  private void tensors() throws IOException {
    String one = "'%s':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}";
    add(
        "npy, claims 2^40 elements",
        HostileFiles.npy("<f4", "(1099511627776,)"),
        Npy::load,
        TENSORS,
        "an axis of size");
    add(
        "npy, claims 2^20 x 2^20 elements",
        HostileFiles.npy("<f4", "(1048576, 1048576)"),
        Npy::load,
        TENSORS,
        "no shape of a tensor");
    add(
        "npy, claims 8 GB",
        HostileFiles.npy("<f4", "(2147483639,)"),
        Npy::load,
        TENSORS,
        "the file ends after 0");
    add(
        "safetensors, a header of 2^62 bytes",
        HostileFiles.safetensorsOfLength(1L << 62),
        Safetensors::load,
        TENSORS,
        "no safetensors file");
    add(
        "safetensors, a header of 100 MB, missing",
        HostileFiles.safetensorsOfLength(100_000_000),
        Safetensors::load,
        TENSORS,
        "the file ends after 2");
    add(
        "safetensors, 100,000 levels",
        HostileFiles.safetensors("{'a':".repeat(100_000), 0),
        Safetensors::load,
        TENSORS,
        "'a' in a tensor");
    add(
        "safetensors, texts of 100,000 levels",
        HostileFiles.safetensors("{'__metadata__':" + "[".repeat(100_000), 0),
        Safetensors::load,
        TENSORS,
        "expected '{'");
    add(
        "safetensors, overlapping offsets",
        HostileFiles.safetensors("{" + one.formatted("x") + "," + one.formatted("y") + "}", 4),
        Safetensors::load,
        TENSORS,
        "without a hole or an overlap");
    add(
        "sealed, no seal",
        HostileFiles.safetensors("{}", 0),
        SealedFile::load,
        TENSORS,
        "has no seal");
    add(
        "sealed, a seal of 5 MB",
        HostileFiles.safetensors("{'__metadata__':{'sha256':'" + "a".repeat(5_000_000) + "'}}", 0),
        SealedFile::load,
        TENSORS,
        "is damaged");
  }

  private void predictors() throws IOException {
    byte[] padding = HostileFiles.predictorThatPads(100_000_000, directory);
    Duration second = Duration.ofSeconds(1);
    add(
        "predictor, a million settings",
        HostileFiles.predictorOfSettings(1_000_000, directory),
        Predictor::load,
        TENSORS,
        "settings");
    add(
        "predictor, 2^31 - 1 outputs",
        HostileFiles.predictor("Linear in=2147483647 out=2147483647", Map.of(), directory),
        Predictor::load,
        TENSORS,
        "a tensor has at most");
    add(
        "predictor, 10^8 zeros, within 1 MB",
        padding,
        file -> Predictor.load(file).within(second, 1 << 20).predict(Tensors.ones(1, 1, 4)),
        IllegalStateException.class,
        "allocates more than");
    add(
        "predictor, 10^12 comparisons, within 1 s",
        HostileFiles.predictorThatCompares(1_000_000, directory),
        file -> Predictor.load(file).within(second, 1 << 27).predict(Tensors.ones(1, 1, 4)),
        IllegalStateException.class,
        "works for more than");
  }

  private static Object readImage(Path file) throws IOException {
    return new ImageFile(3, 8, 8, true, ImageFile.MAX_PIXELS).read(file);
  }

  /** Reads a file and prints what came out. */
  private boolean isRefused(Kind kind) throws Exception {
    Path file = directory.resolve("file");
    Files.deleteIfExists(file);
    Files.write(file, kind.bytes);
    FutureTask<Outcome> task = new FutureTask<>(() -> outcome(kind.reader, file));
    Thread thread = new Thread(task);
    thread.setDaemon(true);
    thread.start();
    Outcome outcome;
    try {
      outcome = task.get(SECONDS_FOR_EACH, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      System.out.printf("%s takes longer than %d seconds%n", kind.name, SECONDS_FOR_EACH);
      System.exit(2);
      throw e;
    }
    String message = String.valueOf(outcome.refusal.getMessage());
    boolean right = kind.refusal.isInstance(outcome.refusal) && message.contains(kind.why);
    String reason = message.replace(file.toString(), "").replaceFirst("^[:, ]+", "");
    System.out.printf(
        Locale.ROOT,
        "%-42s %,9d %,6d %,8.1f  %s%s%n",
        kind.name,
        kind.bytes.length,
        outcome.millis,
        outcome.allocated / 1e6,
        right ? "" : "NOT AS DOCUMENTED, %s: ".formatted(outcome.refusal.getClass().getName()),
        reason.substring(0, Math.min(60, reason.length())));
    return right;
  }

  private static Outcome outcome(Reader reader, Path file) {
    long allocated = AllocatedBytes.ofThisThread();
    long start = System.nanoTime();
    Throwable refusal;
    try {
      refusal = new AssertionError("read as " + reader.read(file).getClass().getSimpleName());
    } catch (Throwable e) { // an OutOfMemoryError is what this looks for
      refusal = e;
    }
    return new Outcome(
        refusal,
        TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start),
        AllocatedBytes.ofThisThread() - allocated);
  }
}
