package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.report.Events;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorBoardTest {

  /** 13 batches an epoch. */
  private static final int BATCHES = 13;

  @TempDir private Path directory;

  private Path run() {
    return directory.resolve("run");
  }

  private List<Events.Value> shown(String tag) throws IOException {
    return Events.shown(run()).stream().filter(value -> value.tag().equals(tag)).toList();
  }

  @Test
  void aTrainingIsWrittenWhileItRuns() throws IOException {
    Problem problem = new Problem();
    List<Step> steps = new ArrayList<>();
    History history =
        problem
            .trainer()
            .validation(
                problem.loader,
                new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy()))
            .listener(
                TensorBoard.of(problem.model, run())
                    .every(2)
                    .histogramsEvery(10)
                    .images("noise", () -> Tensors.ones(1, 1, 2, 2)))
            .listener(
                new TrainingListener() {
                  @Override
                  public void stepped(Training training, Step step) {
                    steps.add(step);
                    if (step.position().step() == 4) {
                      try {
                        assertThat(shown("step/loss")).hasSize(3); // already
                      } catch (IOException e) {
                        throw new AssertionError(e);
                      }
                    }
                  }
                })
            .fit(problem.loader, 2);

    List<Events.Value> losses = shown("step/loss");
    assertThat(losses)
        .extracting(Events.Value::step)
        .containsExactly(LongStream.range(0, 13).map(i -> 2 * i).boxed().toArray(Long[]::new));
    for (Events.Value loss : losses) {
      Step step = steps.get((int) loss.step());
      assertThat(loss.scalar()).isEqualTo((float) step.loss());
    }
    assertThat(shown("step/learning rate")).hasSize(13);
    assertThat(shown("step/gradient norm")).hasSize(13);
    List<Events.Value> accuracies = shown("epoch/validation accuracy");
    assertThat(accuracies).extracting(Events.Value::step).containsExactly(13L, 26L);
    assertThat(accuracies.get(1).scalar())
        .isEqualTo((float) (double) history.metric("validation accuracy").get(1));
    for (String tag : List.of("weights/0.weight", "gradients/0.weight")) {
      assertThat(shown(tag)).extracting(Events.Value::step).containsExactly(0L, 10L, 20L);
      assertThat(shown(tag)).extracting(Events.Value::count).containsOnly(64.0);
    }
    assertThat(shown("noise")).extracting(Events.Value::step).containsExactly(0L, 13L, 26L);
    assertThat(shown("model").getFirst().strings().getFirst().toStringUtf8())
        .startsWith("    Sequential(5)\n");
  }

  @Test
  void aTrainingThatGoesOnIsOneRun() throws IOException {
    for (int epochs : new int[] {1, 3, 3}) { // the last has nothing left to do
      Problem problem = new Problem();
      problem
          .trainer()
          .listener(TensorBoard.of(problem.model, run()))
          .checkpoint(Checkpoint.at(directory.resolve("checkpoint")), 100)
          .fit(problem.loader, epochs);
    }
    assertThat(Events.files(run())).hasSize(3);
    assertThat(shown("step/loss"))
        .extracting(Events.Value::step)
        .containsExactlyElementsOf(
            IntStream.range(0, 3 * BATCHES).mapToObj(Long::valueOf).toList());
    assertThat(shown("epoch/loss")).extracting(Events.Value::step).containsExactly(13L, 26L, 39L);
  }

  @Test
  void aTrainingThatBeginsAnewTakesThePlaceOfTheOneBefore() throws IOException {
    for (int epochs : new int[] {2, 1}) {
      Problem problem = new Problem();
      problem.trainer().listener(TensorBoard.of(problem.model, run())).fit(problem.loader, epochs);
    }
    assertThat(shown("step/loss")).hasSize(BATCHES);
    assertThat(shown("model")).hasSize(1);
  }

  @Test
  void whatWasWrittenBeforeAFailureStays() throws IOException {
    Problem problem = new Problem();
    int[] steps = {0};
    Trainer<Tensor, IntTensor> trainer =
        problem
            .trainer()
            .listener(TensorBoard.of(problem.model, run()))
            .gradients(g -> {
              if (steps[0]++ == 3) {
                throw new IllegalStateException("the power failed");
              }
              return g;
            });
    assertThatIllegalStateException().isThrownBy(() -> trainer.fit(problem.loader, 1));
    assertThat(shown("step/loss")).hasSize(3);
    assertThat(shown("model")).hasSize(1);
  }

  @Test
  void wrongSettingsAreRefused() {
    TensorBoard board = TensorBoard.of(new Problem().model, run());
    assertThatIllegalArgumentException().isThrownBy(() -> board.every(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> board.histogramsEvery(0))
        .withMessage("histogramsEvery: 0; expected at least 1");
  }
}
