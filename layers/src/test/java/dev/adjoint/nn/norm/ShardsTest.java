package dev.adjoint.nn.norm;

import static dev.adjoint.nn.Float64.float64;
import static dev.adjoint.nn.Float64.normal;
import static dev.adjoint.nn.Float64.scrambled;
import static dev.adjoint.nn.LayerAssertions.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Gradients;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Conv1d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Trains by several threads, each on a shard, and finds what one finds on the whole batch. */
class ShardsTest {

  private static final Generator G = Generator.seeded(41);

  /** Shards of a batch of 9: of several sizes, a single example, and none. */
  private static final int[] BORDERS = {0, 4, 4, 5, 9};

  static Stream<RunningNorm<?>> norms() {
    return Stream.of(
        new BatchNorm(4),
        new BatchNorm(4).epsilonOutsideRoot(0.1).withoutBias().zeroCenteredGain(),
        new BatchRenorm(4).limits(1.5, 0.5),
        new L1BatchNorm(4),
        new MeanOnlyBatchNorm(4),
        new SwitchableNorm(4),
        new EvoNormB0(4),
        new DecorrelatedBatchNorm(2, 4),
        new IterNorm(1, 4));
  }

  @ParameterizedTest
  @MethodSource("norms")
  void outputsStatisticsAndGradientsToOrder2AreThoseOfTheWholeBatch(RunningNorm<?> norm) {
    Sequential model = model(norm);
    Tensor x = normal(G, 9, 3, 5).times(2).plus(1);
    Tensor weights = normal(G, 9, 4, 4);
    Tensor directions = normal(G, 9, 3, 5);
    Map<String, Tensor> expected = step(copy(model), x, weights, directions);
    List<Map<String, Tensor>> shards =
        workers((worker, sum) -> {
          Sequential copy = copy(model);
          return Shards.synchronize(
              sum, () -> step(copy, of(worker, x), of(worker, weights), of(worker, directions)));
        });
    expected.forEach((name, whole) -> assertClose(together(name, shards), whole, 1e-10));
  }

  /** Puts examples together, adds gradients of parameters up, and finds equal statistics. */
  private static Tensor together(String name, List<Map<String, Tensor>> shards) {
    Tensor[] all = shards.stream().map(shard -> shard.get(name)).toArray(Tensor[]::new);
    if (name.startsWith("example")) {
      return Joining.concat(0, all);
    }
    if (name.startsWith("gradient")) {
      return Stream.of(all).reduce(Tensor::plus).orElseThrow();
    }
    for (Tensor one : all) {
      assertThat(one.toDoubleArray()).isEqualTo(all[0].toDoubleArray());
    }
    return all[0];
  }

  /** Trains a model for two steps: a second-order one, whose gradients are those of gradients. */
  private static Map<String, Tensor> step(
      Sequential model, Tensor examples, Tensor weights, Tensor directions) {
    Map<String, Tensor> seen = new LinkedHashMap<>();
    model.forward(examples.plus(1)); // statistics that are not the first ones
    Tensor x = examples.tracked();
    Tensor y = model.forward(x);
    seen.put("example y", y.untracked());
    Gradients first = Backward.DEFAULT.createGraph().of(y.square().times(weights).sum());
    seen.put("example dx", first.of(x).untracked());
    Tensor along = first.of(x).times(directions).sum();
    Gradients second = along.backward();
    seen.put("example ddx", second.of(x));
    model
        .namedParameters()
        .forEach((name, parameter) -> {
          seen.put("gradient " + name, first.of(parameter).untracked());
          seen.put("gradient 2 " + name, of(second, parameter));
        });
    model.namedBuffers().forEach((name, buffer) -> seen.put(name, buffer.value()));
    return seen;
  }

  private static Tensor of(Gradients gradients, Parameter parameter) {
    return gradients.contains(parameter)
        ? gradients.of(parameter)
        : parameter.value().untracked().times(0);
  }

  // ---- the whole and its parts -----------------------------------------------------------------

  @Test
  void maskedPositionsOfShardsTakeNoPart() {
    BatchNorm norm = scrambled(float64(new BatchNorm(4)), G);
    Tensor x = normal(G, 9, 4, 5);
    Tensor mask = G.normal(9, 5).greater(0.3);
    Tensor expected = Layer.copyOf(norm).forward(x, mask);
    List<Tensor> shards =
        workers((worker, sum) -> {
          BatchNorm copy = copy(norm);
          return Shards.synchronize(
              sum, () -> copy.forward(of(worker, x), of(worker, mask)).untracked());
        });
    assertClose(Joining.concat(0, shards.toArray(Tensor[]::new)), expected);
  }

  @Test
  void aLargeMeanCostsNoDigits() {
    Tensor x = normal(G, 9, 4).plus(1e4).to(DType.FLOAT32);
    Tensor expected = float64(new BatchNorm(4)).forward(x.to(DType.FLOAT64));
    List<Tensor> shards =
        workers((worker, sum) ->
            Shards.synchronize(sum, () -> new BatchNorm(4).forward(of(worker, x)).untracked()));
    Tensor together = Joining.concat(0, shards.toArray(Tensor[]::new));
    assertClose(together.to(DType.FLOAT64), expected, 1e-6);
  }

  @Test
  void ghostBatchNormKeepsToItsShardAndEvalModeExchangesNothing() {
    UnaryOperator<Tensor> none =
        x -> {
          throw new AssertionError("exchanged " + x);
        };
    GhostBatchNorm ghost = float64(new GhostBatchNorm(2, 4));
    Tensor x = normal(G, 6, 4);
    Tensor expected = Layer.copyOf(ghost).forward(x);
    assertClose(Shards.synchronize(none, () -> ghost.forward(x)), expected);
    BatchNorm norm = float64(new BatchNorm(4));
    norm.eval();
    assertClose(Shards.synchronize(none, () -> norm.forward(x)), norm.forward(x));
  }

  @Test
  void aCheckpointExchangesAgainWhatItComputesAgain() {
    Sequential model = model(new BatchNorm(4));
    Tensor x = normal(G, 9, 3, 5);
    Tensor whole = x.tracked();
    Tensor expected = model.forward(whole).pow(3).sum().backward().of(whole);
    List<Tensor> shards =
        workers((worker, sum) -> {
          Sequential copy = copy(model);
          Tensor mine = of(worker, x).tracked();
          Tensor y = Shards.synchronize(sum, () -> Autodiff.checkpoint(() -> copy.forward(mine)));
          return y.pow(3).sum().backward().of(mine); // outside
        });
    assertClose(Joining.concat(0, shards.toArray(Tensor[]::new)), expected, 1e-10);
  }

  @Test
  void batchesOfOneValueInAllShardsTogetherAreRefused() {
    BatchNorm norm = new BatchNorm(4);
    Tensor one = G.normal(1, 4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Shards.synchronize(UnaryOperator.identity(), () -> norm.forward(one)))
        .withMessageContaining("has 1 value for each channel");
    // Two of one each are a batch.
    assertThat(Shards.synchronize(sum -> sum.times(2), () -> norm.forward(one)).size())
        .isEqualTo(4);
  }

  // ---- workers ---------------------------------------------------------------------------------

  private static Sequential model(Layer norm) {
    Sequential model = new Sequential(new Conv1d(3, 4, 2, G), (Transform) norm, Activation.TANH);
    return scrambled(float64(model), G);
  }

  /** Copies a model for one worker at a time. */
  private static synchronized <L extends Layer> L copy(L model) {
    return Layer.copyOf(model);
  }

  private static Tensor of(int worker, Tensor whole) {
    return whole.slice(0, BORDERS[worker], BORDERS[worker + 1]).copy();
  }

  /** Runs a worker for each shard in a thread of its own; each gets the sum over all. */
  private static <T> List<T> workers(BiFunction<Integer, UnaryOperator<Tensor>, T> work) {
    int count = BORDERS.length - 1;
    AllReduce allReduce = new AllReduce(count);
    try (ExecutorService threads = Executors.newFixedThreadPool(count)) {
      List<Future<T>> results =
          IntStream.range(0, count)
              .mapToObj(worker -> threads.submit(() -> work.apply(worker, allReduce.of(worker))))
              .toList();
      List<T> values = new ArrayList<>();
      for (Future<T> result : results) {
        values.add(result.get(120, TimeUnit.SECONDS));
      }
      return values;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Adds tensors of threads up, in the order of the workers. */
  private static final class AllReduce {
    private final Tensor[] given;
    private final CyclicBarrier barrier;

    AllReduce(int workers) {
      given = new Tensor[workers];
      barrier = new CyclicBarrier(workers);
    }

    UnaryOperator<Tensor> of(int worker) {
      return x -> {
        given[worker] = x.copy();
        await();
        for (Tensor other : given) {
          assertThat(other.shape()).isEqualTo(x.shape());
        }
        Tensor sum = Stream.of(given).reduce(Tensor::plus).orElseThrow();
        await();
        return sum;
      };
    }

    private void await() {
      try {
        barrier.await(60, TimeUnit.SECONDS);
      } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
        throw new IllegalStateException("a worker is missing", e);
      }
    }
  }
}
