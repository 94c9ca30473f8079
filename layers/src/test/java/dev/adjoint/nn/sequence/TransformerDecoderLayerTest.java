package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.op.Activations;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransformerDecoderLayerTest {

  private final Generator generator = Generator.seeded(59);

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  private <L extends Layer> L random(L layer) {
    layer.to(DType.FLOAT64);
    layer.parameters().forEach(p -> p.assign(normal(p.shape().toArray()).times(0.5)));
    return layer;
  }

  private static Tensor part(Layer layer, String name, Tensor x) {
    return ((Transform) layer.children().get(name)).forward(x);
  }

  @Test
  void theMemoryIsAttendedToBetweenTheOtherBranches() {
    TransformerDecoderLayer layer =
        random(new TransformerDecoderLayer(4, 2, 6, generator).dropout(0));
    Tensor x = normal(2, 3, 4);
    Tensor memory = normal(2, 5, 4);
    Tensor mask = generator.bernoulli(0.7, Shape.of(2, 3, 5), DType.FLOAT64);
    MultiHeadAttention self = (MultiHeadAttention) layer.children().get("self_attn");
    MultiHeadAttention cross = (MultiHeadAttention) layer.children().get("multihead_attn");
    Tensor y = part(layer, "norm1", x.plus(self.forward(x, Masks.causal(3))));
    y = part(layer, "norm2", y.plus(cross.forward(y, memory, memory, mask)));
    Tensor hidden = part(layer, "linear1", y).relu();
    y = part(layer, "norm3", y.plus(part(layer, "linear2", hidden)));
    assertClose(layer.forward(x, memory, mask), y);
    assertThat(layer.children().keySet())
        .contains("self_attn", "multihead_attn", "linear1", "linear2", "norm1", "norm2", "norm3");
  }

  @Test
  void aDecoderAloneIsACausalEncoder() {
    TransformerDecoderLayer layer =
        random(TransformerDecoderLayer.decoderOnly(4, 2, 6, generator).dropout(0).normFirst());
    TransformerEncoderLayer encoder =
        new TransformerEncoderLayer(4, 2, 6, generator).dropout(0).normFirst();
    encoder.to(DType.FLOAT64);
    encoder.load(layer.state());
    Tensor x = normal(2, 3, 4);
    assertClose(layer.forward(x), encoder.forward(x, Masks.causal(3)));
  }

  @Test
  void extensionsHaveTheBitsOfTheWhole() {
    TransformerDecoderLayer layer =
        new TransformerDecoderLayer(16, 4, 24, generator).dropout(0).normFirst();
    Tensor x = generator.normal(2, 40, 16);
    Tensor memory = generator.normal(2, 7, 16);
    KeyValueCache cache = new KeyValueCache(40);
    Tensor[] y = new Tensor[40];
    for (int t = 0; t < 40; t++) {
      Tensor next = x.slice(1, t, t + 1);
      y[t] = Autodiff.noGrad(() -> layer.extend(next, memory, null, cache));
    }
    assertThat(Joining.concat(1, y).toFloatArray())
        .isEqualTo(layer.forward(x, memory, null).toFloatArray());
  }

  @Test
  void gradientsAreRight() {
    TransformerDecoderLayer layer =
        random(
            new TransformerDecoderLayer(4, 2, 6, generator)
                .selfAttention(
                    new MultiHeadAttention(4, 2, 1, generator).positions(Positions.ROTARY))
                .feedForward(new GatedFeedForward(4, 3, generator))
                .norm(RMSNorm::new)
                .normFirst()
                .dropout(0));
    assertGradients(
        layer,
        GradientCheck.of(x -> layer.forward(x[0], x[1], null))
            .at(normal(1, 3, 4), normal(1, 2, 4))
            .directional(2)
            .order(2));
  }

  @Test
  void copiesComputeTheSame() {
    TransformerDecoderLayer layer =
        new TransformerDecoderLayer(4, 2, 6, generator)
            .feedForward(new GatedFeedForward(4, 3, generator).activation(Activation.GELU))
            .normFirst()
            .normLast();
    Tensor x = generator.normal(2, 3, 4);
    Tensor memory = generator.normal(2, 5, 4);
    TransformerDecoderLayer fixed = Layer.forInference(layer);
    layer.eval();
    float[] y = layer.forward(x, memory, null).toFloatArray();
    assertThat(fixed.forward(x, memory, null).toFloatArray()).isEqualTo(y);
    assertThat(Layer.copyOf(layer).forward(x, memory, null).toFloatArray()).isEqualTo(y);
    assertThat(layer).hasToString("TransformerDecoderLayer(4, 2, mlp, norm first, norm last)");
  }

  @ParameterizedTest
  @EnumSource(names = {"SIGMOID", "SILU", "GELU", "RELU", "IDENTITY"})
  void gatesMultiply(Activation function) {
    GatedFeedForward layer = random(new GatedFeedForward(4, 3, generator).activation(function));
    Tensor x = normal(2, 5, 4);
    Tensor gate = x.matmul(layer.children().get("gate_proj").weight("weight").value().transpose());
    Tensor up = x.matmul(layer.children().get("up_proj").weight("weight").value().transpose());
    Tensor f =
        switch (function) {
          case SIGMOID -> gate.sigmoid();
          case SILU -> gate.times(gate.sigmoid());
          case GELU -> Activations.gelu(gate);
          case RELU -> gate.relu();
          default -> gate;
        };
    Tensor down = layer.children().get("down_proj").weight("weight").value();
    assertClose(layer.forward(x), f.times(up).matmul(down.transpose()));
  }

  @Test
  void deepNormScalesEveryFeedForward() {
    GatedFeedForward gated = new GatedFeedForward(4, 3, generator);
    Tensor before = gated.children().get("up_proj").weight("weight").value().copy();
    TransformerDecoderLayer.decoderOnly(4, 2, 6, generator).feedForward(gated).deepNorm(2, 0.5);
    assertClose(gated.children().get("up_proj").weight("weight").value(), before.times(0.5));
  }

  @Test
  void misuseIsNamed() {
    Tensor x = generator.normal(2, 3, 4);
    TransformerDecoderLayer recalls = new TransformerDecoderLayer(4, 2, 6, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> recalls.forward(x))
        .withMessage(
            "TransformerDecoderLayer(4, 2, 6): no memory; expected one, or a layer made by"
                + " decoderOnly");
    TransformerDecoderLayer alone = TransformerDecoderLayer.decoderOnly(4, 2, 6, generator);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> alone.forward(x, x, null))
        .withMessage(
            "TransformerDecoderLayer(4, 2, 6): a memory of shape (2, 3, 4); expected none: decoder"
                + " only");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> alone.selfAttention(new MultiHeadAttention(6, 2, generator)))
        .withMessage(
            "TransformerDecoderLayer(4, 2, 6): MultiHeadAttention(6, 2); expected one of width 4");
  }
}
