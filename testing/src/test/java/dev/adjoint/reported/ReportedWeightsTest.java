package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.float64;
import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.io.Npy;
import dev.adjoint.io.Safetensors;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Initializers;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.reparam.SpectralNorm;
import dev.adjoint.nn.reparam.WeightNorm;
import dev.adjoint.nn.sequence.PositionalEncoding;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports about weights: how they are drawn, normalized, copied and saved. */
class ReportedWeightsTest {

  private final Generator generator = Generator.seeded(12);
  private final Tensor x = normal(generator, 7, 6);

  private Linear linear(long seed) {
    return float64(new Linear(6, 4, Generator.seeded(seed)));
  }

  private static double largestSingularValue(Tensor w) {
    return Math.sqrt(Linalg.eigh(w.matmul(w.transpose())).values().max().item());
  }

  // pytorch/pytorch#8208: eval changes what it evaluates
  @Test
  void spectralNormInEvalIsAFunctionOfItsInput() {
    Linear layer = SpectralNorm.on(linear(1), generator);
    layer.forward(x);
    layer.eval();
    Tensor y = layer.forward(x);
    layer.forward(x.times(100));
    assertThat(layer.forward(x)).hasSameBitsAs(y);
  }

  // pytorch/pytorch#8208, #8590: removing the norm changes the function
  @Test
  void foldingANormLeavesTheFunction() {
    for (Linear layer :
        new Linear[] {SpectralNorm.on(linear(2), generator), WeightNorm.on(linear(3))}) {
      layer.eval();
      Tensor y = layer.forward(x);
      layer.fold();
      assertThat(layer.forward(x)).isCloseTo(y, 1e-14, 1e-14);
    }
  }

  // pytorch/pytorch#51800, #48181: evaluated before the first training step, it is not normalized
  @Test
  void spectralNormIsNormalizedBeforeTheFirstTrainingStep() {
    Linear layer = linear(4);
    layer.weight("weight").assign(layer.weight("weight").value().times(1000));
    SpectralNorm.on(layer, generator);
    layer.eval();
    assertThat(largestSingularValue(layer.weight("weight").value().untracked()))
        .isCloseTo(1, within(0.05));
  }

  // pytorch/pytorch#30754, jarrelscy/iResnet#2, pytorch/pytorch#21251: a loaded or copied layer
  // computes with the weight of before
  @Test
  void aLoadedOrCopiedReparametrizedLayerComputesTheSame() {
    for (boolean spectral : new boolean[] {false, true}) {
      Linear trained = linear(5);
      Linear other = linear(6);
      for (Linear layer : new Linear[] {trained, other}) {
        if (spectral) {
          SpectralNorm.on(layer, generator);
        } else {
          WeightNorm.on(layer);
        }
        layer.forward(x);
        layer.eval();
      }
      other.load(trained.state());
      assertThat(other.forward(x)).hasSameBitsAs(trained.forward(x));
      assertThat(Layer.copyOf(trained).forward(x)).hasSameBitsAs(trained.forward(x));
      assertThat(Layer.forInference(trained).forward(x)).isCloseTo(trained.forward(x));
    }
  }

  // ml-explore/mlx#4536, tracel-ai/burn#574: grouped convolutions start from too small weights
  @ParameterizedTest
  @ValueSource(ints = {1, 4, 16})
  void aGroupedConvolutionStartsFromTheFanInOfItsGroup(int groups) {
    Conv2d conv = new Conv2d(64, 64, 3, ConvOptions.DEFAULT.groups(groups), generator);
    double bound = 1 / Math.sqrt(64.0 / groups * 9);
    assertThat(conv.weight("weight").value().abs().max().item()).isBetween(0.97 * bound, bound);
  }

  // pytorch/pytorch#23854: a shape alone does not tell the groups, see Initializers
  @Test
  void theDeviationOfXavierIsThatOfTheShape() {
    Tensor w = Initializers.xavierNormal(Shape.of(64, 16, 3, 3), 1, generator);
    assertThat(Math.sqrt(w.square().mean().item()))
        .isCloseTo(Math.sqrt(2.0 / (16 * 9 + 64 * 9)), within(0.001));
  }

  // tatp22/multidim-positional-encoding#3: an odd width
  @Test
  void anOddWidthHasAPositionalEncoding() {
    Tensor encoding = PositionalEncoding.sinusoids(10, 5);
    assertThat(encoding).hasShape(10, 5).isFinite();
    assertThat(encoding.get(3, 0)).isCloseTo(Math.sin(3), within(1e-6));
    assertThat(encoding.get(3, 4)).isCloseTo(Math.sin(3 * Math.pow(10000, -4 / 5.0)), within(1e-6));
  }

  // MinishLab/model2vec#341, safetensors/safetensors#75: an array in another order is saved as
  // garbage
  @Test
  void aViewIsSavedInItsOwnOrder(@TempDir Path directory) throws Exception {
    Tensor view = normal(generator, 5, 8).transpose().slice(0, 1, 8, 3);
    Path file = directory.resolve("view.safetensors");
    Safetensors.save(file, Map.of("view", view));
    assertThat(Safetensors.load(file).get("view")).hasSameBitsAs(view.copy());
    Path npy = directory.resolve("view.npy");
    Npy.save(npy, view);
    assertThat(Npy.load(npy)).hasSameBitsAs(view.copy());
  }
}
