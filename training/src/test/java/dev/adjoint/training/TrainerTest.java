package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Clipping;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
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
import java.util.Locale;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {

  private static Evaluation<Tensor, IntTensor> accuracy(Problem problem) {
    return new Evaluation<>(problem.model, problem.model::forward, Classification.accuracy());
  }

  private static float[] weights(Layer model) {
    return model.parameters().getFirst().value().toFloatArray();
  }

  @Test
  void aModelLearns() {
    Problem problem = new Problem();
    History history =
        problem.trainer().validation(problem.loader, accuracy(problem)).fit(problem.loader, 16);
    assertThat(history.metrics()).containsOnlyKeys("loss", "validation accuracy");
    assertThat(history.metric("loss")).hasSize(16);
    assertThat(history.toString())
        .matches("after 16 epochs, loss [0-9.e-]+, validation accuracy [0-9.]+");
    assertThat(history.metric("loss").getLast())
        .isLessThan(history.metric("loss").getFirst() * 0.8);
    assertThat(history.metric("validation accuracy").getLast())
        .isEqualTo(problem.accuracy(), within(1e-6))
        .isGreaterThan(0.85);
  }

  @Test
  void itIsTheLoopThatOneWouldWrite() {
    Problem byHand = new Problem();
    for (int epoch = 0; epoch < 3; epoch++) {
      for (Batch<Tensor, IntTensor> batch : byHand.loader.epoch(epoch)) {
        byHand.adam.step(Clipping.clipNorm(byHand.loss(batch).backward(), 0.5));
      }
    }
    Problem problem = new Problem();
    problem.trainer().gradients(g -> Clipping.clipNorm(g, 0.5)).fit(problem.loader, 3);
    assertThat(weights(problem.model)).isEqualTo(weights(byHand.model));
  }

  @Test
  void accumulatedBatchesAreOneLargeBatch() {
    Generator generator = Generator.seeded(1);
    Tensor x = generator.normal(30, 3);
    Tensor y = generator.normal(30, 1);
    List<float[]> results = new ArrayList<>();
    List<Double> losses = new ArrayList<>();
    for (int batch : new int[] {12, 4}) {
      Linear model = new Linear(3, 1, Generator.seeded(2));
      History history =
          new Trainer<Tensor, Tensor>(
                  model,
                  new SGD(model.parameters()).learningRate(0.1),
                  b -> Losses.mse(model.forward(b.inputs()), b.targets()))
              .accumulate(12 / batch)
              .fit(new DataLoader<>(Dataset.of(x, y), batch), 2);
      results.add(weights(model));
      losses.add(history.metric("loss").getLast());
    }
    // The last step of an epoch has 6 examples: batches of 4 and 2.
    assertThat(results.get(1)).containsExactly(results.get(0), within(1e-6f));
    assertThat(losses.get(1)).isCloseTo(losses.get(0), within(1e-6));
  }

  @Test
  void anEpochMayBeOneStep() {
    Problem problem = new Problem();
    problem.trainer().accumulate(Integer.MAX_VALUE).fit(problem.loader, 2);
    assertThat(problem.adam.state().get("step").item()).isEqualTo(2);
  }

  @Test
  void earlyStoppingStopsAndTheBestComesBack() {
    Problem problem = new Problem();
    List<Double> losses = new ArrayList<>();
    BestModel best = BestModel.of(problem.model, "validation accuracy").maximize();
    List<float[]> weights = new ArrayList<>();
    TrainingListener recorder =
        new TrainingListener() {
          @Override
          public void epochEnded(Training training, Epoch epoch) {
            losses.add(epoch.metric("validation accuracy"));
            weights.add(weights(problem.model));
          }
        };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    problem
        .trainer()
        .validation(problem.loader, accuracy(problem))
        .listener(recorder)
        .listener(best)
        .listener(EarlyStopping.on("validation accuracy").maximize().patience(3))
        .listener(Progress.to(new PrintStream(out, true, StandardCharsets.UTF_8), false))
        .fit(problem.loader, 500);
    assertThat(losses).hasSizeBetween(4, 499);
    double highest = losses.stream().mapToDouble(x -> x).max().orElseThrow();
    int epoch = losses.indexOf(highest);
    assertThat(losses).hasSize(epoch + 4);
    assertThat(best.best()).isEqualTo(highest);
    assertThat(best.epoch()).contains(epoch);
    assertThat(weights(problem.model)).isEqualTo(weights.get(epoch));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("epoch   1/500  loss 0.", "validation accuracy 0.", "examples/s")
        .contains("stopped: validation accuracy has been no better than", "for 3 epochs");
  }

  @Test
  void aTerminalGetsABar() {
    Problem problem = new Problem();
    List<Double> losses = new ArrayList<>();
    TrainingListener recorder =
        new TrainingListener() {
          @Override
          public void stepped(Training training, Step step) {
            losses.add(step.loss());
          }
        };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    problem
        .trainer()
        .listener(recorder)
        .listener(Progress.to(new PrintStream(out, true, StandardCharsets.UTF_8), true))
        .fit(problem.loader, 2);
    double smooth = losses.subList(0, 13).stream().reduce((a, b) -> 0.95 * a + 0.05 * b).get();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\repoch 1/2")
        .containsPattern(String.format(Locale.ROOT, "13/13[^\r]* loss %.4f", smooth))
        .containsPattern("\r *\repoch 2/2  loss 0\\.\\d{4}  [\\d,]+ examples/s");
  }

  @Test
  void listenersSeeAllAndMayLookAtTheComputation() {
    Problem problem = new Problem();
    List<String> events = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void started(Training training) {
            events.add("start " + training.position());
            assertThat(training).hasToString("Training at epoch 1, batch 1 (step 1) of 1 epochs");
          }

          @Override
          public Tensor computeLoss(Supplier<Tensor> loss) {
            events.add("loss");
            return loss.get();
          }

          @Override
          public void update(Gradients gradients, Runnable update) {
            events.add("update " + gradients.parameters().size());
            update.run();
          }

          @Override
          public void stepped(Training training, Step step) {
            assertThat(step.gradientNorm()).isPositive();
            assertThat(step.learningRate()).isPositive();
            events.add("step %d of %d".formatted(step.position().step(), step.examples()));
          }

          @Override
          public void epochEnded(Training training, Epoch epoch) {
            events.add("epoch " + epoch.number());
          }

          @Override
          public void ended(Training training) {
            events.add("end " + training.position());
          }
        };
    DataLoader<Tensor, IntTensor> loader = new DataLoader<>(problem.loader.dataset(), 60);
    problem.trainer().listener(listener).fit(loader, 1);
    assertThat(events)
        .containsExactly(
            "start epoch 1, batch 1 (step 1)",
            "loss",
            "update 6",
            "step 0 of 60",
            "loss",
            "update 6",
            "step 1 of 40",
            "epoch 0",
            "end epoch 2, batch 1 (step 3)");
  }

  @Test
  void whatIsNotFiniteIsNamedBeforeItReachesAParameter() {
    Generator generator = Generator.seeded(1);
    Sequential model =
        new Sequential(
            new Linear(2, 3, generator), x -> x.minus(100).log(), new Linear(3, 2, generator));
    Tensor before = model.parameters().getFirst().value().untracked().copy();
    Tensor x = generator.normal(8, 2);
    IntTensor labels = generator.integers(2, 8);
    Trainer<Tensor, IntTensor> trainer =
        new Trainer<>(
            model,
            new SGD(model.parameters()),
            b -> Losses.crossEntropy(model.forward(b.inputs()), b.targets()));
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> trainer.fit(new DataLoader<>(Dataset.of(x, labels), 4), 1))
        .withMessageStartingWith("the loss is NaN at epoch 1, batch 1 (step 1): ")
        .withMessageEndingWith("the first layer whose output is not finite is '1' (function)");
    assertThat(weights(model)).isEqualTo(before.toFloatArray());
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> trainer.fit(new DataLoader<>(Dataset.of(x.times(1.0 / 0), labels), 4), 1))
        .withMessageEndingWith("the inputs of the batch are not finite");
  }

  @Test
  void aGradientThatIsNotFiniteStopsToo() {
    Linear model = new Linear(2, 1, Generator.seeded(1));
    model.weight("weight").assign(Tensor.of(new float[][] {{0, 0}}));
    model.weight("bias").assign(Tensor.of(0f));
    Trainer<Tensor, Tensor> trainer =
        new Trainer<>(
            model, new SGD(model.parameters()), b -> model.forward(b.inputs()).sqrt().mean());
    Tensor x = Generator.seeded(2).normal(4, 2);
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> trainer.fit(new DataLoader<>(Dataset.of(x, x), 4), 1))
        .withMessageContainingAll("the gradient is ", "detectAnomalies");
    model.weight("bias").assign(Tensor.of(Float.NaN));
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> trainer.fit(new DataLoader<>(Dataset.of(x, x), 4), 1))
        .withMessageEndingWith("these parameters are not finite: bias");
  }

  @Test
  void misuseIsNamed() {
    Problem problem = new Problem();
    problem.model.eval();
    assertThatIllegalStateException()
        .isThrownBy(() -> problem.trainer().fit(problem.loader, 1))
        .withMessageContaining("expected model.train()");
    problem.model.train();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> problem.trainer().listener(EarlyStopping.on("accuracy")).fit(problem.loader, 1))
        .withMessageContainingAll("'accuracy'", "[loss]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> problem.trainer().accumulate(0))
        .withMessageContaining("accumulate: 0; expected at least 1");
  }

  @Test
  void aTrainingGoesOnInAnotherLocale(@TempDir Path directory) {
    Problem problem = new Problem();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    Trainer<Tensor, IntTensor> trainer =
        problem
            .trainer()
            .validation(problem.loader, topTwo(problem))
            .listener(Progress.to(new PrintStream(printed, true, StandardCharsets.UTF_8), false))
            .listener(EarlyStopping.on("validation top-2 accuracy"))
            .checkpoint(Checkpoint.at(directory.resolve("run")), 5);
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.of("fa")); // of other digits
    try {
      trainer.fit(problem.loader, 1);
    } finally {
      Locale.setDefault(before);
    }
    assertThat(trainer.fit(problem.loader, 2).metric("validation top-2 accuracy"))
        .containsExactly(1.0, 1.0);
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("epoch 1/1", "goes on at epoch 2, batch 1 (step 14)", "epoch 2/2");
  }

  private static Evaluation<Tensor, IntTensor> topTwo(Problem problem) {
    return new Evaluation<>(problem.model, problem.model::forward, Classification.topK(2));
  }
}
