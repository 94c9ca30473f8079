package dev.adjoint.examples.why;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.adjoint.training.report.Verdict;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Repeats what must hold, in small. */
class ClaimsTest {

  private final Lab lab = new Lab(List.of(1L));

  @Test
  void batchNormReachesNinetyPercentInAFifthOfTheSteps() {
    LearningSpeed speed = LearningSpeed.run(lab, 500);
    int fast = speed.curves().get(Norm.BATCH).getFirst().stepsTo(0.9).orElseThrow();
    assertThat(fast).isLessThanOrEqualTo(100);
    // It does not get there in 500 steps.
    assertThat(speed.curves().get(Norm.NONE).getFirst().stepsTo(0.9)).isEmpty();
    assertThat(speed.findings().getFirst().measured())
        .isEqualTo(
            "steps to 90 %%: %d with batch norm, more than 500 (1 of 1 never gets there) without: at least %.0f times fewer"
                .formatted(fast, 500.0 / fast));
    assertThat(speed.findings().getFirst().holds()).isTrue();
  }

  @Test
  void networksThatNeverLearnAreNotCompared() {
    Finding finding = LearningSpeed.run(lab, 10).findings().getFirst();
    assertThat(finding.measured())
        .isEqualTo(
            "steps to 90 %: more than 10 (1 of 1 never gets there) with batch norm, more than 10 (1"
                + " of 1 never gets there) without");
    assertThat(finding.holds()).isFalse();
  }

  @Test
  @Tag("thorough")
  void batchNormDoesNotDependOnTheSizeOfTheFirstWeights() {
    InitialScale scale = InitialScale.run(lab, 300);
    assertThat(scale.sweep().range(Norm.BATCH, 4)).isLessThan(0.05);
    assertThat(scale.sweep().mean(Norm.BATCH, 0)).isGreaterThan(0.45);
    assertThat(scale.sweep().largest(Norm.NONE, 3)).isLessThan(0.15);
    // With the largest weights it falls, and the verdict says so.
    assertThat(scale.sweep().range(Norm.BATCH, 6)).isGreaterThan(0.05);
    assertThat(scale.findings())
        .extracting(Finding::verdict)
        .containsExactly(Verdict.HOLDS_IN_PART);
  }

  @Test
  @Tag("thorough")
  void smallBatchesHurtBatchNormAndNotGroupNorm() {
    assertThat(BatchSize.run(lab, 2000).findings())
        .hasSize(4)
        .filteredOn(
            finding -> !finding.claim().contains("renorm") && !finding.claim().contains("parts"))
        .hasSize(2)
        .allMatch(Finding::holds);
  }

  /** What the page says of nGPT does not depend on the seed, as long as it is little. */
  @Test
  @Tag("thorough")
  void layersOnTheSphereLearnAsTheOthersDo() {
    StepsOnASphere sphere = StepsOnASphere.run(lab, 60);
    assertThat(sphere.ways()).hasSize(6);
    assertThat(sphere.ways()).allMatch(way -> way.mean()[59] < 3.8 && way.mean()[59] > 2.6);
    assertThat(sphere.findings())
        .extracting(Finding::verdict)
        .containsExactly(Verdict.DOES_NOT_HOLD);
  }

  @Test
  @Tag("thorough")
  void deepStacksWithNormsDoNotSeeTheScaleOfWeights() {
    assertThat(DeepStack.run(lab).findings()).hasSize(3).allMatch(Finding::holds);
  }

  @Test
  @Tag("thorough")
  void theTableOfInvariancesIsThatOfThePaper() {
    assertThat(MeasuredInvariances.run(lab).findings())
        .extracting(Finding::measured)
        .containsExactly(
            "18 of its 18 cells agree",
            "at a W the gradient is dW / a: eps; that of the data is the same: eps");
  }

  @Test
  @Tag("thorough")
  void layerNormLearnsFromFirstWeightsOfMoreSizesThanDyT() {
    assertThat(InPlaceOfANorm.run(lab).findings().getLast().holds()).isTrue();
  }

  @Test
  @Tag("thorough")
  void weightsComeToTurnByTheAngleOfTheirEquilibriumBehindANormOnly() {
    double[] small = Turning.angles(lab, Norm.BATCH, Turning.With.SGD, 0.03, 1);
    double[] large = Turning.angles(lab, Norm.BATCH, Turning.With.SGD, 0.1, 1);
    assertThat(large[0]).isLessThan(0.5 * small[0]);
    assertThat(Turning.end(large)).isCloseTo(Turning.end(small), withinPercentage(10));
    assertThat(Turning.end(small)).isBetween(0.8, 1.1);
    double[] none = Turning.angles(lab, Norm.NONE, Turning.With.SGD, 0, 1);
    assertThat(Turning.end(none)).isLessThan(0.6);
  }

  @Test
  @Tag("thorough")
  void batchesOfTwoClassesHurtBatchNormAndNotLayerNorm() {
    assertThat(SortedBatches.run(lab).findings().getFirst().holds()).isTrue();
  }
}
