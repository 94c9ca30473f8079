package dev.adjoint.elsewhere;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.optim.FluentOptimizer;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.Update;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Optimizers are written outside the library. */
class OwnOptimizerTest {

  private final Parameter w = new Parameter("w", Tensor.of(1.0, -2.0, 0.5));

  private Gradients gradients(double... g) {
    return w.value().times(Tensor.of(g)).sum().backward();
  }

  /** An optimizer of one formula. */
  private static final class Own extends FluentOptimizer<Own> {
    private final Function<Update, Tensor> formula;

    Own(Parameter parameter, Function<Update, Tensor> formula) {
      super(Map.of("w", parameter), 0.1, 0);
      this.formula = formula;
    }

    @Override
    protected Tensor update(Update u) {
      return formula.apply(u);
    }
  }

  @Test
  void adaBeliefTakesTheStepsOfThePaper() {
    AdaBelief optimizer =
        new AdaBelief(Map.of("w", w)).learningRate(0.1).schedule(t -> 1.0 / (1 + t));
    double[] p = {1, -2, 0.5};
    double[] m = new double[3];
    double[] surprise = new double[3];
    for (int t = 1; t <= 4; t++) {
      if (t == 3) {
        optimizer.betas(0.5, 0.9);
      }
      double beta1 = t < 3 ? 0.9 : 0.5;
      double beta2 = t < 3 ? 0.999 : 0.9;
      double[] g = {t, -0.5 * t * t, 1.0 / t};
      optimizer.step(gradients(g));
      for (int i = 0; i < 3; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        surprise[i] = beta2 * surprise[i] + (1 - beta2) * Math.pow(g[i] - m[i], 2) + 1e-8;
        double mean = m[i] / (1 - Math.pow(beta1, t));
        p[i] -= 0.1 / t * mean / (Math.sqrt(surprise[i] / (1 - Math.pow(beta2, t))) + 1e-8);
      }
    }
    assertThat(w.value().untracked().toDoubleArray()).containsExactly(p, offset(1e-12));
  }

  @Test
  void whatItRemembersIsSavedAndGoesOnWithTheSameBits() {
    AdaBelief first = new AdaBelief(Map.of("w", w));
    first.step(gradients(1, 2, 3));
    Map<String, Tensor> state = first.state();
    assertThat(state).containsOnlyKeys("step", "w.step", "w.exp_avg", "w.exp_avg_var");
    Parameter copy = new Parameter("w", w.value().untracked().copy());
    AdaBelief second = new AdaBelief(Map.of("w", copy));
    second.load(state);
    second.step(copy.value().times(Tensor.of(3.0, 2.0, 1.0)).sum().backward());
    first.step(gradients(3, 2, 1));
    assertThat(copy.value().untracked().toDoubleArray())
        .isEqualTo(w.value().untracked().toDoubleArray());
  }

  @Test
  void aNewValueMayBeAnInputOrAnotherResult() {
    Optimizer optimizer =
        new Own(
            w,
            u -> {
              Tensor next = u.value().minus(u.gradient().times(u.rate()));
              u.remember("last_value", old -> u.value());
              u.remember("last_gradient", old -> u.gradient());
              u.remember("again", old -> next);
              return next;
            });
    optimizer.step(gradients(10, 20, 30));
    optimizer.step(gradients(1, 1, 1));
    Map<String, Tensor> state = optimizer.state();
    assertThat(state.get("w.last_value").toDoubleArray()).containsExactly(0, -4, -2.5);
    assertThat(state.get("w.last_gradient").toDoubleArray()).containsExactly(1, 1, 1);
    assertThat(state.get("w.again").toDoubleArray()).containsExactly(-0.1, -4.1, -2.6);
    assertThat(w.value().untracked().toDoubleArray()).containsExactly(-0.1, -4.1, -2.6);
  }

  @Test
  void aLongFormulaReadsOldValuesInAllItsLoops() {
    int n = 5003;
    Parameter v = new Parameter("w", Tensors.full(Shape.of(n), 0.5, DType.FLOAT32));
    Optimizer optimizer =
        new Own(
            v,
            u -> {
              Tensor m = u.remember("m", old -> old.plus(u.gradient().exp()));
              Tensor deep = m;
              for (int i = 0; i < 12; i++) {
                deep = deep.tanh().plus(u.remembered("m")).plus(u.value().sigmoid());
              }
              return u.value().minus(deep);
            });
    Tensor m = Tensors.zeros(Shape.of(n), DType.FLOAT32);
    Tensor p = v.value().untracked().copy();
    for (int t = 0; t < 2; t++) {
      Tensor g = v.value().untracked().copy();
      optimizer.step(v.value().square().sum().times(0.5).backward());
      Tensor next = m.plus(g.exp());
      Tensor deep = next;
      for (int i = 0; i < 12; i++) {
        deep = deep.tanh().plus(m).plus(p.sigmoid());
      }
      p = p.minus(deep);
      m = next;
    }
    assertThat(v.value().untracked().toDoubleArray()).isEqualTo(p.toDoubleArray());
  }

  @Test
  void whatIsNotElementwiseIsRefusedBeforeAnythingChanges() {
    Optimizer optimizer =
        new Own(w, u -> u.remember("m", old -> old.plus(1)).times(u.gradient().square().sum()));
    assertThatThrownBy(() -> optimizer.step(gradients(1, 2, 3)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Own: 'sum' is not elementwise");
    assertThat(w.value().untracked().toDoubleArray()).containsExactly(1, -2, 0.5);
  }
}
