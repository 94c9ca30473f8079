package dev.adjoint.spark;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import dev.adjoint.nn.Layer;
import dev.adjoint.tensor.Generator;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import org.apache.spark.api.java.function.Function0;

/**
 * What an executor keeps from one step to the next: copies of the model for its threads, and the
 * order of the examples of its shards. It saves time and changes nothing: all of it is made anew if
 * it is gone.
 */
final class Replicas {

  private static final Cache<String, Queue<Layer>> MODELS =
      CacheBuilder.newBuilder().maximumSize(4).build();

  private static final Cache<Order, int[]> ORDERS =
      CacheBuilder.newBuilder().maximumSize(64).build();

  private record Order(long seed, int size) {}

  private Replicas() {}

  /** Returns a model that no other thread has, with whatever values. */
  @SuppressWarnings("unchecked") // of one training, all models are of one type
  static <M extends Layer> M take(String training, Function0<M> structure) throws Exception {
    Layer model = models(training).poll();
    return model == null ? structure.call() : (M) model;
  }

  static void give(String training, Layer model) throws ExecutionException {
    models(training).add(model);
  }

  private static Queue<Layer> models(String training) throws ExecutionException {
    return MODELS.get(training, ConcurrentLinkedQueue::new);
  }

  /** Returns the numbers below a size in the random order of a seed. */
  static int[] order(long seed, int size) throws ExecutionException {
    return ORDERS.get(
        new Order(seed, size), () -> Generator.seeded(seed).permutation(size).toArray());
  }
}
