package dev.adjoint.examples.why;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BlobsTest {

  private static final Blobs EASY = Blobs.easy(1);

  @Test
  void picturesAreBlackAndWhiteAndHalfOfEach() {
    Tensor pictures = EASY.test();
    assertThat(Arrays.stream(pictures.toDoubleArray()).distinct().sorted())
        .containsExactly(0.0, 1.0);
    assertThat(pictures.mean().item()).isCloseTo(0.5, within(0.02));
  }

  @Test
  void examplesOfOneKindDifferLessThanThoseOfTwo() {
    Tensor first = meanOf(0, EASY);
    assertThat(distance(first, meanOf(0, Blobs.easy(2)))).isLessThan(0.05);
    assertThat(distance(first, meanOf(1, EASY))).isGreaterThan(0.1);
  }

  @Test
  void theSameSeedGivesTheSameExamples() {
    IntTensor rows = IntTensor.of(0, 3999);
    assertThat(Blobs.easy(1).examples(rows).toDoubleArray())
        .isEqualTo(EASY.examples(rows).toDoubleArray())
        .isNotEqualTo(Blobs.easy(2).examples(rows).toDoubleArray());
  }

  @Test
  void batchesOfTwoClassesHaveHalfOfEach() {
    Supplier<IntTensor> batches = SortedBatches.ofClasses(2, EASY.labels(), Generator.seeded(1));
    for (int i = 0; i < 20; i++) {
      int[] labels = EASY.labels(batches.get()).toArray();
      assertThat(labels).hasSize(16);
      assertThat(Arrays.stream(labels).distinct().count()).isEqualTo(2);
      assertThat(Arrays.stream(labels).filter(label -> label == labels[0]).count()).isEqualTo(8);
    }
  }

  private static Tensor meanOf(int kind, Blobs blobs) {
    int[] rows =
        IntStream.range(0, blobs.labels().size())
            .filter(i -> blobs.labels().get(i) == kind)
            .toArray();
    return blobs.examples(IntTensor.of(rows)).mean(0);
  }

  private static double distance(Tensor a, Tensor b) {
    return a.minus(b).abs().mean().item();
  }
}
