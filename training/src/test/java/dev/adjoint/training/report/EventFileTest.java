package dev.adjoint.training.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventFileTest {

  @TempDir private Path run;

  private Instant now = Instant.EPOCH;

  private EventFile begin(long step) {
    return EventFile.in(run, step, (InstantSource) () -> now);
  }

  private Events.Value only() throws IOException {
    List<Events.Value> all = Events.shown(run);
    assertThat(all).hasSize(1);
    return all.getFirst();
  }

  private static Instant at(long bits) {
    double seconds = Double.longBitsToDouble(bits);
    long whole = (long) seconds;
    return Instant.ofEpochSecond(whole, Math.round((seconds - whole) * 1e9));
  }

  /**
   * The records that TensorFlow writes for {@code tf.summary.scalar("accuracy", 0.99, step=77)}, as
   * the tests of TensorBoard's data server show them (tf_record.rs).
   */
  @Test
  void aScalarHasTheBytesOfTensorFlow() throws IOException {
    now = at(0x41d7d69938800000L);
    try (EventFile file = begin(0)) {
      assertThat(file).hasToString("EventFile " + file.path());
      now = at(0x41d7d6993db705c4L);
      file.scalar("accuracy", 77, 0.99);
      byte[] bytes = Files.readAllBytes(file.path());
      String version =
          "1800000000000000 a37f4b22"
              + "090000803899d6d741 1a0d627261696e2e4576656e743a32 124b36ab";
      String scalar =
          "3200000000000000 241956ec"
              + "09c405b73d99d6d741 104d 2a25 0a23 0a086163637572616379"
              + "420a08011200 2204a4707d3f 4a0b0a090a077363616c617273 a55b6433";
      assertThat(HexFormat.of().formatHex(bytes))
          .startsWith(version.replace(" ", ""))
          .endsWith(scalar.replace(" ", ""));
    }
    assertThat(only().scalar()).isEqualTo(0.99f);
    assertThat(only().tag()).isEqualTo("accuracy");
    assertThat(only().step()).isEqualTo(77);
  }

  @Test
  void aHistogramHasBucketsOfEqualWidth() throws IOException {
    double[] elements = new double[31];
    Arrays.setAll(elements, i -> i - 10);
    try (EventFile file = begin(0)) {
      file.histogram("w", 300, Tensor.of(elements));
    }
    Events.Value histogram = only();
    assertThat(histogram.step()).isEqualTo(300);
    assertThat(histogram.sizes()).containsExactly(30, 3);
    assertThat(histogram.bucket(0, 0)).isEqualTo(-10);
    assertThat(histogram.bucket(0, 1)).isEqualTo(histogram.bucket(1, 0)).isEqualTo(-9);
    assertThat(histogram.bucket(29, 1)).isEqualTo(20);
    assertThat(histogram.bucket(28, 2)).isEqualTo(1);
    assertThat(histogram.bucket(29, 2)).as("the largest belongs to the last").isEqualTo(2);
    assertThat(histogram.count()).isEqualTo(31);
  }

  @Test
  void histogramsOfOddElements() throws IOException {
    double huge = Double.MAX_VALUE;
    try (EventFile file = begin(0)) {
      file.histogram("same", 0, Tensors.ones(5))
          .histogram("none", 0, Tensors.zeros(0))
          .histogram("finite", 0, Tensor.of(1, Double.NaN, 2, Double.POSITIVE_INFINITY, 2))
          .histogram("huge", 0, Tensor.of(-huge, huge, 0))
          .histogram("tiny", 0, Tensor.of(0, Double.MIN_VALUE));
    }
    List<Events.Value> all = Events.shown(run);
    assertThat(all.get(0).sizes()).containsExactly(1, 3);
    assertThat(all.get(0).bucket(0, 0)).isEqualTo(0.5);
    assertThat(all.get(0).bucket(0, 1)).isEqualTo(1.5);
    assertThat(all).extracting(Events.Value::count).containsExactly(5.0, 0.0, 3.0, 3.0, 2.0);
  }

  @Test
  void textsAndImagesAreStrings() throws IOException {
    Tensor images = Generator.seeded(1).uniform(2, 3, 4, 5);
    try (EventFile file = begin(0)) {
      file.text("model", 3, "Größe: *3*").images("digits", 4, images);
    }
    Events.Value text = Events.shown(run).get(0);
    assertThat(text.plugin()).isEqualTo("text");
    assertThat(text.type()).isEqualTo(7);
    assertThat(text.sizes()).isEmpty();
    assertThat(text.strings().getFirst().toStringUtf8()).isEqualTo("Größe: *3*");
    Events.Value digits = Events.shown(run).get(1);
    assertThat(digits.plugin()).isEqualTo("images");
    assertThat(digits.type()).isEqualTo(7);
    assertThat(digits.sizes()).containsExactly(4); // width, height, two files
    assertThat(digits.strings().get(0).toStringUtf8()).isEqualTo("5");
    assertThat(digits.strings().get(1).toStringUtf8()).isEqualTo("4");
    byte[] png = digits.strings().get(3).toByteArray();
    BufferedImage second = ImageIO.read(new ByteArrayInputStream(png));
    int rgb = second.getRGB(2, 1);
    for (int c = 0; c < 3; c++) {
      double sample = images.select(0, 1).select(0, c).select(0, 1).get(2);
      assertThat(rgb >> (16 - 8 * c) & 0xff).isEqualTo((int) Math.round(255 * sample));
    }
    try (EventFile file = begin(9)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> file.images("x", 0, Tensors.ones(2, 4, 5)))
          .withMessage(
              "images: a tensor of shape (2, 4, 5); expected (N, 1, H, W) or (N, 3, H, W)");
    }
  }

  @Test
  void aFileOfTheSameSecondIsBehindAndTakesTheLaterStepsAway() throws IOException {
    try (EventFile first = begin(0);
        EventFile second = begin(5)) {
      first.scalar("loss", 4, 0.4).scalar("loss", 5, 0.5).scalar("loss", 6, 0.6);
      second.scalar("loss", 5, 0.55);
      assertThat(Events.files(run)).containsExactly(first.path(), second.path());
    }
    assertThat(Events.shown(run))
        .extracting(Events.Value::scalar)
        .containsExactly(0.4f + 0.0, 0.55f + 0.0);
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsNamed() throws IOException {
    Path file = Files.createFile(run.resolve("file"));
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> EventFile.in(file, 0))
        .withMessageStartingWith(file + " cannot be written: ");
  }
}
