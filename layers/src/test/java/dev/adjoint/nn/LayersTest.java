package dev.adjoint.nn;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class LayersTest {

  private final Generator generator = Generator.seeded(11);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  @Test
  void linearMultipliesByTheTransposedWeightAndAddsTheBias() {
    Linear linear = float64(new Linear(2, 3, generator));
    Map<String, Parameter> named = linear.namedParameters();
    named.get("weight").assign(Tensor.of(new double[][] {{1, 2}, {3, 4}, {5, 6}}));
    named.get("bias").assign(Tensor.of(0.5, 0, -0.5));
    Tensor y = linear.forward(Tensor.of(new double[][] {{1, 10}, {2, 20}}));
    assertThat(y.toDoubleArray()).containsExactly(21.5, 43, 64.5, 42.5, 86, 129.5);
  }

  @Test
  void linearStartsUniformWithinOneOverTheRootOfItsInputs() {
    Map<String, Parameter> named = float64(new Linear(400, 300, generator)).namedParameters();
    for (Parameter parameter : named.values()) {
      assertThat(parameter.value().abs().max().item()).isBetween(0.049, 0.05);
      assertThat(parameter.value().mean().item()).isCloseTo(0, within(0.005));
    }
    assertThat(new Linear(2, 3, generator).withoutBias().namedParameters())
        .containsOnlyKeys("weight");
  }

  @Test
  void layersMayNestDeeply() {
    Sequential model = new Sequential(new Linear(2, 2, generator));
    for (int depth = 0; depth < 1500; depth++) {
      model = new Sequential(model);
    }
    assertThat(model.forward(Tensors.ones(1, 2)).shape()).isEqualTo(Shape.of(1, 2));
    assertThat(model.parameters()).hasSize(2);
    assertThat(model.state()).hasSize(2);
  }

  @Test
  void equalSeedsGiveEqualLayers() {
    Tensor x = Generator.seeded(1).normal(5, 4);
    assertThat(new Linear(4, 3, Generator.seeded(2)).forward(x).toFloatArray())
        .isEqualTo(new Linear(4, 3, Generator.seeded(2)).forward(x).toFloatArray());
  }

  @Test
  void embeddingPicksRows() {
    Embedding embedding = float64(new Embedding(3, 2, generator));
    embedding.parameters().get(0).assign(Tensor.of(new double[][] {{1, 2}, {3, 4}, {5, 6}}));
    Tensor y = embedding.forward(IntTensor.of(new int[][] {{2, 0}, {2, 1}}));
    assertThat(y.shape()).isEqualTo(Shape.of(2, 2, 2));
    assertThat(y.toDoubleArray()).containsExactly(5, 6, 1, 2, 5, 6, 3, 4);
  }

  @Test
  void gradientsOfLayersAreRight() {
    Linear linear = float64(new Linear(3, 2, generator));
    assertGradients(
        linear, GradientCheck.of(x -> linear.forward(x[0]).tanh()).at(normal(2, 4, 3)).order(2));
    Embedding embedding = float64(new Embedding(4, 3, generator));
    IntTensor indices = IntTensor.of(new int[][] {{0, 3}, {3, 1}});
    assertGradients(embedding, GradientCheck.of(x -> embedding.forward(indices).tanh()).order(2));
    Sequential model =
        new Sequential(
            float64(new Linear(3, 4, generator).withoutBias()),
            float64(new BatchNorm(4)),
            Tensor::tanh,
            float64(new Linear(4, 2, generator)));
    assertGradients(model, GradientCheck.of(in -> model.forward(in[0])).at(normal(5, 3)).order(2));
  }

  @Test
  void parametersAreNamedByTheirPath() {
    Sequential model =
        new Sequential(new Linear(2, 3, generator), Tensor::tanh, new Linear(3, 1, generator));
    assertThat(model.namedParameters().keySet())
        .containsExactly("0.weight", "0.bias", "2.weight", "2.bias");
    assertThat(model.parameters()).hasSize(4).doesNotHaveDuplicates();
    assertThat(model.children()).containsOnlyKeys("0", "1", "2");
  }

  @Test
  void sharedParametersAreListedOnce() {
    Linear shared = new Linear(2, 2, generator);
    Sequential model = new Sequential(shared, Tensor::tanh, shared);
    assertThat(model.namedParameters().keySet()).containsExactly("0.weight", "0.bias");
  }

  @Test
  void theModeReachesEveryLayerInside() {
    BatchNorm inner = new BatchNorm(2);
    Sequential model = new Sequential(new Sequential(inner));
    assertThat(model.isTraining()).isTrue();
    model.eval();
    assertThat(List.of(model.isTraining(), inner.isTraining())).containsExactly(false, false);
    model.train();
    assertThat(inner.isTraining()).isTrue();
  }

  @Test
  void aComputationInOneModeGivesEachLayerItsOwnModeBack() {
    BatchNorm frozen = new BatchNorm(2);
    BatchNorm learning = new BatchNorm(2);
    Sequential model = new Sequential(frozen, learning);
    frozen.eval();
    Supplier<List<Boolean>> modes =
        () -> List.of(model.isTraining(), frozen.isTraining(), learning.isTraining());
    assertThat(model.inTraining(modes)).containsExactly(true, true, true);
    assertThat(modes.get()).containsExactly(true, false, true);
    assertThat(model.inEval(modes)).containsExactly(false, false, false);
    assertThat(modes.get()).containsExactly(true, false, true);
  }

  @Test
  void misuseIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Linear(2, 3, generator).forward(generator.normal(4, 5)))
        .withMessage("Linear(2, 3): input of shape (4, 5); expected (..., 2)");
    assertThatIllegalArgumentException().isThrownBy(() -> new Linear(0, 3, generator));
    assertThatIllegalArgumentException().isThrownBy(() -> new Embedding(0, 3, generator));
    assertThatIllegalArgumentException()
        .isThrownBy(Twins::new)
        .withMessage(
            "Twins: the name 'a' is taken; expected one name for each parameter and layer");
  }

  /** Gives one name to two layers. */
  private static final class Twins extends Layer {
    Twins() {
      child("a", new BatchNorm(1));
      child("a", new BatchNorm(1));
    }
  }
}
