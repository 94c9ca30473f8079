package dev.adjoint.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated("replaces System.out")
class SpiralTest {

  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void theArmsAreToldApart(String seed) {
    assertThat(accuracy(seed)).isGreaterThanOrEqualTo(0.99);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "4", "5", "6", "7", "8", "9", "10"})
  @Tag("thorough")
  void theArmsAreToldApartWhateverTheSeed(String seed) {
    theArmsAreToldApart(seed);
  }

  private static double accuracy(String seed) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
    try {
      Spiral.main(new String[] {seed});
    } finally {
      System.setOut(before);
    }
    String accuracy = output.toString(StandardCharsets.UTF_8).replace("accuracy ", "").strip();
    return Double.parseDouble(accuracy);
  }

  @Test
  void theProgramHasLessThanThirtyLines() throws IOException {
    String source =
        Files.readString(Path.of("src/main/java/dev/adjoint/examples/Spiral.java")).strip();
    String ownCode = source.substring(source.indexOf("public final class"));
    assertThat(ownCode.lines().filter(line -> !line.isBlank())).hasSizeLessThan(30);
  }
}
