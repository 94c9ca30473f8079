package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.InstanceNorm;
import dev.adjoint.nn.norm.IterNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.sequence.GRU;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.RNN;
import dev.adjoint.nn.sequence.TransformerEncoder;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PrintingTest {

  private static final Generator G = Generator.seeded(1);

  @Test
  void aLayerPrintsItsSettingsWhereTheyAreNotTheDefaults() {
    ConvOptions options = ConvOptions.DEFAULT.stride(1, 2).padding(1).groups(2);
    Map<Object, String> expected =
        Map.ofEntries(
            Map.entry(new Linear(2, 3, G), "Linear(2, 3)"),
            Map.entry(new Linear(2, 3, G).withoutBias(), "Linear(2, 3, no bias)"),
            Map.entry(new Conv2d(4, 6, 3, G), "Conv2d(4, 6, 3x3)"),
            Map.entry(
                new Conv2d(4, 6, 3, options, G),
                "Conv2d(4, 6, 3x3, stride 1x2, padding 1, groups 2)"),
            Map.entry(new MaxPool2d(2), "MaxPool2d(2)"),
            Map.entry(new MaxPool2d(3, 1, 1), "MaxPool2d(3, stride 1, padding 1)"),
            Map.entry(
                new BatchNorm(3).epsilon(0.001).updateRate(0.01).withoutBias(),
                "BatchNorm(3, epsilon 0.001, update rate 0.01, no bias)"),
            Map.entry(
                new BatchNorm(3).cumulativeAverage().freezeStatistics(),
                "BatchNorm(3, cumulative average, frozen statistics)"),
            Map.entry(new InstanceNorm(3), "InstanceNorm(3, no weight, no bias)"),
            Map.entry(new InstanceNorm(3).withAffine(), "InstanceNorm(3)"),
            Map.entry(
                new GroupNorm(2, 4).withoutAffine(), "GroupNorm(4, groups 2, no weight, no bias)"),
            Map.entry(
                new LayerNorm(3).channelsFirst().epsilonOutsideRoot(0.1),
                "LayerNorm(3, epsilon 0.1 outside the root, channels first)"),
            Map.entry(new RMSNorm(4), "RMSNorm(4)"),
            Map.entry(new RMSNorm(4).partial(0.5), "RMSNorm(4, part 0.5)"),
            Map.entry(new RMSNorm(4).epsilon(1e-5), "RMSNorm(4, epsilon 1.0E-5)"),
            Map.entry(
                new BatchNorm(3).biasedRunningVariance(), "BatchNorm(3, biased running variance)"),
            Map.entry(CosineNorm.of(new Linear(2, 3, G)), "CosineNorm(Linear(2, 3))"),
            Map.entry(
                CosineNorm.centered(new Linear(2, 3, G)).epsilon(0.1).scaled(2),
                "CosineNorm(Linear(2, 3), centered, epsilon 0.1, scaled)"),
            Map.entry(new RNN(2, 3, G).activation(Activation.RELU), "RNN(2, 3, activation relu)"),
            Map.entry(new IterNorm(1, 4).iterations(7), "IterNorm(4, groups 1, iterations 7)"),
            Map.entry(new Embedding(5, 2, G).paddingIndex(0), "Embedding(5, 2, padding index 0)"),
            Map.entry(
                new GRU(2, 3, G).layers(2).bidirectional().withoutBias().dropout(0.2),
                "GRU(2, 3, layers 2, bidirectional, without bias, dropout 0.2)"),
            Map.entry(
                new MultiHeadAttention(4, 2, G).withoutBias().dropout(0.1),
                "MultiHeadAttention(4, 2, no in_proj_bias, dropout 0.1)"),
            Map.entry(
                new TransformerEncoderLayer(4, 2, 8, G)
                    .normFirst()
                    .activation(Activation.GELU)
                    .dropout(0),
                "TransformerEncoderLayer(4, 2, 8, activation gelu, norm first, dropout 0.0)"),
            Map.entry(
                new TransformerEncoderLayer(4, 2, 8, G).deepNorm(8),
                "TransformerEncoderLayer(4, 2, 8, alpha 2.0)"),
            Map.entry(
                new TransformerEncoderLayer(4, 2, 8, G)
                    .layerNormScaling(3)
                    .normLast()
                    .layerScale(0.1),
                "TransformerEncoderLayer(4, 2, 8, norm first, norm last, depth 3, layer scale)"));
    expected.forEach((layer, text) -> assertThat(layer).hasToString(text));
  }

  @Test
  void aBufferPrintsItsValue() {
    Sequential model = new Sequential(new BatchNorm(2));
    assertThat(model.namedBuffers().get("0.running_var"))
        .hasToString("Buffer: Tensor(2) float32 [1, 1]");
    assertThat(Layer.forInference(model).namedBuffers().get("0.running_var"))
        .hasToString("Buffer, constant: Tensor(2) float32 [1, 1]");
  }

  @Test
  void aTableOfNothingIsEmpty() {
    assertThat(new TextTable(1)).hasToString("");
  }

  @Test
  void aModelPrintsAsATree() {
    Sequential model =
        new Sequential(
            new Linear(2, 4, G),
            Tensor::tanh,
            new Halving(),
            new Residual(new Sequential(new PNorm(), Activation.RELU)),
            WeightNorm.on(new Linear(4, 1, G)));
    assertThat(model)
        .hasToString(
            """
            Sequential(5)
              0: Linear(2, 4)
              1: function
              2: Halving
              3: Residual
                body: Sequential(2)
                  0: PNorm(p (1), scale (4))
                  1: RELU
              4: Linear(4, 1)\
            """);
    assertThat(model.headline()).isEqualTo("Sequential(5)");
    assertThat(new TransformerEncoder(new TransformerEncoderLayer(4, 2, 8, G)))
        .hasToString(
            """
            TransformerEncoder
              layers: Sequential(1)
                0: TransformerEncoderLayer(4, 2, 8)\
            """);
    assertThat(new Outer())
        .hasToString(
            """
            Outer
              norm: PNorm(p (1), scale (4))\
            """);
  }

  @Test
  void aLayerInAFieldThatIsNoChildIsFound() {
    Forgetful model = new Forgetful();
    assertThat(model.unregistered(() -> model.forward(Tensors.ones(1, 2))))
        .containsExactly(model.forgotten);
    assertThat(model.summary(1, 2))
        .endsWith("\nnot registered by child, so no part of the model: Linear(2, 3)");
    Sequential whole = new Sequential(new Linear(2, 4, G), Tensor::tanh);
    assertThat(whole.unregistered(() -> whole.forward(Tensors.ones(1, 2)))).isEmpty();
  }

  @Test
  void aMessageHasOneLine() {
    Sequential model = new Sequential(new Linear(2, 4, G));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.load(Map.of("x", Tensors.ones(1))))
        .withMessageStartingWith("load: this state does not fit Sequential(1): '0.weight'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.weight("weight"))
        .withMessage("Sequential(1): no weight 'weight'; expected one of []");
    assertThat(model.summary(1, 2)).contains("Sequential(1)  (1, 4)");
  }

  /** A user's own layer, which says nothing of how it prints. */
  private static final class PNorm extends Layer implements Transform {
    private final Weight p = parameter("p", Tensors.ones(1));
    private final Weight scale = parameter("scale", Tensors.ones(4));

    @Override
    public Tensor forward(Tensor x) {
      return x.times(p.value()).times(scale.value());
    }
  }

  /** A user's own model that forgot to call child. */
  private static final class Forgetful extends Layer implements Transform {
    private final Linear forgotten = new Linear(2, 3, G);
    private final Linear known = child("known", new Linear(3, 1, G));

    @Override
    public Tensor forward(Tensor x) {
      return observed(known.forward(forgotten.forward(x)));
    }
  }

  /** A user's own model. */
  private static final class Outer extends Layer {
    Outer() {
      child("norm", new PNorm());
    }
  }

  /** A user's own function. */
  private static final class Halving implements Transform {
    @Override
    public Tensor forward(Tensor x) {
      return x.div(2);
    }
  }

  @Test
  void textIsTheSameInEveryLocale() {
    Sequential model = new Sequential(new Linear(30, 50, G), new PixelShuffle(1));
    String expected = model.summary(1, 50, 4, 30) + model;
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.of("fa")); // of other digits and another separator
    try {
      assertThat(model.summary(1, 50, 4, 30) + model)
          .isEqualTo(expected)
          .contains("1,550", "PixelShuffle(1)");
    } finally {
      Locale.setDefault(before);
    }
  }
}
