package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.float64;
import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static dev.adjoint.testing.AdjointAssertions.assertThatGradientsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.op.Masking;
import dev.adjoint.op.Pooling;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reports of wrong results on tensors that are not laid out one element after another. */
class ReportedLayoutsTest {

  private final Generator generator = Generator.seeded(5);

  static Stream<Layer> layers() {
    Generator generator = Generator.seeded(3);
    return Stream.of(
            new LayerNorm(6).channelsFirst(),
            new LayerNorm(6),
            new Linear(6, 4, generator),
            new BatchNorm(6),
            new Conv2d(6, 4, 3, generator))
        .map(layer -> {
          float64(layer)
              .parameters()
              .forEach(p -> p.assign(normal(generator, p.shape().toArray()).times(0.7).plus(0.3)));
          return layer;
        });
  }

  // NVIDIA/TransformerEngine#1017: LayerNorm and Linear; pytorch/pytorch#77299: convolution
  @ParameterizedTest
  @MethodSource("layers")
  void aLayerReadsATransposedInputAsItReadsItsCopy(Layer layer) {
    for (Tensor x :
        List.of(
            normal(generator, 6, 6, 6, 6).permute(3, 1, 0, 2),
            normal(generator, 6, 6, 6, 12).slice(3, 0, 12, 2).transpose(0, 1),
            normal(generator, 1, 6, 1, 6).expand(6, 6, 6, 6).flip(1))) {
      Tensor strided = x.untracked().tracked();
      Tensor copy = x.copy().tracked();
      Tensor y = ((Transform) layer).forward(strided);
      Tensor expected = ((Transform) layer).forward(copy);
      assertThat(y).hasSameBitsAs(expected);
      assertThat(y.square().sum().backward().of(strided))
          .hasSameBitsAs(expected.square().sum().backward().of(copy));
    }
  }

  // pytorch/pytorch#36219: the sum of a broadcast tensor and another one
  @Test
  void anExpandedTensorIsAddedElementByElement() {
    Tensor y = Tensors.arange(2).reshape(2, 1).expand(2, 3);
    assertThat(y.plus(Tensors.ones(2, 3)))
        .isCloseTo(Tensor.of(new float[][] {{1, 1, 1}, {2, 2, 2}}));
  }

  // pytorch/pytorch#12230: filling where a broadcast mask says so
  @Test
  void anExpandedMaskFillsWhereItIsSet() {
    Tensor mask = Tensor.of(new float[][][] {{{1, 0}}, {{0, 1}}}).expand(2, 2, 2);
    Tensor x = Tensor.of(new float[][] {{1, 2}, {3, 4}}).expand(2, 2, 2);
    assertThat(Masking.maskedFill(x, mask, 0))
        .isCloseTo(Tensor.of(new float[][][] {{{0, 2}, {0, 4}}, {{1, 0}, {3, 0}}}));
  }

  // Oneflow-Inc/oneflow#7667: copying and printing a transposed tensor
  @Test
  void aTransposedTensorIsCopiedAndPrintedInItsOwnOrder() {
    Tensor t = Tensor.of(new float[][] {{1, 2}, {3, 4}}).transpose();
    assertThat(t.copy().toFloatArray()).containsExactly(1, 3, 2, 4);
    assertThat(t.toString()).isEqualTo(Tensor.of(new float[][] {{1, 3}, {2, 4}}).toString());
  }

  // torch/torch7#671: a batched product into or out of a slice
  @Test
  void aBatchedProductOfSlicesIsThatOfTheirCopies() {
    Tensor a = normal(generator, 1, 3, 2, 5).select(3, 3);
    Tensor b = normal(generator, 1, 6, 2, 4).select(3, 1).transpose(1, 2);
    assertThat(a.matmul(b)).hasSameBitsAs(a.copy().matmul(b.copy()));
  }

  // deeplearning4j/deeplearning4j#8363: the gradient of a strided slice
  @Test
  void theGradientOfAStridedSliceGoesWhereTheSliceCameFrom() {
    Tensor x = Tensors.arange(7).tracked();
    Tensor g = x.slice(0, 1, 6, 2).times(Tensor.of(1f, 2, 3)).sum().backward().of(x);
    assertThat(g).isCloseTo(0, 1, 0, 2, 0, 3, 0);
    assertThatGradientsOf(in -> in[0].flip(1).slice(1, 1, 5, 2).square())
        .at(normal(generator, 2, 5))
        .toOrder(2)
        .areCorrect();
  }

  // deeplearning4j/libnd4j#755: max pooling backward on views
  @Test
  void theGradientOfPoolingFindsTheMaximaOfAView() {
    assertThatGradientsOf(
            in -> Pooling.maxPool2d(in[0].permute(3, 2, 0, 1).slice(2, 1, 5), 2, 2, 1))
        .at(normal(generator, 6, 4, 2, 2))
        .areCorrect();
  }

  // pytorch/pytorch#63281: splitting what is itself a view
  @Test
  void theChunksOfAViewAreThoseOfItsCopy() {
    Tensor x = normal(generator, 4, 7).transpose();
    List<Tensor> chunks = x.chunk(3, 0);
    List<Tensor> expected = x.copy().chunk(3, 0);
    for (int i = 0; i < 3; i++) {
      assertThat(chunks.get(i)).hasSameBitsAs(expected.get(i));
    }
  }
}
