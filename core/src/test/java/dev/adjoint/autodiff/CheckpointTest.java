package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CheckpointTest {

  private final Tensor x =
      Generator.seeded(1).normal(0, 1, Shape.of(4, 3), DType.FLOAT64).tracked();
  private final Parameter w =
      new Parameter("w", Generator.seeded(2).normal(0, 1, Shape.of(3, 3), DType.FLOAT64));

  private Tensor layer(Tensor in) {
    return in.matmul(w.value()).tanh().softmax(-1);
  }

  @Test
  void gradientsAreTheSameBits() {
    Gradients plain = layer(layer(x)).square().sum().backward();
    Gradients saved =
        Autodiff.checkpoint(() -> layer(Autodiff.checkpoint(() -> layer(x))))
            .square()
            .sum()
            .backward();
    assertThat(saved.of(x).toDoubleArray()).isEqualTo(plain.of(x).toDoubleArray());
    assertThat(saved.of(w).toDoubleArray()).isEqualTo(plain.of(w).toDoubleArray());
  }

  @Test
  void secondOrderGradientsAreTheSame() {
    // Parts of a gradient of a gradient are added in another order.
    assertThat(secondOrder(() -> Autodiff.checkpoint(() -> layer(x))))
        .containsExactly(secondOrder(() -> layer(x)), within(1e-15));
  }

  private double[] secondOrder(Supplier<Tensor> y) {
    Tensor g = Backward.wrt(x).createGraph().of(y.get().square().sum()).of(x);
    return g.square().sum().backward().of(w).toDoubleArray();
  }

  @Test
  void randomDrawsAreReplayedAndTheStreamGoesOn() {
    Generator a = Generator.seeded(5);
    Generator b = Generator.seeded(5);
    Tensor plain = dropout(a);
    Tensor saved = Autodiff.checkpoint(() -> dropout(b));
    assertThat(saved.toDoubleArray()).isEqualTo(plain.toDoubleArray());
    assertThat(saved.sum().backward().of(x).toDoubleArray())
        .isEqualTo(plain.sum().backward().of(x).toDoubleArray());
    assertThat(b.uniform(3).toFloatArray()).isEqualTo(a.uniform(3).toFloatArray());
  }

  private Tensor dropout(Generator generator) {
    return layer(x).times(generator.bernoulli(0.5, x.shape(), DType.FLOAT64)).square();
  }

  @Test
  void effectsHappenOnce() {
    AtomicInteger runs = new AtomicInteger();
    AtomicInteger effects = new AtomicInteger();
    Tensor y =
        Autodiff.checkpoint(() -> {
          runs.incrementAndGet();
          Held.effect(effects::incrementAndGet);
          return layer(x);
        });
    y.sum().backward();
    assertThat(runs).hasValue(2);
    assertThat(effects).hasValue(1);
  }

  @Test
  void intermediateResultsAreNotKept() {
    List<WeakReference<Tensor>> kept = new ArrayList<>();
    List<WeakReference<Tensor>> dropped = new ArrayList<>();
    Tensor plain = watched(kept);
    Tensor saved = Autodiff.checkpoint(() -> watched(dropped));
    try {
      for (int i = 0; i < 100 && dropped.stream().anyMatch(r -> r.get() != null); i++) {
        System.gc();
      }
      assertThat(dropped).hasSize(1).allMatch(r -> r.get() == null);
      assertThat(kept).hasSize(1).allMatch(r -> r.get() != null);
      saved.sum().backward();
    } finally {
      Reference.reachabilityFence(plain);
      Reference.reachabilityFence(saved);
    }
  }

  private Tensor watched(List<WeakReference<Tensor>> references) {
    Tensor intermediate = x.exp();
    references.add(new WeakReference<>(intermediate));
    return intermediate.square();
  }

  @Test
  void whatNeedsNoGradientIsJustComputed() {
    assertThat(Autodiff.checkpoint(() -> Tensor.of(2.0).square()).isTracked()).isFalse();
    assertThat(Autodiff.noGrad(() -> Autodiff.checkpoint(() -> layer(x))).isTracked()).isFalse();
    assertThat(Autodiff.checkpoint(() -> x).sum().backward().of(x).toDoubleArray()).containsOnly(1);
  }

  @Test
  void aLeafMadeInsideStaysInside() {
    Tensor y = Autodiff.checkpoint(() -> x.times(Tensor.scalar(2, DType.FLOAT64).tracked()));
    assertThat(y.sum().backward().of(x).toDoubleArray()).containsOnly(2);
  }

  @Test
  void aComputationThatGivesAnotherResultIsRefused() {
    Parameter frozen = new Parameter("frozen", Tensor.of(2.0));
    frozen.freeze();
    Tensor y = Autodiff.checkpoint(() -> x.square().times(frozen.value().exp()));
    y.sum().backward();
    frozen.assign(Tensor.of(3.0));
    assertThatThrownBy(y.sum()::backward)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("checkpoint: the computation gave another result");
  }

  @Test
  void severalThreadsGoBackThroughOneCheckpoint() {
    Generator generator = Generator.seeded(6);
    Tensor y = Autodiff.checkpoint(() -> dropout(generator).plus(dropout(generator))).sum();
    double[] expected = y.backward().of(x).toDoubleArray();
    List<CompletableFuture<double[]>> all =
        IntStream.range(0, 200)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> y.backward().of(x).toDoubleArray()))
            .toList();
    assertThat(all).allSatisfy(f -> assertThat(f.join()).isEqualTo(expected));
  }

  @Test
  void severalThreadsGoBackThroughOneGraph() {
    Tensor y = layer(layer(layer(x))).square().sum();
    double[] expected = y.backward().of(w).toDoubleArray();
    List<CompletableFuture<double[]>> all =
        IntStream.range(0, 200)
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> y.backward().of(w).toDoubleArray()))
            .toList();
    assertThat(all).allSatisfy(f -> assertThat(f.join()).isEqualTo(expected));
  }
}
