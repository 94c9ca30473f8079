package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares optimizers whose steps depend on a whole parameter with loops over its elements. */
class WholeParameterTest {

  /** Takes a step for all elements of a matrix. */
  private interface Reference {
    void step(int t, double[] p, double[] g);
  }

  private static void compare(
      DType dtype, Shape shape, Function<List<Parameter>, Optimizer> optimizer, Reference it) {
    Generator generator = Generator.seeded(3);
    Parameter w = new Parameter("w", generator.normal(0, 1, shape, dtype));
    double[] expected = w.value().toDoubleArray();
    Optimizer tested = optimizer.apply(List.of(w));
    for (int t = 1; t <= 20; t++) {
      Tensor slope = generator.normal(0.1, 1, shape, dtype);
      tested.step(w.value().times(slope).sum().backward());
      it.step(t, expected, slope.toDoubleArray());
    }
    assertThat(w.value().toDoubleArray())
        .containsExactly(expected, within(dtype == DType.FLOAT32 ? 1e-5 : 1e-12));
  }

  private static double norm(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
  }

  private static Reference lamb(int n, double rate, double decay) {
    double[] m = new double[n];
    double[] v = new double[n];
    return (t, p, g) -> {
      double[] r = new double[n];
      for (int i = 0; i < n; i++) {
        m[i] = 0.9 * m[i] + 0.1 * g[i];
        v[i] = 0.999 * v[i] + (1 - 0.999) * g[i] * g[i];
        double mean = m[i] / (1 - Math.pow(0.9, t));
        r[i] = mean / (Math.sqrt(v[i] / (1 - Math.pow(0.999, t))) + 1e-6) + decay * p[i];
      }
      double ratio = norm(p) / norm(r);
      for (int i = 0; i < n; i++) {
        p[i] -= rate * ratio * r[i];
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void lambIsTheReference(DType dtype) {
    compare(dtype, Shape.of(30, 7), LAMB::new, lamb(210, 1e-3, 0.01));
    compare(
        dtype,
        Shape.of(300),
        w -> new LAMB(w).learningRate(0.05).weightDecay(0.3),
        lamb(300, 0.05, 0.3));
  }

  @Test
  void lambMovesByAPartOfTheLengthAndOtherwiseAsAdam() {
    Parameter w = new Parameter("w", Tensor.of(3.0, 4.0));
    new LAMB(List.of(w))
        .learningRate(0.1)
        .weightDecay(0)
        .epsilon(0)
        .step(w.value().times(Tensor.of(1e-3, -1e3)).sum().backward());
    double part = 0.1 * 5 / Math.sqrt(2); // Adam's first direction is that of the signs
    assertThat(w.value().toDoubleArray())
        .containsExactly(new double[] {3 - part, 4 + part}, within(1e-12));
    Parameter bias = new Parameter("bias", Tensor.of(0.0, 0.0));
    new LAMB(List.of(bias)).epsilon(0).step(bias.value().sum().backward());
    assertThat(bias.value().toDoubleArray())
        .containsExactly(new double[] {-1e-3, -1e-3}, within(1e-15));
  }

  /** Adafactor as PyTorch documents it: of matrices (rows, columns), or of a vector, 0 rows. */
  private static Reference adafactor(
      int rows, int columns, double rate, double decay, double d, double epsilon) {
    int n = Math.max(1, rows) * columns;
    double[] r = new double[rows];
    double[] c = new double[columns];
    double[] v = new double[n];
    return (t, p, g) -> {
      double beta2 = 1 - Math.pow(t, -0.8);
      double alpha = Math.max(1e-3, norm(p) / Math.sqrt(n)) * Math.min(rate, 1 / Math.sqrt(t));
      double mean = 0;
      for (int i = 0; i < rows; i++) {
        double sum = 0;
        for (int j = 0; j < columns; j++) {
          sum += g[i * columns + j] * g[i * columns + j];
        }
        r[i] = beta2 * r[i] + (1 - beta2) * sum / columns;
        mean += r[i] / rows;
      }
      for (int j = 0; j < columns && rows > 0; j++) {
        double sum = 0;
        for (int i = 0; i < rows; i++) {
          sum += g[i * columns + j] * g[i * columns + j];
        }
        c[j] = beta2 * c[j] + (1 - beta2) * sum / rows;
      }
      double[] u = new double[n];
      for (int i = 0; i < n; i++) {
        v[i] =
            rows > 0
                ? r[i / columns] * c[i % columns] / Math.max(mean, epsilon)
                : beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        u[i] = g[i] / Math.max(Math.sqrt(v[i]), epsilon);
      }
      double clip = Math.max(1, norm(u) / Math.sqrt(n) / d);
      for (int i = 0; i < n; i++) {
        p[i] = p[i] - rate * decay * p[i] - alpha * u[i] / clip;
      }
    };
  }

  @ParameterizedTest
  @EnumSource
  void adafactorIsTheReference(DType dtype) {
    double epsilon = dtype == DType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    compare(dtype, Shape.of(7, 5), Adafactor::new, adafactor(7, 5, 1e-2, 0, 1, epsilon));
    compare(dtype, Shape.of(9), Adafactor::new, adafactor(0, 9, 1e-2, 0, 1, epsilon));
    compare(
        dtype,
        Shape.of(4, 6),
        w -> new Adafactor(w).learningRate(0.5).weightDecay(0.1).d(1.5).epsilons(0.5, 1e-3),
        adafactor(4, 6, 0.5, 0.1, 1.5, 0.5));
  }

  /** Prodigy as in Mishchenko and Defazio, algorithm 4. */
  private static Reference prodigy(int n, double gamma, double decay, double first) {
    double[] m = new double[n];
    double[] v = new double[n];
    double[] s = new double[n];
    double[] start = new double[n];
    double[] d = {first, 0};
    double beta3 = Math.sqrt(0.999);
    return (t, p, g) -> {
      double gain = 0;
      double length = 0;
      double now = d[0];
      for (int i = 0; i < n; i++) {
        start[i] = t == 1 ? p[i] : start[i];
        gain += g[i] * (start[i] - p[i]);
        m[i] = 0.9 * m[i] + 0.1 * now * g[i];
        v[i] = 0.999 * v[i] + (1 - 0.999) * now * now * g[i] * g[i];
        s[i] = beta3 * s[i] + (1 - beta3) * gamma * now * now * g[i];
        length += Math.abs(s[i]);
        p[i] -= gamma * now * (m[i] / (Math.sqrt(v[i]) + now * 1e-8) + decay * p[i]);
      }
      d[1] = beta3 * d[1] + (1 - beta3) * gamma * now * now * gain;
      d[0] = Math.max(now, d[1] / length);
    };
  }

  @ParameterizedTest
  @EnumSource
  void prodigyIsTheReference(DType dtype) {
    compare(dtype, Shape.of(30, 7), Prodigy::new, prodigy(210, 1, 0, 1e-6));
    compare(
        dtype,
        Shape.of(40),
        w -> new Prodigy(w).learningRate(0.5).d0(1e-3).weightDecay(0.1),
        prodigy(40, 0.5, 0.1, 1e-3));
  }

  @Test
  void prodigyFindsTheDistanceToTheSolution() {
    Parameter w = new Parameter("w", Tensor.of(0.0, 0.0));
    Prodigy prodigy = new Prodigy(List.of(w));
    for (int t = 0; t < 500; t++) {
      prodigy.step(w.value().minus(Tensor.of(30.0, -20.0)).abs().sum().backward());
    }
    assertThat(prodigy.d()).isBetween(3.0, 36.0);
    assertThat(w.value().toDoubleArray()).containsExactly(new double[] {30, -20}, within(10.0));
  }

  @Test
  void adafactorRemembersRowsAndColumnsOfTheLastTwoAxes() {
    Parameter kernel = new Parameter("kernel", Tensors.ones(2, 3, 4, 5));
    Parameter bias = new Parameter("bias", Tensors.ones(6));
    Optimizer adafactor = new Adafactor(List.of(kernel, bias));
    adafactor.step(kernel.value().square().sum().plus(bias.value().square().sum()).backward());
    assertThat(adafactor.state().get("kernel.row_var").shape()).isEqualTo(Shape.of(2, 3, 4, 1));
    assertThat(adafactor.state().get("kernel.col_var").shape()).isEqualTo(Shape.of(2, 3, 1, 5));
    assertThat(adafactor.state().get("bias.variance").shape()).isEqualTo(Shape.of(6));
  }

  @Test
  void adafactorStaysWithZeroGradients() {
    Parameter matrix = new Parameter("matrix", Tensors.ones(2, 3));
    new Adafactor(List.of(matrix)).step(matrix.value().times(0).sum().backward());
    assertThat(matrix.value().toFloatArray()).containsOnly(1);
  }

  @Test
  void badSettingsAreNamed() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    Adafactor adafactor = new Adafactor(List.of(w));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adafactor.d(0.5))
        .withMessage("Adafactor: d 0.5; expected a number of at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adafactor.epsilons(-1, 0))
        .withMessage("Adafactor: first epsilon -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adafactor.beta2Decay(0.8))
        .withMessage("Adafactor: beta2 decay 0.8; expected a number of at most 0");
    Prodigy prodigy = new Prodigy(List.of(w));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prodigy.d0(0))
        .withMessage("Prodigy: d0 0.0; expected a number above 0");
    assertThatIllegalArgumentException().isThrownBy(() -> prodigy.dCoef(-1));
  }
}
