package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MuonTest {

  private static double[][] product(double[][] a, double[][] b) {
    double[][] c = new double[a.length][b[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b[0].length; j++) {
        for (int k = 0; k < b.length; k++) {
          c[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return c;
  }

  private static double[][] transposed(double[][] a) {
    double[][] b = new double[a[0].length][a.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        b[j][i] = a[i][j];
      }
    }
    return b;
  }

  private static double[][] sum(double s, double[][] a, double t, double[][] b) {
    double[][] c = new double[a.length][a[0].length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < a[0].length; j++) {
        c[i][j] = s * a[i][j] + t * b[i][j];
      }
    }
    return c;
  }

  /** Jordan's iteration as he writes it, without regard to which product is the smaller. */
  private static double[][] orthogonalized(double[][] matrix) {
    double squares = 0;
    for (double[] row : matrix) {
      for (double value : row) {
        squares += value * value;
      }
    }
    double[][] x = sum(1 / Math.sqrt(squares), matrix, 0, matrix);
    for (int i = 0; i < 5; i++) {
      double[][] cubic = product(product(x, transposed(x)), x);
      double[][] quintic = product(product(x, transposed(x)), cubic);
      x = sum(1, sum(3.4445, x, -4.7750, cubic), 2.0315, quintic);
    }
    return x;
  }

  @ParameterizedTest
  @CsvSource({"5, 3, true, false", "3, 5, true, true", "4, 4, false, false", "6, 2, false, true"})
  void aMatrixTakesTheWayOfThePaper(int rows, int columns, boolean nesterov, boolean matching) {
    Generator generator = Generator.seeded(9);
    Shape shape = Shape.of(rows, columns);
    Parameter w = new Parameter("w", generator.normal(0, 1, shape, DType.FLOAT64));
    double[][] expected = w.value().toNestedArray(double[][].class);
    double[][] mean = new double[rows][columns];
    Muon muon = new Muon(List.of(w)).learningRate(0.02);
    if (!nesterov) {
      muon.withoutNesterov();
    }
    if (matching) {
      muon.matchAdamW();
    }
    double scale =
        matching
            ? 0.2 * Math.sqrt(Math.max(rows, columns))
            : Math.sqrt(Math.max(1, (double) rows / columns));
    for (int step = 0; step < 100; step++) {
      Tensor slope = generator.normal(0.1, 1, shape, DType.FLOAT64);
      muon.step(w.value().times(slope).sum().backward());
      double[][] g = slope.toNestedArray(double[][].class);
      mean = sum(0.95, mean, 0.05, g);
      double[][] update = orthogonalized(nesterov ? sum(0.05, g, 0.95, mean) : mean);
      expected = sum(1 - 0.02 * 0.1, expected, -0.02 * scale, update);
    }
    Tensor difference = w.value().minus(Tensor.of(expected)).abs().max();
    assertThat(difference.item()).isLessThan(1e-12);
  }

  @ParameterizedTest
  @CsvSource({"40, 20", "20, 40", "30, 30"})
  void theSingularValuesOfAStepAreNearOne(int rows, int columns) {
    Tensor matrix = Generator.seeded(1).normal(0, 1, Shape.of(rows, columns), DType.FLOAT64);
    Tensor x = new Muon(List.of(new Parameter("w", matrix))).orthogonalized(matrix);
    Tensor gram = rows < columns ? x.matmul(x.transpose()) : x.transpose().matmul(x);
    Tensor singular = Linalg.eigh(gram).values().sqrt();
    assertThat(singular.max().item()).isLessThan(1.25);
    // A square matrix may have a singular value near 0, which five iterations do not lift to 1.
    double median = singular.get(singular.size() / 2);
    assertThat(median).isGreaterThan(0.68);
    assertThat(x.times(matrix).sum().item()).isPositive();
  }

  @Test
  void zerosStayZeros() {
    Parameter w = new Parameter("w", Tensor.of(new float[][] {{1, 2}, {3, 4}}));
    new Muon(List.of(w)).weightDecay(0).step(w.value().times(0).sum().backward());
    assertThat(w.value().toFloatArray()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void whatIsNoMatrixTakesTheWayOfAdamW() {
    Generator generator = Generator.seeded(2);
    Parameter bias = new Parameter("bias", generator.normal(6));
    Parameter kernel = new Parameter("kernel", generator.normal(2, 3, 4));
    Parameter head = new Parameter("head", generator.normal(3, 4));
    List<Parameter> all = List.of(bias, kernel, head);
    List<Parameter> same = all.stream().map(p -> new Parameter(p.name(), p.value())).toList();
    Muon muon =
        new Muon(all)
            .learningRate(0.5)
            .adamW(List.of(head))
            .adamW(others -> others.learningRate(0.01).betas(0.8, 0.9).weightDecay(0.2))
            .schedule(Schedule.exponential(0.9))
            .group(ParameterGroup.of(List.of(kernel)).weightDecay(0));
    AdamW adamW =
        new AdamW(same)
            .learningRate(0.01)
            .betas(0.8, 0.9)
            .weightDecay(0.2)
            .schedule(Schedule.exponential(0.9))
            .group(ParameterGroup.of(List.of(same.get(1))).weightDecay(0));
    for (int step = 0; step < 5; step++) {
      muon.step(loss(all).backward());
      adamW.step(loss(same).backward());
    }
    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i).value().toFloatArray()).isEqualTo(same.get(i).value().toFloatArray());
    }
    assertThat(muon.state().keySet()).isEqualTo(adamW.state().keySet());
  }

  private static Tensor loss(List<Parameter> parameters) {
    return parameters.stream()
        .map(p -> p.value().minus(1).square().sum())
        .reduce(Tensor::plus)
        .orElseThrow();
  }

  @Test
  void theScheduleOfTheOthersIsUnderThatOfAll() {
    Parameter bias = new Parameter("bias", Tensor.of(0.0));
    Muon muon =
        new Muon(List.of(bias))
            .schedule(Schedule.exponential(0.5))
            .adamW(others -> others.learningRate(1).weightDecay(0).schedule(Schedule.step(1, 0.1)));
    muon.step(bias.value().sum().backward());
    muon.step(bias.value().sum().backward());
    assertThat(bias.value().item()).isCloseTo(-1 - 0.05, within(1e-7));
  }

  @Test
  void onlyItsOwnParametersCanBeLeftToAdamW() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    Parameter stranger = new Parameter("stranger", Tensor.of(1.0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Muon(List.of(w)).adamW(List.of(stranger)))
        .withMessageContaining("Muon: parameter 'stranger'");
  }

  @Test
  void badSettingsAreNamed() {
    Muon muon = new Muon(List.of(new Parameter("w", Tensor.of(1.0))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> muon.iterations(0))
        .withMessage("Muon: iterations 0; expected at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> muon.momentum(1))
        .withMessage("Muon: momentum 1.0; expected 0 <= momentum < 1");
    assertThatIllegalArgumentException().isThrownBy(() -> muon.epsilon(-1));
  }
}
