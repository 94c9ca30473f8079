package dev.adjoint.nn.predict;

import static com.google.common.base.Preconditions.checkArgument;

import dev.adjoint.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Answers requests of many threads by computing them together: those that come within a short time
 * are one batch, which takes little longer than one of them.
 *
 * <pre>{@code
 * try (BatchedPredictor service =
 *     new BatchedPredictor(predictor).largest(64).delay(Duration.ofMillis(2)).waiting(1000)) {
 *   CompletableFuture<String> label = service.classify(Map.of("width", 8, "height", 11));
 *   ...
 * }
 * }</pre>
 *
 * <p>An answer has the bits that the {@link Predictor} by itself gives, whatever else is in the
 * batch, as long as the model treats examples separately, as all layers do in eval mode. Inputs of
 * different shapes, such as texts of different lengths, are computed in different batches. If a
 * batch fails, each of its requests is computed by itself: so an error reaches who has caused it,
 * and nobody else.
 *
 * <p>Requests wait in a queue. When it is full, another one fails at once with a {@link
 * RejectedExecutionException}, which a service answers by "503, try later". A future that is
 * cancelled while it waits is not computed. What depends on a future runs on a virtual thread, and
 * may take its time; if the answer is there already, it runs on the thread that adds it. Safe to
 * share between threads.
 */
public final class BatchedPredictor implements AutoCloseable {

  private final Predictor predictor;
  private int largest = 64;
  private long delayNanos = Duration.ofMillis(1).toNanos();
  private int capacity = 1024;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Request<?>> waiting = new ArrayDeque<>();
  private @Nullable Thread worker;
  private boolean closed;

  /** Creates a service, whose thread begins with the first request. */
  public BatchedPredictor(Predictor predictor) {
    this.predictor = predictor;
  }

  /** Sets how many examples a batch has at most, unless one request has more; defaults to 64. */
  public BatchedPredictor largest(int examples) {
    largest = atLeastOne("largest", examples);
    return this;
  }

  /** Sets how long the first request of a batch waits for others at most; defaults to 1 ms. */
  public BatchedPredictor delay(Duration time) {
    checkArgument(!time.isNegative(), "delay: %s; expected at least 0", time);
    delayNanos = time.toNanos();
    return this;
  }

  /** Sets how many requests wait at most; defaults to 1024. */
  public BatchedPredictor waiting(int requests) {
    capacity = atLeastOne("waiting", requests);
    return this;
  }

  private static int atLeastOne(String setting, int value) {
    checkArgument(value >= 1, "%s: %s; expected at least 1", setting, value);
    return value;
  }

  // ---- requests --------------------------------------------------------------------------------

  /**
   * Returns what the model computes.
   *
   * @param inputs one example or more, along axis 0
   */
  public CompletableFuture<Tensor> predict(Inputs inputs) {
    return ask(inputs, (_, scores) -> scores);
  }

  /** Returns what the model computes for one example, as {@link Predictor#predict(Map)}. */
  public CompletableFuture<double[]> predict(Map<String, ?> example) {
    return ask("predict", example, (_, scores) -> scores.toDoubleArray());
  }

  /** Returns the probabilities of classes, as {@link Predictor#probabilities(Inputs)}. */
  public CompletableFuture<Tensor> probabilities(Inputs inputs) {
    return ask(inputs, (_, scores) -> predictor.probabilitiesOf(scores));
  }

  /** Returns the probabilities of classes, as {@link Predictor#probabilities(Map)}. */
  public CompletableFuture<double[]> probabilities(Map<String, ?> example) {
    return ask(
        "probabilities", example, (_, scores) -> predictor.probabilitiesOf(scores).toDoubleArray());
  }

  /** Returns the label of each example, as {@link Predictor#classify(Inputs)}. */
  public CompletableFuture<List<String>> classify(Inputs inputs) {
    return ask(inputs, predictor::labelsOf);
  }

  /** Returns the label of one example, as {@link Predictor#classify(Map)}. */
  public CompletableFuture<String> classify(Map<String, ?> example) {
    return ask(
        "classify", example, (inputs, scores) -> predictor.labelsOf(inputs, scores).getFirst());
  }

  private <R> CompletableFuture<R> ask(
      String operation, Map<String, ?> example, BiFunction<Inputs, Tensor, R> answer) {
    try {
      return ask(Inputs.of(predictor.rows(predictor.row(operation, example))), answer);
    } catch (IllegalArgumentException | IllegalStateException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private <R> CompletableFuture<R> ask(Inputs inputs, BiFunction<Inputs, Tensor, R> answer) {
    CompletableFuture<R> result = new CompletableFuture<>();
    try {
      add(new Request<>(inputs, inputs.examples(), System.nanoTime(), answer, result));
    } catch (IllegalArgumentException | RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  /**
   * What one caller asks.
   *
   * @param since when, by {@link System#nanoTime}
   * @param answer makes the result of the scores
   */
  private record Request<R>(
      Inputs inputs,
      int examples,
      long since,
      BiFunction<Inputs, Tensor, R> answer,
      CompletableFuture<R> result) {

    void succeed(Tensor scores) {
      try {
        R value = answer.apply(inputs, scores);
        Thread.startVirtualThread(() -> result.complete(value));
      } catch (RuntimeException e) {
        fail(e);
      }
    }

    void fail(Throwable cause) {
      Thread.startVirtualThread(() -> result.completeExceptionally(cause));
    }
  }

  private void add(Request<?> request) {
    lock.lock();
    try {
      if (closed) {
        throw new RejectedExecutionException("the predictor is closed; expected it to be open");
      }
      if (waiting.size() >= capacity) {
        throw new RejectedExecutionException(
            "%d requests are waiting; expected fewer, or more to be allowed by waiting(...)"
                .formatted(capacity));
      }
      waiting.add(request);
      changed.signalAll();
      if (worker == null) {
        worker = Thread.ofPlatform().name("adjoint-batches").daemon().start(this::work);
      }
    } finally {
      lock.unlock();
    }
  }

  // ---- batches ---------------------------------------------------------------------------------

  private void work() {
    try {
      for (List<Request<?>> batch = next(); !batch.isEmpty(); batch = next()) {
        compute(batch);
      }
    } catch (InterruptedException e) {
      // Whoever closes this has been interrupted, and tells those that wait.
    }
  }

  /** Waits for a batch, which is empty when this is closed and nothing waits. */
  private List<Request<?>> next() throws InterruptedException {
    lock.lock();
    try {
      List<Request<?>> batch = new ArrayList<>();
      while (batch.isEmpty() && !(closed && waiting.isEmpty())) {
        while (waiting.isEmpty() && !closed) {
          changed.await();
        }
        gather();
        take(batch);
      }
      return batch;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there are enough for a batch, or the first has waited long enough. */
  private void gather() throws InterruptedException {
    while (!closed && waiting.stream().mapToInt(Request::examples).sum() < largest) {
      long left = waiting.getFirst().since() + delayNanos - System.nanoTime();
      if (left <= 0) {
        return;
      }
      long _ = changed.awaitNanos(left);
    }
  }

  /** Takes the first request that is still wanted, and those behind it that fit. */
  private void take(List<Request<?>> batch) {
    int examples = 0;
    for (Iterator<Request<?>> all = waiting.iterator(); all.hasNext(); ) {
      Request<?> request = all.next();
      if (request.result().isDone()) {
        all.remove(); // its caller has cancelled it
      } else if (batch.isEmpty()
          || (examples + request.examples() <= largest
              && request.inputs().isLike(batch.getFirst().inputs()))) {
        batch.add(request);
        examples += request.examples();
        all.remove();
      }
    }
  }

  /** Answers each request, together if that succeeds. */
  private void compute(List<Request<?>> batch) {
    Tensor scores;
    try {
      scores = predictor.predict(Inputs.concat(batch.stream().map(Request::inputs).toList()));
      requireExamples(scores, batch);
    } catch (Throwable e) { // errors, too: this thread must go on for the others
      if (batch.size() == 1) {
        batch.getFirst().fail(e);
      } else {
        batch.forEach(request -> compute(List.of(request)));
      }
      return;
    }
    int from = 0;
    for (Request<?> request : batch) {
      int to = from + request.examples();
      request.succeed(batch.size() == 1 ? scores : scores.slice(0, from, to).copy());
      from = to;
    }
  }

  private static void requireExamples(Tensor scores, List<Request<?>> batch) {
    int examples = batch.stream().mapToInt(Request::examples).sum();
    if (batch.size() > 1 && (scores.rank() == 0 || scores.size(0) != examples)) {
      throw new IllegalStateException(
          "predict: output of shape %s for %d examples; expected one for each"
              .formatted(scores.shape(), examples));
    }
  }

  /**
   * Refuses further requests, and waits until those before have been computed. If this thread is
   * interrupted meanwhile, those that still wait are cancelled.
   */
  @Override
  public void close() {
    Thread running;
    lock.lock();
    try {
      closed = true;
      running = worker;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (running == null) {
      return;
    }
    try {
      running.join();
    } catch (InterruptedException e) {
      cancelAll();
      Thread.currentThread().interrupt();
    }
  }

  private void cancelAll() {
    lock.lock();
    try {
      waiting.forEach(request ->
          request.fail(new CancellationException("the predictor was closed by an interrupt")));
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the limits of a batch and of the queue. */
  @Override
  public String toString() {
    return "BatchedPredictor of at most %s examples, after %s, with %s requests waiting at most"
        .formatted(largest, Duration.ofNanos(delayNanos), capacity);
  }
}
