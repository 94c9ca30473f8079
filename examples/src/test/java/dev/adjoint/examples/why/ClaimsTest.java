package dev.adjoint.examples.why;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Repeats what must hold, in small. */
class ClaimsTest {

  private final Lab lab = new Lab(List.of(1L));

  @Test
  void batchNormReachesNinetyPercentInAFifthOfTheSteps() {
    LearningSpeed speed = LearningSpeed.run(lab, 500);
    double fast = speed.curves().get(Norm.BATCH).getFirst().stepsTo(0.9);
    assertThat(fast).isLessThanOrEqualTo(100);
    assertThat(speed.curves().get(Norm.NONE).getFirst().stepsTo(0.9)).isGreaterThan(5 * fast);
  }

  @Test
  void batchNormDoesNotDependOnTheSizeOfTheFirstWeights() {
    InitialScale scale = InitialScale.run(lab, 300);
    assertThat(scale.sweep().range(Norm.BATCH, 4)).isLessThan(0.05);
    assertThat(scale.sweep().mean(Norm.BATCH, 0)).isGreaterThan(0.45);
    assertThat(scale.sweep().largest(Norm.NONE, 3)).isLessThan(0.15);
  }

  @Test
  void smallBatchesHurtBatchNormAndNotGroupNorm() {
    assertThat(BatchSize.run(lab, 4000).findings()).hasSize(2).allMatch(Finding::holds);
  }

  @Test
  void deepStacksWithNormsDoNotSeeTheScaleOfWeights() {
    assertThat(DeepStack.run(lab).findings()).hasSize(3).allMatch(Finding::holds);
  }

  @Test
  void theTableOfInvariancesIsThatOfThePaper() {
    assertThat(MeasuredInvariances.run(lab).findings())
        .extracting(Finding::measured)
        .containsExactly("18 of its 18 cells agree");
  }

  @Test
  void batchesOfTwoClassesHurtBatchNormAndNotLayerNorm() {
    assertThat(SortedBatches.run(lab).findings()).hasSize(1).allMatch(Finding::holds);
  }
}
