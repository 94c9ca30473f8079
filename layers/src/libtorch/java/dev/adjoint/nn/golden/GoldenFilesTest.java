package dev.adjoint.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Computes all golden files by PyTorch, writes them into the directory that the system property
 * {@code golden.directory} names, and compares them with those that are committed.
 */
class GoldenFilesTest {

  private static final List<Supplier<Stream<GoldenCase>>> FAMILIES =
      List.of(
          BatchNormCases::all,
          NormCases::all,
          ReparametrizationCases::all,
          LayerCases::all,
          SpatialCases::all,
          ActivationCases::all,
          LossCases::all,
          RecurrentCases::all,
          AttentionCases::all,
          OptimizerCases::all);

  private static final Map<String, String> COMPUTED = new TreeMap<>();

  private static final Map<String, String> COMMITTED = new TreeMap<>();

  @BeforeAll
  static void compute() throws IOException {
    GoldenCase.prepare();
    Path directory = Files.createDirectories(Path.of(System.getProperty("golden.directory")));
    for (Supplier<Stream<GoldenCase>> family : FAMILIES) {
      for (GoldenCase c : family.get().toList()) {
        String file = c.name() + ".txt";
        String text = c.finish();
        assertThat(COMPUTED.put(file, text)).as("an earlier case named %s", c.name()).isNull();
        Files.writeString(directory.resolve(file), text);
      }
    }
    // Only now: who lets them be written there wants no comparison with what was there before.
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/golden"))) {
      for (Path file : files.toList()) {
        COMMITTED.put(file.getFileName().toString(), Files.readString(file));
      }
    }
  }

  @Test
  void everyCaseHasItsFileAndEveryFileItsCase() {
    assertThat(COMMITTED.keySet()).containsExactlyElementsOf(COMPUTED.keySet());
  }

  @Test
  void pytorchComputesWhatIsCommitted() {
    List<String> drifted = new ArrayList<>();
    COMPUTED.forEach((file, text) -> {
      List<String> computed = text.lines().toList();
      List<String> committed = COMMITTED.getOrDefault(file, "").lines().toList();
      if (computed.size() != committed.size()) {
        drifted.add("%s: %d lines, not %d".formatted(file, computed.size(), committed.size()));
      }
      for (int i = 0; i < Math.min(computed.size(), committed.size()); i++) {
        if (!near(file, computed.get(i).split(" "), committed.get(i).split(" "))) {
          drifted.add("%s: %s".formatted(file, computed.get(i)));
        }
      }
    });
    assertThat(drifted).isEmpty();
  }

  @Test
  void filesStaySmall() {
    assertThat(COMPUTED).allSatisfy((file, text) -> assertThat(text).hasSizeLessThan(20_000));
    assertThat(COMPUTED.values().stream().mapToInt(String::length).sum()).isLessThan(1_000_000);
  }

  /** Tells whether all words are equal, or numbers that are as good as equal. */
  private static boolean near(String file, String[] computed, String[] committed) {
    // The steps of an optimizer amplify what another matrix library rounds otherwise.
    double tolerance = file.startsWith("optim-") ? 1e-10 : 1e-12;
    return computed.length == committed.length
        && IntStream.range(0, computed.length)
            .allMatch(i -> near(computed[i], committed[i], tolerance));
  }

  private static boolean near(String computed, String committed, double tolerance) {
    if (computed.equals(committed) || !computed.contains(".") || !committed.contains(".")) {
      return computed.equals(committed);
    }
    double expected = Double.parseDouble(committed);
    double difference = Double.parseDouble(computed) - expected;
    return Math.abs(difference) <= tolerance * Math.max(1, Math.abs(expected));
  }
}
