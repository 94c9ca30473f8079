package dev.adjoint.explain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Recordings: labels, names, layers and lines. */
class RecordingTest {

  private final Tensor x = Generator.seeded(1).normal(4, 3);

  @Test
  void resultsAreNumberedInTheirOrder() {
    Tensor a = Tensor.of(1f, 2).tracked();
    Tensor b = a.times(2).plus(a.exp()).sum();
    Recording recording = Recording.of(b).named("a", a);
    assertThat(recording.steps().stream().map(Recording.Step::label))
        .containsExactly("a", "t1", "t2", "t3", "L");
    assertThat(recording.steps().get(1).inputs()).containsExactly("a", "2");
    assertThat(recording.constants()).containsOnlyKeys("2");
  }

  @Test
  void aNameIsGivenOnce() {
    Tensor a = Tensor.of(1f, 2).tracked();
    Tensor b = Tensor.of(1f, 2);
    Tensor c = a.times(b);
    Recording recording = Recording.of(c).named("t1", a).named("t1", b).named("c", c);
    assertThat(recording.steps().stream().map(Recording.Step::label)).containsExactly("t1", "c");
    assertThat(recording.steps().getLast().inputs()).containsExactly("t1", "t1#2");
    assertThat(recording.steps().getFirst().name()).isEqualTo("t1");
  }

  @Test
  void aNameOfAStrangerIsRefused() {
    Tensor a = Tensor.of(1f, 2).tracked();
    Recording recording = Recording.of(a.sum());
    assertThatThrownBy(() -> recording.named("x", Tensor.of(1f, 2)))
        .hasMessage(
            "named: 'x', a tensor of shape (2), took no part in this computation; expected the very"
                + " tensor that an operation was given, or returned");
  }

  @Test
  void stepsAreKnownByTheLayersThatMadeThem() {
    Generator g = Generator.seeded(1);
    Sequential model =
        new Sequential(
            new Linear(3, 4, g),
            new Residual(new Sequential(new LayerNorm(4), Activation.TANH)),
            WeightNorm.on(new Linear(4, 3, g)));
    assertThat(steps(model, () -> Losses.mse(model.forward(x), x)))
        .containsExactly(
            "0.weight",
            "0.bias",
            "1.body.0.weight",
            "1.body.0.bias",
            "2.weight.v",
            "2.bias",
            "2.weight.g",
            "t1 permute in 0",
            "t2 matmul in 0",
            "t3 standardize in 1.body.0",
            "t4 tanh in 1.body.1",
            "t5 plus in 1",
            "t6 norm in 2",
            "t7 plus in 2",
            "t8 div in 2",
            "t9 times in 2",
            "t10 permute in 2",
            "t11 matmul in 2",
            "t12 minus",
            "t13 square",
            "t14 sum",
            "L div");
  }

  @Test
  void theLineIsThatOfTheUser() {
    Linear model = new Linear(3, 3, Generator.seeded(1));
    int here = new Throwable().getStackTrace()[0].getLineNumber();
    Recording recording = Recording.of(model, () -> Losses.mse(model.forward(x), x));
    assertThat(recording.steps().stream().map(Recording.Step::line).skip(2))
        .containsOnly("RecordingTest.java:" + (here + 1));
    assertThat(Recording.of(x.tracked().sum()).steps().getLast().line()).isNull();
  }

  @Test
  void callsOfALayerAreToldApart() {
    Sequential block = new Sequential(new Linear(3, 3, Generator.seeded(1)), Activation.TANH);
    Sequential model = new Sequential(block, new LayerNorm(3), block);
    assertThat(steps(model, () -> model.forward(x).sum()))
        .containsSubsequence(
            "t2 matmul in 0.0",
            "t3 tanh in 0.1",
            "t4 standardize in 1",
            "t6 matmul in 0#2.0",
            "L sum");
    assertThat(steps(block, () -> block.forward(block.forward(x)).sum()))
        .containsSubsequence("t2 matmul in 0", "t3 tanh in 1", "t5 matmul in Sequential#2.0");
  }

  @Test
  void aLayerThatShowsNoOutputHasNoPath() {
    final class Twice extends Layer implements Transform {
      private final Linear inner = child("inner", new Linear(3, 3, Generator.seeded(1)));

      @Override
      public Tensor forward(Tensor x) {
        return inner.forward(inner.forward(x)).times(2);
      }
    }
    Twice model = new Twice();
    assertThat(steps(model, () -> model.forward(x).sum()))
        .contains("t2 matmul in inner", "t4 matmul in inner#2", "t5 times");
  }

  @Test
  void aLayerOfNoModelIsCalledByItsType() {
    Linear stranger = new Linear(3, 3, Generator.seeded(1));
    assertThat(steps(new LayerNorm(3), () -> stranger.forward(x).sum()))
        .containsExactly(
            "Linear.weight", "Linear.bias", "t1 permute in Linear", "t2 matmul in Linear", "L sum");
  }

  @Test
  void aMethodOfALayerAroundTheOneThatShowsTheOutputBelongsToTheCall() {
    final class Scaled extends LayerOfHalves {
      @Override
      public Tensor forward(Tensor x) {
        return half(x.exp()).times(3);
      }
    }
    Scaled model = new Scaled();
    Tensor leaf = x.tracked();
    assertThat(steps(new Sequential(model, model), () -> model.forward(model.forward(leaf)).sum()))
        .contains("t1 exp in 0", "t2 times in 0", "t4 exp in 0#2");
  }

  @Test
  void aCheckpointIsOneStepOfItsLayer() {
    final class Checkpointed extends Layer implements Transform {
      private final Linear inner = child("inner", new Linear(3, 3, Generator.seeded(1)));

      @Override
      public Tensor forward(Tensor x) {
        return observed(Autodiff.checkpoint(() -> inner.forward(x).tanh()));
      }
    }
    Sequential model = new Sequential(new Checkpointed(), Activation.TANH);
    assertThat(steps(model, () -> model.forward(x).sum()))
        .containsExactly(
            "0.inner.weight", "0.inner.bias", "t1 checkpoint in 0", "t2 tanh in 1", "L sum");
  }

  /** A layer with a method beside forward. */
  private abstract static class LayerOfHalves extends Layer implements Transform {
    Tensor half(Tensor x) {
      return observed(x.times(0.5));
    }
  }

  private static List<String> steps(Layer model, Supplier<Tensor> computation) {
    return Recording.of(model, computation).steps().stream()
        .map(step ->
            step.node().isLeaf()
                ? step.label()
                : step.label()
                    + " "
                    + step.node()
                    + (step.layers().isEmpty() ? "" : " in " + String.join(".", step.layers())))
        .toList();
  }
}
