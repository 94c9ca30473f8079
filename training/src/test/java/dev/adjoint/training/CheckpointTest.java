package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.io.Safetensors;
import dev.adjoint.io.SealedFile;
import dev.adjoint.nn.Linear;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

  @TempDir private Path directory;

  private Path path() {
    return directory.resolve("runs").resolve("a.checkpoint");
  }

  private Checkpoint checkpoint(Problem problem) {
    return Checkpoint.at(path()).with("dropout", problem.dropout);
  }

  private static Trainer<Tensor, IntTensor> trainer(Problem problem) {
    return problem
        .trainer()
        .validation(
            problem.loader,
            new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy()))
        .listener(BestModel.of(problem.model, "validation accuracy").maximize())
        .listener(EarlyStopping.on("loss").patience(100));
  }

  /** Stops a training as if the process had ended after a number of steps. */
  private static final class Stop implements TrainingListener {
    private final int after;

    Stop(int after) {
      this.after = after;
    }

    @Override
    public void stepped(Training training, Step step) {
      if (step.position().step() + 1 == after) {
        throw new IllegalStateException("stopped on purpose");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 13, 20, 52})
  void aResumedTrainingEndsWithTheSameBits(int steps) {
    Problem whole = new Problem();
    History expected = trainer(whole).fit(whole.loader, 5);

    Problem first = new Problem();
    assertThatThrownBy(() ->
            trainer(first)
                .checkpoint(checkpoint(first), 2)
                .listener(new Stop(steps))
                .fit(first.loader, 5))
        .hasMessage("stopped on purpose");
    Problem second = new Problem();
    History history =
        trainer(second)
            .checkpoint(checkpoint(second), 2)
            .listener(new Stop(-1))
            .fit(second.loader, 5);
    assertThat(second.bits()).isEqualTo(whole.bits());
    assertThat(history.metrics()).isEqualTo(expected.metrics());
  }

  @Test
  void whatHasEndedDoesNothingMore() {
    Problem first = new Problem();
    trainer(first).checkpoint(checkpoint(first), 10).fit(first.loader, 2);
    Problem second = new Problem();
    History history = trainer(second).checkpoint(checkpoint(second), 10).fit(second.loader, 2);
    assertThat(history.metric("loss")).hasSize(2);
    assertThat(second.bits()).isEqualTo(first.bits());
  }

  @Test
  void theFileIsReadableAsSafetensors() throws IOException {
    Problem problem = new Problem();
    problem.trainer().checkpoint(checkpoint(problem), 10).fit(problem.loader, 1);
    assertThat(Safetensors.load(path()).keySet())
        .contains(
            "model.0.weight",
            "model.1.running_mean",
            "optimizer.0.weight.exp_avg",
            "optimizer.step",
            "dropout.position",
            "position",
            "history.running");
  }

  @Test
  void aDamagedFileIsRefused() throws IOException {
    Problem problem = new Problem();
    problem.trainer().checkpoint(checkpoint(problem), 10).fit(problem.loader, 1);
    byte[] whole = Files.readAllBytes(path());
    Generator random = Generator.seeded(5);
    Map<String, String> before = problem.bits();
    for (int i = 0; i < 300; i++) {
      byte[] damaged = whole.clone();
      damaged[random.integers(whole.length, 1).get(0)] ^=
          (byte) (1 << random.integers(8, 1).get(0));
      Files.write(path(), damaged);
      assertThatExceptionOfType(CheckpointException.class)
          .isThrownBy(() -> checkpoint(problem).with("model", problem.model).load())
          .withMessageStartingWith(path() + ": ");
    }
    assertThat(problem.bits()).isEqualTo(before);
    Files.write(path(), new byte[0]);
    assertThatThrownBy(
            () -> problem.trainer().checkpoint(checkpoint(problem), 1).fit(problem.loader, 1))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("is damaged or no checkpoint");
  }

  @Test
  void aForeignFileIsRefusedAndNothingChanges() throws IOException {
    Linear small = new Linear(2, 3, Generator.seeded(1));
    Generator generator = Generator.seeded(2);
    Files.createDirectories(path().getParent());
    Safetensors.save(path(), small.state());
    Checkpoint checkpoint = Checkpoint.at(path()).with("g", generator).with("model", small);
    assertThatThrownBy(checkpoint::load).hasMessageContaining("no seal");
    new SealedFile(small.state(), Map.of()).save(path());
    assertThatThrownBy(checkpoint::load).hasMessageContaining("'adjoint checkpoint 1'");

    Checkpoint.at(path())
        .with("g", Generator.seeded(3))
        .with("model", new Linear(2, 4, Generator.seeded(1)))
        .save(new Position(1, 2, 3));
    float[] next = generator.copy().uniform(4).toFloatArray();
    assertThatThrownBy(checkpoint::load)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContainingAll("does not fit", "'weight' has shape (4, 2), expected (3, 2)");
    assertThat(generator.uniform(4).toFloatArray()).isEqualTo(next);
    assertThatThrownBy(() -> Checkpoint.at(path()).with("g", generator).load())
        .hasMessageContainingAll("holds 'model.weight'", "[g]");
  }

  @Test
  void namesOfPartsAreChecked() {
    Checkpoint checkpoint = Checkpoint.at(path()).with("g", Generator.seeded(1));
    for (String name : new String[] {"g", "a.b", "", "position"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> checkpoint.with(name, Generator.seeded(1)))
          .withMessageContaining("expected a new name without dots");
    }
  }

  @Test
  void withoutAFileThereIsNothingToGoOnFrom() throws IOException {
    assertThat(Checkpoint.at(path()).load()).isEmpty();
    Checkpoint.at(path()).save(new Position(1, 2, 3));
    assertThat(Checkpoint.at(path()).load()).contains(new Position(1, 2, 3));
  }

  @Test
  void aFailureLeavesTheOldFile() throws IOException {
    Checkpoint checkpoint = Checkpoint.at(path());
    checkpoint.save(new Position(1, 2, 3));
    Checkpoint failing =
        Checkpoint.at(path())
            .with(
                "broken",
                () -> {
                  throw new IllegalStateException("no state");
                },
                state -> {});
    assertThatThrownBy(() -> failing.save(Position.START)).hasMessage("no state");
    assertThat(checkpoint.load()).contains(new Position(1, 2, 3));
  }
}
