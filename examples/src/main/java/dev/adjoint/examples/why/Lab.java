package dev.adjoint.examples.why;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * What experiments share: the seeds, the data, and threads.
 *
 * <p>Networks as small as these leave the engine's own threads idle, so that experiments run
 * several at a time.
 */
public final class Lab {

  private final List<Long> seeds;
  private final Map<Long, Blobs> easy = new ConcurrentHashMap<>();
  private final Map<Long, Blobs> hard = new ConcurrentHashMap<>();

  /** Prepares experiments that are repeated with each of these seeds, at least one. */
  public Lab(List<Long> seeds) {
    this.seeds = List.copyOf(seeds);
  }

  List<Long> seeds() {
    return seeds;
  }

  /** Returns the first seed, for what is not repeated. */
  long seed() {
    return seeds.getFirst();
  }

  Blobs easy(long seed) {
    return easy.computeIfAbsent(seed, Blobs::easy);
  }

  Blobs hard(long seed) {
    return hard.computeIfAbsent(seed, Blobs::hard);
  }

  /** A trial with one norm and one seed. */
  interface Trial<T> {
    T run(Norm norm, long seed);
  }

  /** Returns what a trial gives for each norm, with one seed after the other. */
  <T> Map<Norm, List<T>> run(List<Norm> norms, Trial<T> trial) {
    List<Callable<T>> all = new ArrayList<>();
    for (Norm norm : norms) {
      for (long seed : seeds) {
        all.add(() -> trial.run(norm, seed));
      }
    }
    List<T> results = inParallel(all);
    Map<Norm, List<T>> byNorm = new EnumMap<>(Norm.class);
    for (int i = 0; i < norms.size(); i++) {
      byNorm.put(norms.get(i), results.subList(i * seeds.size(), (i + 1) * seeds.size()));
    }
    return Collections.unmodifiableMap(byNorm);
  }

  /** Runs tasks, several at a time, and returns their results in order. */
  static <T> List<T> inParallel(List<Callable<T>> tasks) {
    int threads = Runtime.getRuntime().availableProcessors();
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<T> results = new ArrayList<>();
      for (Future<T> result : executor.invokeAll(tasks)) {
        results.add(result.get());
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in the middle of an experiment", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("an experiment failed", e.getCause());
    }
  }
}
