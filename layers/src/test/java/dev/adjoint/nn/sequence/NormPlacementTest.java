package dev.adjoint.nn.sequence;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.DyT;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Composes a layer of its parts for every place that norms and scales can have in it. */
class NormPlacementTest {

  private final Generator generator = Generator.seeded(52);
  private final Tensor x = generator.normal(0, 1, Shape.of(2, 3, 4), DType.FLOAT64);

  private TransformerEncoderLayer layer() {
    return random(new TransformerEncoderLayer(4, 2, 5, generator).activation(Activation.GELU));
  }

  /** Returns a layer in double precision, with gains and shifts that are not 1 and 0. */
  private TransformerEncoderLayer random(TransformerEncoderLayer layer) {
    float64(layer).dropout(0);
    layer.parameters().forEach(p -> p.assign(generator.normal(0.2, 0.5, p.shape(), DType.FLOAT64)));
    return layer;
  }

  private static Tensor apply(TransformerEncoderLayer layer, String child, Tensor x) {
    return ((Transform) Objects.requireNonNull(layer.children().get(child))).forward(x);
  }

  /** Branches of a layer, written down again. */
  private record Parts(TransformerEncoderLayer layer) {
    Tensor branch(int number, Tensor x) {
      return number == 1
          ? apply(layer, "self_attn", x)
          : apply(layer, "linear2", Activation.GELU.forward(apply(layer, "linear1", x)));
    }

    Tensor norm(String name, int number, Tensor x) {
      return apply(layer, name + number, x);
    }

    /** Returns what two branches make of x. */
    Tensor of(Tensor x, Step step) {
      return step.of(2, step.of(1, x));
    }
  }

  private interface Step {
    Tensor of(int number, Tensor x);
  }

  // ---- places ----------------------------------------------------------------------------------

  @Test
  void theLastNormIsOfWhatABranchAdds() {
    TransformerEncoderLayer layer = layer().normLast();
    Parts p = new Parts(layer);
    assertClose(layer.forward(x), p.of(x, (i, h) -> h.plus(p.norm("norm", i, p.branch(i, h)))));
  }

  @Test
  void normsBeforeAndAfterABranchArePeriNorm() {
    TransformerEncoderLayer layer = random(layer().normFirst().normLast());
    assertThat(layer.namedParameters()).containsKeys("norm1.weight", "last_norm2.bias");
    Parts p = new Parts(layer);
    Step step = (i, h) -> h.plus(p.norm("last_norm", i, p.branch(i, p.norm("norm", i, h))));
    assertClose(layer.forward(x), p.of(x, step));
  }

  @Test
  void theScaleOfTheLastWeightsOfABranchDoesNotMatterToPeriNorm() {
    TransformerEncoderLayer layer = layer().norm(width -> float64(new RMSNorm(width).epsilon(0)));
    layer.normFirst().normLast();
    Tensor y = layer.forward(x);
    for (String name : List.of("self_attn.out_proj", "linear2")) {
      for (String part : List.of(".weight", ".bias")) {
        var parameter = Objects.requireNonNull(layer.namedParameters().get(name + part));
        parameter.assign(parameter.value().times(100));
      }
    }
    assertClose(layer.forward(x), y);
  }

  @Test
  void deepNormWeighsTheSumAndScalesWhatIsAdded() {
    TransformerEncoderLayer layer = layer();
    Map<String, Tensor> before = layer.state();
    layer.deepNorm(2);
    double alpha = Math.sqrt(2);
    Parts p = new Parts(layer);
    assertClose(
        layer.forward(x),
        p.of(x, (i, h) -> p.norm("norm", i, h.times(alpha).plus(p.branch(i, h)))));
    layer
        .state()
        .forEach((name, after) -> {
          Tensor was = Objects.requireNonNull(before.get(name));
          boolean scaled = name.matches("linear..weight|self_attn.out_proj.weight");
          if (name.equals("self_attn.in_proj_weight")) { // rows of q, k and v
            assertClose(after.slice(0, 0, 8), was.slice(0, 0, 8));
            assertClose(after.slice(0, 8, 12), was.slice(0, 8, 12).times(0.5));
          } else {
            assertClose(after, scaled ? was.times(0.5) : was);
          }
        });
  }

  @Test
  void deepNormWithAlphaAndBetaOf1IsPostNorm() {
    TransformerEncoderLayer layer = layer();
    Tensor y = layer.forward(x);
    assertThat(layer.deepNorm(1, 1).forward(x).toDoubleArray()).isEqualTo(y.toDoubleArray());
  }

  @Test
  void normsAreScaledByTheRootOfTheDepth() {
    TransformerEncoderLayer layer = layer().normFirst();
    Tensor y = layer.forward(x);
    assertThat(layer.layerNormScaling(1).forward(x).toDoubleArray()).isEqualTo(y.toDoubleArray());
    layer.layerNormScaling(4);
    Parts p = new Parts(layer);
    assertClose(
        layer.forward(x), p.of(x, (i, h) -> h.plus(p.branch(i, p.norm("norm", i, h).times(0.5)))));
  }

  @Test
  void whatIsAddedIsScaled() {
    TransformerEncoderLayer layer = layer().normFirst();
    Tensor y = layer.forward(x);
    assertClose(layer.layerScale(0).forward(x), x);
    assertClose(layer.layerScale(1).forward(x), y); // the factor that is set last
    random(layer);
    Parts p = new Parts(layer);
    Step step = (i, h) -> h.plus(p.norm("scale", i, p.branch(i, p.norm("norm", i, h))));
    assertClose(layer.forward(x), p.of(x, step));
  }

  @Test
  void normsCanBeOthers() {
    TransformerEncoderLayer layer = layer().normFirst().normLast().norm(RMSNorm::new);
    assertThat(layer.namedParameters().keySet())
        .contains("norm1.weight", "last_norm2.weight")
        .doesNotContain("norm1.bias", "last_norm2.bias");
    assertThat(layer().norm(DyT::new).namedParameters()).containsKey("norm2.alpha");
    TransformerEncoderLayer without = layer().norm(width -> Activation.IDENTITY);
    Parts p = new Parts(without);
    assertClose(without.forward(x), p.of(x, (i, h) -> h.plus(p.branch(i, h))));
  }

  // ---- all of them -----------------------------------------------------------------------------

  @Test
  void gradientsAreRightToTheSecondOrder() {
    List<UnaryOperator<TransformerEncoderLayer>> options =
        List.of(
            layer -> layer.normLast(),
            layer -> layer.layerNormScaling(3).normLast().layerScale(0.7),
            layer -> layer.deepNorm(3));
    for (UnaryOperator<TransformerEncoderLayer> option : options) {
      TransformerEncoderLayer layer = random(option.apply(layer()));
      assertGradients(
          layer, GradientCheck.of(in -> layer.forward(in[0])).at(x).directional(2).order(2));
    }
  }

  @Test
  void whatDoesNotGoTogetherIsNamed() {
    assertThatIllegalStateException()
        .isThrownBy(() -> layer().deepNorm(8).normFirst())
        .withMessage(
            "TransformerEncoderLayer(4, 2, 5, activation gelu, norm first, alpha 2.0, dropout 0.0):"
                + " norms inside branches, deepNorm and onSphere exclude one another; expected"
                + " one");
    assertThatIllegalStateException().isThrownBy(() -> layer().onSphere().normFirst());
    assertThatIllegalStateException().isThrownBy(() -> layer().deepNorm(8).onSphere());
    assertThatIllegalStateException().isThrownBy(() -> layer().normLast().deepNorm(8));
    assertThatIllegalStateException()
        .isThrownBy(() -> layer().deepNorm(8).deepNorm(8))
        .withMessageContaining("deepNorm twice");
  }

  /** What Wang et al. say of a stack by itself: one of 8 layers, and one of 2. */
  @Test
  void deepNormHasTheValuesOfThePaper() {
    TransformerEncoderLayer layer = layer();
    Tensor before = layer.state().get("linear1.weight");
    layer.deepNorm(200);
    double factor = layer.state().get("linear1.weight").div(before).mean().item();
    assertThat(factor).isCloseTo(Math.pow(1600, -0.25), within(1e-12));
    assertThat(layer.headline()).contains("alpha " + Math.pow(400, 0.25));
  }
}
