package dev.adjoint.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.nn.Dropout;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A {@link Trainer} takes each step in a {@link dev.adjoint.autodiff.Memory#step}. */
class MemoryStepTest {

  private final Generator generator = Generator.seeded(1);
  private final DataLoader<Tensor, Tensor> loader =
      new DataLoader<>(Dataset.of(generator.normal(128, 24), generator.normal(128, 4)), 32)
          .shuffle(2);
  private final Linear middle = new Linear(64, 64, generator);
  private final Sequential model =
      new Sequential(
          new Linear(24, 64, generator),
          new BatchNorm(64),
          Tensor::relu,
          new Dropout(0.2, generator),
          middle,
          new LayerNorm(64),
          Tensor::tanh,
          new Linear(64, 4, generator));
  private final Adam adam;

  MemoryStepTest() {
    SpectralNorm.on(middle, generator);
    adam = new Adam(model.namedParameters());
  }

  private Tensor loss(Batch<Tensor, Tensor> batch) {
    return Losses.mse(model.forward(batch.inputs()), batch.targets());
  }

  private List<String> state() {
    return model.state().values().stream().map(t -> Arrays.toString(t.toFloatArray())).toList();
  }

  @Test
  void theLossCurveIsThatOfALoopWithoutSteps() {
    MemoryStepTest byHand = new MemoryStepTest();
    List<Double> expected = new ArrayList<>();
    for (int epoch = 0; epoch < 5; epoch++) {
      for (Batch<Tensor, Tensor> batch : byHand.loader.epoch(epoch)) {
        Tensor value = byHand.loss(batch);
        expected.add(value.item());
        byHand.adam.step(value.backward());
      }
    }
    List<Double> losses = new ArrayList<>();
    new Trainer<Tensor, Tensor>(model, adam, this::loss)
        .listener(
            new TrainingListener() {
              @Override
              public void stepped(Training training, Step step) {
                losses.add(step.loss());
              }
            })
        .fit(loader, 5);
    assertThat(losses).isEqualTo(expected);
    assertThat(state()).isEqualTo(byHand.state());
  }

  @Test
  void aTensorThatTheLossLeavesInAFieldSaysThatItsStepHasEnded() {
    AtomicReference<Tensor> left = new AtomicReference<>();
    new Trainer<Tensor, Tensor>(
            model,
            adam,
            batch -> {
              left.set(model.forward(batch.inputs()));
              return Losses.mse(left.get(), batch.targets());
            })
        .fit(loader, 1);
    assertThatIllegalStateException()
        .isThrownBy(() -> left.get().mean())
        .withMessageContaining("computed in a Memory.step that has ended")
        .withMessageContaining("copy()");
  }
}
