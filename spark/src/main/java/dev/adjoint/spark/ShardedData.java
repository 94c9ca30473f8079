package dev.adjoint.spark;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/**
 * Examples in a fixed number of shards, which executors hold. A {@link SparkTable} has those of a
 * table; here they come from anywhere.
 *
 * <pre>{@code
 * ShardedData<IntTensor> data =
 *     ShardedData.generated(spark, 16, shard -> images(shard), 3, 32, 32).classes();
 * }</pre>
 *
 * <p>What is learned depends on the shards, and not on who holds them: a shard that was lost with
 * its executor is computed again, as Spark does, and has to come out the same. The number of shards
 * is the most executor cores that can work at once; a multiple of their number keeps all busy.
 *
 * @param <Y> the type of the targets: Tensor, or IntTensor for classes
 */
@SuppressWarnings("UnusedTypeParameter") // tells losses what batches they get
public final class ShardedData<Y> implements AutoCloseable {

  private final JavaRDD<Tuple2<float[], float[]>> shards;
  private final int[] exampleShape;
  private final boolean classes;
  private int @Nullable [] sizes;

  private ShardedData(
      JavaRDD<Tuple2<float[], float[]>> shards, int[] exampleShape, boolean classes) {
    this.shards = shards;
    this.exampleShape = exampleShape;
    this.classes = classes;
  }

  /**
   * Returns data of shards that are arrays.
   *
   * @param shards each a partition of one element: the inputs of its examples one after another,
   *     and their targets; if they are computed again they have to be the same
   * @param exampleShape of the inputs of one example
   */
  public static ShardedData<Tensor> of(
      JavaRDD<Tuple2<float[], float[]>> shards, int... exampleShape) {
    return new ShardedData<>(
        shards.persist(StorageLevel.MEMORY_AND_DISK()), exampleShape.clone(), false);
  }

  /**
   * Returns data that executors compute: a function of the number of the shard, from 0.
   *
   * @param shard computes the inputs of its examples one after another, and their targets
   * @param exampleShape of the inputs of one example
   */
  public static ShardedData<Tensor> generated(
      JavaSparkContext spark,
      int shards,
      Function<Integer, Tuple2<float[], float[]>> shard,
      int... exampleShape) {
    List<Integer> numbers = IntStream.range(0, shards).boxed().toList();
    return of(spark.parallelize(numbers, shards).map(shard), exampleShape);
  }

  /** Returns the same examples with targets that are classes, whole numbers from 0. */
  public ShardedData<IntTensor> classes() {
    return new ShardedData<>(shards, exampleShape, true);
  }

  /** Returns how many examples each shard has. */
  int[] sizes() {
    if (sizes == null) {
      int width = Shape.of(exampleShape).size();
      JavaRDD<Integer> counts =
          shards.mapPartitions(partition -> List.of(size(partition, width)).iterator());
      sizes =
          Failures.told("ShardedData", () -> Failures.cancellable(counts.collectAsync())).stream()
              .mapToInt(n -> n)
              .toArray();
    }
    return sizes;
  }

  private static int size(Iterator<Tuple2<float[], float[]>> partition, int width) {
    Tuple2<float[], float[]> shard = partition.hasNext() ? partition.next() : null;
    if (shard == null || partition.hasNext()) {
      throw new IllegalArgumentException(
          "ShardedData: a partition of %s elements; expected one, the arrays of its examples"
              .formatted(shard == null ? "no" : "several"));
    }
    int n = shard._1.length / width;
    if (n * width != shard._1.length || (n == 0 ? shard._2.length > 0 : shard._2.length % n > 0)) {
      throw new IllegalArgumentException(
          "ShardedData: a shard of %d inputs and %d targets; expected %d inputs an example, and as many targets for each"
              .formatted(shard._1.length, shard._2.length, width));
    }
    return n;
  }

  JavaRDD<Tuple2<float[], float[]>> shards() {
    return shards;
  }

  int[] exampleShape() {
    return exampleShape;
  }

  boolean hasClasses() {
    return classes;
  }

  /** Returns the number of shards, the shape of an example, and whether targets are classes. */
  @Override
  public String toString() {
    return "ShardedData of %s shards, examples of shape %s%s"
        .formatted(
            shards.getNumPartitions(), Shape.of(exampleShape), classes ? " with classes" : "");
  }

  /** Lets executors forget the examples. */
  @Override
  public void close() {
    shards.unpersist();
  }
}
