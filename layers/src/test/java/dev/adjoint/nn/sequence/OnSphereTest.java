package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Layers of nGPT. */
class OnSphereTest {

  private static final int WIDTH = 6;
  private static final int HEADS = 2;

  private final Generator generator = Generator.seeded(54);
  private final Tensor x = generator.normal(0, 1, Shape.of(2, 4, WIDTH), DType.FLOAT64);

  private TransformerEncoderLayer layer() {
    return float64(
        new TransformerEncoderLayer(WIDTH, HEADS, 5, generator)
            .activation(Activation.SILU)
            .dropout(0)
            .onSphere());
  }

  private static Tensor unit(Tensor x) {
    return x.div(x.square().sum(Keep.AXES, -1).sqrt());
  }

  private static Tensor weight(Layer layer, String name) {
    return Objects.requireNonNull(layer.namedParameters().get(name)).value();
  }

  /** Computes what the authors' code does, with its names in comments. */
  private static Tensor reference(Layer layer, Tensor x) {
    double root = Math.sqrt(WIDTH);
    Tensor h = unit(x);
    Tensor[] qkv =
        h.matmul(weight(layer, "self_attn.in_proj_weight").transpose())
            .chunk(3, 2)
            .toArray(Tensor[]::new);
    for (int i = 0; i < 3; i++) {
      qkv[i] = qkv[i].reshape(2, 4, HEADS, WIDTH / HEADS).transpose(1, 2);
    }
    Tensor s = weight(layer, "self_attn.qk_norm.s_qk").times(root); // sqk
    Tensor scores = unit(qkv[0]).times(s).matmul(unit(qkv[1]).times(s).transpose());
    Tensor mixed = scores.times(Math.sqrt(WIDTH / HEADS)).softmax(-1).matmul(qkv[2]);
    Tensor attended =
        mixed
            .transpose(1, 2)
            .reshape(2, 4, WIDTH)
            .matmul(weight(layer, "self_attn.out_proj.weight").transpose());
    Tensor rate = weight(layer, "scale1.weight").times(0.05 * root).abs(); // attn_alpha
    h = unit(h.plus(unit(attended).minus(h).times(rate)));
    Tensor added = hidden(layer, h, root);
    rate = weight(layer, "scale2.weight").times(0.05 * root).abs(); // mlp_alpha
    return unit(h.plus(unit(added).minus(h).times(rate)));
  }

  private static Tensor hidden(Layer layer, Tensor h, double root) {
    if (layer.namedParameters().containsKey("linear1.weight")) {
      Tensor hidden =
          h.matmul(weight(layer, "linear1.weight").transpose())
              .times(weight(layer, "hidden_scale.weight").times(root));
      return hidden.times(hidden.sigmoid()).matmul(weight(layer, "linear2.weight").transpose());
    }
    Tensor scales = weight(layer, "mlp.hidden_scale.weight").times(root); // suv, v first
    Tensor v = h.matmul(weight(layer, "mlp.gate_proj.weight").transpose());
    Tensor u = h.matmul(weight(layer, "mlp.up_proj.weight").transpose());
    v = v.times(scales.slice(0, 0, 5));
    u = u.times(scales.slice(0, 5, 10));
    return u.times(v.times(v.sigmoid())).matmul(weight(layer, "mlp.down_proj.weight").transpose());
  }

  @Test
  void hiddenFeaturesMayBeGatedAsInThePaper() {
    TransformerEncoderLayer layer =
        float64(
            new TransformerEncoderLayer(WIDTH, HEADS, 5, generator)
                .feedForward(new GatedFeedForward(WIDTH, 5, generator))
                .dropout(0)
                .onSphere());
    assertThat(TransformerLayer.unitVectors(layer)).hasSize(5);
    TransformerLayer.unitVectors(layer)
        .forEach((matrix, axis) -> assertThat(matrix.shape().size(axis)).isEqualTo(WIDTH));
    assertClose(layer.forward(x), reference(layer, x));
    layer
        .parameters()
        .forEach(p -> p.assign(generator.normal(-0.1, 0.5, p.shape(), DType.FLOAT64)));
    assertClose(layer.forward(x), reference(layer, x));
  }

  @Test
  void aLayerIsTwoStepsOnTheSphere() {
    TransformerEncoderLayer layer = layer();
    assertClose(layer.forward(x), reference(layer, x));
    layer
        .parameters()
        .forEach(p -> p.assign(generator.normal(-0.1, 0.5, p.shape(), DType.FLOAT64)));
    assertClose(layer.forward(x), reference(layer, x));
  }

  @Test
  void aLayerThatIsOnTheSphereMayBeToldSoAgain() {
    TransformerEncoderLayer layer = layer();
    Tensor before = layer.forward(x); // in float64, of which the new scales are not
    assertClose(layer.onSphere().forward(x), before, 1e-6);
    TransformerEncoderLayer gated =
        new TransformerEncoderLayer(WIDTH, HEADS, 5, generator)
            .feedForward(new GatedFeedForward(WIDTH, 5, generator));
    assertThat(gated.onSphere().onSphere().namedParameters())
        .containsKeys("mlp.hidden_scale.weight", "scale1.weight");
  }

  @Test
  void scalesStartAsThePaperHasThem() {
    TransformerEncoderLayer layer = layer();
    double scale = 1 / Math.sqrt(WIDTH);
    Map.of(
            "scale1.weight", scale,
            "scale2.weight", scale,
            "self_attn.qk_norm.s_qk", scale,
            "hidden_scale.weight", 1.0)
        .forEach((name, expected) ->
            assertThat(weight(layer, name).minus(expected).abs().max().item())
                .as(name)
                .isLessThan(1e-7));
    assertThat(layer.namedParameters().keySet())
        .containsExactlyInAnyOrder(
            "self_attn.in_proj_weight",
            "self_attn.qk_norm.s_qk",
            "self_attn.out_proj.weight",
            "linear1.weight",
            "linear2.weight",
            "hidden_scale.weight",
            "scale1.weight",
            "scale2.weight");
  }

  @Test
  void allVectorsHaveLengthOne() {
    TransformerEncoderLayer layer = layer();
    Tensor lengths = layer.forward(x).norm(2, Keep.AXES, -1);
    assertThat(lengths.minus(1).abs().max().item()).isLessThan(1e-14);
    Map<Parameter, Integer> vectors = TransformerLayer.unitVectors(new TransformerEncoder(layer));
    assertThat(vectors).hasSize(4);
    vectors.forEach((matrix, axis) -> {
      assertThat(matrix.shape().size(axis)).as("along the width").isEqualTo(WIDTH);
      Tensor length = matrix.value().norm(2, Keep.AXES, axis);
      assertThat(length.minus(1).abs().max().item()).isLessThan(1e-6); // of float32 at first
    });
    assertThat(TransformerLayer.unitVectors(new TransformerEncoderLayer(4, 2, 5, generator)))
        .isEmpty();
  }

  @Test
  void theScaleOfTheDataDoesNotMatter() {
    TransformerEncoderLayer layer = layer();
    assertClose(layer.forward(x.times(1000)), layer.forward(x));
  }

  @Test
  void aStepOfNoLengthStaysWhereItIs() {
    TransformerEncoderLayer layer = layer();
    for (String name : new String[] {"scale1.weight", "scale2.weight"}) {
      Objects.requireNonNull(layer.namedParameters().get(name))
          .assign(weight(layer, name).times(0));
    }
    assertClose(layer.forward(x), unit(x));
  }

  @Test
  void gradientsAreRightToTheSecondOrder() {
    TransformerEncoderLayer layer = layer();
    layer.parameters().forEach(p -> p.assign(generator.normal(0.5, 0.3, p.shape(), DType.FLOAT64)));
    assertGradients(
        layer,
        GradientCheck.of(in -> layer.forward(in[0], Masks.causal(4)))
            .at(x)
            .directional(2)
            .order(2));
  }
}
