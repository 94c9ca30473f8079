package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class TransformerTest {

  private final Generator generator = Generator.seeded(51);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  private TransformerEncoderLayer layer() {
    return float64(new TransformerEncoderLayer(4, 2, 5, generator));
  }

  private static Tensor apply(Layer layer, String child, Tensor x) {
    return ((Transform) Objects.requireNonNull(layer.children().get(child))).forward(x);
  }

  // ---- the layer -------------------------------------------------------------------------------

  @Test
  void theSumsAreNormalizedUnlessTheNormComesFirst() {
    TransformerEncoderLayer layer = layer();
    layer.eval();
    Tensor x = normal(2, 3, 4);
    Tensor attended = apply(layer, "norm1", x.plus(apply(layer, "self_attn", x)));
    Tensor hidden = apply(layer, "linear1", attended).relu();
    assertClose(
        layer.forward(x), apply(layer, "norm2", attended.plus(apply(layer, "linear2", hidden))));

    layer.normFirst().activation(Activation.GELU);
    attended = x.plus(apply(layer, "self_attn", apply(layer, "norm1", x)));
    hidden = Activation.GELU.forward(apply(layer, "linear1", apply(layer, "norm2", attended)));
    assertClose(layer.forward(x), attended.plus(apply(layer, "linear2", hidden)));
  }

  @Test
  void gradientsAreRightInBothModesAndOrders() {
    for (boolean normFirst : new boolean[] {true, false}) {
      TransformerEncoderLayer layer = layer().activation(Activation.GELU);
      if (normFirst) {
        layer.normFirst();
      }
      assertGradients(
          layer,
          GradientCheck.of(x -> layer.forward(x[0], Masks.causal(3)))
              .at(normal(2, 3, 4))
              .directional(2)
              .order(2));
    }
  }

  @Test
  void dropoutActsInTrainingEverywhereButOnTheNorms() {
    TransformerEncoderLayer layer = layer();
    Tensor x = normal(2, 3, 4);
    assertThat(layer.forward(x).toDoubleArray()).isNotEqualTo(layer.forward(x).toDoubleArray());
    layer.dropout(1);
    assertClose(layer.forward(x), apply(layer, "norm2", apply(layer, "norm1", x)));
    assertClose(layer.normFirst().forward(x), x);
    layer.dropout(0);
    assertThat(layer.forward(x).toDoubleArray()).isEqualTo(layer.forward(x).toDoubleArray());
  }

  @Test
  void weightsHaveThePytorchNames() {
    assertThat(layer().namedParameters().keySet())
        .containsExactly(
            "self_attn.in_proj_weight",
            "self_attn.in_proj_bias",
            "self_attn.out_proj.weight",
            "self_attn.out_proj.bias",
            "linear1.weight",
            "linear1.bias",
            "linear2.weight",
            "linear2.bias",
            "norm1.weight",
            "norm1.bias",
            "norm2.weight",
            "norm2.bias");
    TransformerEncoder encoder =
        new TransformerEncoder(layer(), layer()).withNorm(new LayerNorm(4));
    assertThat(encoder.namedParameters().keySet())
        .hasSize(26)
        .contains("layers.0.self_attn.in_proj_weight", "layers.1.norm2.bias", "norm.weight");
  }

  // ---- several layers --------------------------------------------------------------------------

  @Test
  void anEncoderAppliesItsLayersWithOneMaskAndThenTheNorm() {
    TransformerEncoderLayer first = layer();
    TransformerEncoderLayer second = layer().normFirst();
    LayerNorm norm = float64(new LayerNorm(4));
    TransformerEncoder encoder = new TransformerEncoder(first, second);
    encoder.eval();
    Tensor x = normal(2, 3, 4);
    Tensor mask = Masks.causal(3);
    Tensor y = second.forward(first.forward(x, mask), mask);
    assertClose(encoder.forward(x, mask), y);
    assertClose(encoder.withNorm(norm).forward(x, mask), norm.forward(y));
    assertClose(encoder.forward(x), norm.forward(second.forward(first.forward(x))));
  }

  @Test
  void theLastOfTwoNormsOfAnEncoderIsTaken() {
    TransformerEncoderLayer layer = layer();
    TransformerEncoder encoder = new TransformerEncoder(layer).withNorm(new LayerNorm(4));
    encoder.eval();
    Tensor x = normal(2, 3, 4);
    RMSNorm last = float64(new RMSNorm(4));
    Tensor expected = last.forward(layer.forward(x));
    assertClose(encoder.withNorm(last).forward(x), expected);
    assertThat(encoder.namedParameters()).hasSize(13).doesNotContainKey("norm.bias");
  }

  @Test
  void paddingDoesNotReachASequence() {
    TransformerEncoder encoder = new TransformerEncoder(layer(), layer().normFirst());
    encoder.eval();
    Tensor x = normal(2, 5, 4);
    Tensor y = encoder.forward(x, Masks.lengths(IntTensor.of(3, 5), 5).unsqueeze(1));
    assertClose(y.slice(0, 0, 1).slice(1, 0, 3), encoder.forward(x.slice(0, 0, 1).slice(1, 0, 3)));
  }

  @Test
  void copiesComputeTheSame() {
    TransformerEncoder encoder =
        new TransformerEncoder(layer(), layer().normFirst().activation(Activation.GELU))
            .withNorm(float64(new LayerNorm(4)));
    Tensor x = normal(2, 3, 4);
    Sequential model = new Sequential(new PositionalEncoding(5, 4), encoder);
    Sequential copy = Layer.copyOf(model);
    assertThat(copy.forward(x).toDoubleArray()).isEqualTo(model.forward(x).toDoubleArray());
    Sequential fixed = Layer.forInference(model);
    assertThat(fixed.parameters()).isEmpty();
    assertThat(fixed.namedLayers().values()).noneMatch(Layer::isTraining);
    assertThat(model.namedLayers().values()).allMatch(Layer::isTraining);
    model.eval();
    assertThat(fixed.forward(x).toDoubleArray()).isEqualTo(model.forward(x).toDoubleArray());
  }

  // ---- positions -------------------------------------------------------------------------------

  @Test
  void positionsAreSinesAndCosinesOfFallingFrequencies() {
    Tensor table = PositionalEncoding.sinusoids(3, 5);
    double[] frequency = {1, Math.pow(10_000, -2.0 / 5), Math.pow(10_000, -4.0 / 5)};
    for (int t = 0; t < 3; t++) {
      double[] expected = {
        Math.sin(t),
        Math.cos(t),
        Math.sin(t * frequency[1]),
        Math.cos(t * frequency[1]),
        Math.sin(t * frequency[2])
      };
      assertThat(table.select(0, t).toDoubleArray()).containsExactly(expected, within(1e-14));
    }
  }

  @Test
  void thePositionsOfTheFirstStepsAreAdded() {
    PositionalEncoding positions = new PositionalEncoding(50, 4);
    Tensor x = normal(2, 3, 4);
    assertClose(positions.forward(x).minus(x), PositionalEncoding.sinusoids(3, 4).expand(2, 3, 4));
    assertThat(positions.forward(x.to(DType.FLOAT32)).dtype()).isEqualTo(DType.FLOAT32);
    assertThat(positions.namedParameters()).isEmpty();
    assertThat(positions.state()).isEmpty();
  }

  @Test
  void positionsMakeTheOrderMatter() {
    Sequential model = new Sequential(new PositionalEncoding(3, 4), layer());
    model.eval();
    Tensor x = normal(1, 3, 4);
    Tensor difference = model.forward(x.flip(1)).flip(1).minus(model.forward(x));
    assertThat(difference.abs().max().item()).isGreaterThan(0.01);
  }

  @Test
  void misuseIsNamed() {
    PositionalEncoding positions = new PositionalEncoding(5, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> positions.forward(generator.normal(2, 6, 4)))
        .withMessage(
            "PositionalEncoding(5, 4): input of shape (2, 6, 4); expected (..., T, 4), T at most"
                + " 5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> positions.forward(generator.normal(2, 5, 3)));
    assertThatIllegalArgumentException().isThrownBy(() -> new PositionalEncoding(0, 4));
    assertThat(layer()).hasToString("TransformerEncoderLayer(4, 2, 5)");
  }
}
