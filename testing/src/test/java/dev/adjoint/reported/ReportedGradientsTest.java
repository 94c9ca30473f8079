package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.float64;
import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static dev.adjoint.testing.AdjointAssertions.assertThatGradientsOf;
import static dev.adjoint.testing.AdjointAssertions.assertThatLayer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.op.Activations;
import dev.adjoint.op.Pooling;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports of gradients that are wrong, NaN or hard to understand. */
class ReportedGradientsTest {

  private final Generator generator = Generator.seeded(6);

  private static Tensor gradient(Tensor y, Tensor x) {
    return y.sum().backward().of(x);
  }

  // chainer/chainer#5748: a pullback whose cotangent has another shape
  @Test
  void aWrongCotangentOfAUsersFunctionIsNamed() {
    CustomFunction half =
        new CustomFunction() {
          @Override
          public String name() {
            return "half";
          }

          @Override
          public Tensor forward(List<Tensor> inputs) {
            return inputs.getFirst().div(2);
          }

          @Override
          public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
            return List.of(cotangent.sum());
          }
        };
    Tensor x = Tensors.ones(3).tracked();
    assertThatExceptionOfType(IllegalStateException.class)
        .isThrownBy(() -> Autodiff.apply(half, x).sum().backward())
        .withMessageContainingAll("half", "()", "input 0", "(3)");
  }

  // pytorch/pytorch#2421, #2721, tenstorrent/tt-metal#55585, taichi-dev/taichi#4332: norm of zeros
  @ParameterizedTest
  @ValueSource(doubles = {1, 2, Double.POSITIVE_INFINITY})
  void theNormOfZerosHasTheGradientZero(double p) {
    Tensor x = Tensor.of(new double[][] {{0, 0, 0}, {1, 2, 2}}).tracked();
    Tensor g = gradient(x.norm(p, 1), x);
    assertThat(g.select(0, 0)).isCloseTo(0, 0, 0);
    assertThat(g).isFinite();
  }

  // pytorch/pytorch#2421: |x| of one element at 0, by norm and by abs
  @Test
  void theNormOfOneZeroHasTheGradientOfAbs() {
    Tensor x = Tensor.of(0.0).tracked();
    assertThat(gradient(x.norm(2, 0), x).get(0)).isEqualTo(gradient(x.abs(), x).get(0));
  }

  // pytorch/pytorch#4320, jax-ml/jax#11716, tensorflow/tensorflow#56830, keras-team/keras#2960
  @Test
  void aNormOfConstantDataHasAFiniteGradient() {
    for (Tensor data : List.of(Tensors.zeros(4, 6), Tensors.ones(4, 6).times(3))) {
      Tensor x = data.tracked();
      assertThat(gradient(new LayerNorm(6).forward(x).square(), x)).isFinite();
      assertThat(gradient(new BatchNorm(6).forward(x).square(), x)).isFinite();
      assertThat(gradient(x.biasedVariance(1), x)).isCloseTo(Tensors.zeros(4, 6));
    }
  }

  // tensorflow/tensorflow#56830: the variance of a single element
  @Test
  void theVarianceOfOneElementHasTheGradientZero() {
    Tensor x = Tensor.of(-0.83).tracked();
    assertThat(gradient(x.biasedVariance(0), x)).isCloseTo(0);
  }

  // seantalts/stanli#144: exp underflows to 0 below a square root
  @Test
  void aSquareRootOfAnUnderflowSaysInfinityTimesZero() {
    Tensor x = Tensor.of(-900.0).tracked();
    assertThat(gradient(x.times(0.5).exp(), x)).isFinite(); // the way to write sqrt(exp(x))
    assertThat(gradient(x.exp().plus(1e-300).sqrt(), x)).isFinite();
  }

  // tensorflow/tensorflow#20091, jax-ml/jax#1722: a division by zero in the branch not taken
  @Test
  void aBranchThatIsGuardedBeforeItIsComputedHasACleanGradient() {
    Tensor x = Tensor.of(0.0, 2.0).tracked();
    Tensor zero = x.equal(0);
    Tensor safe = Where.where(zero, Tensors.ones(x.shape(), x.dtype()), x);
    Tensor y = Where.where(zero, Tensors.zeros(x.shape(), x.dtype()), safe.reciprocal());
    assertThat(gradient(y, x)).isCloseTo(0, -0.25);
  }

  // apache/mxnet#18563: the gradient of a maximum that several elements share
  @Test
  void theGradientOfASharedMaximumAddsUpToOne() {
    Tensor x = Tensors.ones(4, 3).tracked();
    Tensor g = gradient(x.max(0), x);
    assertThat(g.sum(0)).isCloseTo(1, 1, 1);
    Tensor pooled = Tensors.ones(1, 1, 4, 4).tracked();
    assertThat(gradient(Pooling.maxPool2d(pooled, 2, 2, 0), pooled).sum().item()).isEqualTo(4);
  }

  // jax-ml/jax#13600: the maximum of finite values with finite gradients
  @Test
  void theGradientOfAMaximumIsThatOfItsElement() {
    Tensor a = normal(generator, 6).tracked();
    Tensor y = a.sin().times(a.norm(2, 0)).softmax(0).log();
    int top = y.argmax(0).get(0);
    assertThat(gradient(y.max(), a)).isCloseTo(gradient(y.select(0, top), a));
  }

  // pytorch/pytorch#63541: the sum of a layer norm does not depend on its input
  @Test
  void theSumOfALayerNormHasTheGradientZeroAndAWeightedSumHasNot() {
    Tensor x = normal(generator, 10, 64).tracked();
    LayerNorm norm = float64(new LayerNorm(64));
    assertThat(gradient(norm.forward(x), x).abs().max().item()).isCloseTo(0, within(1e-12));
    assertThat(gradient(norm.forward(x).times(0.99), x).abs().max().item())
        .isCloseTo(0, within(1e-12));
    assertThat(gradient(norm.forward(x).square().square(), x).abs().max().item())
        .isGreaterThan(0.01);
  }

  // FluxML/NNlib.jl#133: max pooling with padding
  @Test
  void theGradientOfPaddedMaxPoolingGoesToTheMaxima() {
    Tensor x = Tensors.arange(9).plus(1).reshape(1, 1, 3, 3).transpose(2, 3).tracked();
    Tensor y = Pooling.maxPool2d(x, 2, 2, 1);
    assertThat(y.flatten(0, -1)).isCloseTo(1, 7, 3, 9);
    assertThat(gradient(y, x).flatten(0, -1)).isCloseTo(1, 0, 1, 0, 0, 0, 1, 0, 1);
  }

  // pytorch/pytorch#1714, f-dangel/backpack#168: second derivatives of activations
  @Test
  void activationsHaveSecondDerivatives() {
    Tensor x = Tensor.of(-3.0, -0.4, 0.3, 2);
    assertThatGradientsOf(in -> Activations.elu(in[0], 1.3)).at(x).toOrder(2).areCorrect();
    assertThatGradientsOf(in -> Activations.leakyRelu(in[0], 0.2).square())
        .at(x)
        .toOrder(2)
        .areCorrect();
    assertThatGradientsOf(in -> Activations.selu(in[0])).at(x).toOrder(2).areCorrect();
    assertThatGradientsOf(in -> Activations.softplus(in[0])).at(x).toOrder(2).areCorrect();
  }

  // pytorch/pytorch#2278: the second derivative of a batch norm in eval mode
  @Test
  void aBatchNormHasSecondDerivativesInBothModes() {
    Sequential model =
        float64(new Sequential(new Linear(3, 4, generator), new BatchNorm(4), Tensor::tanh));
    assertThatLayer(model).onInput(normal(generator, 5, 3)).toOrder(2).hasCorrectGradients();
  }

  // NVIDIA/TransformerEngine#3552, torch/optim#73, juliuskunze/jaxnet#8: one weight in two places
  @Test
  void aSharedWeightGetsTheSumOfItsGradients() {
    Linear shared = float64(new Linear(3, 3, generator));
    Tensor x = normal(generator, 2, 3);
    Sequential twice = new Sequential(shared, Tensor::tanh, shared);
    assertThat(twice.parameters()).hasSize(2);
    assertThatGradientsOf(in -> twice.forward(in[0]))
        .at(x)
        .wrt(shared.parameters().toArray(Parameter[]::new))
        .areCorrect();
  }

  // chainer/chainer#274, pytorch/pytorch#77514: negative padding, tracked or not
  @Test
  void negativePaddingIsRefusedWhetherOrNotAGradientIsWanted() {
    for (Tensor x : List.of(Tensors.ones(2, 2, 8), Tensors.ones(2, 2, 8).tracked())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Pooling.maxPool1d(x, 3, 2, -1))
          .withMessageContaining("-1");
    }
  }
}
