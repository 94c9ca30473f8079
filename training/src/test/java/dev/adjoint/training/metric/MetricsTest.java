package dev.adjoint.training.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.nn.Linear;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Collections;
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
  void theCalibrationErrorByHand() {
    // Probabilities 0.9, 0.9, 0.6, 0.8 of the class with the highest score; the last is wrong.
    double[][] scores = new double[4][];
    double[] sure = {0.9, 0.9, 0.6, 0.8};
    for (int i = 0; i < 4; i++) {
      scores[i] = new double[] {Math.log(sure[i]) + i, Math.log(1 - sure[i]) + i};
    }
    Tensor outputs = Tensor.of(scores);
    IntTensor targets = IntTensor.of(0, 0, 0, 1);
    // Ten bins: (0.8, 0.9], (0.5, 0.6], (0.7, 0.8], to whose upper ends they belong, if they round
    // so.
    double byTen = (Math.abs(1.8 - 2) + Math.abs(0.6 - 1) + Math.abs(0.8 - 0)) / 4;
    assertThat(value(Classification.calibrationError(10), outputs, targets))
        .isCloseTo(byTen, within(1e-12));
    // Two bins: all are in (0.5, 1].
    assertThat(value(Classification.calibrationError(2), outputs, targets))
        .isCloseTo(Math.abs(3.2 - 3) / 4, within(1e-12));
    assertThat(value(Classification.calibrationError(), outputs.div(0), targets)).isNaN();
    assertThatIllegalArgumentException().isThrownBy(() -> Classification.calibrationError(0));
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
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> matrix.recall(3))
        .withMessage("ConfusionMatrix: class 3; expected one of 3");
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
        .withMessageContainingAll(
            "(4, 3)", "(1)", "expected outputs of shape (..., classes) and targets of shape (...)");
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
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> value(Classification.rocAuc(), both, IntTensor.of(2, 0)))
        .withMessageContaining("target 2 at position [0] is not a class; expected 0 to 1");
  }

  /** All that judge scores of classes. */
  private static List<Metric<IntTensor>> ofClasses() {
    return List.of(
        Classification.crossEntropy(),
        Classification.perplexity(),
        Classification.accuracy(),
        Classification.topK(1),
        Classification.topK(2),
        Classification.precision(),
        Classification.recall(),
        Classification.f1(),
        Classification.rocAuc());
  }

  @Test
  void nanIsJudgedAsNan() {
    Tensor dead = Tensor.of(new double[][] {{Double.NaN, Double.NaN}, {1, 2}, {2, 1}});
    Tensor half = Tensor.of(new double[][] {{1, 2}, {2, 1}, {1, Double.NaN}});
    for (Metric<IntTensor> metric : ofClasses()) {
      for (Tensor outputs : List.of(dead, half)) {
        for (IntTensor targets : List.of(IntTensor.of(0, 1, 0), IntTensor.of(1, 1, 0))) {
          assertThat(value(metric, outputs, targets)).as(metric.name()).isNaN();
        }
      }
    }
    for (Metric<Tensor> metric :
        List.of(
            Regression.meanSquaredError(),
            Regression.rootMeanSquaredError(),
            Regression.meanAbsoluteError(),
            Regression.r2())) {
      assertThat(value(metric, half, half.neg())).as(metric.name()).isNaN();
    }
    ConfusionMatrix matrix = new ConfusionMatrix();
    matrix.add(dead, IntTensor.of(0, 1, 1));
    assertThat(matrix.undecided()).isEqualTo(1);
    assertThat(matrix.accuracy()).isNaN();
    assertThat(matrix.recall(1)).isNaN();
    assertThat(matrix.toString()).endsWith("1 more with NaN among their scores\n");
  }

  @Test
  void infiniteScoresHaveAnOrder() {
    double inf = Double.POSITIVE_INFINITY;
    Tensor masked = Tensor.of(new double[][] {{-inf, 1, 2}, {3, -inf, inf}});
    assertThat(value(Classification.accuracy(), masked, IntTensor.of(2, 2))).isEqualTo(1);
    assertThat(value(Classification.topK(2), masked, IntTensor.of(1, 1))).isEqualTo(0.5);
  }

  @Test
  void classesAreAlongTheLastAxis() {
    Generator random = Generator.seeded(3);
    Tensor rows = random.normal(12, 3);
    IntTensor labels = random.integers(3, 12);
    for (Metric<IntTensor> metric : ofClasses()) {
      if (!metric.name().equals("ROC AUC")) {
        assertThat(value(metric, rows.reshape(4, 3, 3), labels.reshape(4, 3)))
            .as(metric.name())
            .isEqualTo(value(metric, rows, labels));
      }
    }
    Tensor two = random.normal(12, 2);
    IntTensor binary = random.integers(2, 12);
    assertThat(value(Classification.rocAuc(), two.reshape(4, 3, 2), binary.reshape(4, 3)))
        .isEqualTo(value(Classification.rocAuc(), two, binary));
    // Each place of two sequences is right: (2, 3, 3) with the highest score where the target is.
    IntTensor places = IntTensor.of(new int[] {0, 2, 1, 1, 0, 2}, 2, 3);
    Tensor perfect = Tensors.oneHot(places, 3, DType.FLOAT32);
    assertThat(value(Classification.accuracy(), perfect, places)).isEqualTo(1);
  }

  @Test
  void paddingDoesNotCount() {
    Tensor scores =
        Tensor.of(new double[][] {{1, 0}, {0, 1}, {Double.NaN, 5}, {1, 0}}).reshape(2, 2, 2);
    IntTensor targets = IntTensor.of(new int[] {0, 0, -100, 0}, 2, 2);
    Metric<IntTensor> accuracy = Classification.ignoring(-100, Classification.accuracy());
    assertThat(value(accuracy, scores, targets)).isCloseTo(2.0 / 3, within(1e-12));
    assertThat(accuracy.name()).isEqualTo("accuracy");
    assertThat(accuracy.goal()).contains(Goal.MAXIMIZE);
    double surprise = (2 * Math.log(1 + Math.exp(-1)) + Math.log(1 + Math.exp(1))) / 3;
    assertThat(value(Classification.ignoring(-100, Classification.crossEntropy()), scores, targets))
        .isCloseTo(surprise, within(1e-12));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> value(accuracy, scores, targets.reshape(4)))
        .withMessageContainingAll("(2, 2, 2)", "(4)");
  }

  @Test
  void shapesAndTargetsAreCheckedByAll() {
    Tensor scores = Tensor.of(new double[][] {{1, 2}, {2, 1}, {0, 3}});
    for (Metric<IntTensor> metric : ofClasses()) {
      assertThatIllegalArgumentException()
          .as("fewer targets in %s", metric.name())
          .isThrownBy(() -> value(metric, scores, IntTensor.of(1, 0)))
          .withMessageContainingAll("(3, 2)", "(2)");
      assertThatIllegalArgumentException()
          .as("a column of targets in %s", metric.name())
          .isThrownBy(() -> value(metric, scores, IntTensor.of(new int[] {1, 0, 1}, 3, 1)))
          .withMessageContainingAll("(3, 2)", "(3, 1)");
      for (int target : new int[] {-1, 2, 7}) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
            .as("%d in %s", target, metric.name())
            .isThrownBy(() -> value(metric, scores, IntTensor.of(0, target, 1)))
            .withMessageContaining("target %d at position [1] is not a class".formatted(target));
      }
    }
    // One column has no two scores to choose from.
    for (Metric<IntTensor> metric :
        List.of(Classification.accuracy(), Classification.topK(1), Classification.f1())) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> value(metric, scores.slice(1, 0, 1), IntTensor.of(0, 0, 0)))
          .withMessageContainingAll("(3, 1)", "2 classes or more", "rocAuc");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> value(Classification.topK(3), scores, IntTensor.of(0, 0, 0)))
        .withMessageContaining("top-3 accuracy: outputs of shape (3, 2); expected at least 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ConfusionMatrix(List.of("a")).add(scores, IntTensor.of(0, 0, 0)))
        .withMessageContaining("expected a class for each label");
  }

  @Test
  void metricsKnowWhichValuesAreBetter() {
    assertThat(ofClasses())
        .extracting(metric -> metric.goal().orElseThrow())
        .startsWith(Goal.MINIMIZE, Goal.MINIMIZE)
        .endsWith(Collections.nCopies(7, Goal.MAXIMIZE).toArray(Goal[]::new));
    assertThat(Regression.meanSquaredError().goal()).contains(Goal.MINIMIZE);
    assertThat(Regression.rootMeanSquaredError().goal()).contains(Goal.MINIMIZE);
    assertThat(Regression.meanAbsoluteError().goal()).contains(Goal.MINIMIZE);
    assertThat(Regression.r2().goal()).contains(Goal.MAXIMIZE);
    assertThat(Metric.of("own", () -> Regression.r2().begin()).goal()).isEmpty();
  }

  @Test
  void batchesWithoutExamplesChangeNothing() {
    Tensor none = Tensors.zeros(0, 3);
    for (Metric<IntTensor> metric : ofClasses()) {
      if (!metric.name().equals("ROC AUC")) {
        Metric.Sum<IntTensor> sum = metric.begin();
        sum.add(none, IntTensor.of());
        sum.add(SCORES, CLASSES);
        assertThat(sum.value()).as(metric.name()).isEqualTo(value(metric, SCORES, CLASSES));
      }
    }
    Metric.Sum<Tensor> r2 = Regression.r2().begin();
    r2.add(none, none);
    r2.add(SCORES, SCORES.neg());
    assertThat(r2.value()).isEqualTo(value(Regression.r2(), SCORES, SCORES.neg()));
  }

  @Test
  void errorsInFloat32AreMeasuredInDoublePrecision() {
    // The square of 1e20 is beyond float32; a mean of 1e4 leaves no digits of a spread of 1e-2.
    float large = 1e20f;
    assertThat(value(Regression.meanSquaredError(), Tensor.of(large), Tensor.of(0f)))
        .isEqualTo((double) large * large);
    float[] far = {9999.98f, 9999.99f, 10000.01f, 10000.02f};
    double mean = 0;
    double squares = 0;
    for (float x : far) {
      mean += x / 4.0;
    }
    for (float x : far) {
      squares += (x - mean) * (x - mean);
    }
    double off = 0;
    float[] outputs = {9999.99f, 9999.99f, 10000.01f, 10000.02f};
    for (int i = 0; i < 4; i++) {
      off += ((double) outputs[i] - far[i]) * ((double) outputs[i] - far[i]);
    }
    assertThat(value(Regression.r2(), Tensor.of(outputs), Tensor.of(far)))
        .isCloseTo(1 - off / squares, within(1e-9));
  }

  @Test
  void anEvaluationHasNamesForItsValues() {
    Linear model = new Linear(2, 2, Generator.seeded(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Evaluation<Tensor, IntTensor>(model, model::forward))
        .withMessageContaining("expected at least one");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new Evaluation<>(
                model, model::forward, Classification.accuracy(), Classification.accuracy()))
        .withMessageContaining("[accuracy, accuracy]");
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
