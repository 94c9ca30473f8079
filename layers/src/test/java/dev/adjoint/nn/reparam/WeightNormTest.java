package dev.adjoint.nn.reparam;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Flatten;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.Whitening;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WeightNormTest {

  private final Generator generator = Generator.seeded(31);

  @Test
  void theWeightAndItsGradientsAreThoseComputedByHand() {
    Linear layer = float64(new Linear(2, 1, generator).withoutBias());
    layer.weight("weight").assign(Tensor.of(new double[][] {{3, 4}}));
    WeightNorm.on(layer);
    Map<String, Parameter> named = layer.namedParameters();
    named.get("weight.g").assign(Tensor.of(new double[][] {{2}}));
    assertThat(layer.weight("weight").value().toDoubleArray())
        .containsExactly(new double[] {1.2, 1.6}, within(1e-15));
    Gradients gradients = layer.forward(Tensor.of(new double[][] {{1, 0}})).sum().backward();
    assertThat(gradients.of(named.get("weight.g")).item()).isCloseTo(.6, within(1e-15));
    assertThat(gradients.of(named.get("weight.v")).toDoubleArray())
        .containsExactly(new double[] {.256, -.192}, within(1e-15));
  }

  @Test
  void theFunctionIsUnchangedAtFirstAndTheParameterIsTakenOver() {
    Conv2d layer = float64(new Conv2d(2, 3, 3, generator));
    Tensor x = normal(generator, 2, 2, 4, 5);
    Tensor before = layer.forward(x);
    Parameter weight = layer.weight("weight").parameter();
    assertThat(WeightNorm.on(layer)).isSameAs(layer);
    assertClose(layer.forward(x), before, 1e-14);
    assertThat(layer.namedParameters().get("weight.v")).isSameAs(weight);
    assertThat(layer.namedParameters().get("weight.g").shape()).isEqualTo(Shape.of(3, 1, 1, 1));
  }

  /** Salimans and Kingma, equation 3, and that the gradient of v is orthogonal to v. */
  @Test
  void theGradientOfTheDirectionIsThatOfTheWeightProjectedAndScaled() {
    Linear layer = scrambled(float64(WeightNorm.on(new Linear(5, 3, generator))), generator);
    Tensor x = normal(generator, 7, 5);
    Tensor w = layer.weight("weight").value();
    Tensor g = layer.namedParameters().get("weight.g").value();
    Tensor v = layer.namedParameters().get("weight.v").value();
    Gradients gradients = layer.forward(x).sin().sum().backward();
    Tensor ofG = gradients.of(g);
    Tensor ofV = gradients.of(v);

    Tensor plain = w.untracked().copy().tracked();
    Tensor bias = layer.weight("bias").value().untracked();
    Tensor ofW = x.matmul(plain.transpose()).plus(bias).sin().sum().backward().of(plain);

    Tensor length = v.norm(2, Keep.AXES, 1);
    assertClose(ofG, ofW.times(v).sum(Keep.AXES, 1).div(length), 1e-13);
    Tensor unit = v.div(length);
    Tensor along = unit.times(ofW.times(unit).sum(Keep.AXES, 1));
    assertClose(ofV, ofW.minus(along).times(g.div(length)), 1e-13);
    assertThat(ofV.times(v).sum(1).abs().max().item()).isLessThan(1e-13);
    assertThat(ofV.abs().max().item()).isGreaterThan(0.1);
  }

  @Test
  void lengthsMayBeThoseOfAnotherAxisOrOneOverAll() {
    Linear columns = new Linear(4, 3, generator);
    columns.reparametrize("weight", w -> new WeightNorm(w).axis(-1));
    assertThat(columns.namedParameters().get("weight.g").shape()).isEqualTo(Shape.of(1, 4));
    Linear all = new Linear(4, 3, generator);
    Tensor weight = all.weight("weight").value().copy();
    all.reparametrize("weight", w -> new WeightNorm(w).overAll());
    Parameter g = all.namedParameters().get("weight.g");
    assertThat(g.shape()).isEqualTo(Shape.of());
    assertThat(g.value().item()).isCloseTo(weight.norm(2).item(), within(1e-6));
    assertClose(all.weight("weight").value(), weight, 1e-7);
  }

  @Test
  void aVectorOfZerosIsRefusedAndOneThatBecomesSoHasFiniteGradients() {
    Linear layer = float64(new Linear(2, 2, generator));
    Tensor withZeros = Tensor.of(new double[][] {{1, 2}, {0, 0}});
    layer.weight("weight").assign(withZeros);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WeightNorm.on(layer))
        .withMessage(
            "WeightNorm: weight of shape (2, 2) with a vector of zeros; expected vectors with a"
                + " direction");

    Linear later = float64(WeightNorm.on(new Linear(2, 2, generator)));
    later.namedParameters().get("weight.v").assign(withZeros);
    Tensor y = later.forward(Tensor.of(new double[][] {{1, -1}}));
    assertThat(y.get(0, 1)).isEqualTo(later.weight("bias").value().get(1));
    Gradients gradients = y.sum().backward();
    later
        .parameters()
        .forEach(p -> assertThat(gradients.of(p).isFinite().all().item()).isEqualTo(1));
    assertThat(gradients.of(later.namedParameters().get("weight.v")).select(0, 1).norm(2).item())
        .isGreaterThan(0);
  }

  // ---- initialization by data ------------------------------------------------------------------

  @Test
  void initializationStandardizesEveryOutputOnTheBatch() {
    Linear last = WeightNorm.on(new Linear(5, 2, generator));
    Sequential model =
        float64(
            new Sequential(
                WeightNorm.on(
                    new Conv2d(2, 4, 3, ConvOptions.DEFAULT.padding(1).groups(2), generator)),
                Tensor::tanh,
                new Flatten(),
                new Linear(48, 5, generator),
                WeightNorm.on(new Linear(5, 5, generator)),
                Tensor::relu,
                last));
    Tensor x = normal(generator, 20, 2, 3, 4).times(3).plus(10);
    Tensor plainBefore = model.namedParameters().get("3.weight").value().copy();
    WeightNorm.initialize(model, x);

    Map<Layer, Tensor> outputs = outputs(model, x);
    int seen = 0;
    for (Layer layer : outputs.keySet()) {
      if (layer.namedLayers().containsKey("weight")) {
        Tensor y = outputs.get(layer);
        Tensor rows = y.rank() == 4 ? y.transpose(0, 1).reshape(4, -1) : y.transpose();
        assertThat(rows.mean(1).abs().max().item()).isLessThan(1e-6);
        assertThat(rows.biasedVariance(1).sqrt().minus(1).abs().max().item()).isLessThan(1e-6);
        seen++;
      }
    }
    assertThat(seen).isEqualTo(3);
    assertClose(model.namedParameters().get("3.weight").value(), plainBefore, 0);
  }

  private static Map<Layer, Tensor> outputs(Sequential model, Tensor x) {
    Map<Layer, Tensor> outputs = new LinkedHashMap<>();
    Layer.observe(
        (layer, output) -> {
          outputs.put(layer, output);
          return output;
        },
        () -> model.forward(x));
    return outputs;
  }

  @Test
  void initializationWorksOnLongRowsAndSignals() {
    Linear linear = float64(WeightNorm.on(new Linear(3, 4, generator)));
    Tensor rows = normal(generator, 2, 5, 3).plus(2);
    WeightNorm.initialize(linear, rows);
    assertThat(linear.forward(rows).mean(0, 1).abs().max().item()).isLessThan(1e-12);
    Conv1d conv = float64(WeightNorm.on(new Conv1d(3, 4, 2, generator)));
    Tensor signals = normal(generator, 2, 3, 5).plus(2);
    WeightNorm.initialize(conv, signals);
    assertThat(conv.forward(signals).biasedVariance(0, 2).minus(1).abs().max().item())
        .isLessThan(1e-12);
  }

  @Test
  void withoutABiasInitializationSetsOnlyTheDeviation() {
    Linear layer = float64(WeightNorm.on(new Linear(3, 2, generator).withoutBias()));
    Tensor x = normal(generator, 9, 3).plus(1);
    Tensor before = layer.forward(x);
    WeightNorm.initialize(layer, x);
    Tensor after = layer.forward(x);
    assertClose(after.biasedVariance(0), Tensors.ones(Shape.of(2), DType.FLOAT64), 1e-12);
    assertClose(after, before.div(before.biasedVariance(0).sqrt()), 1e-12);
  }

  @Test
  void aLayerThatIsUsedTwiceIsInitializedWhereItIsUsedFirst() {
    Linear twice = float64(WeightNorm.on(new Linear(3, 3, generator)));
    Tensor x = normal(generator, 9, 3);
    WeightNorm.initialize(new Sequential(twice, Tensor::tanh, twice), x);
    assertThat(twice.forward(x).mean(0).abs().max().item()).isLessThan(1e-12);
  }

  @Test
  void initializationNamesWhatItCannotDo() {
    Linear layer = WeightNorm.on(new Linear(3, 2, generator));
    Tensor one = generator.normal(1, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WeightNorm.initialize(layer, one))
        .withMessage(
            "WeightNorm.initialize: Linear(3, 2) has an output that is the same for a whole batch,"
                + " of shape (1, 2); expected outputs that vary");
    Linear single = new Linear(3, 2, generator);
    single.reparametrize("weight", w -> new WeightNorm(w).overAll());
    Tensor x = generator.normal(4, 3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WeightNorm.initialize(single, x))
        .withMessage(
            "WeightNorm.initialize: Linear(3, 2) with 2 outputs has 1 lengths; expected one for"
                + " each output");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WeightNorm.initialize(new Linear(3, 2, generator), x))
        .withMessageContaining("ran no linear layer or convolution with weight norm");
  }

  // ---- beside batch norm -----------------------------------------------------------------------

  /** Salimans and Kingma, section 2.2; with g = 1 the variance of the output is |w|^2 = 1. */
  @Test
  void onWhitenedInputsItIsBatchNorm() {
    Tensor raw = normal(generator, 40, 3).matmul(normal(generator, 3, 3)).plus(2);
    Tensor x = Whitening.zca(raw, 0).forward(raw);
    Linear layer = float64(new Linear(3, 4, generator).withoutBias());
    BatchNorm norm = float64(new BatchNorm(4).epsilon(0));
    Tensor expected = norm.forward(layer.forward(x));
    WeightNorm.on(layer);
    Parameter g = layer.namedParameters().get("weight.g");
    g.assign(Tensors.ones(g.shape(), DType.FLOAT64));
    assertClose(layer.forward(x), expected, 1e-10);
  }
}
