package dev.adjoint.recipes;

import static dev.adjoint.testing.AdjointAssertions.assertThatGradientsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.Adam;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/**
 * MAML (Finn et al. 2017, "Model-Agnostic Meta-Learning for Fast Adaptation of Deep Networks") on
 * its sine waves: learns weights from which one step of gradient descent, on ten points of a wave
 * that was never seen, goes far. The gradient of that step is differentiated in turn.
 */
class MetaLearningTest {

  private static final double INNER_RATE = 0.05;

  private final Generator generator = Generator.seeded(1);
  private final List<Parameter> parameters =
      List.of(
          new Parameter("hidden.weight", normal(1, 20)),
          new Parameter("hidden.bias", normal(20)),
          new Parameter("out.weight", normal(20, 1).times(0.3)));

  private Tensor normal(int... sizes) {
    return generator.normal(0, 1, Shape.of(sizes), DType.FLOAT64);
  }

  private static Tensor network(List<Tensor> weights, Tensor x) {
    return x.matmul(weights.get(0)).plus(weights.get(1)).tanh().matmul(weights.get(2));
  }

  /** A sine wave, of which some points are known and others asked for. */
  private record Wave(double height, double phase, Tensor known, Tensor asked) {

    private Tensor at(Tensor x) {
      return x.plus(phase).sin().times(height);
    }

    /** Returns the weights after one step of gradient descent on what is known. */
    List<Tensor> adapted(List<Tensor> weights) {
      List<Tensor> gradients =
          Derivatives.valueAndGradient(w -> Losses.mse(network(w, known), at(known)), weights)
              .gradients();
      List<Tensor> adapted = new ArrayList<>();
      for (int i = 0; i < weights.size(); i++) {
        adapted.add(weights.get(i).minus(gradients.get(i).times(INNER_RATE)));
      }
      return adapted;
    }

    /** Returns the loss on what is asked for. */
    Tensor loss(List<Tensor> weights) {
      return Losses.mse(network(weights, asked), at(asked));
    }
  }

  private Wave wave() {
    double height = generator.uniform(0.5, 2, Shape.of(), DType.FLOAT64).item();
    double phase = generator.uniform(0, Math.PI, Shape.of(), DType.FLOAT64).item();
    return new Wave(height, phase, points(), points());
  }

  private Tensor points() {
    return generator.uniform(-3, 3, Shape.of(10, 1), DType.FLOAT64);
  }

  private List<Tensor> weights() {
    return parameters.stream().map(Parameter::value).toList();
  }

  @Test
  void theGradientThroughTheStepIsRight() {
    Wave wave = wave();
    assertThatGradientsOf(in -> wave.loss(wave.adapted(wave.adapted(weights()))))
        .wrt(parameters.toArray(Parameter[]::new))
        .areCorrect();
  }

  @Test
  void metaTrainingLowersTheLossAfterOneStepOnWavesThatWereNeverSeen() {
    List<Wave> unseen = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      unseen.add(wave());
    }
    double before = afterOneStep(unseen);
    Adam adam = new Adam(parameters).learningRate(0.01);
    for (int step = 0; step < 200; step++) {
      Tensor loss = Tensor.scalar(0, DType.FLOAT64);
      for (int task = 0; task < 4; task++) {
        Wave wave = wave();
        loss = loss.plus(wave.loss(wave.adapted(weights())));
      }
      adam.step(loss.div(4).backward());
    }
    double after = afterOneStep(unseen);
    double without = mean(unseen, wave -> wave.loss(weights()).item());
    assertThat(after).isLessThan(0.5 * before);
    assertThat(after).as("%s without the step", without).isLessThan(0.5 * without);
  }

  private double afterOneStep(List<Wave> waves) {
    return mean(waves, wave -> wave.loss(wave.adapted(weights())).item());
  }

  private static double mean(List<Wave> waves, ToDoubleFunction<Wave> loss) {
    return waves.stream().mapToDouble(loss).average().orElseThrow();
  }
}
