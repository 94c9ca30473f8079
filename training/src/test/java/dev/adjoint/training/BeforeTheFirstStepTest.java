package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.Evaluation;
import dev.adjoint.training.metric.Metric;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What would be found after an epoch, or never, is found before anything has been learned. */
class BeforeTheFirstStepTest {

  @TempDir private Path directory;

  private final Problem problem = new Problem();

  private static final class NoStep implements TrainingListener {
    @Override
    public void stepped(Training training, Step step) {
      throw new AssertionError("a step was made");
    }
  }

  /** Returns the bits of what learns; a loss that was computed has drawn from the generator. */
  private static Map<String, String> learned(Problem problem) {
    Map<String, String> bits = problem.bits();
    bits.keySet().removeIf(name -> name.startsWith("dropout"));
    return bits;
  }

  /** Asserts that a training fails and that nothing has changed. */
  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      Trainer<Tensor, IntTensor> trainer) {
    Map<String, String> before = learned(problem);
    AbstractThrowableAssert<?, ? extends Throwable> thrown =
        assertThatThrownBy(() -> trainer.listener(new NoStep()).fit(problem.loader, 2));
    assertThat(learned(problem)).isEqualTo(before);
    return thrown;
  }

  private Evaluation<Tensor, IntTensor> evaluation(Metric<IntTensor> metric) {
    return new Evaluation<>(problem.model, problem.model::forward, metric);
  }

  @Test
  void namesOfMetrics() {
    for (TrainingListener listener :
        new TrainingListener[] {
          EarlyStopping.on("validation loss"), BestModel.of(problem.model, "validation loss")
        }) {
      assertRefused(
              problem
                  .trainer()
                  .validation(problem.loader, evaluation(Classification.accuracy()))
                  .listener(listener))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(
              "no metric 'validation loss'; expected one of [loss, validation accuracy]");
    }
  }

  @Test
  void theLossOfTheTrainerCanBeValidated() {
    Batch<Tensor, IntTensor> all = problem.loader.dataset().all();
    History history =
        problem
            .trainer()
            .validation(problem.loader)
            .listener(EarlyStopping.on("validation loss"))
            .fit(problem.loader, 2);
    double loss =
        problem.model.inEval(
            () -> Losses.crossEntropy(problem.model.forward(all.inputs()), all.targets()).item());
    assertThat(history.metric("validation loss")).hasSize(2);
    assertThat(history.metric("validation loss").getLast()).isCloseTo(loss, within(1e-6));
  }

  @Test
  void whichValuesAreBetter() {
    Metric<IntTensor> own = Metric.of("own", () -> Classification.accuracy().begin());
    assertRefused(
            problem
                .trainer()
                .validation(problem.loader, evaluation(own))
                .listener(EarlyStopping.on("validation own")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'validation own' does not know which values are better");
    assertRefused(
            problem
                .trainer()
                .validation(problem.loader, evaluation(Classification.accuracy()))
                .listener(BestModel.of(problem.model, "validation accuracy").minimize()))
        .hasMessageContainingAll("minimize() for 'validation accuracy'", "higher");
    assertRefused(problem.trainer().listener(EarlyStopping.on("loss").maximize()))
        .hasMessageContainingAll("maximize() for 'loss'", "lower");
    problem
        .trainer()
        .validation(problem.loader, evaluation(own))
        .listener(EarlyStopping.on("validation own").maximize())
        .fit(problem.loader, 1);
  }

  @Test
  void metricsThatCannotJudgeTheOutputs() {
    Evaluation<Tensor, IntTensor> narrow =
        new Evaluation<>(
            problem.model, x -> problem.model.forward(x).slice(1, 0, 1), Classification.accuracy());
    assertRefused(problem.trainer().validation(problem.loader, narrow))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("accuracy", "(8, 1)");
    assertThatThrownBy(() ->
            problem
                .trainer()
                .validation(problem.loader, evaluation(Classification.accuracy()))
                .validation(problem.loader, evaluation(Classification.accuracy())))
        .hasMessageContaining("another one measures [validation accuracy]");
  }

  @Test
  void filesThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    for (Path path : new Path[] {file.resolve("a"), directory}) {
      assertRefused(problem.trainer().checkpoint(Checkpoint.at(path), 1))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(path.toString());
      assertRefused(
              problem
                  .trainer()
                  .listener(TrainingReport.of(problem.model, "A report").writeTo(path)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining(path + " cannot be written");
    }
    assertThat(directory.toFile().list()).containsExactly("file");
  }

  @Test
  void namesOfParameters() {
    Adam adam = new Adam(problem.model.parameters());
    Trainer<Tensor, IntTensor> trainer = new Trainer<>(problem.model, adam, problem::loss);
    Path path = directory.resolve("a.checkpoint");
    assertRefused(trainer.checkpoint(Checkpoint.at(path), 1000))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("'Linear.weight'", "new Adam(model.namedParameters())");
    assertThat(path).doesNotExist();
    // Without a checkpoint there is nothing to be told apart.
    new Trainer<>(problem.model, adam, problem::loss).fit(problem.loader, 1);
  }

  @Test
  void aLoadThatFailsChangesNothing() throws IOException {
    Path path = directory.resolve("a.checkpoint");
    Problem other = new Problem();
    other.trainer().checkpoint(Checkpoint.at(path), 1000).fit(other.loader, 1);
    Map<String, String> before = problem.bits();
    Checkpoint failing =
        Checkpoint.at(path)
            .with("model", problem.model)
            .with("optimizer", problem.adam)
            .with(
                "history",
                Map::of,
                state -> {
                  throw new IllegalStateException("no history");
                });
    assertThatThrownBy(failing::load)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no history");
    assertThat(problem.bits()).isEqualTo(before);
    // Two parameters with one name: the optimizer has no state to load.
    Checkpoint unnamed =
        Checkpoint.at(path)
            .with("model", problem.model)
            .with("optimizer", new Adam(problem.model.parameters()))
            .with("history", Map::of, state -> {});
    assertThatThrownBy(unnamed::load).isInstanceOf(IllegalStateException.class);
    assertThat(problem.bits()).isEqualTo(before);
  }

  @Test
  void anOptimizerOfOtherParameters() {
    Problem other = new Problem();
    assertRefused(new Trainer<>(problem.model, other.adam, problem::loss))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("the optimizer has 'Linear.weight' of shape (16, 4)", "fold()");

    Layer first = problem.model.children().get("0");
    WeightNorm.on(first);
    assertRefused(problem.trainer())
        .hasMessageContainingAll("of shape (16, 1), which the optimizer does not", "WeightNorm.on");
    Adam normed = new Adam(problem.model.namedParameters());
    first.fold();
    assertRefused(new Trainer<>(problem.model, normed, problem::loss))
        .hasMessageContaining("which the model has not");
    new Trainer<>(problem.model, new Adam(problem.model.namedParameters()), problem::loss)
        .fit(problem.loader, 1);
  }

  private static final class Nested extends Layer implements Transform {
    private final Linear hidden = new Linear(4, 3, Generator.seeded(1)); // no child
    private final Linear output = child("output", new Linear(3, 2, Generator.seeded(2)));

    @Override
    public Tensor forward(Tensor x) {
      return output.forward(hidden.forward(x).tanh());
    }
  }

  private static Trainer<Tensor, IntTensor> trainer(
      Layer model, Optimizer optimizer, Function<Tensor, Tensor> forward) {
    return new Trainer<>(
        model,
        optimizer,
        batch -> Losses.crossEntropy(forward.apply(batch.inputs()), batch.targets()));
  }

  @Test
  void parametersThatNobodyUpdates() {
    Nested model = new Nested();
    SGD sgd = new SGD(model.namedParameters());
    assertRefused(trainer(model, sgd, model::forward))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("'Linear.weight' of shape (3, 4)", "child(...)", "freeze()");
    model.hidden.freeze();
    trainer(model, sgd, model::forward).fit(problem.loader, 1);

    // A head alone is trained when the body is frozen.
    Sequential two =
        new Sequential(
            new Linear(4, 3, Generator.seeded(3)), new Linear(3, 2, Generator.seeded(4)));
    SGD head = new SGD(two.children().get("1").parameters());
    assertRefused(trainer(two, head, two::forward))
        .hasMessageContaining("'Linear.weight' of shape (3, 4), 'Linear.bias' of shape (3), which");
    two.children().get("0").freeze();
    trainer(two, head, two::forward).fit(problem.loader, 1);
  }

  @Test
  void aModelThatAListenerLeavesInEvalMode() {
    TrainingListener leaves =
        new TrainingListener() {
          @Override
          public void epochEnded(Training training, Epoch epoch) {
            problem.model.eval();
          }
        };
    assertThatThrownBy(() -> problem.trainer().listener(leaves).fit(problem.loader, 3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("in eval mode at epoch 2, batch 1 (step 14)", "model.inEval");
  }

  @Test
  void dataWithoutABatch() {
    Dataset<Tensor, IntTensor> data = problem.loader.dataset();
    DataLoader<Tensor, IntTensor> dropped = new DataLoader<>(data, 101).shuffle(3).dropLast();
    assertThatThrownBy(() -> problem.trainer().fit(dropped, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "fit: no batch in 100 examples in batches of 101, shuffled by 3, without a smaller last"
                + " one; expected one");
    DataLoader<Tensor, IntTensor> empty = new DataLoader<>(data.subset(IntTensor.of()), 4);
    assertThatThrownBy(() -> problem.trainer().fit(empty, 1))
        .hasMessageContaining("fit: no batch in 0 (");
    assertRefused(problem.trainer().validation(empty, evaluation(Classification.accuracy())))
        .hasMessageContaining("validation: no batch in 0 (");
    assertThatThrownBy(() -> problem.trainer().fit(problem.loader, 0))
        .hasMessage("epochs: 0; expected at least 1");
  }

  @Test
  void lossesAndListenersOfNoUse() {
    Trainer<Tensor, IntTensor> elements =
        new Trainer<>(problem.model, problem.adam, b -> problem.model.forward(b.inputs()));
    assertRefused(elements)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fit: a loss of shape (8, 2); expected a scalar");
    assertRefused(new Trainer<>(problem.model, problem.adam, b -> null))
        .hasMessage("fit: the loss is null; expected a scalar");
    assertRefused(problem.trainer().gradients(g -> null)).hasMessage("gradients: a change to null");
    assertRefused(new Trainer<>(problem.model, problem.adam, b -> b.inputs().tracked().sum()))
        .hasMessageContaining("the loss depends on none of the optimizer's parameters");
    DataLoader<Tensor, IntTensor> sizeless =
        new DataLoader<>(
            problem.loader.dataset().map(b -> new Batch<>(b.inputs(), b.targets(), 0)), 8);
    assertThatThrownBy(() -> problem.trainer().fit(sizeless, 1))
        .hasMessageContaining("a batch of no examples at epoch 1, batch 1");
    TrainingListener twice =
        new TrainingListener() {
          @Override
          public void update(Gradients gradients, Runnable update) {
            update.run();
            update.run();
          }
        };
    assertThatThrownBy(() -> problem.trainer().listener(twice).fit(problem.loader, 1))
        .hasMessageContaining("a listener updates twice in one step");
    EarlyStopping listener = EarlyStopping.on("loss");
    assertThatThrownBy(() -> problem.trainer().listener(listener).listener(listener))
        .hasMessageContaining("expected each once");
  }
}
