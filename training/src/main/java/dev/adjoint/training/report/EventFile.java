package dev.adjoint.training.report;

import dev.adjoint.tensor.Tensor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * A file of events, which TensorBoard shows: numbers over steps, histograms, texts and images.
 *
 * <pre>{@code
 * try (EventFile events = EventFile.in(Path.of("runs/first"), 0)) {
 *   events.scalar("loss", step, loss).histogram("weights/0.weight", step, weight);
 * }
 * }</pre>
 *
 * <p>Tags with the same beginning, up to a slash, are shown together. What is written can be read
 * at once. A directory is a run; TensorBoard reads all its files in the order of their names, and
 * {@code tensorboard --logdir runs} shows several runs in one picture.
 *
 * <p>The format is that of TensorFlow 2: records with their lengths and checksums (CRC-32C), each
 * an {@code Event} as a message of Protocol Buffers whose {@code Summary} holds a tag, a tensor and
 * the name of the plugin that shows it.
 */
public final class EventFile implements AutoCloseable {

  private static final int BUCKETS = 30;
  private static final int FLOAT = 1; // numbers of types of tensors
  private static final int DOUBLE = 2;
  private static final int STRING = 7;

  private final Path path;
  private final InstantSource clock;
  private final OutputStream out;

  private EventFile(Path path, InstantSource clock) throws IOException {
    this.path = path;
    this.clock = clock;
    // No channel, which an interrupt of the thread that trains would close.
    out = new FileOutputStream(path.toFile());
  }

  /**
   * Creates a file in the directory of a run.
   *
   * @param step at which this file begins: what other files say of this step and later ones is not
   *     shown any more; 0 for a run that begins anew
   * @throws UncheckedIOException if it cannot be written
   */
  public static EventFile in(Path directory, long step) {
    return in(directory, step, InstantSource.system());
  }

  static EventFile in(Path directory, long step, InstantSource clock) {
    try {
      Files.createDirectories(directory);
      EventFile file = new EventFile(create(directory, clock.instant()), clock);
      file.write(file.event(0).with(3, "brain.Event:2"));
      int start = 1;
      file.write(file.event(step).with(7, new Message().with(1, start)));
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written: %s".formatted(directory, e), e);
    }
  }

  /** Creates a file whose name is behind those of earlier ones. */
  private static Path create(Path directory, Instant now) throws IOException {
    for (int number = 0; ; number++) {
      String name =
          String.format(
              Locale.ROOT, "events.out.tfevents.%010d.adjoint.%d", now.getEpochSecond(), number);
      try {
        return Files.createFile(directory.resolve(name));
      } catch (FileAlreadyExistsException e) {
        // One that was begun in the same second.
      }
    }
  }

  /** Returns the path of the file. */
  public Path path() {
    return path;
  }

  // ---- values ----------------------------------------------------------------------------------

  /** Writes a number, in float32. */
  public EventFile scalar(String tag, long step, double value) {
    ByteBuffer content = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    content.putFloat((float) value);
    return summary(step, tag, "scalars", tensor(FLOAT).with(4, content.array()));
  }

  /**
   * Writes how elements are distributed, in 30 buckets of equal width from the least to the
   * largest; those that are not finite are left out.
   */
  public EventFile histogram(String tag, long step, Tensor elements) {
    double[] buckets = buckets(elements.toDoubleArray());
    return summary(
        step,
        tag,
        "histograms",
        tensor(DOUBLE, buckets.length / 3, 3).with(4, Message.littleEndian(buckets)));
  }

  /** Returns the left end, the right end and the count of each bucket. */
  private static double[] buckets(double[] elements) {
    double[] finite = Arrays.stream(elements).filter(Double::isFinite).toArray();
    double least = Arrays.stream(finite).min().orElse(0);
    double largest = Arrays.stream(finite).max().orElse(0);
    if (finite.length == 0) {
      return finite;
    }
    if (least == largest) {
      return new double[] {least - 0.5, largest + 0.5, finite.length};
    }
    double width = largest / BUCKETS - least / BUCKETS; // which a difference might overflow
    double[] buckets = new double[3 * BUCKETS];
    for (int i = 0; i < BUCKETS; i++) {
      buckets[3 * i] = least + i * width;
      buckets[3 * i + 1] = i == BUCKETS - 1 ? largest : least + (i + 1) * width;
    }
    for (double element : finite) {
      int bucket = (int) ((element - least) / width);
      buckets[3 * Math.min(bucket, BUCKETS - 1) + 2]++;
    }
    return buckets;
  }

  /**
   * Writes a text, in Markdown: a text that is shown as it is has lines indented by four spaces.
   */
  public EventFile text(String tag, long step, String markdown) {
    return summary(step, tag, "text", tensor(STRING).with(8, markdown));
  }

  /**
   * Writes images.
   *
   * @param images of shape (N, C, H, W) with one channel or three, from 0 for black to 1
   */
  public EventFile images(String tag, long step, Tensor images) {
    if (images.rank() != 4 || (images.size(1) != 1 && images.size(1) != 3)) {
      throw new IllegalArgumentException(
          "images: a tensor of shape %s; expected (N, 1, H, W) or (N, 3, H, W)"
              .formatted(images.shape()));
    }
    int channels = images.size(1);
    int height = images.size(2);
    int width = images.size(3);
    Message tensor =
        tensor(STRING, 2 + images.size(0))
            .with(8, Integer.toString(width))
            .with(8, Integer.toString(height));
    double[] all = images.toDoubleArray();
    for (int i = 0; i < images.size(0); i++) {
      int first = i * channels;
      tensor.with(
          8,
          Png.of(
              width, height, channels, (c, y, x) -> all[((first + c) * height + y) * width + x]));
    }
    return summary(step, tag, "images", tensor);
  }

  private static Message tensor(int type, int... sizes) {
    Message shape = new Message();
    for (int size : sizes) {
      shape.with(2, new Message().with(1, size));
    }
    return new Message().with(1, type).with(2, shape);
  }

  // ---- events and records ----------------------------------------------------------------------

  private EventFile summary(long step, String tag, String plugin, Message tensor) {
    Message metadata = new Message().with(1, new Message().with(1, plugin));
    Message value = new Message().with(1, tag).with(8, tensor).with(9, metadata);
    try {
      write(event(step).with(5, new Message().with(1, value)));
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be written: %s".formatted(path, e), e);
    }
    return this;
  }

  private Message event(long step) {
    Instant now = clock.instant();
    return new Message().with(1, now.getEpochSecond() + now.getNano() / 1e9).with(2, step);
  }

  private void write(Message event) throws IOException {
    byte[] data = event.toBytes();
    ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record
        .putInt(maskedChecksum(record.array(), 8))
        .put(data)
        .putInt(maskedChecksum(data, data.length));
    out.write(record.array()); // in one piece, for who reads meanwhile
  }

  /** Returns the CRC-32C, turned and shifted, since data with checksums in them have bad ones. */
  private static int maskedChecksum(byte[] data, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(data, 0, length);
    return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
  }

  /** Closes the file, which is complete at any time. */
  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException("%s cannot be closed: %s".formatted(path, e), e);
    }
  }

  /** Returns the path. */
  @Override
  public String toString() {
    return "EventFile " + path;
  }
}
