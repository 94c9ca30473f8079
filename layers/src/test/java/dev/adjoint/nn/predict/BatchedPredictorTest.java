package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.primitives.Doubles;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Embedding;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(300)
class BatchedPredictorTest {

  /** Longer than any test: a batch begins when it is full. */
  private static final Duration LONG = Duration.ofMinutes(10);

  private final Generator generator = Generator.seeded(5);

  @BeforeEach
  void closeGates() {
    Gate.OPEN.drainPermits();
    Gate.ENTERED.drainPermits();
  }

  static List<Models.Case> models() {
    return Models.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void anAnswerHasTheBitsOfThePredictorWhateverElseIsInTheBatch(Models.Case one) {
    Predictor predictor = Predictor.of((Transform) one.model());
    int examples = one.x().size(0);
    try (BatchedPredictor service = new BatchedPredictor(predictor).largest(examples).delay(LONG)) {
      List<CompletableFuture<Tensor>> answers =
          IntStream.range(0, examples)
              .mapToObj(i -> service.predict(Inputs.of(one.x().slice(0, i, i + 1))))
              .toList();
      for (int i = 0; i < examples; i++) {
        assertThat(answers.get(i).join().toFloatArray())
            .isEqualTo(predictor.predict(one.x().slice(0, i, i + 1)).toFloatArray());
      }
    }
  }

  @Test
  void manyCallersAreAnsweredInFewBatches() throws InterruptedException {
    Predictor predictor = Predictor.of(new Gate()).features("a", "b").labels("x", "y");
    AtomicInteger right = new AtomicInteger();
    CountDownLatch asked = new CountDownLatch(256);
    try (BatchedPredictor service =
        new BatchedPredictor(predictor).largest(32).delay(Duration.ZERO)) {
      List<Thread> callers = new ArrayList<>();
      for (int caller = 0; caller < 64; caller++) {
        double a = caller;
        for (double b = 0; b < 64; b += 16) {
          Map<String, Double> example = Map.of("a", a, "b", b);
          String label = a < b ? "y" : "x";
          List<Double> scores = List.of(a, b);
          callers.add(
              Thread.startVirtualThread(() -> {
                CompletableFuture<String> classified = service.classify(example);
                CompletableFuture<double[]> predicted = service.predict(example);
                asked.countDown();
                boolean isRight =
                    classified.join().equals(label)
                        && Doubles.asList(predicted.join()).equals(scores);
                right.addAndGet(isRight ? 1 : 0);
              }));
        }
      }
      asked.await(); // the model is held back in the first batch, which may be a small one
      Gate.OPEN.release(1000);
      for (Thread caller : callers) {
        caller.join();
      }
    }
    assertThat(right).hasValue(256);
    assertThat(1000 - Gate.OPEN.drainPermits()).as("batches of 512 requests").isBetween(16, 17);
  }

  @Test
  void anErrorReachesItsCallerAlone() {
    Predictor predictor = Predictor.of(new Embedding(5, 2, generator)); // (N) to (N, 2)
    try (BatchedPredictor service = new BatchedPredictor(predictor).largest(4).delay(LONG)) {
      List<CompletableFuture<Tensor>> answers =
          IntStream.of(1, 7, 3, 4)
              .mapToObj(token -> service.predict(Inputs.of(IntTensor.of(token))))
              .toList();
      assertThatExceptionOfType(CompletionException.class)
          .isThrownBy(() -> answers.get(1).join())
          .withCauseInstanceOf(IndexOutOfBoundsException.class)
          .withMessageContaining("7");
      for (int i : new int[] {0, 2, 3}) {
        int token = new int[] {1, 7, 3, 4}[i];
        assertThat(answers.get(i).join().toFloatArray())
            .isEqualTo(predictor.predict(IntTensor.of(token)).toFloatArray());
      }
    }
  }

  @Test
  void anExampleWithoutALabelDoesNotSpoilTheOthers() {
    Predictor predictor =
        Predictor.of(new Linear(2, 2, generator)).features("a", "b").labels("x", "y");
    Inputs missing = Inputs.of(Tensor.of(new float[] {1, Float.NaN}, 1, 2));
    Inputs row = Inputs.of(Tensor.of(new float[] {1, 2}, 1, 2));
    try (BatchedPredictor service = new BatchedPredictor(predictor).largest(2).delay(LONG)) {
      CompletableFuture<List<String>> failed = service.classify(missing);
      assertThat(service.classify(row).join()).isEqualTo(predictor.classify(row));
      assertThatExceptionOfType(CompletionException.class)
          .isThrownBy(failed::join)
          .withMessageContaining("classify: example 0 has the outputs [NaN, NaN] where b is NaN");
      assertThatExceptionOfType(CompletionException.class)
          .isThrownBy(() -> service.classify(Map.of("a", 1, "c", 2)).join())
          .withMessageContaining("classify: there is no 'b'; unknown columns ['c']");
    }
  }

  @Test
  void textsOfDifferentLengthsAreComputedApart() {
    Predictor predictor = Predictor.of(new Embedding(9, 3, generator));
    try (BatchedPredictor service = new BatchedPredictor(predictor).delay(Duration.ofMillis(20))) {
      List<IntTensor> texts =
          IntStream.range(0, 12).mapToObj(i -> IntTensor.range(1 + i % 3).reshape(1, -1)).toList();
      List<CompletableFuture<Tensor>> answers =
          texts.stream().map(text -> service.predict(Inputs.of(text))).toList();
      for (int i = 0; i < 12; i++) {
        assertThat(answers.get(i).join().toFloatArray())
            .isEqualTo(predictor.predict(texts.get(i)).toFloatArray());
      }
    }
  }

  @Test
  void aFullQueueRefusesAtOnceAndACancelledRequestIsNotComputed() throws InterruptedException {
    Predictor predictor = Predictor.of(new Gate());
    Inputs row = Inputs.of(Tensors.ones(1, 2));
    BatchedPredictor service =
        new BatchedPredictor(predictor).largest(1).delay(Duration.ZERO).waiting(2);
    CompletableFuture<Tensor> computed = service.predict(row);
    Gate.ENTERED.acquire();
    CompletableFuture<Tensor> second = service.predict(row);
    CompletableFuture<Tensor> cancelled = service.predict(row);
    assertThatExceptionOfType(CompletionException.class)
        .isThrownBy(() -> service.predict(row).join())
        .withCauseInstanceOf(RejectedExecutionException.class)
        .withMessageContaining(
            "2 requests are waiting; expected fewer, or more to be allowed by waiting(...)");
    assertThat(cancelled.cancel(false)).isTrue();
    Gate.OPEN.release(2);
    assertThat(computed.join().sum().item()).isEqualTo(2);
    service.close(); // which computes what waits
    assertThat(second.join().sum().item()).isEqualTo(2);
    assertThat(Gate.ENTERED.drainPermits()).isEqualTo(1);
    assertThatExceptionOfType(CompletionException.class)
        .isThrownBy(() -> service.predict(row).join())
        .withMessageContaining("the predictor is closed; expected it to be open");
    service.close();
  }

  @Test
  void anInterruptEndsTheWaitOfClose() throws InterruptedException {
    BatchedPredictor service =
        new BatchedPredictor(Predictor.of(new Gate())).largest(1).delay(Duration.ZERO);
    CompletableFuture<Tensor> computed = service.predict(Inputs.of(Tensors.ones(1, 2)));
    Gate.ENTERED.acquire();
    CompletableFuture<Tensor> waiting = service.predict(Inputs.of(Tensors.ones(1, 2)));
    Thread.currentThread().interrupt();
    service.close();
    assertThat(Thread.interrupted()).isTrue();
    assertThatExceptionOfType(CancellationException.class).isThrownBy(waiting::join);
    Gate.OPEN.release();
    assertThat(computed.join().sum().item()).isEqualTo(2);
  }

  @Test
  void aCallerWhoTakesHisTimeHoldsUpNobody() {
    CountDownLatch slow = new CountDownLatch(1);
    try (BatchedPredictor service = new BatchedPredictor(Predictor.of(new Gate()))) {
      Inputs row = Inputs.of(Tensors.ones(1, 2));
      CompletableFuture<Void> dependent =
          service
              .predict(row)
              .thenAccept(_ -> {
                try {
                  slow.await();
                } catch (InterruptedException e) {
                  throw new AssertionError(e);
                }
              });
      Gate.OPEN.release(2); // not before: what depends on a done future runs where it is added
      assertThat(service.predict(row).join().size()).isEqualTo(2);
      slow.countDown();
      dependent.join();
    }
  }

  @Test
  void wrongSettingsAreRefused() {
    BatchedPredictor service = new BatchedPredictor(Predictor.of(new Linear(2, 2, generator)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> service.largest(0))
        .withMessage("largest: 0; expected at least 1");
    assertThatIllegalArgumentException().isThrownBy(() -> service.waiting(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> service.delay(Duration.ofMillis(-1)))
        .withMessage("delay: PT-0.001S; expected at least 0");
    assertThatExceptionOfType(CompletionException.class)
        .isThrownBy(() -> service.predict(Inputs.of(Tensor.of(1f).sum())).join())
        .withMessageContaining("expected all to have the same examples along axis 0");
    service.close();
  }

  /** Returns its input when the test lets it. */
  static final class Gate extends Layer implements Transform {
    static final Semaphore OPEN = new Semaphore(0);
    static final Semaphore ENTERED = new Semaphore(0);

    Gate() {
      this(Description.of(Gate::new));
    }

    Gate(Description from) {
      super(from);
    }

    @Override
    public Tensor forward(Tensor x) {
      ENTERED.release();
      OPEN.acquireUninterruptibly();
      return x.times(1);
    }
  }
}
