package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Buffer;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Clipping;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NonFiniteTest {

  /** One example, in one batch. */
  private final DataLoader<Tensor, Tensor> one =
      new DataLoader<>(Dataset.of(Tensors.ones(1, 1), Tensors.ones(1, 1)), 1);

  @TempDir private Path directory;

  private static Map<String, String> bits(Map<String, Tensor> state) {
    Map<String, String> bits = new TreeMap<>();
    state.forEach((path, value) -> bits.put(path, Arrays.toString(value.toDoubleArray())));
    return bits;
  }

  /** Remembers a model as it is after each step. */
  private static TrainingListener remember(Sequential model, List<Map<String, String>> states) {
    return new TrainingListener() {
      @Override
      public void stepped(Training training, Step step) {
        states.add(bits(model.state()));
      }
    };
  }

  private static Sequential normed(Generator generator) {
    return new Sequential(
        new Linear(2, 3, generator), new BatchNorm(3), Tensor::tanh, new Linear(3, 1, generator));
  }

  private static Trainer<Tensor, Tensor> trainer(Sequential model) {
    return new Trainer<>(
        model,
        new SGD(model.namedParameters()).learningRate(0.1),
        b -> Losses.mse(model.forward(b.inputs()), b.targets()));
  }

  private static DataLoader<Tensor, Tensor> loader(double[][] inputs, double[][] targets) {
    return new DataLoader<>(
        Dataset.of(Tensor.of(inputs).to(DType.FLOAT32), Tensor.of(targets).to(DType.FLOAT32)), 2);
  }

  private static double[][] column(int rows) {
    double[][] column = new double[rows][1];
    Arrays.setAll(column, i -> new double[] {i % 2});
    return column;
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.NEGATIVE_INFINITY, 1e20})
  void aBatchThatSpoilsAStepLeavesRunningStatisticsAsTheyWere(double value) {
    Sequential model = normed(Generator.seeded(1));
    List<Map<String, String>> states = new ArrayList<>();
    DataLoader<Tensor, Tensor> loader =
        loader(new double[][] {{1, 2}, {3, 5}, {2, 2}, {value, 1}}, column(4));
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> trainer(model).listener(remember(model, states)).fit(loader, 3))
        .withMessageContaining("epoch 1, batch 2 (step 2)");
    assertThat(states).hasSize(1);
    assertThat(bits(model.state())).isEqualTo(states.getFirst());
  }

  @Test
  void aStatisticBeyondItsTypeIsNamed() {
    // The loss and its gradients know the batch's own statistics only: all of them are finite.
    Sequential model = new Sequential(new BatchNorm(2), new Linear(2, 1, Generator.seeded(1)));
    Tensor before = model.state().get("0.running_var").copy();
    Trainer<Tensor, Tensor> trainer =
        new Trainer<>(
            model,
            new SGD(model.namedParameters()),
            b -> {
              model.forward(b.inputs());
              return model.inEval(() -> model.forward(b.targets())).mean();
            });
    Tensor huge = Tensor.of(new float[][] {{1e20f, 1}, {1, 2}});
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(
            () -> trainer.fit(new DataLoader<>(Dataset.of(huge, Tensors.zeros(2, 2)), 2), 1))
        .withMessageContainingAll("0.running_var", "epoch 1, batch 1 (step 1)");
    assertThat(model.state().get("0.running_var").toDoubleArray())
        .isEqualTo(before.toDoubleArray());
  }

  @Test
  void aLossThatThrowsLeavesRunningStatisticsAsTheyWere() {
    Sequential model = normed(Generator.seeded(1));
    Map<String, String> before = bits(model.state());
    Trainer<Tensor, Tensor> trainer =
        new Trainer<>(
            model,
            new SGD(model.namedParameters()),
            b -> {
              model.forward(b.inputs());
              throw new IllegalStateException("on purpose");
            });
    assertThatThrownBy(() -> trainer.fit(loader(new double[][] {{1, 2}, {3, 5}}, column(2)), 1))
        .hasMessage("on purpose");
    assertThat(bits(model.state())).isEqualTo(before);
  }

  @Test
  void infiniteWeightsAreNotSavedAndDoNotEndWell() throws IOException {
    Path path = directory.resolve("run.checkpoint");
    Sequential model = normed(Generator.seeded(1));
    SGD sgd = new SGD(model.namedParameters()).learningRate(0.1);
    TrainingListener explode =
        new TrainingListener() {
          @Override
          public void epochEnded(Training training, Epoch epoch) {
            sgd.learningRate(3e38 * (epoch.number() + 1));
          }
        };
    Trainer<Tensor, Tensor> trainer =
        new Trainer<>(
            model, sgd, b -> Losses.mse(model.forward(b.inputs()), b.targets()).times(100));
    DataLoader<Tensor, Tensor> loader = loader(new double[][] {{1, 2}, {3, 5}}, column(2));
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(
            () -> trainer.listener(explode).checkpoint(Checkpoint.at(path), 1).fit(loader, 2))
        .withMessageContainingAll(
            "these are not finite in the model: ",
            "3.bias",
            "the same call goes on at the end of epoch 1 (step 1) from " + path);
    Sequential resumed = normed(Generator.seeded(2));
    SGD again = new SGD(resumed.namedParameters());
    assertThat(
            Checkpoint.at(path)
                .with("model", resumed)
                .with("optimizer", again)
                .with("history", Map::of, state -> {})
                .load())
        .contains(new Position(0, 1, 1));
    assertThat(resumed.state().values()).allMatch(Finite::isFinite);

    // Without a checkpoint the last step is looked at, too.
    Sequential other = normed(Generator.seeded(1));
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() ->
            new Trainer<Tensor, Tensor>(
                    other,
                    new SGD(other.namedParameters()).learningRate(1e39),
                    b -> Losses.mse(other.forward(b.inputs()), b.targets()).times(100))
                .fit(loader, 1))
        .withMessageContaining("there is no checkpoint");
  }

  /** A model of one weight whose loss has this gradient. */
  private static Trainer<Tensor, Tensor> linear(Linear model, double gradient) {
    return new Trainer<>(
        model,
        new SGD(model.namedParameters()).learningRate(0.25),
        b -> model.forward(b.inputs()).times(gradient).mean());
  }

  private static Linear weight(int inputs) {
    Linear model = new Linear(inputs, 1, Generator.seeded(1)).withoutBias();
    model.weight("weight").assign(Tensors.zeros(1, inputs));
    return model;
  }

  @Test
  void finiteGradientsAreClippedHoweverLarge() {
    for (double gradient : new double[] {1e20, 3e38}) {
      Linear model = weight(4);
      List<Double> norms = new ArrayList<>();
      DataLoader<Tensor, Tensor> ones =
          new DataLoader<>(Dataset.of(Tensors.ones(1, 4), Tensors.ones(1, 1)), 1);
      linear(model, gradient)
          .gradients(g -> Clipping.clipValue(g, 1))
          .listener(
              new TrainingListener() {
                @Override
                public void stepped(Training training, Step step) {
                  norms.add(step.gradientNorm());
                }
              })
          .fit(ones, 1);
      assertThat(model.weight("weight").value().toFloatArray())
          .containsExactly(-0.25f, -0.25f, -0.25f, -0.25f);
      assertThat(norms).hasSize(1);
      assertThat(norms.getFirst() / (2 * (double) (float) gradient)).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void anInfiniteGradientIsNotClipped() {
    Linear model = weight(1);
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() ->
            new Trainer<Tensor, Tensor>(
                    model,
                    new SGD(model.namedParameters()),
                    b -> model.forward(b.inputs()).square().plus(0).sqrt().mean())
                .gradients(g -> Clipping.clipValue(g, 1))
                .fit(one, 1))
        .withMessageStartingWith("the gradient is ");
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() -> linear(model, 1).gradients(g -> g.times(Double.NaN)).fit(one, 1))
        .withMessageStartingWith("the changed gradient is NaN");
    assertThat(model.weight("weight").value().toFloatArray()).containsExactly(0);
  }

  @Test
  void anOptimizerThatNeverMovesAgainIsNotSaved() {
    Path path = directory.resolve("adam.checkpoint");
    Linear model = weight(1);
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() ->
            new Trainer<Tensor, Tensor>(
                    model,
                    new Adam(model.namedParameters()),
                    b -> model.forward(b.inputs()).times(1e23).mean())
                .checkpoint(Checkpoint.at(path), 100)
                .fit(one, 1))
        .withMessageContainingAll(
            "optimizer", "never moves", "weight.exp_avg_sq", "nothing has been saved");
    assertThat(path).doesNotExist();
  }

  @Test
  void targetsThatAreNotFiniteAreNamed() {
    Sequential model = normed(Generator.seeded(1));
    assertThatExceptionOfType(NonFiniteException.class)
        .isThrownBy(() ->
            trainer(model)
                .fit(loader(new double[][] {{1, 2}, {3, 4}}, new double[][] {{1}, {0.0 / 0}}), 1))
        .withMessageEndingWith("the targets of the batch are not finite");
  }

  @Test
  void aBufferThatIsInfiniteByDesignIsNoFault() {
    final class Masked extends Layer {
      private final Buffer mask =
          buffer("mask", Tensor.of(new float[] {0, Float.NEGATIVE_INFINITY}));
      private final Linear linear = child("linear", new Linear(2, 2, Generator.seeded(1)));

      Tensor forward(Tensor x) {
        return linear.forward(x).plus(mask.value()).softmax(1);
      }
    }
    Masked model = new Masked();
    new Trainer<Tensor, Tensor>(
            model,
            new SGD(model.namedParameters()),
            (Batch<Tensor, Tensor> b) -> model.forward(b.inputs()).mean())
        .checkpoint(Checkpoint.at(directory.resolve("mask.checkpoint")), 1)
        .fit(loader(new double[][] {{1, 2}, {3, 5}}, column(2)), 2);
    assertThat(directory.resolve("mask.checkpoint")).exists();
  }
}
