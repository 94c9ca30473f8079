package dev.adjoint.nn.reparam;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks what is to be so for every reparametrization, on linear layers and convolutions. */
class ReparametrizationTest {

  /** Names the ways to put something on a layer. */
  enum Way {
    WEIGHT_NORM((layer, generator) -> WeightNorm.on(layer)),
    WEIGHT_NORM_OVER_ALL((layer, generator) -> {
      layer.reparametrize("weight", w -> new WeightNorm(w).overAll());
      return layer;
    }),
    SPECTRAL_NORM(SpectralNorm::on),
    WEIGHT_STANDARDIZATION((layer, generator) -> WeightStandardization.on(layer)),
    BOTH((layer, generator) -> WeightNorm.on(WeightStandardization.on(layer))),
    COSINE_NORM((layer, generator) -> cosine(layer, false)),
    CENTERED_COSINE_NORM((layer, generator) -> cosine(layer, true));

    private final BiFunction<Layer, Generator, Layer> put;

    Way(BiFunction<Layer, Generator, Layer> put) {
      this.put = put;
    }

    private static Layer cosine(Layer layer, boolean centered) {
      return switch (layer) {
        case Linear l -> centered ? CosineNorm.centered(l) : CosineNorm.of(l);
        case Conv1d c -> centered ? CosineNorm.centered(c) : CosineNorm.of(c);
        case Conv2d c -> centered ? CosineNorm.centered(c) : CosineNorm.of(c);
        default -> throw new AssertionError(layer);
      };
    }

    Sequential linear(Generator generator) {
      return new Sequential((Transform) put.apply(float64(new Linear(4, 3, generator)), generator));
    }

    Sequential conv1d(Generator generator) {
      Conv1d layer = new Conv1d(2, 3, 3, ConvOptions.DEFAULT.stride(2).padding(1), generator);
      return new Sequential((Transform) put.apply(float64(layer), generator));
    }

    Sequential conv2d(Generator generator) {
      Conv2d layer = new Conv2d(4, 2, 2, ConvOptions.DEFAULT.groups(2).dilation(2), generator);
      return new Sequential((Transform) put.apply(float64(layer), generator));
    }
  }

  private interface Body {
    void run(Sequential model, Tensor x);
  }

  private final Generator generator = Generator.seeded(29);

  private void onEachLayer(Way way, Body body) {
    body.run(way.linear(generator), normal(generator, 2, 3, 4));
    body.run(way.conv1d(generator), normal(generator, 2, 2, 6));
    body.run(way.conv2d(generator), normal(generator, 2, 4, 4, 3));
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAreRightInBothModes(Way way) {
    onEachLayer(
        way,
        (model, x) ->
            assertGradients(
                model, GradientCheck.of(in -> model.forward(in[0]).sin()).at(x).order(2)));
  }

  @ParameterizedTest
  @EnumSource
  void foldingKeepsWhatIsFrozen(Way way) {
    onEachLayer(
        way,
        (model, x) -> {
          model.freeze();
          model.fold();
          assertThat(model.parameters()).allMatch(Parameter::isFrozen);
          model.unfreeze();
          assertThat(model.parameters()).noneMatch(Parameter::isFrozen);
        });
  }

  @ParameterizedTest
  @EnumSource
  void foldingLeavesAPlainWeightAndTheSameFunction(Way way) {
    onEachLayer(
        way,
        (model, x) -> {
          Tensor before = model.inEval(() -> model.forward(x));
          model.fold();
          assertThat(model.namedParameters()).containsKey("0.weight");
          assertThat(model.namedParameters().keySet())
              .noneMatch(name -> name.startsWith("0.weight."));
          assertThat(model.namedBuffers()).isEmpty();
          assertClose(model.forward(x), before);
        });
  }

  @ParameterizedTest
  @EnumSource
  void copiesComputeTheSameAndChangeByThemselves(Way way) {
    onEachLayer(
        way,
        (model, x) -> {
          Sequential copy = Layer.copyOf(model);
          Sequential used = Layer.forInference(model);
          assertThat(copy.state().keySet()).isEqualTo(model.state().keySet());
          Tensor inUse = model.inEval(() -> model.forward(x));
          assertClose(used.forward(x), inUse);
          Tensor inTraining = model.forward(x);
          assertClose(copy.forward(x), inTraining);
          model.parameters().forEach(p -> p.assign(p.value().times(2).plus(1)));
          assertClose(copy.inEval(() -> copy.forward(x)), copy.inEval(() -> copy.forward(x)));
          assertClose(used.forward(x), inUse);
        });
  }

  @ParameterizedTest
  @EnumSource
  void theTypeIsThatOfTheLayer(Way way) {
    onEachLayer(
        way,
        (model, x) -> {
          Tensor wide = model.inEval(() -> model.forward(x));
          model.to(DType.FLOAT32);
          Tensor narrow = model.inEval(() -> model.forward(x.to(DType.FLOAT32)));
          assertThat(narrow.dtype()).isEqualTo(DType.FLOAT32);
          assertThat(narrow.toDoubleArray()).containsExactly(wide.toDoubleArray(), within(1e-4));
        });
  }

  @Test
  void onePutOnAnotherIsComputedOfWhatThatComputes() {
    Linear layer = float64(new Linear(4, 3, generator));
    WeightNorm.on(WeightStandardization.on(layer));
    assertThat(layer.namedParameters().keySet())
        .containsExactlyInAnyOrder("weight.g", "weight.v.original", "bias");
    assertThat(layer.weight("weight").value().mean(1).abs().max().item()).isLessThan(1e-12);
  }

  @Test
  void aFrozenWeightStaysFrozen() {
    Linear layer = new Linear(4, 3, generator);
    layer.freeze();
    WeightNorm.on(layer);
    assertThat(layer.parameters()).allMatch(parameter -> parameter.isFrozen());
  }

  @Test
  void aLayerWhoseWeightIsRefusedStaysAsItWas() {
    Linear layer = new Linear(4, 3, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> layer.reparametrize("bias", WeightNorm::new))
        .withMessage(
            "reparametrization: weight of shape (3); expected (out, in, ...), a vector for each"
                + " output");
    assertThat(layer.namedParameters().keySet()).containsExactly("weight", "bias");
    layer.weight("weight").assign(Tensors.zeros(3, 4));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpectralNorm.on(layer, generator))
        .withMessage(
            "SpectralNorm: weight of shape (3, 4) is zero; expected one with a singular value above"
                + " 0");
    assertThat(layer.forward(generator.normal(2, 4)).isTracked()).isTrue();
  }
}
