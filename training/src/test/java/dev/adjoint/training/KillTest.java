package dev.adjoint.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.adjoint.io.SealedFile;
import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills processes that train, at random moments, and goes on from what they leave. {@code
 * -Dkills=200} kills more of them than a usual build has time for.
 */
class KillTest {

  private static final int KILLS = Integer.getInteger("kills", 6);
  private static final int LONGEST_MILLIS = 700;

  @TempDir private Path directory;

  private final Problem reference = new Problem();

  private Process running;

  /** The bits after each number of steps, of a training that nobody has killed. */
  private final List<Map<String, String>> expected = new ArrayList<>(List.of(reference.bits()));

  private Map<String, String> expected(int steps) {
    while (expected.size() <= steps) {
      int step = expected.size() - 1;
      int batches = reference.loader.batches();
      reference.adam.step(
          reference
              .loss(reference.loader.epoch(step / batches, step % batches).iterator().next())
              .backward());
      expected.add(reference.bits());
    }
    return expected.get(steps);
  }

  @Test
  @Timeout(600)
  @Tag("thorough")
  void killedAtAnyMomentItGoesOnWithTheSameBits() throws Exception {
    Generator random = Generator.seeded(System.nanoTime());
    Path path = directory.resolve("killed.checkpoint");
    int last = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = start(path, 1);
      awaitProgress(process, path, last);
      Thread.sleep(random.integers(LONGEST_MILLIS, 1).get(0));
      assertThat(process.destroyForcibly().waitFor(60, TimeUnit.SECONDS)).isTrue();
      Position position = load(path);
      assertThat(position.step()).as("kill %d", kill).isGreaterThan(last);
      last = position.step();
      if (position.epoch() >= KilledTraining.EPOCHS - 1) {
        Files.delete(path);
        last = 0;
      }
    }
    SealedFile.load(path).save(path); // which removes what kills in the middle of writing left over
    assertThat(directory.toFile().list()).containsExactly(path.getFileName().toString());
  }

  /** Loads a checkpoint and compares its bits with those of a training that nobody has killed. */
  private Position load(Path path) throws IOException {
    Problem problem = new Problem();
    Position position =
        KilledTraining.checkpoint(path, problem)
            .with("model", problem.model)
            .with("optimizer", problem.adam)
            .with("history", Map::of, state -> {})
            .with("listener0", Map::of, state -> {})
            .load()
            .orElseThrow();
    assertThat(problem.bits()).isEqualTo(expected(position.step()));
    return position;
  }

  @Test
  @Timeout(300)
  void aProcessThatIsToldToEndSavesAndSaysWhere() throws Exception {
    Path path = directory.resolve("ended.checkpoint");
    Process process = start(path, 1_000_000);
    assumeThat(process.supportsNormalTermination()).isTrue();
    awaitProgress(process, path, 0);
    process.toHandle().destroy(); // unlike process.destroy, leaves its output readable
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    Position position = load(path);
    assertThat(output)
        .endsWith(
            "interrupted; the same call goes on at %s from %s%nin time%n"
                .formatted(position.in(reference.loader.batches()), path));
    assertThat(position.batch()).as("at once, not after an epoch").isBetween(0, 13);
  }

  @Test
  @Timeout(300)
  void aValidationIsBrokenOffAndNothingLearnedIsLost() throws Exception {
    Path path = directory.resolve("validated.checkpoint");
    Process process = start(path, 1_000_000, KilledTraining.SLOW_VALIDATION);
    assumeThat(process.supportsNormalTermination()).isTrue();
    awaitProgress(process, path, 12); // saved before the validation, which takes 20 seconds
    process.toHandle().destroy();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(output)
        .endsWith(
            "interrupted; the same call goes on at the end of epoch 1 (step 13) from %s%nin time%n"
                .formatted(path));
    assertThat(load(path)).isEqualTo(new Position(0, 13, 13));
  }

  @Test
  @Timeout(300)
  void aListenerThatEndsTheProcessWaitsForNobody() throws Exception {
    Path path = directory.resolve("exit.checkpoint");
    Process process = start(path, 2, KilledTraining.EXIT);
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).isEqualTo(3);
    assertThat(output)
        .endsWith(
            "interrupted; the same call goes on at epoch 1, batch 5 (step 5) from %s%nin time%n"
                .formatted(path));
  }

  /** Waits until a process has saved something new. */
  private static void awaitProgress(Process process, Path path, int last) throws Exception {
    for (boolean isAlive = true; !Files.exists(path) || step(path) <= last; ) {
      assertThat(isAlive).isTrue(); // it was before the look at the file
      isAlive = process.isAlive();
      Thread.sleep(10);
    }
  }

  private static int step(Path path) throws IOException {
    return (int) SealedFile.load(path).tensors().get("position").toDoubleArray()[2];
  }

  private Process start(Path path, int every, String... mode) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(path.toString(), Integer.toString(every)));
    arguments.addAll(List.of(mode));
    running = ForkedJvm.start(List.of(), KilledTraining.class, arguments);
    return running;
  }

  @AfterEach
  void nothingRunsOnAfterAFailure() {
    running.destroyForcibly().onExit().join();
  }
}
