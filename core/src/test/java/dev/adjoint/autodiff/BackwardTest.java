package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

class BackwardTest {

  private final Tensor x = Tensor.of(1.0, 2.0, 3.0).tracked();

  @Test
  void aScalarHasTheGradientsOfAllLeaves() {
    Parameter w = new Parameter("w", Tensor.of(4.0, 5.0, 6.0));
    Gradients g = x.times(w.value()).sum().backward();
    assertThat(g.of(x).toDoubleArray()).containsExactly(4, 5, 6);
    assertThat(g.of(w).toDoubleArray()).containsExactly(1, 2, 3);
    assertThat(g.of(w.value()).toDoubleArray()).containsExactly(1, 2, 3);
    assertThat(g.of(w).isTracked()).isFalse();
  }

  @Test
  void aSeedWeighsTheElementsOfAnyRoot() {
    Gradients g = x.square().backward(Tensor.of(1.0, 10.0, 100.0));
    assertThat(g.of(x).toDoubleArray()).containsExactly(2, 40, 600);
    assertThat(x.backward(Tensor.of(1.0, 2.0, 3.0)).of(x).toDoubleArray()).containsExactly(1, 2, 3);
    assertThatThrownBy(x.square()::backward)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("root has shape (3); expected a scalar, or a seed");
    assertThatThrownBy(() -> x.square().backward(Tensor.of(1.0, 2.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("seed has shape (2), the root (3)");
  }

  @Test
  void gradientsKnowTheParametersThatTookPartInTheOrderOfTheirCreation() {
    Parameter first = new Parameter("w", Tensor.of(1.0, 2.0, 3.0));
    Parameter second = new Parameter("w", Tensor.of(1.0, 2.0, 3.0));
    Parameter frozen = new Parameter("w", Tensor.of(1.0, 2.0, 3.0));
    Parameter absent = new Parameter("w", Tensor.of(1.0, 2.0, 3.0));
    frozen.freeze();
    Tensor y = second.value().times(frozen.value()).times(first.value()).times(x);
    assertThat(y.sum().backward().parameters()).containsExactly(first, second);
    assertThat(y.plus(absent.value()).sum().backward().times(2).parameters())
        .containsExactly(first, second, absent);
    assertThat(x.sum().backward().parameters()).isEmpty();
  }

  @Test
  void gradientsHaveTheTypeOfTheirTensor() {
    Tensor f = Tensor.of(1f, 2f, 3f).tracked();
    Gradients g = f.times(x).sum().backward();
    assertThat(g.of(f).dtype()).isEqualTo(DType.FLOAT32);
    assertThat(g.of(x).dtype()).isEqualTo(DType.FLOAT64);
    assertThat(f.square().backward(Tensor.of(1.0, 1.0, 1.0)).of(f).dtype())
        .isEqualTo(DType.FLOAT32);
  }

  @Test
  void whatTookNoPartIsRefused() {
    Parameter unused = new Parameter("unused", Tensor.of(1.0));
    Tensor other = Tensor.of(1.0).tracked();
    Gradients g = x.sum().backward();
    assertThatThrownBy(() -> g.of(Tensor.of(1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shape (1) is not tracked");
    assertThatThrownBy(() -> g.of(other)).hasMessageContaining("shape (1): it took no part");
    assertThatThrownBy(() -> g.of(unused)).hasMessageContaining("parameter 'unused'");
    assertThat(g.contains(unused)).isFalse();
    assertThat(g.contains(other)).isFalse();
    assertThat(g.contains(Tensor.of(1.0))).isFalse();
    assertThat(g.orZeros(unused).toDoubleArray()).containsExactly(0);
    assertThatThrownBy(Tensor.of(1.0)::backward)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("is not tracked: it depends on no parameter");
    assertThatThrownBy(() -> Backward.wrt(x, Tensor.of(1.0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("wrt: a tensor of shape (1) is not tracked");
  }

  @Test
  void wrtGivesIntermediatesAndNothingElse() {
    Tensor a = x.square();
    Tensor b = a.exp();
    Tensor y = b.sum();
    Gradients g = Backward.wrt(a).of(y);
    assertThat(g.of(a).toDoubleArray()).isEqualTo(b.toDoubleArray());
    assertThatThrownBy(() -> g.of(x)).hasMessageContaining("was not asked for by wrt");
    Gradients both = Backward.wrt(a, x, y).of(y);
    assertThat(both.of(y).item()).isEqualTo(1);
    assertThat(both.of(x).get(2)).isCloseTo(6 * Math.exp(9), within(1e-8));
    assertThat(both.of(a).toDoubleArray()).isEqualTo(b.toDoubleArray());
  }

  @Test
  void pullbacksRunOnlyOnTheWayToWhatIsWanted() {
    AtomicInteger calls = new AtomicInteger();
    Tensor z = Tensor.of(1.0, 1.0, 1.0).tracked();
    Tensor watched =
        Autodiff.onGradient(
            x,
            g -> {
              calls.incrementAndGet();
              return g;
            });
    Tensor y = watched.times(z).sum();
    Backward.wrt(z).of(y);
    assertThat(calls).hasValue(0);
    Backward.wrt(x).of(y);
    assertThat(calls).hasValue(1);
  }

  @Test
  void derivativesOfAnyOrder() {
    Tensor at = Tensor.scalar(0.7, DType.FLOAT64).tracked();
    Tensor y = at.sin();
    double[] expected = {Math.cos(0.7), -Math.sin(0.7), -Math.cos(0.7), Math.sin(0.7)};
    for (double value : expected) {
      y = Backward.wrt(at).createGraph().of(y).of(at);
      assertThat(y.item()).isCloseTo(value, within(1e-14));
    }
    Tensor last = Backward.wrt(at).of(y).of(at);
    assertThat(last.isTracked()).isFalse();
    assertThat(last.item()).isCloseTo(Math.cos(0.7), within(1e-14));
  }

  @Test
  void gradientsAddUpAsValues() {
    Parameter w = new Parameter("w", Tensor.of(1.0, 2.0));
    Parameter v = new Parameter("v", Tensor.of(1.0));
    Gradients g = w.value().square().sum().backward();
    Gradients h = w.value().times(v.value()).sum().backward();
    Gradients sum = g.plus(h);
    assertThat(sum.of(w).toDoubleArray()).containsExactly(3, 5);
    assertThat(sum.of(v).toDoubleArray()).containsExactly(3);
    assertThat(g.of(w).toDoubleArray()).containsExactly(2, 4);
    assertThat(g.contains(v)).isFalse();
    assertThat(sum.times(0.5).of(w).toDoubleArray()).containsExactly(1.5, 2.5);
    assertThat(sum.map(Tensor::neg).of(v).toDoubleArray()).containsExactly(-3);
  }

  @Test
  void broadcastingIsUndone() {
    Tensor a = Tensors.ones(Shape.of(2, 1, 3), DType.FLOAT64).tracked();
    Tensor b = Tensors.full(Shape.of(4, 1), 2, DType.FLOAT64).tracked();
    Tensor c = Tensor.scalar(3, DType.FLOAT64).tracked();
    Gradients g = a.times(b).plus(c).sum().backward();
    assertThat(g.of(a).shape()).isEqualTo(a.shape());
    assertThat(g.of(b).shape()).isEqualTo(b.shape());
    assertThat(g.of(c).shape()).isEqualTo(c.shape());
    assertThat(g.of(a).toDoubleArray()).containsOnly(8);
    assertThat(g.of(b).toDoubleArray()).containsOnly(6);
    assertThat(g.of(c).item()).isEqualTo(24);
  }

  @Test
  void aTensorUsedTwiceGetsBothParts() {
    assertThat(x.times(x).plus(x).sum().backward().of(x).toDoubleArray()).containsExactly(3, 5, 7);
  }

  @Test
  void aChainOfTwoHundredThousandOperationsNeedsNoStack() {
    Tensor y = x.sum();
    for (int i = 0; i < 100_000; i++) {
      y = y.plus(1);
    }
    Tensor end = y;
    assertThat(end.backward().of(x).toDoubleArray()).containsExactly(1, 1, 1);
    assertThat(Backward.wrt(x).of(end).of(x).toDoubleArray()).containsExactly(1, 1, 1);
  }

  @Test
  void aDiamondOfDepthAThousandTakesLinearTime() {
    AtomicInteger calls = new AtomicInteger();
    Tensor y = x.sum();
    for (int i = 0; i < 1000; i++) {
      Tensor half =
          Autodiff.onGradient(
              y.times(0.5),
              g -> {
                calls.incrementAndGet();
                return g;
              });
      y = half.plus(half);
    }
    Tensor end = y;
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> assertThat(end.backward().of(x).toDoubleArray()).containsExactly(1, 1, 1));
    assertThat(calls).hasValue(1000);
  }

  @Test
  void joiningTwoHundredThousandTensorsTakesLinearTime() {
    Tensor[] parts = new Tensor[200_000];
    Arrays.setAll(parts, i -> Tensor.scalar(i).reshape(1).tracked());
    Tensor end = Joining.concat(0, parts).square().sum();
    Gradients gradients =
        Assertions.assertTimeoutPreemptively(Duration.ofSeconds(60), () -> end.backward());
    for (int i = 0; i < parts.length; i += 9_999) {
      assertThat(gradients.of(parts[i]).item()).isEqualTo(2 * i);
    }
  }

  @Test
  void hooksSeeAndChangeTheWholeGradientOfATensor() {
    AtomicInteger calls = new AtomicInteger();
    Tensor hooked =
        Autodiff.onGradient(
            x,
            g -> {
              calls.incrementAndGet();
              assertThat(g.toDoubleArray()).containsExactly(5, 7, 9);
              return g.times(2);
            });
    Tensor y = hooked.square().plus(hooked.times(3)).sum();
    assertThat(hooked.toDoubleArray()).containsExactly(1, 2, 3);
    assertThat(y.backward().of(x).toDoubleArray()).containsExactly(10, 14, 18);
    assertThat(calls).hasValue(1);
    Tensor spoiled = Autodiff.onGradient(x, Tensor::sum).sum();
    assertThatThrownBy(spoiled::backward)
        .hasMessageContaining("hook turned a gradient of shape (3) into ()");
  }

  @Test
  void whatWasComputedIsSaidToBeNoLeaf() {
    Tensor w = Tensor.of(1.0, 2.0).tracked();
    Tensor moved = w.minus(0.1); // a step of descent by hand, without tracked()
    Gradients gradients = moved.square().sum().backward();
    assertThatThrownBy(() -> gradients.of(moved))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("computed from others; expected tracked() of it before the loss");
    assertThat(Backward.wrt(moved).of(moved.square().sum()).of(moved).toDoubleArray())
        .containsExactly(1.8, 3.8);
  }
}
