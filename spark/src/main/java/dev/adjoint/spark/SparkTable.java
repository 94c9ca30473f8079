package dev.adjoint.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftright;
import static org.apache.spark.sql.functions.xxhash64;

import com.google.common.collect.Iterators;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Schema;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;

/**
 * The rows of a Spark table as the examples of a model, in a fixed number of logical shards.
 *
 * <pre>{@code
 * Schema<IntTensor> schema = Schema.label("species").numeric("petal length").category("color");
 * try (SparkTable<IntTensor> data = SparkTable.of(spark.read().parquet(path), schema, 16)) {
 *   Imputation imputation = data.imputation();
 *   ...
 * }
 * }</pre>
 *
 * <p>Rows are what the {@link Schema} makes of them, as of a file of CSV; what it would refuse
 * there, it refuses here. Null is a missing cell.
 *
 * <p><b>The same shards from any cluster.</b> A row is known by what the model sees of it: its
 * features and targets. Rows are put in the order of a hash of these, and where hashes are equal,
 * of the numbers themselves; row i of this order is row i / shards of shard i % shards. So neither
 * partitions nor executors, files nor their order decide where a row goes; rows that are equal are
 * interchangeable; and the sizes of shards differ by one at the most, whatever the partitions were.
 * This needs a table that has the same rows whenever Spark computes it: write one that is made with
 * random numbers, {@code limit} or {@code current_timestamp} to a file first, and read that.
 *
 * <p>Nothing is collected: the driver holds categories, counts and sums. Each shard must fit into
 * the memory of an executor; Spark keeps it there, or on its disk, until this is closed.
 *
 * @param <Y> the type of the targets
 */
public final class SparkTable<Y> implements AutoCloseable {

  private static final String PACKED = "packed";
  private static final String HASH = "hash";
  private static final String SHARD = "shard";
  private static final String PLACE = "place";

  private static final StructType PACKED_ROW =
      new StructType().add(PACKED, DataTypes.BinaryType, false);

  private static final StructType PLACED_ROW =
      new StructType()
          .add(SHARD, DataTypes.IntegerType, false)
          .add(PLACE, DataTypes.LongType, false)
          .add(PACKED, DataTypes.BinaryType, false);

  private final JavaRDD<Tuple2<float[], float[]>> shards;
  private final Schema<Y> schema;
  private final long size;

  private SparkTable(JavaRDD<Tuple2<float[], float[]>> shards, Schema<Y> schema, long size) {
    this.shards = shards;
    this.schema = schema;
    this.size = size;
  }

  /**
   * Makes examples of the rows of a table.
   *
   * @param shards how many there are: at least 1, as a rule a small multiple of the cores that the
   *     cluster will ever have; another number gives other batches
   * @throws IllegalArgumentException if the table is not what the schema says, naming the column
   *     and the row, or has fewer rows than shards
   */
  public static <Y> SparkTable<Y> of(Dataset<Row> table, Schema<Y> schema, int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException(
          "SparkTable: %d shards; expected at least 1".formatted(shards));
    }
    if (schema.columns().list().isEmpty()) {
      throw new IllegalArgumentException(
          "SparkTable: %s: no features; expected at least one".formatted(schema));
    }
    Dataset<Row> cells = Cells.select("SparkTable", table, SchemaForm.columns(schema));
    return Failures.told("SparkTable", () -> sharded(cells, schema, shards));
  }

  private static <Y> SparkTable<Y> sharded(Dataset<Row> cells, Schema<Y> schema, int shards)
      throws Exception {
    Schema<Y> closed = Vocabulary.close(schema, cells.toJavaRDD());
    SchemaForm form = SchemaForm.of(closed);
    JavaRDD<Row> ordered = ordered(cells, form);
    long[] starts = starts(ordered);
    long size = starts[starts.length - 1];
    if (size < shards) {
      throw new IllegalArgumentException(
          "SparkTable: %d rows in %d shards; expected at least a row in each"
              .formatted(size, shards));
    }
    long largest = Math.ceilDiv(size, shards);
    int features = closed.columns().features().size();
    int targets = form.targets().size();
    if (largest * Math.max(features, targets) > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "SparkTable: %d rows of %d features in each of %d shards; expected more shards"
              .formatted(largest, features, shards));
    }
    JavaRDD<Row> placed =
        ordered.mapPartitionsWithIndex(
            (partition, rows) -> placed(rows, starts[partition], shards), true);
    JavaRDD<Tuple2<float[], float[]>> rdd =
        cells
            .sparkSession()
            .createDataFrame(placed, PLACED_ROW)
            .repartitionById(shards, col(SHARD))
            .sortWithinPartitions(PLACE)
            .toJavaRDD()
            .mapPartitionsWithIndex(
                (shard, rows) ->
                    Iterators.singletonIterator(
                        PackedRows.unpack(
                            (int) Math.ceilDiv(size - shard, shards),
                            features,
                            targets,
                            Iterators.transform(rows, row -> row.getAs(2)))),
                true);
    return new SparkTable<>(rdd.persist(StorageLevel.MEMORY_AND_DISK()), closed, size);
  }

  /** Puts rows in the order of their hashes, which are spread evenly over the partitions. */
  private static JavaRDD<Row> ordered(Dataset<Row> cells, SchemaForm form) {
    MapPartitionsFunction<Row, Row> pack = rows -> PackedRows.pack(rows, form);
    int partitions = Math.max(1, cells.toJavaRDD().getNumPartitions());
    return cells
        .mapPartitions(pack, Encoders.row(PACKED_ROW))
        .withColumn(HASH, xxhash64(col(PACKED)))
        .repartitionById(
            partitions,
            shiftright(
                    shiftright(col(HASH), 32).plus(lit(1L << 31)).multiply(lit((long) partitions)),
                    32)
                .cast(DataTypes.IntegerType))
        .sortWithinPartitions(HASH, PACKED)
        .toJavaRDD();
  }

  /** Returns how many rows are before each partition, and how many there are. */
  private static long[] starts(JavaRDD<Row> ordered) {
    List<Integer> counts =
        ordered.mapPartitions(rows -> List.of(Iterators.size(rows)).iterator()).collect();
    long[] starts = new long[counts.size() + 1];
    for (int i = 0; i < counts.size(); i++) {
      starts[i + 1] = starts[i] + counts.get(i);
    }
    return starts;
  }

  private static Iterator<Row> placed(Iterator<Row> rows, long start, int shards) {
    Iterator<Long> places = Stream.iterate(start, place -> place + 1).iterator();
    return Iterators.transform(
        rows,
        row -> {
          long place = places.next();
          return RowFactory.create((int) (place % shards), place / shards, row.getAs(0));
        });
  }

  /**
   * Returns the examples, for a {@link SparkTrainer}: shards that this keeps until it is closed.
   */
  @SuppressWarnings("unchecked") // the schema says which of both the targets are
  public ShardedData<Y> data() {
    ShardedData<Tensor> numbers = ShardedData.of(shards, features().size());
    return (ShardedData<Y>)
        (schema.targets().getFirst() instanceof Column.Category ? numbers.classes() : numbers);
  }

  /**
   * Fits an imputation, as {@link Imputation#fit}: the medians are exact, found digit by digit by
   * counting.
   *
   * @throws IllegalArgumentException if a feature is missing in all rows
   */
  public Imputation imputation() {
    return Statistics.imputation(shards, features());
  }

  /**
   * Fits a standardization, as {@link Standardization#fit}; the moments of shards are merged in
   * their order (Chan et al. 1979), so that the same shards give the same bits.
   *
   * @param before what makes its inputs of the features, such as the imputation
   * @throws IllegalArgumentException if a number is not finite
   */
  public Standardization standardization(Transform... before) {
    return Failures.told(
        "standardization",
        () -> Statistics.standardization(shards.map(shard -> shard._1), features().size(), before));
  }

  /** Fits a standardization of the targets of a regression. */
  Standardization targetStandardization() {
    return Failures.told(
        "standardization",
        () -> Statistics.standardization(shards.map(shard -> shard._2), labels().size()));
  }

  JavaRDD<Tuple2<float[], float[]>> shards() {
    return shards;
  }

  /** Returns the number of rows. */
  public long size() {
    return size;
  }

  /** Returns the schema with all categories and classes that were found. */
  public Schema<Y> schema() {
    return schema;
  }

  /** Returns the names of the columns of the inputs, as of a table in memory. */
  public List<String> features() {
    return schema.columns().features();
  }

  /** Returns the names of the classes, or of the targets of a regression. */
  public List<String> labels() {
    return schema.targets().stream()
        .flatMap(target ->
            target instanceof Column.Category label
                ? label.categories().stream()
                : Stream.of(target.name()))
        .toList();
  }

  /** Returns the number of rows and of shards, and the columns. */
  @Override
  public String toString() {
    return "SparkTable of %s rows in %s shards, %s"
        .formatted(size, shards.getNumPartitions(), schema);
  }

  /** Gives up the memory that executors keep shards in. */
  @Override
  public void close() {
    shards.unpersist(false);
  }
}
