package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingReportTest {

  @TempDir private Path directory;

  private static TrainingReport report(Problem problem) {
    return TrainingReport.of(problem.model, "A <small> problem");
  }

  @Test
  void aPageTellsOfTheWholeTraining() throws IOException {
    Problem problem = new Problem();
    Path path = directory.resolve("pages").resolve("report.html");
    problem
        .trainer()
        .validation(
            problem.loader,
            new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy()))
        .listener(report(problem).writeTo(path))
        .fit(problem.loader, 15);
    String page = Files.readString(path);
    assertThat(page)
        .contains("A &lt;small&gt; problem", "validation accuracy", "Learning rate")
        .contains("0 Linear(4, 16)", "1 BatchNorm(16)", "Updates")
        .doesNotContain("src=\"http", "href=\"http", "<script src");
    assertThat(page.split("<svg", -1)).hasSizeGreaterThan(9);
  }

  @Test
  void lookingOnChangesNoBit() {
    Problem plain = new Problem();
    plain.trainer().fit(plain.loader, 3);
    Problem watched = new Problem();
    watched.trainer().listener(report(watched)).fit(watched.loader, 3);
    assertThat(watched.bits()).isEqualTo(plain.bits());
  }

  @Test
  void itGoesOnFromACheckpoint() {
    Path path = directory.resolve("checkpoint");
    Problem whole = new Problem();
    TrainingReport expected = report(whole);
    whole.trainer().listener(expected).fit(whole.loader, 5);

    Problem first = new Problem();
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void stepped(Training training, Step step) {
            if (step.position().step() == 37) {
              throw new IllegalStateException("stopped on purpose");
            }
          }
        };
    assertThatThrownBy(() ->
            first
                .trainer()
                .checkpoint(Checkpoint.at(path).with("dropout", first.dropout), 7)
                .listener(report(first))
                .listener(stop)
                .fit(first.loader, 5))
        .hasMessage("stopped on purpose");
    Problem second = new Problem();
    TrainingReport report = report(second);
    second
        .trainer()
        .checkpoint(Checkpoint.at(path).with("dropout", second.dropout), 7)
        .listener(report)
        .listener(new TrainingListener() {})
        .fit(second.loader, 5);
    assertThat(report.page().html()).isEqualTo(expected.page().html());
  }
}
