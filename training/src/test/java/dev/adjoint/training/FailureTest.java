package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FailureTest {

  @TempDir private Path directory;

  /** Does something after a number of steps. */
  private record After(int steps, Runnable action) implements TrainingListener {
    @Override
    public void stepped(Training training, Step step) {
      if (training.position().step() == steps) {
        action.run();
      }
    }
  }

  private static After failing(int steps) {
    return new After(
        steps,
        () -> {
          throw new IllegalStateException("on purpose");
        });
  }

  @Test
  void listenersHearOfAFailureAndThePageIsWritten() throws IOException {
    Problem problem = new Problem();
    Path page = directory.resolve("report.html");
    List<String> heard = new ArrayList<>();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TrainingListener hears =
        new TrainingListener() {
          @Override
          public void failed(Training training, Throwable failure) {
            heard.add(failure.getMessage());
            throw new IllegalArgumentException("failed to hear");
          }

          @Override
          public void ended(Training training) {
            heard.add("ended");
          }
        };
    assertThatThrownBy(() ->
            problem
                .trainer()
                .listener(hears)
                .listener(TrainingReport.of(problem.model, "Fails").writeTo(page))
                .listener(Progress.to(new PrintStream(out, true, StandardCharsets.UTF_8), true))
                .listener(failing(3))
                .fit(problem.loader, 1))
        .hasMessage("on purpose")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1))
        .satisfies(e -> assertThat(e.getSuppressed()[0]).hasMessage("failed to hear"));
    assertThat(heard).containsExactly("on purpose");
    assertThat(Files.readString(page)).contains("<svg", "Fails");
    assertThat(out.toString(StandardCharsets.UTF_8)).endsWith(" \r");
  }

  @Test
  void whatOneListenerThrowsAtTheEndCostsNoOther() {
    Problem problem = new Problem();
    TrainingListener throwing =
        new TrainingListener() {
          @Override
          public void ended(Training training) {
            throw new IllegalStateException("on purpose");
          }
        };
    BestModel best = BestModel.of(problem.model, "validation accuracy");
    Evaluation<Tensor, IntTensor> accuracy =
        new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy());
    assertThatThrownBy(() ->
            problem
                .trainer()
                .validation(problem.loader, accuracy)
                .listener(throwing)
                .listener(best)
                .fit(problem.loader, 8))
        .hasMessage("on purpose");
    assertThat(accuracy.of(problem.loader).get("accuracy")).isEqualTo(best.best());
  }

  @Test
  void aTrainingThatFailedIsLeftAsItIsAndTheBestCanBeRestored() {
    Problem problem = new Problem();
    BestModel best = BestModel.of(problem.model, "loss");
    List<double[]> weights = new ArrayList<>();
    assertThatThrownBy(() ->
            problem
                .trainer()
                .listener(best)
                .listener(new After(13, () -> weights.add(weight(problem))))
                .listener(failing(17))
                .fit(problem.loader, 2))
        .hasMessage("on purpose");
    assertThat(weight(problem)).isNotEqualTo(weights.getFirst());
    best.restore();
    assertThat(weight(problem)).isEqualTo(weights.getFirst());
  }

  private static double[] weight(Problem problem) {
    return problem.model.state().get("0.weight").toDoubleArray();
  }

  @Test
  @Timeout(120)
  void cancellingTheFutureEndsTheTraining() throws Exception {
    Path path = directory.resolve("run.checkpoint");
    Problem problem = new Problem();
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> interrupted = new AtomicReference<>();
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      Future<?> future =
          executor.submit(() -> {
            try {
              problem
                  .trainer()
                  .listener(new After(3, running::countDown))
                  .checkpoint(Checkpoint.at(path).with("dropout", problem.dropout), 1)
                  .fit(problem.loader, 1_000_000);
            } catch (CancellationException e) {
              thrown.set(e);
              interrupted.set(Thread.currentThread().isInterrupted());
            } finally {
              ended.countDown();
            }
          });
      running.await();
      future.cancel(true);
      assertThat(ended.await(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(thrown.get())
        .hasMessageContainingAll(
            "the thread was interrupted", "the same call goes on at", "run.checkpoint");
    assertThat(interrupted.get()).isTrue();
    Problem saved = new Problem();
    Checkpoint.at(path)
        .with("dropout", saved.dropout)
        .with("model", saved.model)
        .with("optimizer", saved.adam)
        .with("history", Map::of, state -> {})
        .load();
    assertThat(saved.bits()).isEqualTo(problem.bits());
  }

  @Test
  void anInterruptIsHeededInAValidationAndWhileSaving() {
    Path path = directory.resolve("run.checkpoint");
    for (int steps : new int[] {5, 13}) { // the latter is the last of the epoch
      Problem problem = new Problem();
      DataLoader<Tensor, IntTensor> held =
          new DataLoader<>(
              problem
                  .loader
                  .dataset()
                  .map(batch -> {
                    if (steps == 13 && problem.adam.state().get("step").item() == 13) {
                      Thread.currentThread().interrupt();
                    }
                    return batch;
                  }),
              8);
      Runnable interrupt = () -> Thread.currentThread().interrupt();
      try {
        assertThatThrownBy(() ->
                problem
                    .trainer()
                    .validation(held)
                    .listener(new After(steps == 13 ? -1 : steps, interrupt))
                    .checkpoint(Checkpoint.at(path), 1)
                    .fit(problem.loader, 2))
            .isInstanceOf(CancellationException.class)
            .hasMessageContaining(
                steps == 13 ? "the end of epoch 1 (step 13)" : "epoch 1, batch 6 (step 6)");
        assertThatThrownBy(() -> problem.trainer().fit(problem.loader, 1))
            .isInstanceOf(CancellationException.class)
            .hasMessageContaining("interrupted before");
      } finally {
        assertThat(Thread.interrupted()).isTrue();
      }
    }
  }
}
