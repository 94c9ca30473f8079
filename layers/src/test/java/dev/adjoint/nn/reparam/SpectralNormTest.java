package dev.adjoint.nn.reparam;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.LayerAssertions.assertGradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.check.GradientReport;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Reparametrization;
import dev.adjoint.nn.Weight;
import dev.adjoint.op.Linalg;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SpectralNormTest {

  private final Generator generator = Generator.seeded(37);
  private final Linear layer = float64(new Linear(4, 3, generator));

  private static double largestSingularValue(Tensor matrix) {
    Tensor squares = Linalg.eigh(matrix.matmul(matrix.transpose())).values();
    return Math.sqrt(squares.max().item());
  }

  private static double[] vectors(Layer layer) {
    return layer.namedBuffers().values().stream()
        .flatMapToDouble(buffer -> Arrays.stream(buffer.value().toDoubleArray()))
        .toArray();
  }

  @Test
  void theLargestSingularValueIsOne() {
    Tensor before = layer.weight("weight").value().copy();
    layer.reparametrize("weight", w -> new SpectralNorm(w, generator).iterations(200));
    Tensor after = layer.weight("weight").value();
    assertThat(largestSingularValue(after)).isCloseTo(1, within(1e-12));
    assertThat(after.toDoubleArray())
        .containsExactly(before.div(largestSingularValue(before)).toDoubleArray(), within(1e-12));

    Conv2d conv = float64(new Conv2d(2, 3, 2, generator));
    conv.reparametrize("weight", w -> new SpectralNorm(w, generator).iterations(200));
    assertThat(largestSingularValue(conv.weight("weight").value().reshape(3, 8)))
        .isCloseTo(1, within(1e-12));
  }

  @Test
  void theWarmUpKnowsTheVectorsAlready() {
    SpectralNorm.on(layer, generator);
    layer.eval();
    assertThat(largestSingularValue(layer.weight("weight").value())).isCloseTo(1, within(1e-2));
    assertThat(layer.namedBuffers().keySet()).containsExactly("weight.u", "weight.v");
  }

  @Test
  void onlyForwardsInTrainingMoveTheVectors() {
    SpectralNorm.on(layer, generator);
    layer.namedParameters().get("weight.original").assign(normal(generator, 3, 4));
    Tensor x = normal(generator, 2, 4);
    double[] before = vectors(layer);
    layer.inEval(() -> layer.forward(x));
    assertGradients(layer, GradientCheck.of(in -> layer.forward(in[0])).at(x));
    assertThat(layer.summary(2, 4)).contains("SpectralNorm(3, 4)");
    assertThat(layer.toString()).isEqualTo("Linear(4, 3)");
    assertThat(vectors(Layer.copyOf(layer))).isEqualTo(before);
    Layer.forInference(layer);
    assertThat(layer.weight("weight").dtype()).isEqualTo(x.dtype());
    assertThat(vectors(layer)).isEqualTo(before);
    layer.forward(x);
    assertThat(vectors(layer)).isNotEqualTo(before);
  }

  @Test
  void recomputingACheckpointMovesTheVectorsOnce() {
    SpectralNorm.on(layer, generator);
    Linear same = Layer.copyOf(layer);
    Tensor x = normal(generator, 2, 4).tracked();
    Tensor expected = same.forward(x).square().sum().backward().of(x);
    Tensor sum = Autodiff.checkpoint(() -> layer.forward(x)).square().sum();
    assertThat(sum.backward().of(x).toDoubleArray()).isEqualTo(expected.toDoubleArray());
    assertThat(vectors(layer)).isEqualTo(vectors(same));
  }

  /** dL/dW = (G - sum(G * W / sigma) u v') / sigma, with G = dL/d(W / sigma). */
  @Test
  void noGradientFlowsThroughTheVectors() {
    SpectralNorm.on(layer, generator);
    layer.eval();
    Tensor seed = normal(generator, 3, 4);
    Tensor normed = layer.weight("weight").value();
    Tensor w = layer.namedParameters().get("weight.original").value();
    Tensor gradient = normed.backward(seed).of(w);
    Tensor u = layer.namedBuffers().get("weight.u").value();
    Tensor v = layer.namedBuffers().get("weight.v").value();
    double sigma = u.matmul(w).matmul(v).item();
    Tensor along = Linalg.outer(u, v).times(seed.times(normed).sum());
    assertThat(gradient.toDoubleArray())
        .containsExactly(seed.minus(along).div(sigma).toDoubleArray(), within(1e-13));
  }

  /** Steps the power iteration in a plain field, which a gradient check cannot hold. */
  private static final class Naive extends Reparametrization {
    private final Weight original;
    private Tensor v;

    Naive(Weight original, Tensor v) {
      this.original = weight("original", original);
      this.v = v;
    }

    @Override
    protected Tensor compute() {
      Tensor w = original.value();
      Tensor u = unit(w.untracked().matmul(v));
      v = unit(u.matmul(w.untracked()));
      return w.div(u.matmul(w.matmul(v)));
    }

    private static Tensor unit(Tensor x) {
      return x.div(x.norm(2));
    }
  }

  @Test
  void theGradientCheckFailsWhereTheVectorsAreNotHeld() {
    Tensor x = normal(generator, 2, 4);
    Tensor start = normal(generator, 4);
    Linear held = Layer.copyOf(layer);
    layer.reparametrize("weight", w -> new Naive(w, start));
    SpectralNorm.on(held, generator);
    assertThat(check(layer, x).isOk()).isFalse();
    check(held, x).assertOk();
  }

  private static GradientReport check(Linear layer, Tensor x) {
    return GradientCheck.of(in -> layer.forward(in[0])).at(x).wrt(layer.parameters()).run();
  }

  @Test
  void badSettingsAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> layer.reparametrize("weight", w -> new SpectralNorm(w, generator).iterations(0)))
        .withMessage("SpectralNorm(3, 4): iterations 0; expected at least 1");
  }
}
