package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
  void secondOrderGradientsAreTheSameBits() {
    assertThat(secondOrder(() -> Autodiff.checkpoint(() -> layer(x))))
        .isEqualTo(secondOrder(() -> layer(x)));
  }

  @Test
  void aTensorAndItsAncestorAreBothCaptured() {
    Tensor t = Tensor.scalar(2, DType.FLOAT64).tracked();
    Tensor h = t.square();
    assertThat(Autodiff.checkpoint(() -> h.times(t)).backward().of(t).item()).isEqualTo(12);
  }

  @Test
  @Timeout(60) // 2^40 steps for a replay that does not stop at what was captured
  void aCheckpointForEachStepOfARecurrence() {
    assertThat(recurrence(40, true)).isEqualTo(recurrence(40, false));
  }

  private double[] recurrence(int steps, boolean checkpoints) {
    Tensor h = x;
    for (int i = 0; i < steps; i++) {
      Tensor before = h;
      Supplier<Tensor> step = () -> before.matmul(w.value()).plus(before.times(x)).tanh();
      h = checkpoints ? Autodiff.checkpoint(step) : step.get();
    }
    return h.sum().backward().of(w).toDoubleArray();
  }

  @Test
  void aThousandNestedCheckpointsFitOnTheStackOfAThread() throws Exception {
    Tensor t = Tensor.scalar(0.5, DType.FLOAT64).tracked();
    nested(t, 100).backward(); // loads classes and writes loops, for which the bottom is no place
    FutureTask<Double> task = new FutureTask<>(() -> nested(t, 1000).backward().of(t).item());
    new Thread(null, task, "nested", 1 << 20).start();
    assertThat(task.get()) // of t^1001
        .isCloseTo(1001 * Math.pow(0.5, 1000), withinPercentage(1e-10));
  }

  private static Tensor nested(Tensor t, int depth) {
    return depth == 0 ? t : Autodiff.checkpoint(() -> nested(t, depth - 1).times(t));
  }

  @Test
  void aCheckpointThatReturnsACheckpointOrWhatItCaptured() {
    Tensor y =
        Autodiff.checkpoint(() -> Autodiff.checkpoint(() -> Autodiff.checkpoint(() -> layer(x))));
    assertThat(y.square().sum().backward().of(x).toDoubleArray())
        .isEqualTo(layer(x).square().sum().backward().of(x).toDoubleArray());
    assertThat(Autodiff.checkpoint(() -> x)).isSameAs(x);
  }

  @Test
  void aTensorThatWasReplacedByAnEqualOneIsRefused() {
    Tensor[] held = {x.exp()};
    Tensor y = Autodiff.checkpoint(() -> held[0].square()).sum();
    y.backward();
    held[0] = x.exp();
    assertThatThrownBy(y::backward)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("expected one that depends only on the same tensors");
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
          Replay.effect(effects::incrementAndGet);
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
