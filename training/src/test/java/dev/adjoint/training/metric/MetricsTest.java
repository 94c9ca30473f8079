package dev.adjoint.training.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetricsTest {

  /** Four examples of three classes: the second is taken for class 2, the others are right. */
  private static final Tensor SCORES =
      Tensor.of(new double[][] {{3, 1, 0}, {0, 1, 2}, {-1, -2, 5}, {0, 4, 0}});

  private static final IntTensor CLASSES = IntTensor.of(0, 1, 2, 1);

  private static <Y> double value(Metric<Y> metric, Tensor outputs, Y targets) {
    Metric.Sum<Y> sum = metric.begin();
    sum.add(outputs, targets);
    return sum.value();
  }

  @Test
  void classificationByHand() {
    double surprise = 0;
    for (int i = 0; i < 4; i++) {
      double[] row = SCORES.select(0, i).toDoubleArray();
      double sum = Math.exp(row[0]) + Math.exp(row[1]) + Math.exp(row[2]);
      surprise += Math.log(sum) - row[CLASSES.get(i)];
    }
    assertThat(value(Classification.crossEntropy(), SCORES, CLASSES))
        .isCloseTo(surprise / 4, within(1e-12));
    assertThat(value(Classification.perplexity(), SCORES, CLASSES))
        .isCloseTo(Math.exp(surprise / 4), within(1e-12));
    assertThat(value(Classification.accuracy(), SCORES, CLASSES)).isEqualTo(0.75);
    assertThat(value(Classification.topK(1), SCORES, CLASSES)).isEqualTo(0.75);
    assertThat(value(Classification.topK(2), SCORES, CLASSES)).isEqualTo(1);
    // class:      0      1      2
    // precision   1      1      1/2
    // recall      1      1/2    1
    // F1          1      2/3    2/3
    assertThat(value(Classification.precision(), SCORES, CLASSES))
        .isCloseTo(2.5 / 3, within(1e-12));
    assertThat(value(Classification.recall(), SCORES, CLASSES)).isCloseTo(2.5 / 3, within(1e-12));
    assertThat(value(Classification.f1(), SCORES, CLASSES)).isCloseTo(7 / 9.0, within(1e-12));
  }

  @Test
  void ofEqualScoresTheLowerClassComesFirst() {
    Tensor equal = Tensor.of(new double[][] {{1, 1, 1}, {1, 1, 1}});
    assertThat(value(Classification.topK(2), equal, IntTensor.of(1, 2))).isEqualTo(0.5);
    assertThat(value(Classification.accuracy(), equal, IntTensor.of(0, 1))).isEqualTo(0.5);
  }

  @Test
  void theConfusionMatrixIsATable() {
    ConfusionMatrix matrix = new ConfusionMatrix(List.of("cat", "dog", "hen"));
    matrix.add(SCORES, CLASSES);
    assertThat(matrix.count(1, 2)).isEqualTo(1);
    assertThat(matrix.count(1, 1)).isEqualTo(1);
    assertThat(matrix.accuracy()).isEqualTo(0.75);
    assertThat(matrix.toString())
        .isEqualTo(
            """
                 cat  dog  hen  recall
            cat    1    0    0   1.000
            dog    0    1    1   0.500
            hen    0    0    1   1.000
            """);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> matrix.add(Tensor.of(new double[][] {{1, 2}}), IntTensor.of(0)))
        .withMessageContainingAll("(1, 2)", "3 classes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> matrix.add(SCORES, IntTensor.of(0)))
        .withMessageContainingAll("(4, 3)", "(1)", "expected (n, classes) and (n)");
  }

  @Test
  void rocAucCountsPairs() {
    Generator random = Generator.seeded(1);
    IntTensor labels = random.integers(2, 200);
    // Few different scores, so that many are equal.
    int[] scores = random.integers(7, 200).toArray();
    double above = 0;
    double pairs = 0;
    for (int i = 0; i < 200; i++) {
      for (int j = 0; j < 200; j++) {
        if (labels.get(i) == 1 && labels.get(j) == 0) {
          pairs++;
          above += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
        }
      }
    }
    Tensor column = Tensor.of(IntStream.of(scores).asDoubleStream().toArray(), 200, 1);
    assertThat(value(Classification.rocAuc(), column, labels))
        .isCloseTo(above / pairs, within(1e-12));
    Tensor both = Tensor.of(new double[][] {{5, 1}, {0, 1}});
    assertThat(value(Classification.rocAuc(), both, IntTensor.of(0, 1))).isEqualTo(1);
    assertThat(value(Classification.rocAuc(), both, IntTensor.of(1, 0))).isEqualTo(0);
    assertThat(value(Classification.rocAuc(), both, IntTensor.of(1, 1))).isNaN();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> value(Classification.rocAuc(), both, IntTensor.of(2, 0)))
        .withMessageContaining("class 2 at 0; expected 0 or 1");
  }

  @Test
  void regressionByHand() {
    Tensor outputs = Tensor.of(new double[][] {{1, 2}, {3, 4}});
    Tensor targets = Tensor.of(new double[][] {{1, 4}, {2, 8}});
    assertThat(value(Regression.meanSquaredError(), outputs, targets)).isEqualTo(21 / 4.0);
    assertThat(value(Regression.rootMeanSquaredError(), outputs, targets))
        .isEqualTo(Math.sqrt(21 / 4.0));
    assertThat(value(Regression.meanAbsoluteError(), outputs, targets)).isEqualTo(7 / 4.0);
    // The mean of the targets is 3.75, the sum of their squared deviations 28.75.
    assertThat(value(Regression.r2(), outputs, targets)).isCloseTo(1 - 21 / 28.75, within(1e-12));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> value(Regression.r2(), outputs, Tensor.of(1.0)))
        .withMessageContainingAll("(2, 2)", "(1)");
  }

  @Test
  void inPartsItIsTheSame() {
    Generator random = Generator.seeded(2);
    Tensor outputs = random.normal(60, 5);
    IntTensor labels = random.integers(5, 60);
    for (Metric<IntTensor> metric :
        List.of(
            Classification.crossEntropy(),
            Classification.perplexity(),
            Classification.accuracy(),
            Classification.topK(3),
            Classification.f1())) {
      Metric.Sum<IntTensor> sum = metric.begin();
      sum.add(outputs.slice(0, 0, 7), labels.slice(0, 7));
      sum.add(outputs.slice(0, 7, 60), labels.slice(7, 60));
      assertThat(sum.value())
          .as(metric.name())
          .isCloseTo(value(metric, outputs, labels), within(1e-6));
    }
    Tensor targets = random.normal(60, 5);
    Metric.Sum<Tensor> sum = Regression.r2().begin();
    sum.add(outputs.slice(0, 0, 7), targets.slice(0, 0, 7));
    sum.add(outputs.slice(0, 7, 60), targets.slice(0, 7, 60));
    assertThat(sum.value()).isCloseTo(value(Regression.r2(), outputs, targets), within(1e-6));
    assertThat(Classification.accuracy().begin().value()).isNaN();
  }
}
