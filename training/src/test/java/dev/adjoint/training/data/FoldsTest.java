package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.op.Indexing;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FoldsTest {

  /** Examples that are their own numbers. */
  private static Dataset<IntTensor, IntTensor> numbers(int size) {
    return Dataset.of(IntTensor.range(size), IntTensor.range(size));
  }

  /** Two classes of 70 and 7 and one of 23 examples. */
  private static final IntTensor LABELS =
      IntTensor.of(IntStream.range(0, 100).map(i -> i % 14 == 13 ? 1 : i < 23 ? 2 : 0).toArray());

  private static long count(int label, Dataset<?, IntTensor> examples) {
    return Arrays.stream(examples.all().targets().toArray())
        .filter(number -> LABELS.get(number) == label)
        .count();
  }

  @Test
  void eachExampleIsJudgedByOnceAndLearnedFromElsewhere() {
    List<Dataset.Split<IntTensor, IntTensor>> splits =
        Folds.random(11, 3, Generator.seeded(1)).of(numbers(11));
    Set<Integer> judged = new HashSet<>();
    for (Dataset.Split<IntTensor, IntTensor> split : splits) {
      Set<Integer> both = new HashSet<>();
      for (int number : split.first().all().inputs().toArray()) {
        both.add(number);
      }
      assertThat(split.second().size()).isBetween(3, 4);
      for (int number : split.second().all().inputs().toArray()) {
        assertThat(both.add(number)).isTrue();
        assertThat(judged.add(number)).isTrue();
      }
      assertThat(both).hasSize(11);
    }
    assertThat(judged).hasSize(11);
    assertThat(Folds.random(11, 3, Generator.seeded(1)).numbers())
        .isEqualTo(Folds.random(11, 3, Generator.seeded(1)).numbers())
        .isNotEqualTo(Folds.random(11, 3, Generator.seeded(2)).numbers());
  }

  @Test
  void stratifiedFoldsShareEachClassEvenly() {
    for (int k = 2; k <= 7; k++) {
      for (var split : Folds.stratified(LABELS, k, Generator.seeded(k)).of(numbers(100))) {
        assertThat(split.second().size()).isBetween(100 / k, Math.ceilDiv(100, k));
        for (int label = 0; label < 3; label++) {
          long all = count(label, numbers(100));
          assertThat(count(label, split.second())).isBetween(all / k, Math.ceilDiv(all, k));
        }
      }
    }
    assertThatThrownBy(() -> Folds.stratified(LABELS, 8, Generator.seeded(1)))
        .hasMessage("stratified: 7 examples of class 1; expected at least 8, one for each fold");
    assertThatThrownBy(() -> Folds.stratified(IntTensor.of(0, -1), 2, Generator.seeded(1)))
        .hasMessage("stratified: label -1; expected classes from 0 on");
    assertThatThrownBy(() -> Folds.stratified(IntTensor.of(-2, -3), 2, Generator.seeded(1)))
        .hasMessage("stratified: label -2; expected classes from 0 on");
  }

  @Test
  void groupsStayTogetherAndFoldsAreEven() {
    IntTensor groups = IntTensor.of(7, 7, 7, 7, 7, -3, -3, -3, 5, 5, 1_000_000_000, 2, 2, 2, 2, 9);
    Folds folds = Folds.grouped(groups, 3, Generator.seeded(4));
    int[] sizes = new int[3];
    for (int i = 0; i < groups.size(); i++) {
      sizes[folds.numbers().get(i)]++;
      for (int j = 0; j < i; j++) {
        if (groups.get(i) == groups.get(j)) {
          assertThat(folds.numbers().get(i)).isEqualTo(folds.numbers().get(j));
        }
      }
    }
    assertThat(sizes).containsOnly(5, 6).hasSize(3);
    assertThatThrownBy(() -> Folds.grouped(groups, 7, Generator.seeded(4)))
        .hasMessage("grouped: 7 folds of 6 groups; expected a group for each");
  }

  @Test
  void aStratifiedSplitSharesEachClass() {
    for (double share : new double[] {0, 0.2, 0.5, 0.8, 1}) {
      var split = numbers(100).split(share, LABELS, Generator.seeded(3));
      assertThat(split.first().size()).isEqualTo((int) Math.round(100 * share));
      assertThat(split.first().size() + split.second().size()).isEqualTo(100);
      for (int label = 0; label < 3; label++) {
        double expected = share * count(label, numbers(100));
        assertThat((double) count(label, split.first())).isBetween(expected - 1, expected + 1);
      }
    }
    assertThatThrownBy(() -> numbers(3).split(0.5, LABELS, Generator.seeded(3)))
        .hasMessage("split: labels of 100 examples; expected 3");
  }

  @Test
  void foldsOfNoUseAreRefused() {
    assertThatThrownBy(() -> Folds.random(10, 1, Generator.seeded(1)))
        .hasMessage("random: 1 folds of 10 examples; expected at least 2, and an example for each");
    assertThatThrownBy(() -> Folds.random(3, 4, Generator.seeded(1)))
        .hasMessage("random: 4 folds of 3 examples; expected at least 2, and an example for each");
    assertThatThrownBy(() -> Folds.random(3, 3, Generator.seeded(1)).of(numbers(4)))
        .hasMessage("of: 4 examples; expected 3, as the folds have");
  }

  @Test
  void balancedWeightsAreThoseOfScikitLearn() {
    // compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 0, 1, 1, 2])
    assertThat(ClassWeights.balanced(IntTensor.of(0, 0, 0, 0, 1, 1, 2), 3))
        .isCloseTo(Tensor.of(0.58333333f, 1.16666667f, 2.33333333f));
    assertThatThrownBy(() -> ClassWeights.balanced(IntTensor.of(0, 2), 3))
        .hasMessage("balanced: no example of class 1; expected some of each of 3");
    assertThatThrownBy(() -> ClassWeights.balanced(IntTensor.of(0, 3), 3))
        .hasMessage("balanced: label 3; expected 0 to 2");
  }

  @Test
  void examplesAreDrawnAsOftenAsTheirWeightsSay() {
    Tensor weights = Indexing.indexSelect(ClassWeights.balanced(LABELS, 3), 0, LABELS);
    DataLoader<IntTensor, IntTensor> loader = new DataLoader<>(numbers(100), 100).draw(5, weights);
    int[] drawn = new int[3];
    for (int epoch = 0; epoch < 300; epoch++) {
      for (int number : loader.epoch(epoch).iterator().next().inputs().toArray()) {
        drawn[LABELS.get(number)]++;
      }
    }
    // 30,000 draws of probability 1/3: four standard deviations are 327.
    for (int n : drawn) {
      assertThat(n).isBetween(10_000 - 327, 10_000 + 327);
    }
    Tensor only = Tensors.oneHot(IntTensor.of(99), 100, dev.adjoint.tensor.DType.FLOAT32);
    assertThat(
            new DataLoader<>(numbers(100), 100)
                .draw(5, only.select(0, 0))
                .epoch(0)
                .iterator()
                .next()
                .inputs()
                .toArray())
        .containsOnly(99);
    assertThat(loader.epoch(3, 0).iterator().next().inputs())
        .isEqualTo(loader.epoch(3, 0).iterator().next().inputs());
    assertThat(loader.toString())
        .isNotEqualTo(new DataLoader<>(numbers(100), 100).draw(5, Tensors.ones(100)).toString())
        .startsWith("100 examples in batches of 100, drawn by 5 with weights ");
    assertThatThrownBy(() -> loader.draw(1, Tensors.ones(3)))
        .hasMessage(
            "draw: 3 weights whose sum is 3.0; expected 100, one for each example, and a positive"
                + " sum");
    assertThatThrownBy(() -> loader.draw(1, Tensors.ones(100).neg()))
        .hasMessage("draw: weight -1.0 of example 0; expected at least 0");
  }
}
