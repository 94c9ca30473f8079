package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OptimizersTest {

  @Test
  void descentOnAParabolaIsAGeometricSequence() {
    Parameter w = new Parameter("w", Tensor.of(4.0, -2.0));
    Optimizer sgd = new SGD(List.of(w)).learningRate(0.1);
    for (int step = 1; step <= 100; step++) {
      sgd.step(w.value().square().sum().backward());
      double shrunk = Math.pow(1 - 0.1 * 2, step);
      assertThat(w.value().toDoubleArray())
          .containsExactly(new double[] {4 * shrunk, -2 * shrunk}, within(1e-14));
    }
  }

  @Test
  void momentumUnderAConstantSlopeSpeedsUpToATerminalVelocity() {
    Parameter w = new Parameter("w", Tensor.of(0.0));
    Optimizer sgd = new SGD(List.of(w)).learningRate(1).momentum(0.9);
    double expected = 0;
    for (int step = 1; step <= 100; step++) {
      sgd.step(w.value().sum().backward());
      expected -= (1 - Math.pow(0.9, step)) / (1 - 0.9);
      assertThat(w.value().item()).isCloseTo(expected, within(1e-10));
    }
  }

  @Test
  void adamUnderAConstantSlopeMovesByTheLearningRate() {
    Parameter w = new Parameter("w", Tensor.of(0.0, 0.0));
    Optimizer adam = new Adam(List.of(w)).learningRate(0.01);
    for (int step = 1; step <= 100; step++) {
      adam.step(w.value().times(Tensor.of(1e-3, -1e3)).sum().backward());
      assertThat(w.value().get(0)).isCloseTo(-0.01 * step, within(2e-5));
      assertThat(w.value().get(1)).isCloseTo(0.01 * step, within(1e-10));
    }
  }

  @Test
  void adagradUnderAConstantSlopeMovesLikeARoot() {
    Parameter w = new Parameter("w", Tensor.of(0.0));
    Optimizer adagrad = new Adagrad(List.of(w)).learningRate(1);
    double expected = 0;
    for (int step = 1; step <= 100; step++) {
      adagrad.step(w.value().times(7).sum().backward());
      expected -= 1 / Math.sqrt(step);
      assertThat(w.value().item()).isCloseTo(expected, within(1e-9));
    }
  }

  @Test
  void aStepByTheGradientsOfAnotherModelIsRefused() {
    Parameter own = new Parameter("own", Tensor.of(1.0));
    Parameter idle = new Parameter("idle", Tensor.of(3.0));
    Parameter other = new Parameter("other", Tensor.of(2.0));
    Optimizer sgd = new SGD(List.of(own, idle)).learningRate(0.5);
    Gradients elsewhere = other.value().square().sum().backward();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> sgd.step(elsewhere))
        .withMessage(
            "SGD: a step by gradients of ['other'], which are no parameters of this optimizer;"
                + " expected those of a loss that depends on one of its own");
    // A part of the parameters is enough, and frozen ones are skipped, as are none at all.
    sgd.step(own.value().times(other.value()).sum().backward());
    assertThat(own.value().item()).isEqualTo(0);
    Tensor x = Tensor.of(1.0).tracked();
    sgd.step(x.sum().backward());
    own.freeze();
    sgd.step(elsewhere);
    assertThat(idle.value().item()).isEqualTo(3);
  }

  @Test
  void whatBelongsToAnOptimizerSaysWhatItIs() {
    Parameter w = new Parameter("w", Tensor.of(4.0, -2.0));
    WeightAverage average = new WeightAverage(List.of(w));
    average.update();
    assertThat(average).hasToString("WeightAverage of 1 parameters, decay 0.999, after 1 updates");
    assertThat(average.cumulativeAverage().toString()).contains(", cumulative, ");
    assertThat(ParameterGroup.of(List.of(w)).learningRate(0.1))
        .hasToString("ParameterGroup of 1 parameters, learning rate 0.1");
    assertThat(ParameterGroup.biasesAndNorms().weightDecay(0))
        .hasToString("ParameterGroup of a rule, weight decay 0.0");
    assertThat(new ReduceOnPlateau())
        .hasToString("ReduceOnPlateau with factor 1.0, best NaN, 0 times no better");
  }

  @Test
  void aCenteredMeanSquareOfAConstantSlopeIsNeverNegative() {
    Parameter w = new Parameter("w", Tensor.of(0.1f, 0.3f, 0.7f));
    Optimizer rmsProp = new RMSProp(List.of(w)).learningRate(1e-9).alpha(0.1).centered();
    for (int step = 0; step < 200; step++) {
      rmsProp.step(w.value().times(Tensor.of(0.1f, 0.3f, 0.7f)).sum().backward());
    }
    assertThat(w.value().isFinite().all().item()).isEqualTo(1);
  }

  @Test
  void theLearningRateOfTheNextStepCanBeSet() {
    Parameter w = new Parameter("w", Tensor.of(1.0, 2.0));
    Optimizer sgd = new SGD(List.of(w)).learningRate(0.5);
    sgd.step(w.value().sum().backward());
    sgd.learningRate(0.25);
    sgd.step(w.value().sum().backward());
    assertThat(sgd.learningRate()).isEqualTo(0.25);
    assertThat(w.value().toDoubleArray()).containsExactly(0.25, 1.25);
  }

  @ParameterizedTest
  @EnumSource
  void frozenAndAbsentParametersArePassedBy(Recipes recipe) {
    Parameter used = new Parameter("used", Tensor.of(1.0));
    Parameter frozen = new Parameter("frozen", Tensor.of(1.0));
    Parameter absent = new Parameter("absent", Tensor.of(1.0));
    Gradients gradients = used.value().times(frozen.value()).sum().backward();
    frozen.freeze();
    Optimizer optimizer = recipe.of(used, frozen, absent);
    optimizer.step(gradients);
    assertThat(used.value().item()).isLessThan(1);
    assertThat(frozen.value().item()).isEqualTo(1);
    assertThat(absent.value().item()).isEqualTo(1);
    assertThat(optimizer.state().get("used.step").item()).isEqualTo(1);
    assertThat(optimizer.state().get("frozen.step").item()).isEqualTo(0);
    assertThat(optimizer.state().get("absent.step").item()).isEqualTo(0);
  }

  @ParameterizedTest
  @EnumSource
  void aStepThatFailsChangesNothing(Recipes recipe) {
    Parameter a = new Parameter("a", Tensors.ones(2, 3));
    Parameter b = new Parameter("b", Tensors.ones(2));
    Parameter likeA = new Parameter("a", Tensors.ones(2, 3));
    Parameter likeB = new Parameter("b", Tensors.ones(2));
    Optimizer optimizer = recipe.of(a, b);
    Optimizer other = recipe.of(likeA, likeB);
    Parameter seed = new Parameter("seed", Tensors.ones(2));
    for (int step = 0; step < 3; step++) {
      Tensor read = seed.value();
      Gradients unreadable = a.value().sum().backward().plus(b.value().backward(read));
      seed.assign(read);
      Map<String, Tensor> before = optimizer.state();
      assertThatIllegalStateException().isThrownBy(() -> optimizer.step(unreadable));
      assertThat(optimizer.state().keySet()).isEqualTo(before.keySet());
      optimizer.step(a.value().square().sum().plus(b.value().square().sum()).backward());
      other.step(likeA.value().square().sum().plus(likeB.value().square().sum()).backward());
      assertThat(a.value().toFloatArray()).isEqualTo(likeA.value().toFloatArray());
      assertThat(b.value().toFloatArray()).isEqualTo(likeB.value().toFloatArray());
    }
  }

  @Test
  void aGradientMayBeTheValueOfAnotherParameter() {
    Parameter a = new Parameter("a", Tensor.of(2f, 3f));
    Parameter b = new Parameter("b", Tensor.of(5f, 7f));
    Gradients gradients = a.value().backward(b.value()).plus(b.value().backward(a.value()));
    new SGD(List.of(a, b)).learningRate(1).step(gradients);
    assertThat(a.value().toFloatArray()).containsExactly(-3, -4);
    assertThat(b.value().toFloatArray()).containsExactly(3, 4);
  }

  @ParameterizedTest
  @EnumSource
  void noFiniteGradientMakesAWeightNaN(Recipes recipe) {
    for (float size : new float[] {1e15f, 1e19f, 1e20f, 1e25f, 1e35f, 1e-30f, 1e-45f}) {
      Parameter matrix = new Parameter("matrix", Tensors.ones(2, 3));
      Parameter vector = new Parameter("vector", Tensors.ones(2));
      Optimizer optimizer = recipe.of(matrix, vector);
      for (float slope : new float[] {size, -size, 1, -1, 1}) {
        Tensor loss = matrix.value().sum().plus(vector.value().sum());
        optimizer.step(loss.backward(Tensor.scalar(slope, DType.FLOAT32)));
      }
      assertThat(matrix.value().isFinite().all().item()).as("matrix, %s", size).isEqualTo(1);
      assertThat(vector.value().isFinite().all().item()).as("vector, %s", size).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void zeroGradientsMoveNothingButByDecay(Recipes recipe) {
    Parameter matrix = new Parameter("matrix", Tensors.ones(2, 3));
    Parameter zeros = new Parameter("zeros", Tensors.zeros(2));
    Optimizer optimizer = recipe.of(matrix, zeros);
    for (int step = 0; step < 6; step++) {
      optimizer.step(matrix.value().sum().plus(zeros.value().sum()).times(0).backward());
    }
    assertThat(zeros.value().toFloatArray()).containsOnly(0);
    for (float value : matrix.value().toFloatArray()) {
      assertThat(value).isBetween(0.5f, 1f);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRegressionIsLearned(Recipes recipe) {
    Generator generator = Generator.seeded(2);
    Tensor x = generator.normal(30, 4);
    Tensor y = x.matmul(generator.normal(4, 3)).plus(0.5);
    Parameter w = new Parameter("w", generator.normal(4, 3));
    Parameter b = new Parameter("b", Tensors.zeros(3));
    Optimizer optimizer = recipe.of(w, b);
    if (recipe == Recipes.ADAGRAD) {
      optimizer.learningRate(0.5); // its steps become shorter and shorter
    }
    double first = 0;
    double last = 0;
    for (int step = 0; step < 300; step++) {
      Tensor loss = x.matmul(w.value()).plus(b.value()).minus(y).square().mean();
      last = loss.item();
      first = step == 0 ? last : first;
      optimizer.step(loss.backward());
    }
    assertThat(last).isLessThan(0.3 * first);
  }

  @Test
  void adamMovesAgainWhenItsMemoryOfAHugeGradientIsCleared() {
    Parameter w = new Parameter("w", Tensor.of(1f));
    Adam adam = new Adam(List.of(w));
    adam.step(w.value().backward(Tensor.of(1e25f)));
    float stuck = w.value().toFloatArray()[0];
    adam.step(w.value().sum().backward());
    assertThat(w.value().toFloatArray()).containsExactly(stuck);
    adam.load(new Adam(List.of(w)).state());
    adam.step(w.value().sum().backward());
    assertThat(w.value().item()).isCloseTo(stuck - 1e-3, within(1e-6));
  }

  @Test
  void biasCorrectionCountsTheStepsOfEachParameter() {
    Parameter a = new Parameter("a", Tensor.of(1.0));
    Parameter b = new Parameter("b", Tensor.of(1.0));
    Optimizer adam = new Adam(List.of(a, b));
    adam.step(a.value().sum().backward());
    adam.step(a.value().plus(b.value()).sum().backward());
    // The first step of Adam is the learning rate, whenever it is taken.
    assertThat(b.value().item()).isCloseTo(1 - 1e-3, within(1e-9));
  }

  @Test
  void gradientsOfAnyLayoutAreReadInOrder() {
    Parameter w = new Parameter("w", Tensors.zeros(Shape.of(2, 3), DType.FLOAT64));
    Optimizer sgd = new SGD(List.of(w)).learningRate(1);
    Tensor slope = Tensor.of(new double[][] {{9, 9, 9}, {1, 2, 3}, {4, 5, 6}});
    sgd.step(w.value().backward(slope.slice(0, 1, 3)));
    assertThat(w.value().toDoubleArray()).containsExactly(-1, -2, -3, -4, -5, -6);
    Tensor columns = Tensor.of(new double[][] {{9, 9}, {1, 4}, {2, 5}, {3, 6}});
    sgd.step(w.value().backward(columns.slice(0, 1, 4).transpose()));
    assertThat(w.value().toDoubleArray()).containsExactly(-2, -4, -6, -8, -10, -12);
    sgd.step(w.value().sum().backward());
    assertThat(w.value().toDoubleArray()).containsExactly(-3, -5, -7, -9, -11, -13);
  }

  @ParameterizedTest
  @EnumSource
  void gradientsOfAnyLayoutGiveTheSameBits(Recipes recipe) {
    Tensor slope = Generator.seeded(1).normal(5, 4).transpose();
    Parameter a = new Parameter("w", Tensors.ones(4, 5));
    Parameter b = new Parameter("w", Tensors.ones(4, 5));
    Optimizer one = recipe.of(a);
    Optimizer other = recipe.of(b);
    for (int step = 0; step < 3; step++) {
      one.step(a.value().backward(slope));
      other.step(b.value().backward(slope.copy()));
    }
    assertThat(a.value().toFloatArray()).isEqualTo(b.value().toFloatArray());
  }

  @ParameterizedTest
  @EnumSource
  void anyNumberOfThreadsGivesTheSameBits(Recipes recipe) {
    assertThat(Parallel.withThreads(1, () -> someSteps(recipe)))
        .isEqualTo(Parallel.withThreads(4, () -> someSteps(recipe)));
  }

  private static float[] someSteps(Recipes recipe) {
    Generator generator = Generator.seeded(5);
    Parameter w = new Parameter("w", generator.normal(150, 401));
    Optimizer optimizer = recipe.of(w);
    for (int step = 0; step < 5; step++) {
      optimizer.step(w.value().times(generator.normal(150, 401)).sum().backward());
    }
    return w.value().toFloatArray();
  }

  @Test
  void gradientsOfPartsOfABatchAddUpToThatOfTheBatch() {
    Tensor x = Generator.seeded(1).normal(0, 1, Shape.of(8, 3), DType.FLOAT64);
    Parameter whole = new Parameter("whole", Tensor.of(1.0, 2.0, 3.0));
    Parameter parts = new Parameter("parts", Tensor.of(1.0, 2.0, 3.0));
    Optimizer first = new Adam(List.of(whole));
    Optimizer second = new Adam(List.of(parts));
    for (int step = 0; step < 3; step++) {
      first.step(x.matmul(whole.value()).square().mean().backward());
      Gradients sum = null;
      for (int part = 0; part < 4; part++) {
        Tensor loss = x.slice(0, 2 * part, 2 * part + 2).matmul(parts.value()).square().mean();
        sum = sum == null ? loss.backward() : sum.plus(loss.backward());
      }
      second.step(sum.times(0.25));
    }
    assertThat(parts.value().toDoubleArray())
        .containsExactly(whole.value().toDoubleArray(), within(1e-12));
  }

  @Test
  void anEarlierValueRefusesToBeReadAfterAStep() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    Tensor before = w.value();
    new SGD(List.of(w)).step(before.sum().backward());
    assertThatIllegalStateException().isThrownBy(before::item).withMessageContaining("'w'");
  }

  @Test
  void badSettingsAreNamed() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    List<Parameter> list = List.of(w);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Adam(List.of()))
        .withMessageStartingWith("Adam: no parameters; expected at least one (a layer has");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(List.of(w, w)))
        .withMessageContaining("SGD: parameter 'w' is listed twice");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(Map.of("a", w, "b", w)))
        .withMessageContaining("is listed twice");
    Adam adam = new Adam(list);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adam.learningRate(-1))
        .withMessage("Adam: learning rate -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException().isThrownBy(() -> adam.learningRate(Double.NaN));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adam.betas(0.9, 1))
        .withMessage("Adam: beta2 1.0; expected 0 <= beta2 < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> adam.epsilon(-1e-8));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AdamW(list).weightDecay(-1))
        .withMessage("AdamW: weight decay -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(list).nesterov())
        .withMessageContaining("SGD: Nesterov's rule with momentum 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SGD(list).momentum(0.9).nesterov().dampening(0.1));
    assertThatIllegalArgumentException().isThrownBy(() -> new NAdam(list).betas(-0.1, 0.9));
    assertThatIllegalArgumentException().isThrownBy(() -> new NAdam(list).momentumDecay(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RMSProp(list).alpha(1))
        .withMessage("RMSProp: alpha 1.0; expected 0 <= alpha < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> new RMSProp(list).momentum(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Adagrad(list).initialSum(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> new RAdam(list).betas(0.9, -1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AdaMax(list).betas(1, 0.9))
        .withMessage("AdaMax: beta1 1.0; expected 0 <= beta1 < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> new AdaMax(list).epsilon(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Lion(list).betas(0.9, 1));
  }
}
