package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.ParameterGroup;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.ConfusionMatrix;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.metric.Goal;
import dev.adjoint.training.metric.Metric;
import dev.adjoint.training.report.Page;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingReportTest {

  @TempDir private Path directory;

  private static TrainingReport report(Problem problem) {
    return TrainingReport.of(problem.model, "A <small> problem")
        .clock(InstantSource.fixed(Instant.EPOCH));
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
        .contains("0: Linear(4, 16)", "1: BatchNorm(16)", "Updates")
        .doesNotContain("src=\"http", "href=\"http", "<script src");
    assertThat(page.split("<svg", -1)).hasSizeGreaterThan(9);
  }

  @Test
  void answersComeFirst() {
    Problem problem = new Problem();
    ConfusionMatrix confusion = new ConfusionMatrix();
    confusion.add(Tensor.of(new double[] {1, 0, 1, 0, 0, 1}, 3, 2), IntTensor.of(0, 1, 1));
    TrainingReport report =
        report(problem)
            .fact("data", "100 points")
            .fact("seed", "7")
            .answer("right", "2 of 3")
            .confusion(confusion, List.of("below", "above"));
    History history =
        problem
            .trainer()
            .validation(
                problem.loader,
                new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy()))
            .listener(report)
            .fit(problem.loader, 4);
    List<Double> accuracies = history.metric("validation accuracy");
    double best = Collections.max(accuracies);
    assertThat(textOf(report.page()))
        .containsSubsequence(
            "right 2 of 3",
            "best validation accuracy, after epoch %d of 4".formatted(accuracies.indexOf(best) + 1),
            "%.4g".formatted(best),
            "duration 0 s",
            "data 100 points seed 7 model Sequential, 146 parameters training 52 steps of 8"
                + " examples",
            "What is taken for what",
            "is below above recall",
            "below 1 · 1.000 above 1 1 0.500",
            "Learning");
  }

  /** Returns what is on a page without its tags. */
  private static String textOf(Page page) {
    String html = page.html();
    return html.substring(html.indexOf("<main>"))
        .replaceAll("<[^>]*>", " ")
        .replaceAll("\\s+", " ");
  }

  @Test
  void theLossOfLowestValueIsTheBest() {
    Problem problem = new Problem();
    TrainingReport report = report(problem);
    List<Double> losses = problem.trainer().listener(report).fit(problem.loader, 3).metric("loss");
    double best = Collections.min(losses);
    assertThat(textOf(report.page()))
        .contains(
            "best loss, after epoch %d of 3".formatted(losses.indexOf(best) + 1),
            "%.4g".formatted(best));
  }

  @Test
  void theMetricSaysWhichValueIsTheBest() {
    Problem problem = new Problem();
    TrainingReport report = report(problem);
    problem
        .trainer()
        .validation(
            problem.loader,
            new Evaluation<>(
                problem.model,
                problem.model::forward,
                counting("falling", Optional.of(Goal.MINIMIZE), -1),
                counting("rising", Optional.of(Goal.MINIMIZE), 1),
                counting("unknown", Optional.empty(), 1)))
        .listener(report)
        .fit(problem.loader, 3);
    assertThat(textOf(report.page()))
        .containsPattern("best validation falling, after epoch 3 of 3 -")
        .containsPattern("best validation rising, after epoch 1 of 3 [1-9]")
        .containsPattern("last validation unknown, after epoch 3 of 3 [1-9]");
  }

  /** Returns a metric that grows by some amount whenever it is measured. */
  private static <Y> Metric<Y> counting(String name, Optional<Goal> goal, int by) {
    AtomicInteger value = new AtomicInteger();
    Supplier<Metric.Sum<Y>> begin =
        () -> {
          int now = value.addAndGet(by);
          return new Metric.Sum<>() {
            @Override
            public void add(Tensor outputs, Y targets) {}

            @Override
            public double value() {
              return now;
            }
          };
        };
    return goal.map(known -> Metric.of(name, known, begin)).orElseGet(() -> Metric.of(name, begin));
  }

  @Test
  void aTrainingThatEndsEarlySaysWhy() {
    Problem problem = new Problem();
    TrainingReport report = report(problem);
    TrainingListener stop =
        new TrainingListener() {
          @Override
          public void epochEnded(Training training, Epoch epoch) {
            training.stop("that is enough");
          }
        };
    problem.trainer().listener(stop).listener(report).fit(problem.loader, 9);
    assertThat(textOf(report.page())).contains("ended early that is enough");
  }

  @Test
  void aPathOfNoUseIsFoundBeforeTheFirstStep() throws IOException {
    Problem problem = new Problem();
    Files.createFile(directory.resolve("file"));
    Path path = directory.resolve("file").resolve("report.html");
    Trainer<Tensor, IntTensor> trainer = problem.trainer().listener(report(problem).writeTo(path));
    Map<String, String> before = problem.bits();
    assertThatThrownBy(() -> trainer.fit(problem.loader, 1))
        .isInstanceOf(UncheckedIOException.class);
    assertThat(problem.bits()).isEqualTo(before);
  }

  @Test
  void thePageOfALargeModelIsSmall() {
    Generator generator = Generator.seeded(1);
    List<Transform> layers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      layers.add(new Linear(4, 4, generator));
      layers.add(new BatchNorm(4));
    }
    Sequential model = new Sequential(layers);
    TrainingReport report = TrainingReport.of(model, "Deep");
    Tensor x = generator.normal(596, 4);
    DataLoader<Tensor, Tensor> loader = new DataLoader<>(Dataset.of(x, x), 2);
    new Trainer<Tensor, Tensor>(
            model,
            new Adam(model.namedParameters()),
            batch -> Losses.mse(model.forward(batch.inputs()), batch.targets()))
        .listener(report)
        .fit(loader, 1);
    String html = report.page().html();
    assertThat(html.length()).isLessThan(400_000);
    assertThat(textOf(report.page())).contains("These are 12 of 40 layers.");
    // Small multiples: outputs and gradients of 12 layers, six lines a plot of the others, and the
    // angles of five weights.
    assertThat(html.split("<figure>", -1)).hasSize(1 + 3 + 2 * 12 + 3 * 2 + 1);
  }

  @Test
  void zerosOfInputsAreNotCalledSaturated() {
    Generator generator = Generator.seeded(1);
    Sequential model =
        new Sequential(
            (Transform) x -> x.times(1),
            new Linear(4, 16, generator),
            (Transform) Tensor::relu,
            new Linear(16, 2, generator));
    int[] classes = generator.integers(4, 100).toArray();
    Tensor oneHot = Tensors.oneHot(IntTensor.of(classes), 4, DType.FLOAT32);
    Tensor y = generator.normal(100, 2);
    TrainingReport report = TrainingReport.of(model, "Columns");
    new Trainer<Tensor, Tensor>(
            model,
            new SGD(model.namedParameters()),
            batch -> Losses.mse(model.forward(batch.inputs()), batch.targets()))
        .listener(report)
        .fit(new DataLoader<>(Dataset.of(oneHot, y), 10), 1);
    String text = textOf(report.page());
    assertThat(text.split("Saturated at the end", -1)).hasSize(2);
    assertThat(text).doesNotContain("Saturated at the end: 75 %");
  }

  @Test
  void weightsTurnBesideTheAngleOfTheirEquilibrium() {
    Problem problem = new Problem();
    Map<String, Parameter> parameters = problem.model.namedParameters();
    SGD sgd = new SGD(parameters).learningRate(0.1).weightDecay(0.02);
    sgd.group(ParameterGroup.where((path, p) -> path.equals("4.weight")).weightDecay(0.08));
    TrainingReport report = report(problem);
    new Trainer<>(problem.model, sgd, problem::loss).listener(report).fit(problem.loader, 2);
    assertThat(report.state().get("angle 0.weight").select(1, 2).toDoubleArray())
        .hasSize(26)
        .containsOnly(Math.sqrt(2 * 0.1 * 0.02));
    assertThat(report.state().get("angle 4.weight").select(1, 2).toDoubleArray())
        .containsOnly(Math.sqrt(2 * 0.1 * 0.08));
    assertThat(report.state()).containsKey("parameter 0.bias").doesNotContainKey("angle 0.bias");
    assertThat(angles(report))
        .contains("0.weight", "4.weight", "equilibrium")
        .doesNotContain("bias");
    Problem adam = new Problem(); // which does not know its equilibrium
    TrainingReport ofAdam = report(adam);
    adam.trainer().listener(ofAdam).fit(adam.loader, 2);
    assertThat(angles(ofAdam)).contains("0.weight").doesNotContain("equilibrium");
  }

  /** Returns the plot of angles, without its caption. */
  private static String angles(TrainingReport report) {
    String html = report.page().html();
    int begin = html.indexOf("angle of a step, in radians");
    return html.substring(begin, html.indexOf("<figcaption>", begin));
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

  @Test
  void epochsAreCountedFromTheFirstEvenForAMetricThatALaterRunHasAdded() {
    Path path = directory.resolve("checkpoint");
    Problem first = new Problem();
    first
        .trainer()
        .checkpoint(Checkpoint.at(path), 100)
        .listener(report(first))
        .fit(first.loader, 2);
    Problem second = new Problem();
    TrainingReport report = report(second);
    second
        .trainer()
        .checkpoint(Checkpoint.at(path), 100)
        .validation(second.loader)
        .listener(report)
        .fit(second.loader, 3);
    assertThat(report.page().html()).contains("best validation loss, after epoch 3 of 3");
  }

  @Test
  void ofManyClassesTheMostFrequentMistakesComeFirst() {
    IntTensor targets = IntTensor.of(0, 2, 2, 2, 4, 4, 6);
    IntTensor taken = IntTensor.of(1, 3, 3, 3, 5, 5, 6);
    ConfusionMatrix confusion = new ConfusionMatrix();
    confusion.add(Tensors.oneHot(taken, 17, DType.FLOAT32), targets);
    Page page = new Page("A page");
    ConfusionTable.addTo(page, confusion, List.of("a", "b"));
    assertThat(page.html().replaceAll("<[^>]*>", " ").replaceAll("\\s+", " "))
        .contains("is taken for how often 2 3 3 4 5 2 a b 1 ");
  }
}
