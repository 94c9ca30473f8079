package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Memory;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What optimizers remember outlives the {@link Memory#step} in which it was computed. */
class MemoryStepTest {

  private static final Consumer<Runnable> NO_STEP = Runnable::run;
  private static final Consumer<Runnable> STEP = Memory::step;

  private final Generator generator = Generator.seeded(1);
  private final Tensor x = generator.normal(40, 40);
  private final Tensor y = generator.normal(40, 40);
  private final Tensor initial = generator.normal(40, 40).times(0.1);

  @ParameterizedTest
  @EnumSource(Recipes.class)
  void everyOptimizerTakesTheSameStepsInAMemoryStep(Recipes recipe) {
    assertThat(trained(recipe, STEP)).isEqualTo(trained(recipe, NO_STEP));
  }

  private double[] trained(Recipes recipe, Consumer<Runnable> step) {
    Parameter w = new Parameter("w", initial);
    Optimizer optimizer = recipe.of(w);
    for (int i = 0; i < 6; i++) {
      DType dtype = i < 3 ? DType.FLOAT32 : DType.FLOAT64;
      step.accept(() -> {
        w.to(dtype); // what is remembered follows, in the middle of a step
        optimizer.step(loss(w).backward());
      });
    }
    return w.value().toDoubleArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lbfgsTakesTheSameStepsInAMemoryStep(boolean strongWolfe) {
    assertThat(byLbfgs(strongWolfe, STEP)).isEqualTo(byLbfgs(strongWolfe, NO_STEP));
  }

  private double[] byLbfgs(boolean strongWolfe, Consumer<Runnable> step) {
    Parameter w = new Parameter("w", initial);
    LBFGS lbfgs = new LBFGS(List.of(w)).maxIterations(4);
    LBFGS optimizer = strongWolfe ? lbfgs.strongWolfe() : lbfgs.learningRate(0.1);
    for (int i = 0; i < 3; i++) {
      step.accept(() -> optimizer.step(() -> loss(w)));
    }
    return w.value().toDoubleArray();
  }

  @Test
  void averagesOfWeightsAreTheSameInAMemoryStep() {
    assertThat(averaged(STEP)).isEqualTo(averaged(NO_STEP));
  }

  private double[] averaged(Consumer<Runnable> step) {
    Parameter w = new Parameter("w", initial);
    SGD sgd = new SGD(List.of(w));
    WeightAverage average = new WeightAverage(List.of(w)).decay(0.5);
    for (int i = 0; i < 3; i++) {
      step.accept(() -> {
        sgd.step(loss(w).backward());
        average.update();
      });
    }
    step.accept(() -> average.swappedIn(() -> loss(w).item()));
    return average.swappedIn(() -> w.value().toDoubleArray());
  }

  private Tensor loss(Parameter w) {
    return Losses.mse(x.matmul(w.value()).tanh(), y);
  }
}
