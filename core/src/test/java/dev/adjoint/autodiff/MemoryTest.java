package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.AllocatedBytes;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryTest {

  private static final int GRAPHS = Integer.getInteger("graphs", 12);
  private static final String ENDED =
      "this tensor was computed in a Memory.step that has ended, and its elements are gone;"
          + " expected it to be returned from the step, or a copy() of it made within";

  private final Generator generator = Generator.seeded(1);
  private final Parameter w = new Parameter("w", generator.normal(64, 64).times(0.1));
  private final Tensor x = generator.normal(64, 64);

  // ---- the same numbers ------------------------------------------------------------------------

  @Test
  void gradientsOfRandomGraphsAreTheSameBitsInStepsAndWithoutRecycling() {
    for (int i = 0; i < GRAPHS; i++) {
      long seed = 3_000_000 + i;
      List<Tensor> recycled =
          inStep(() -> gradients(new RandomGraph(seed, checkpointed(seed), 33)));
      List<Tensor> outside = gradients(new RandomGraph(seed, checkpointed(seed), 33));
      List<Tensor> never = // detecting recycles nothing
          Autodiff.detectAnomalies(() -> gradients(new RandomGraph(seed, checkpointed(seed), 33)));
      assertThat(bits(recycled)).as("graph %d", seed).isEqualTo(bits(never));
      assertThat(bits(outside)).as("graph %d", seed).isEqualTo(bits(never));
    }
  }

  @Test
  void secondOrderGradientsAreTheSameBitsInSteps() {
    for (int i = 0; i < GRAPHS / 2; i++) {
      long seed = 4_000_000 + i;
      Supplier<List<Tensor>> second =
          () -> {
            RandomGraph graph = new RandomGraph(seed, checkpointed(seed), 33);
            if (!graph.loss.isTracked()) {
              return List.of();
            }
            Tensor[] leaves = graph.leaves.toArray(new Tensor[0]);
            Gradients first = Backward.wrt(leaves).createGraph().of(graph.loss);
            Tensor penalty = graph.loss.square();
            for (Tensor leaf : leaves) {
              penalty = first.contains(leaf) ? penalty.plus(first.of(leaf).sum()) : penalty;
            }
            return List.copyOf(penalty.backward().tensors());
          };
      assertThat(bits(inStep(second)))
          .as("graph %d", seed)
          .containsExactlyInAnyOrderElementsOf(bits(Autodiff.detectAnomalies(second)));
    }
  }

  @Test
  void eightThreadsThatTakeStepsDisturbNobody() throws Exception {
    List<List<List<Double>>> expected = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      expected.add(bits(gradients(new RandomGraph(5_000_000 + t, false, 33))));
    }
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<List<List<List<Double>>>>> all = new ArrayList<>();
      for (int t = 0; t < 8; t++) {
        long seed = 5_000_000 + t;
        all.add(
            executor.submit(() -> {
              List<List<List<Double>>> results = new ArrayList<>();
              for (int i = 0; i < 3; i++) {
                results.add(bits(inStep(() -> gradients(new RandomGraph(seed, false, 33)))));
              }
              return results;
            }));
      }
      for (int t = 0; t < 8; t++) {
        assertThat(all.get(t).get()).containsOnly(expected.get(t));
      }
    }
  }

  private static boolean checkpointed(long seed) {
    return seed % 3 > 0;
  }

  private static List<Tensor> inStep(Supplier<List<Tensor>> computation) {
    return Memory.step(computation);
  }

  private static List<Tensor> gradients(RandomGraph graph) {
    List<Tensor> all = new ArrayList<>(List.of(graph.loss));
    if (graph.loss.isTracked()) {
      Gradients gradients = graph.loss.backward();
      graph.leaves.stream().filter(gradients::contains).map(gradients::of).forEach(all::add);
      graph.parameters.stream().filter(gradients::contains).map(gradients::of).forEach(all::add);
    }
    return all;
  }

  /** Returns all elements; zeros without their sign, which is another where slices are added. */
  private static List<List<Double>> bits(List<Tensor> tensors) {
    return tensors.stream()
        .map(t -> Arrays.stream(t.toDoubleArray()).mapToObj(v -> v + 0.0).toList())
        .toList();
  }

  // ---- recycling within a backward pass --------------------------------------------------------

  @Test
  void whatAHookKeepsOfABackwardPassStays() {
    List<Tensor> seen = new ArrayList<>();
    Tensor h = w.value().tanh();
    Tensor y = h;
    for (int i = 0; i < 8; i++) {
      y = Autodiff.onGradient(y.times(1.5).tanh(), g -> keep(seen, g));
    }
    Tensor _ = y.square().sum().backward().of(w);
    assertThat(seen).hasSize(8).allSatisfy(MemoryTest::readable);
  }

  @Test
  void whatACustomPullbackKeepsStays() {
    List<Tensor> seen = new ArrayList<>();
    CustomFunction twice =
        new CustomFunction() {
          @Override
          public Tensor forward(List<Tensor> inputs) {
            return inputs.get(0).times(2);
          }

          @Override
          public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
            seen.add(cotangent);
            return List.of(keep(seen, cotangent.times(2)));
          }
        };
    Tensor y = w.value();
    for (int i = 0; i < 4; i++) {
      y = Autodiff.apply(twice, y.tanh()).sin();
    }
    Tensor _ = y.square().sum().backward().of(w);
    assertThat(seen).hasSize(8).allSatisfy(MemoryTest::readable);
  }

  @Test
  void theSeedAndGradientsThatAreViewsOfItStay() {
    Tensor a = x.tracked();
    Tensor b = x.tracked();
    Tensor seed = generator.normal(64, 64).times(1);
    Gradients first = a.plus(b).transpose().backward(seed);
    for (int i = 0; i < 5; i++) {
      Tensor _ = a.tanh().times(b).sin().square().sum().backward().of(a);
    }
    assertThat(first.of(a).toFloatArray()).isEqualTo(seed.transpose().toFloatArray());
    assertThat(first.of(b).toFloatArray()).isEqualTo(seed.transpose().toFloatArray());
  }

  @Test
  void gradientsOfIntermediateResultsStay() {
    Tensor a = w.value().tanh();
    Tensor b = a.sin();
    Tensor c = b.times(a);
    Tensor loss = c.square().sum();
    Gradients gradients = Backward.wrt(a, b, c).of(loss);
    Gradients again = Autodiff.detectAnomalies(() -> Backward.wrt(a, b, c).of(loss));
    Tensor _ = c.tanh().times(b).sin().square().sum().backward().of(w);
    for (Tensor each : List.of(a, b, c)) {
      assertThat(gradients.of(each).toFloatArray()).isEqualTo(again.of(each).toFloatArray());
    }
  }

  @Test
  void aBackwardPassUsesTheMemoryOfTheLast() {
    Tensor y = w.value();
    for (int i = 0; i < 20; i++) {
      y = y.cumsum(0); // whose loops are no vector code, which allocates before it is compiled
    }
    Tensor last = y;
    Tensor seed = generator.normal(64, 64);
    Tensor _ = last.backward(seed).of(w);
    long before = AllocatedBytes.ofThisThread();
    Tensor _ = last.backward(seed).of(w);
    assertThat(AllocatedBytes.ofThisThread() - before)
        .as("one gradient of 16 KB, and not 20 cotangents")
        .isLessThan(4 * 16_384);
  }

  // ---- what a step keeps -----------------------------------------------------------------------

  @Test
  void thePullbackOfAnElementwiseFunctionUsesMemoryAgain() {
    UnaryOperator<Tensor> grow = Autodiff.elementwise("grow", x -> x.times(x).plus(x));
    Tensor x = Tensors.full(Shape.of(1 << 16), 1e-3, DType.FLOAT32).copy().tracked();
    Tensor y = x;
    for (int i = 0; i < 20; i++) {
      y = grow.apply(y);
    }
    Tensor sum = y.sum();
    long limit = 8 << 18;
    long allocated =
        AllocatedBytes.ofCompiled(() -> Parallel.withThreads(1, () -> sum.backward()), limit);
    assertThat(allocated)
        .as("20 cotangents of 256 KiB are needed one after another")
        .isLessThan(limit);
  }

  @Test
  void aTensorThatOutlivedItsStepRefusesToBeRead() {
    List<Tensor> kept = new ArrayList<>();
    Memory.step(() -> {
      kept.add(x.times(2)); // large, to be recycled
      kept.add(x.sum()); // small
      kept.add(x.times(3).transpose()); // a view
      kept.add(generator.normal(64, 64));
    });
    assertThat(kept)
        .allSatisfy(tensor -> {
          assertThatThrownBy(tensor::toFloatArray)
              .isInstanceOf(IllegalStateException.class)
              .hasMessage(ENDED);
          assertThatThrownBy(() -> tensor.plus(1)).hasMessage(ENDED);
        });
  }

  @Test
  void whatIsReturnedStays() {
    record Pair(Tensor a, Optional<Tensor> b) {}
    assertThat(Memory.step(() -> x.times(2))).satisfies(MemoryTest::readable);
    assertThat(Memory.step(() -> x.sum().item())).isEqualTo(x.sum().item());
    assertThat(Memory.step(() -> List.of(x.times(2), x.sum()))).allSatisfy(MemoryTest::readable);
    Map<String, Tensor[]> map = Memory.step(() -> Map.of("a", new Tensor[] {x.times(2)}));
    assertThat(map.get("a")[0]).satisfies(MemoryTest::readable);
    Pair pair = Memory.step(() -> new Pair(x.times(2).transpose(), Optional.of(x.sum())));
    assertThat(pair.a()).satisfies(MemoryTest::readable);
    assertThat(pair.b().orElseThrow()).satisfies(MemoryTest::readable);
    Gradients gradients = Memory.step(() -> loss().backward());
    assertThat(gradients.of(w)).satisfies(MemoryTest::readable);
    ValueAndGradient both =
        Memory.step(() -> Derivatives.valueAndGradient(t -> t.square().sum(), x));
    assertThat(both.gradient().toFloatArray()).isEqualTo(x.times(2).toFloatArray());
  }

  @Test
  void aReturnedTensorIsKeptWithoutTheGraphBehindIt() {
    Tensor loss = Memory.step(this::loss);
    readable(loss);
    assertThatThrownBy(loss::backward).hasMessage(ENDED);
  }

  @Test
  void copiesAndGivenNumbersStay() {
    List<Tensor> kept = new ArrayList<>();
    Memory.step(() -> {
      kept.add(x.times(2).copy());
      kept.add(Tensor.of(new float[4096], 64, 64));
      kept.add(Tensors.full(Shape.of(64, 64), 3, DType.FLOAT32));
      kept.add(new Parameter("inside", x.times(2)).value());
      w.to(DType.FLOAT64);
      w.assign(w.value().times(0.5));
      w.assign(Tensors.ones(64, 64).times(2));
      kept.add(w.value());
    });
    churn();
    assertThat(kept).allSatisfy(MemoryTest::readable);
    assertThat(kept.getFirst().toFloatArray()).isEqualTo(x.times(2).toFloatArray());
    assertThat(w.value().sum().item()).isEqualTo(2 * 4096);
  }

  @Test
  void whatAGradientCheckHoldsStays() {
    Replay replay = Replay.probing();
    Supplier<Tensor> computation =
        () -> Memory.step(() -> Autodiff.stopGradient(x.times(2)).plus(1));
    Tensor first = replay.run(computation);
    churn();
    assertThat(replay.run(computation).toFloatArray()).isEqualTo(first.toFloatArray());
  }

  @Test
  void aStepWithinAStepReturnsToTheOuter() {
    AtomicReference<Tensor> inner = new AtomicReference<>();
    AtomicReference<Tensor> returned = new AtomicReference<>();
    Memory.step(() -> {
      Tensor before = x.times(3);
      returned.set(
          Memory.step(() -> {
            inner.set(x.times(2));
            return before.plus(inner.get());
          }));
      churn();
      readable(before);
      readable(returned.get());
      assertThatThrownBy(() -> inner.get().sum()).hasMessage(ENDED);
    });
    assertThatThrownBy(() -> returned.get().sum()).hasMessage(ENDED);
  }

  @Test
  void whatAStepThatThrewComputedRefusesToBeReadAndTheNextStepIsRight() {
    AtomicReference<Tensor> left = new AtomicReference<>();
    float[] before = Memory.step(() -> loss().backward()).of(w).toFloatArray();
    assertThatThrownBy(() ->
            Memory.step(() -> {
              left.set(
                  Autodiff.onGradient(
                      x.times(w.value()),
                      g -> {
                        throw new IllegalStateException("in the middle");
                      }));
              return left.get().tanh().sum().backward();
            }))
        .hasMessage("in the middle");
    assertThatThrownBy(() -> left.get().sum()).hasMessage(ENDED);
    churn();
    assertThat(Memory.step(() -> loss().backward()).of(w).toFloatArray()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatOtherThreadsComputeMeanwhileIsTheirs(boolean isVirtual) {
    AtomicReference<Tensor> theirs = new AtomicReference<>();
    AtomicReference<Tensor> mine = new AtomicReference<>();
    Memory.step(() -> {
      mine.set(x.times(2));
      Runnable task = () -> theirs.set(mine.get().plus(1));
      Thread thread = isVirtual ? Thread.ofVirtual().start(task) : Thread.ofPlatform().start(task);
      join(thread);
    });
    churn();
    assertThat(theirs.get().toFloatArray()).isEqualTo(x.times(2).plus(1).toFloatArray());
    assertThatThrownBy(() -> mine.get().sum()).hasMessage(ENDED);
  }

  @Test
  void aReaderInAnotherThreadIsRefusedOrRight() throws Exception {
    float[] expected = x.times(2).plus(1).toFloatArray();
    AtomicReference<Tensor> shared = new AtomicReference<>(x);
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < 60; i++) {
                Memory.step(() -> {
                  shared.set(x.times(2));
                  churn();
                });
              }
            });
    int refused = 0;
    boolean hasEnded;
    do { // once more at the end, in case this thread had to wait so long
      hasEnded = !writer.isAlive();
      Tensor seen = shared.get();
      try {
        float[] result = seen.plus(1).toFloatArray();
        assertThat(result).isEqualTo(seen == x ? x.plus(1).toFloatArray() : expected);
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage(ENDED);
        refused++;
      }
    } while (!hasEnded);
    assertThat(refused).isPositive();
  }

  @Test
  void aStepUsesTheMemoryOfTheLast() {
    Tensor first = Memory.step(() -> sums());
    long before = AllocatedBytes.ofThisThread();
    Tensor second = Memory.step(() -> sums());
    assertThat(AllocatedBytes.ofThisThread() - before)
        .as("one result of 16 KB, and not 20")
        .isLessThan(4 * 16_384);
    assertThat(second.toFloatArray()).isEqualTo(first.toFloatArray());
  }

  private Tensor sums() {
    Tensor y = x;
    for (int i = 0; i < 20; i++) {
      y = y.cumsum(0); // whose loops are no vector code, which allocates before it is compiled
    }
    return y;
  }

  private Tensor loss() {
    return Losses.mse(x.matmul(w.value()).tanh().matmul(w.value()).sigmoid(), x);
  }

  /** Computes enough for every array that was given back to be used again. */
  private void churn() {
    Memory.step(() -> {
      Tensor y = x;
      for (int i = 0; i < 20; i++) {
        y = y.times(1.5).sin();
      }
    });
  }

  private static Tensor keep(List<Tensor> seen, Tensor g) {
    seen.add(g);
    return g;
  }

  /** Reads all elements; what was given back is poisoned. */
  private static void readable(Tensor tensor) {
    assertThat(tensor.untracked().isNaN().sum().item()).isZero();
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
