package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecondUseTest {

  @TempDir private Path directory;

  private Path path() {
    return directory.resolve("run.checkpoint");
  }

  private static double steps(Problem problem) {
    return problem.adam.state().get("step").item();
  }

  private static Evaluation<Tensor, IntTensor> accuracy(Problem problem) {
    return new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy());
  }

  @Test
  void fittingTwiceTrainsTwice() {
    Problem problem = new Problem();
    EarlyStopping stopping = EarlyStopping.on("loss").margin(100).patience(2);
    BestModel best = BestModel.of(problem.model, "loss");
    Trainer<Tensor, IntTensor> trainer = problem.trainer().listener(stopping).listener(best);
    assertThat(trainer.fit(problem.loader, 9).metric("loss")).hasSize(3);
    History second = trainer.fit(problem.loader, 9);
    assertThat(second.metric("loss")).hasSize(3);
    assertThat(steps(problem)).isEqualTo(6 * 13);
    assertThat(best.best()).isEqualTo(second.metric("loss").stream().min(Double::compare).get());
  }

  @Test
  void listenersBeginAnewInAnotherTraining() {
    Problem first = new Problem();
    EarlyStopping stopping = EarlyStopping.on("loss").margin(100).patience(1);
    TrainingReport report = TrainingReport.of(first.model, "A report");
    first.trainer().listener(stopping).listener(report).fit(first.loader, 5);
    Problem second = new Problem();
    TrainingReport alone = TrainingReport.of(second.model, "A report");
    second.trainer().listener(stopping).listener(alone).fit(second.loader, 5);
    assertThat(second.bits()).isEqualTo(first.bits());
    assertThat(steps(second)).isEqualTo(2 * 13);
    // What was better in another training, of any model, is not kept.
    Problem trained = new Problem();
    BestModel best = BestModel.of(trained.model, "loss");
    trained.trainer().listener(best).fit(trained.loader, 4);
    double before = best.best();
    Problem fresh = new Problem();
    double after = fresh.trainer().listener(best).fit(fresh.loader, 1).metric("loss").get(0);
    assertThat(best.best()).isEqualTo(after).isGreaterThan(before);
    assertThat(best.epoch()).contains(0);
    Trainer<Tensor, IntTensor> failing =
        new Trainer<>(
            fresh.model,
            fresh.adam,
            batch -> {
              throw new IllegalStateException("no loss");
            });
    assertThatThrownBy(() -> failing.listener(best).fit(fresh.loader, 1)).hasMessage("no loss");
    assertThat(best.best()).isNaN();
    assertThat(best.epoch()).isEmpty();
    // A page of two runs would have steps of both.
    Problem third = new Problem();
    third.trainer().listener(report).fit(third.loader, 1);
    assertThat(report.state().get("metric loss").size(0)).isEqualTo(1);
    assertThat(alone.state().get("metric loss").size(0)).isEqualTo(2);
  }

  @Test
  void aBestModelKnowsTheDirectionOfItsMetric() {
    Problem problem = new Problem();
    BestModel best = BestModel.of(problem.model, "validation accuracy");
    History history =
        problem
            .trainer()
            .validation(problem.loader, accuracy(problem))
            .listener(best)
            .fit(problem.loader, 8);
    List<Double> accuracies = history.metric("validation accuracy");
    double highest = accuracies.stream().max(Double::compare).orElseThrow();
    assertThat(accuracies.stream().min(Double::compare).orElseThrow()).isLessThan(highest);
    assertThat(best.best()).isEqualTo(highest);
    assertThat(problem.accuracy()).isCloseTo(highest, within(1e-6));
  }

  @Test
  void aCheckpointIsAPlaceInItsData() {
    Problem problem = new Problem();
    Dataset<Tensor, IntTensor> data = problem.loader.dataset();
    IntTensor order = Generator.seeded(5).permutation(100);
    DataLoader<Tensor, IntTensor> fold =
        new DataLoader<>(data.subset(order.slice(0, 80)), 8).shuffle(7);
    problem.trainer().checkpoint(Checkpoint.at(path()), 5).fit(fold, 1);
    List<DataLoader<Tensor, IntTensor>> others =
        List.of(
            new DataLoader<>(data, 8).shuffle(7),
            new DataLoader<>(data.subset(order.slice(20, 100)), 8).shuffle(7),
            new DataLoader<>(data.subset(order.slice(0, 80)), 16).shuffle(7),
            new DataLoader<>(data.subset(order.slice(0, 80)), 8).shuffle(8),
            new DataLoader<>(data.subset(order.slice(0, 80)), 8));
    for (DataLoader<Tensor, IntTensor> other : others) {
      Problem second = new Problem();
      assertThatThrownBy(() -> second.trainer().checkpoint(Checkpoint.at(path()), 5).fit(other, 2))
          .hasMessageContainingAll("is of a training on " + fold, "got " + other);
      assertThat(second.bits()).isEqualTo(new Problem().bits());
    }
    // Transformed and prefetched it is the same place.
    Problem same = new Problem();
    DataLoader<Tensor, IntTensor> mapped =
        new DataLoader<>(data.subset(order.slice(0, 80)).mapInputs(x -> x), 8)
            .shuffle(7)
            .prefetch(2);
    same.trainer().checkpoint(Checkpoint.at(path()), 5).fit(mapped, 2);
    assertThat(steps(same)).isEqualTo(20);
  }

  @Test
  void whatWasDoneBeforeIsSaid() {
    Problem problem = new Problem();
    problem.trainer().checkpoint(Checkpoint.at(path()), 5).fit(problem.loader, 2);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    problem
        .trainer()
        .checkpoint(Checkpoint.at(path()), 5)
        .listener(Progress.to(new PrintStream(out, true, StandardCharsets.UTF_8), false))
        .fit(problem.loader, 2);
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualToNormalizingNewlines(
            "all 2 epochs were done before, as %s says\n".formatted(path()));
  }

  @Test
  void listenersAreKnownByTheirKindAndNotByTheirPlace() {
    Problem first = new Problem();
    first
        .trainer()
        .listener(EarlyStopping.on("loss").patience(50))
        .checkpoint(Checkpoint.at(path()), 5)
        .fit(first.loader, 1);
    Problem second = new Problem();
    History history =
        second
            .trainer()
            .listener(new TrainingListener() {})
            .listener(EarlyStopping.on("loss").patience(50))
            .checkpoint(Checkpoint.at(path()), 5)
            .fit(second.loader, 2);
    assertThat(history.metric("loss")).hasSize(2);
    assertThatThrownBy(() ->
            second
                .trainer()
                .listener(EarlyStopping.on("loss"))
                .listener(BestModel.of(second.model, "loss"))
                .checkpoint(Checkpoint.at(path()), 5)
                .fit(second.loader, 3))
        .hasMessageContaining("it holds nothing of 'listener-BestModel1'");
  }

  @Test
  void aHistoryHasAValueForEachEpochOfEachMetric() {
    for (int epochs = 1; epochs <= 3; epochs++) {
      Problem problem = new Problem();
      Trainer<Tensor, IntTensor> trainer = problem.trainer().checkpoint(Checkpoint.at(path()), 100);
      History history =
          (epochs == 2 ? trainer.validation(problem.loader, accuracy(problem)) : trainer)
              .fit(problem.loader, epochs);
      assertThat(history.metric("loss")).hasSize(epochs).doesNotContain(Double.NaN);
      if (epochs == 3) {
        List<Double> accuracies = history.metric("validation accuracy");
        assertThat(accuracies).hasSize(3);
        assertThat(accuracies.get(0)).isNaN();
        assertThat(accuracies.get(1)).isBetween(0.0, 1.0);
        assertThat(accuracies.get(2)).isNaN();
      }
    }
  }

  @Test
  void oneCheckpointServesSeveralTrainers() {
    Checkpoint checkpoint = Checkpoint.at(path());
    List<Double> losses = new ArrayList<>();
    for (int epochs = 1; epochs <= 2; epochs++) {
      Problem problem = new Problem();
      losses.addAll(
          problem.trainer().checkpoint(checkpoint, 5).fit(problem.loader, epochs).metric("loss"));
    }
    assertThat(losses).hasSize(3);
    assertThat(losses.get(1)).isEqualTo(losses.get(0));
  }
}
