package dev.adjoint.nn.norm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.PReLU;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.reparam.CosineNorm;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import org.junit.jupiter.api.Test;

/** Layers where squares leave the range of float32, and where a mean hides the deviations. */
class ExtremeRowsTest {

  private static final Tensor SIGNS = Tensor.of(new double[] {1, -1, -1, 1}, 2, 2);

  private static void assertSigns(Tensor y) {
    assertThat(y.to(DType.FLOAT64).minus(SIGNS).abs().max().item()).isLessThan(1e-6);
  }

  @Test
  void everyNormOfLargeRowsGivesTheirSigns() {
    Tensor x = SIGNS.times(1e20).to(DType.FLOAT32);
    assertSigns(new LayerNorm(2).forward(x));
    assertSigns(new LayerNorm(2).epsilonOutsideRoot(1e-5).forward(x));
    assertSigns(new RMSNorm(2).forward(x));
    assertSigns(new RMSNorm(2).partial(0.5).forward(x));
    assertSigns(new ScaleNorm(2).forward(x));
    assertSigns(new BatchNorm(2).forward(x));
    assertSigns(new GroupNorm(1, 2).forward(x));
    assertSigns(new BatchNorm(2).forward(x, Tensors.ones(2)));
  }

  @Test
  void weightsOfAnySizeHaveALengthAndADirection() {
    for (double size : new double[] {1e-23, 1e20}) {
      Tensor w = SIGNS.times(size).to(DType.FLOAT32);
      Tensor x = Tensor.of(new double[] {1, -1}, 1, 2).to(DType.FLOAT32);
      Linear normed = WeightNorm.on(new Linear(Weight.constant(w), null));
      assertThat(normed.forward(x).get(0, 0) / (2 * size)).isCloseTo(1, within(1e-6));
      Linear spectral = SpectralNorm.on(new Linear(Weight.constant(w), null), Generator.seeded(1));
      assertThat(spectral.forward(x).get(0, 0)).isCloseTo(1, within(1e-6));
      CosineNorm cosine = CosineNorm.of(new Linear(Weight.constant(w), null));
      assertThat(cosine.forward(x.times(1e20)).get(0, 0)).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void aLargeMeanIsNotFeltByMaskedNorms() {
    Tensor x = Generator.seeded(3).normal(64, 3).times(0.5).plus(1e4);
    Tensor right = new BatchNorm(3).epsilonOutsideRoot(0).forward(x.to(DType.FLOAT64));
    Tensor masked = new BatchNorm(3).epsilon(0).forward(x, Tensors.ones(64));
    Tensor outside = new BatchNorm(3).epsilonOutsideRoot(0).forward(x);
    assertThat(masked.to(DType.FLOAT64).minus(right).abs().max().item()).isLessThan(2e-6);
    assertThat(outside.to(DType.FLOAT64).minus(right).abs().max().item()).isLessThan(2e-6);
  }

  @Test
  void aScalarStaysOneInPReLUAndHasTheSlopeAtZero() {
    Tensor x = Tensor.scalar(0, DType.FLOAT32).tracked();
    Tensor y = new PReLU().forward(x);
    assertThat(y.rank()).isZero();
    assertThat(y.backward().of(x).item()).isEqualTo(0.25);
  }
}
