package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static dev.adjoint.nn.LayerAssertions.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Keep;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** Checks norms whose gain and shift depend on a condition or on a style. */
class ConditionalNormTest {

  private final Generator generator = Generator.seeded(17);

  // ---- gain and shift of a condition -----------------------------------------------------------

  @Test
  void aConditionSetsGainAndShiftOfEachExample() {
    Tensor x = normal(generator, 3, 4, 5);
    Tensor c = normal(generator, 3, 3);
    ConditionalNorm norm = float64(new ConditionalNorm(new InstanceNorm(4), 3, generator));
    InstanceNorm plain = float64(new InstanceNorm(4));
    assertClose(norm.forward(x, c), plain.forward(x));
    scrambled(norm, generator);
    Tensor both =
        c.matmul(norm.children().get("projection").weight("weight").value().transpose())
            .plus(norm.children().get("projection").weight("bias").value());
    Tensor g = both.slice(1, 0, 4).unsqueeze(2).plus(1);
    Tensor b = both.slice(1, 4, 8).unsqueeze(2);
    assertClose(norm.forward(x, c), plain.forward(x).times(g).plus(b));
  }

  @Test
  void gradientsAreRightToOrder2InBothModes() {
    Tensor x = normal(generator, 5, 4);
    Tensor c = normal(generator, 5, 3);
    ConditionalNorm norm = new ConditionalNorm(new LayerNorm(4), 3, generator);
    scrambled(float64(norm), generator);
    assertGradients(norm, GradientCheck.of(in -> norm.forward(in[0], in[1])).at(x, c).order(2));
    ConditionalResidual block = block(new Sequential(new Linear(4, 4, generator), Tensor::tanh));
    scrambled(block, generator);
    assertGradients(block, GradientCheck.of(in -> block.forward(in[0], in[1])).at(x, c).order(2));
    AdaIN adaIN = float64(new AdaIN(2));
    Tensor content = normal(generator, 2, 2, 3);
    Tensor style = normal(generator, 2, 2, 4);
    assertGradients(
        adaIN, GradientCheck.of(in -> adaIN.forward(in[0], in[1])).at(content, style).order(2));
  }

  // ---- AdaLN-Zero ------------------------------------------------------------------------------

  private ConditionalResidual block(Transform body) {
    return float64(new ConditionalResidual(new LayerNorm(4).epsilon(1e-6), body, 3, generator));
  }

  @Test
  void aBlockIsTheIdentityAtFirstAndItsGateLearns() {
    ConditionalResidual block = block(new MultiHeadAttention(4, 2, generator));
    Tensor x = normal(generator, 5, 6, 4).tracked();
    Tensor c = normal(generator, 5, 3);
    Tensor y = block.forward(x, c);
    assertSameBits(y, x);
    Gradients gradients = y.square().sum().backward();
    assertClose(gradients.of(x), x.times(2));
    Layer gate = block.children().get("gate");
    assertThat(gradients.of(gate.weight("weight").parameter()).abs().max().item()).isPositive();
  }

  @Test
  void aBlockAddsWhatItsBodyMakesOfTheModulatedNormTimesTheGate() {
    Sequential body = new Sequential(new Linear(4, 4, generator), Activation.SILU);
    ConditionalResidual block = scrambled(block(body), generator);
    Tensor x = normal(generator, 5, 6, 4);
    Tensor c = normal(generator, 5, 3);
    ConditionalNorm norm = (ConditionalNorm) block.children().get("norm");
    Tensor gate = ((Linear) block.children().get("gate")).forward(c).unsqueeze(1);
    assertClose(block.forward(x, c), x.plus(gate.times(body.forward(norm.forward(x, c)))));
    // With a gate of 1 and without modulation it is a residual block with the norm first.
    for (Layer zero : new Layer[] {norm, block.children().get("gate")}) {
      zero.parameters().forEach(p -> p.assign(Tensors.zeros(p.shape(), p.dtype())));
    }
    block.children().get("gate").weight("bias").assign(Tensors.ones(4));
    LayerNorm plain = float64(new LayerNorm(4).epsilon(1e-6));
    assertClose(block.forward(x, c), new Residual(new Sequential(plain, body)).forward(x));
  }

  @Test
  void aBlockOfImagesIsGatedByChannel() {
    ConditionalResidual block =
        float64(new ConditionalResidual(new GroupNorm(2, 4), Tensor::tanh, 3, generator));
    block.children().get("gate").weight("bias").assign(Tensor.of(1.0, 0, 0, 2));
    Tensor x = normal(generator, 2, 4, 3, 5);
    Tensor change = float64(new GroupNorm(2, 4)).forward(x).tanh();
    Tensor gate = Tensor.of(1.0, 0, 0, 2).reshape(4, 1, 1);
    assertClose(block.forward(x, normal(generator, 2, 3)), x.plus(change.times(gate)));
  }

  @Test
  void aBodyThatChangesTheShapeIsRefused() {
    ConditionalResidual block = block(new Linear(4, 1, generator));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> block.forward(normal(generator, 5, 4), normal(generator, 5, 3)))
        .withMessage(
            "ConditionalResidual: the body makes (5, 1) of an input of shape (5, 4); expected equal"
                + " shapes");
  }

  // ---- AdaIN -----------------------------------------------------------------------------------

  @Test
  void contentTakesMeanAndDeviationOfTheStyle() {
    Tensor content = normal(generator, 3, 4, 5, 6).times(3).plus(1);
    Tensor style = normal(generator, 3, 4, 2, 7).times(2).minus(4);
    Tensor y = float64(new AdaIN(new InstanceNorm(4).epsilon(0))).forward(content, style);
    assertClose(y.mean(2, 3), style.mean(2, 3));
    assertClose(y.biasedVariance(2, 3), style.biasedVariance(2, 3), 1e-11);
    // What is left is the content, but for a positive factor and a shift of each channel.
    InstanceNorm plain = float64(new InstanceNorm(4).epsilon(0));
    assertClose(plain.forward(y), plain.forward(content));
  }

  @Test
  void anImageInItsOwnStyleIsItself() {
    Tensor x = normal(generator, 3, 4, 5);
    assertClose(float64(new AdaIN(4)).forward(x, x), x);
  }

  @Test
  void adaINIsAConditionalNormWhoseConditionIsMeasured() {
    Tensor x = normal(generator, 3, 4, 5);
    Tensor style = normal(generator, 3, 4, 6);
    ConditionalNorm norm = float64(new ConditionalNorm(new InstanceNorm(4), 8, generator));
    Layer projection = norm.children().get("projection");
    projection.weight("weight").assign(Tensors.eye(8));
    Tensor sigma = style.biasedVariance(Keep.AXES, 2).plus(1e-5).sqrt();
    Tensor condition = Joining.concat(1, sigma.minus(1), style.mean(Keep.AXES, 2)).squeeze(2);
    assertClose(float64(new AdaIN(4)).forward(x, style), norm.forward(x, condition));
  }

  @Test
  void aStyleOfOtherExamplesOrAxesIsRefused() {
    AdaIN adaIN = new AdaIN(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adaIN.forward(Tensors.ones(3, 4, 5), Tensors.ones(2, 4, 5)))
        .withMessage(
            "AdaIN: content of shape (3, 4, 5) and style of shape (2, 4, 5); expected as many"
                + " examples and axes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adaIN.forward(Tensors.ones(3, 4, 5), Tensors.ones(3, 2, 5)))
        .withMessageContaining("input of shape (3, 2, 5); expected (N, 4, ...)");
  }
}
