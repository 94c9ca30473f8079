package dev.adjoint.training.data;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DataLoaderTest {

  /** Ten examples: example i is the row (i, i), of class i. */
  private static final Dataset<Tensor, IntTensor> TEN =
      Dataset.of(
          Tensors.arange(0, 10, 0.5, DType.FLOAT32).floor().reshape(10, 2), IntTensor.range(10));

  private static final class Counting implements Dataset<Tensor, IntTensor> {
    final AtomicInteger begun = new AtomicInteger();
    final AtomicInteger ended = new AtomicInteger();

    @Override
    public int size() {
      return TEN.size();
    }

    @Override
    public Batch<Tensor, IntTensor> batch(IntTensor numbers) {
      begun.incrementAndGet();
      Batch<Tensor, IntTensor> batch = TEN.batch(numbers);
      ended.incrementAndGet();
      return batch;
    }
  }

  private static DataLoader<Tensor, IntTensor> noisy(int batchSize) {
    return new DataLoader<>(TEN, batchSize)
        .shuffle(7)
        .augment((batch, generator) ->
            new Batch<>(
                batch.inputs().plus(generator.normal(batch.size(), 2)),
                batch.targets(),
                batch.size()));
  }

  private static <T> List<T> list(Iterable<T> iterable) {
    List<T> list = new ArrayList<>();
    iterable.forEach(list::add);
    return list;
  }

  private static List<Integer> classes(Iterable<Batch<Tensor, IntTensor>> batches) {
    return list(batches).stream()
        .flatMap(batch -> Arrays.stream(batch.targets().toArray()).boxed())
        .toList();
  }

  private static void assertSame(
      List<Batch<Tensor, IntTensor>> actual, List<Batch<Tensor, IntTensor>> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i).inputs()).hasSameBitsAs(expected.get(i).inputs());
      assertThat(actual.get(i).targets()).isEqualTo(expected.get(i).targets());
    }
  }

  @Test
  void examplesComeInTheirOrderAndTheLastBatchIsSmaller() {
    DataLoader<Tensor, IntTensor> loader = new DataLoader<>(TEN, 4);
    assertThat(loader.batches()).isEqualTo(3);
    assertThat(list(loader.epoch(5)))
        .extracting(Batch::targets)
        .containsExactly(IntTensor.of(0, 1, 2, 3), IntTensor.of(4, 5, 6, 7), IntTensor.of(8, 9));
    assertThat(list(loader.epoch(5)).getLast().inputs())
        .isCloseTo(Tensor.of(new float[][] {{8, 8}, {9, 9}}));
    assertThat(loader.dropLast().batches()).isEqualTo(2);
    assertThat(classes(loader.epoch(0))).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
  }

  @Test
  void aBatchMayBeLargerThanTheDataSet() {
    assertThat(classes(new DataLoader<>(TEN, Integer.MAX_VALUE).epoch(0))).hasSize(10);
    assertThat(new DataLoader<>(TEN, 11).dropLast().epoch(0)).isEmpty();
  }

  @Test
  void shufflingGivesEachExampleOnceAndEachEpochAnotherOrder() {
    DataLoader<Tensor, IntTensor> loader = new DataLoader<>(TEN, 4).shuffle(7);
    List<Integer> first = classes(loader.epoch(0));
    assertThat(first).hasSize(10).doesNotHaveDuplicates().isNotEqualTo(classes(loader.epoch(1)));
    assertThat(classes(new DataLoader<>(TEN, 4).shuffle(7).epoch(0))).isEqualTo(first);
    assertThat(classes(new DataLoader<>(TEN, 4).shuffle(8).epoch(0))).isNotEqualTo(first);
  }

  @Test
  void anEpochGoesOnWhereItWasLeftWithTheSameBits() {
    for (int ahead : new int[] {0, 2}) {
      DataLoader<Tensor, IntTensor> loader = noisy(3).prefetch(ahead);
      List<Batch<Tensor, IntTensor>> whole = list(loader.epoch(2));
      for (int skipped = 0; skipped <= 4; skipped++) {
        assertSame(list(loader.epoch(2, skipped)), whole.subList(skipped, 4));
      }
    }
  }

  @Test
  void skippedBatchesAreNotComputed() {
    Counting data = new Counting();
    assertThat(list(new DataLoader<>(data, 3).epoch(0, 3))).hasSize(1);
    assertThat(data.begun).hasValue(1);
  }

  @Test
  void prefetchingChangesNoBit() {
    List<Batch<Tensor, IntTensor>> expected = list(noisy(2).epoch(1));
    for (int ahead : new int[] {1, 2, 3, 100}) {
      assertSame(list(noisy(2).prefetch(ahead).epoch(1)), expected);
    }
  }

  @Test
  void noiseDependsOnSeedEpochAndPlace() {
    DataLoader<Tensor, IntTensor> loader =
        new DataLoader<>(TEN, 5)
            .augment((batch, generator) ->
                new Batch<>(generator.uniform(3), batch.targets(), batch.size()));
    List<Tensor> noise = new ArrayList<>();
    for (long seed : new long[] {0, 1}) {
      for (int epoch : new int[] {0, 1}) {
        list(loader.shuffle(seed).epoch(epoch)).forEach(batch -> noise.add(batch.inputs()));
      }
    }
    assertThat(noise).hasSize(8).extracting(x -> x.get(0)).doesNotHaveDuplicates();
    assertThat(list(loader.shuffle(0).epoch(0)).getFirst().inputs())
        .hasSameBitsAs(noise.getFirst());
  }

  @Test
  void batchesAreComputedAheadOfTheOneInUse() throws InterruptedException {
    CountDownLatch third = new CountDownLatch(3);
    Dataset<Tensor, IntTensor> data =
        TEN.map(batch -> {
          third.countDown();
          return batch;
        });
    Iterator<Batch<Tensor, IntTensor>> batches =
        new DataLoader<>(data, 1).prefetch(2).epoch(0).iterator();
    batches.next();
    assertThat(third.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void anIteratorThatIsGivenUpBeginsNothingMore() throws InterruptedException {
    Counting data = new Counting();
    int threads = Thread.activeCount();
    for (int i = 0; i < 100; i++) {
      new DataLoader<>(data, 1).prefetch(3).epoch(i).iterator().next();
    }
    for (int wait = 0; data.ended.get() < 400 && wait < 6000; wait++) {
      Thread.sleep(10);
    }
    assertThat(data.begun).hasValue(400);
    assertThat(data.ended).hasValue(400);
    assertThat(Thread.activeCount()).isLessThan(threads + 10);
  }

  @Test
  void whatTheDataSetThrowsComesOutWhereItsBatchWould() {
    Dataset<Tensor, IntTensor> data =
        TEN.map(batch -> {
          if (batch.targets().get(0) == 2) {
            throw new UncheckedIOException(new IOException("example 2"));
          }
          return batch;
        });
    for (int ahead : new int[] {0, 1, 5}) {
      Iterator<Batch<Tensor, IntTensor>> batches =
          new DataLoader<>(data, 1).prefetch(ahead).epoch(0).iterator();
      assertThat(batches.next().targets()).isEqualTo(IntTensor.of(0));
      assertThat(batches.next().targets()).isEqualTo(IntTensor.of(1));
      assertThatThrownBy(batches::next)
          .isInstanceOf(UncheckedIOException.class)
          .hasRootCauseMessage("example 2");
    }
  }

  @Test
  void anIteratorEndsWithItsEpoch() {
    Iterator<Batch<Tensor, IntTensor>> batches =
        new DataLoader<>(TEN, 10).prefetch(2).epoch(0).iterator();
    batches.next();
    assertThat(batches.hasNext()).isFalse();
    assertThatThrownBy(batches::next).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void batchesAreConstants() {
    Parameter weight = new Parameter("weight", Tensor.of(1f, 2f));
    Dataset<Tensor, IntTensor> data = TEN.mapInputs(x -> x.times(weight.value()));
    assertThat(data.all().inputs().isTracked()).isTrue();
    for (int ahead : new int[] {0, 1}) {
      for (Batch<Tensor, IntTensor> batch : new DataLoader<>(data, 5).prefetch(ahead).epoch(0)) {
        assertThat(batch.inputs().isTracked()).isFalse();
      }
    }
  }

  @Test
  void settingsOfNoUseAreRefused() {
    DataLoader<Tensor, IntTensor> loader = new DataLoader<>(TEN, 3);
    assertThatThrownBy(() -> new DataLoader<>(TEN, 0))
        .hasMessage("DataLoader: batches of 0; expected at least 1");
    assertThatThrownBy(() -> loader.prefetch(-1))
        .hasMessage("prefetch: -1 batches; expected at least 0");
    assertThatThrownBy(() -> loader.epoch(0, 5))
        .hasMessage("epoch: 5 batches skipped; expected 0 to 4");
    assertThatThrownBy(() -> loader.epoch(0, -1))
        .hasMessage("epoch: -1 batches skipped; expected 0 to 4");
  }

  @Test
  void aTransformationIsFittedOnAllAndAppliedToEach() {
    Dataset<Tensor, IntTensor> first = TEN.split(0.8, Generator.seeded(1)).first();
    Tensor rows = first.all().inputs();
    assertThat(rows).hasShape(8, 2);
    Tensor mean = rows.mean(0);
    Tensor centered = first.mapInputs(x -> x.minus(mean)).all().inputs();
    assertThat(centered.mean(0)).isCloseTo(Tensor.of(0f, 0f), 1e-6, 0);
  }

  @Test
  void dataSetsPrintHowManyExamplesTheyHave() {
    assertThat(TEN).hasToString("10 examples");
    assertThat(TEN.mapInputs(x -> x.times(2))).hasToString("10 examples");
    assertThat(TEN.split(0.7, Generator.seeded(1)).first()).hasToString("7 of 10 examples");
  }
}
