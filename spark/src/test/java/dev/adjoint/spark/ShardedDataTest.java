package dev.adjoint.spark;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Rows;
import dev.adjoint.training.data.Schema;
import dev.adjoint.training.data.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ShardedDataTest {

  private static final StructType FRUIT =
      new StructType()
          .add("weight", DataTypes.DoubleType)
          .add("color", DataTypes.StringType)
          .add("count", DataTypes.LongType)
          .add("kind", DataTypes.StringType);

  private static final Schema<IntTensor> SCHEMA =
      Schema.label("kind").numeric("weight").category("color").missing(Double.NaN).numeric("count");

  /** Returns rows of which many are equal, some lack something, and none are in order. */
  private static List<Row> fruit(int rows) {
    List<Row> all = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      all.add(
          RowFactory.create(
              i % 7 == 0 ? null : i % 11 / 4.0,
              i % 5 == 0 ? null : "color " + i % 3,
              (long) (i % 2),
              i % 2 == 0 ? "apple" : "pear"));
    }
    Collections.shuffle(all, new Random(1));
    return all;
  }

  private static Dataset<Row> table(List<Row> rows) {
    return LocalSpark.session().createDataFrame(rows, FRUIT);
  }

  private static Dataset<Row> row(@Nullable Object... cells) {
    return table(List.of(RowFactory.create(cells), RowFactory.create(1.5, "red", 1L, "apple")));
  }

  /** Returns what all shards have, each in its order. */
  private static List<List<Float>> numbers(ShardedData<IntTensor> data) {
    List<List<Float>> all = new ArrayList<>();
    for (Shard<IntTensor> shard : data.rdd().collect()) {
      Batch<Tensor, IntTensor> batch = shard.all();
      List<Float> numbers = new ArrayList<>();
      for (float x : batch.inputs().toFloatArray()) {
        numbers.add(x);
      }
      for (int y : batch.targets().toArray()) {
        numbers.add((float) y);
      }
      all.add(numbers);
    }
    return all;
  }

  @Test
  void neitherPartitionsNorTheOrderOfRowsDecideWhatIsInAShard() {
    List<Row> rows = fruit(200);
    List<Row> others = new ArrayList<>(rows);
    Collections.reverse(others);
    try (ShardedData<IntTensor> one = ShardedData.of(table(rows).coalesce(1), SCHEMA, 3);
        ShardedData<IntTensor> five = ShardedData.of(table(others).repartition(5), SCHEMA, 3)) {
      assertThat(numbers(five)).isEqualTo(numbers(one));
      assertThat(one.size()).isEqualTo(200);
    }
  }

  @Test
  void shardsHaveTheRowsOfTheTableThatCsvWouldGive() throws IOException {
    List<Row> rows = fruit(100);
    List<List<Object>> cells = new ArrayList<>();
    for (Row row : rows) {
      cells.add(Arrays.asList(row.get(0), row.get(1), row.get(2), row.get(3)));
    }
    Table<IntTensor> table =
        Table.read(Rows.of("fruit", List.of(FRUIT.fieldNames()), cells), SCHEMA);
    try (ShardedData<IntTensor> data = ShardedData.of(table(rows), SCHEMA, 4)) {
      assertThat(data.features()).isEqualTo(table.features());
      assertThat(data.labels()).isEqualTo(table.labels());
      List<String> found = new ArrayList<>();
      for (Shard<IntTensor> shard : data.rdd().collect()) {
        found.addAll(lines(shard.all()));
      }
      List<String> expected = lines(table.dataset().all());
      Collections.sort(found);
      Collections.sort(expected);
      assertThat(found).isEqualTo(expected);
    }
  }

  private static List<String> lines(Batch<Tensor, IntTensor> batch) {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      lines.add(
          Arrays.toString(batch.inputs().select(0, i).toFloatArray())
              + batch.targets().toArray()[i]);
    }
    return lines;
  }

  @Test
  void anEpochShufflesEachShardInAnotherOrder() {
    try (ShardedData<IntTensor> data = ShardedData.of(table(fruit(60)), SCHEMA, 2)) {
      Shard<IntTensor> shard = data.rdd().collect().getLast();
      HashSet<List<String>> orders = new HashSet<>();
      for (int epoch = 0; epoch < 3; epoch++) {
        List<String> order = lines(ShardedData.loader(shard, 30, 7).epoch(epoch).iterator().next());
        orders.add(order);
        assertThat(lines(ShardedData.loader(shard, 30, 7).epoch(epoch).iterator().next()))
            .isEqualTo(order);
      }
      assertThat(orders).hasSize(3);
    }
  }

  @Test
  void targetsOfARegressionAreNumbersSideBySide() {
    Schema<Tensor> schema = Schema.target("weight", "count").category("kind");
    try (ShardedData<Tensor> data = ShardedData.of(row(0.25, "red", 3L, "pear"), schema, 2)) {
      assertThat(data.labels()).containsExactly("weight", "count");
      List<float[]> targets =
          data.rdd().collect().stream().map(shard -> shard.all().targets().toFloatArray()).toList();
      assertThat(targets).containsExactlyInAnyOrder(new float[] {0.25f, 3}, new float[] {1.5f, 1});
    }
  }

  // ---- what is not as it should be -------------------------------------------------------------

  @Test
  void emptyPartitionsAndPartitionsWithAllRowsGiveEvenShards() {
    Dataset<Row> skewed = table(fruit(50)).coalesce(1).union(table(List.of()).repartition(3));
    Dataset<Row> equal = table(Collections.nCopies(41, RowFactory.create(1.0, "red", 1L, "pear")));
    try (ShardedData<IntTensor> some = ShardedData.of(skewed, SCHEMA, 4);
        ShardedData<IntTensor> same = ShardedData.of(equal, SCHEMA, 4)) {
      assertThat(some.rdd().map(Shard::size).collect()).containsExactly(13, 13, 12, 12);
      assertThat(same.rdd().map(Shard::size).collect()).containsExactly(11, 10, 10, 10);
    }
  }

  private static void assertRefused(Dataset<Row> table, Schema<?> schema, String message) {
    assertThatThrownBy(() -> ShardedData.of(table, schema, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void missingAndDoubleColumnsAreNamed() {
    assertRefused(
        row(1.0, "red", 1L, "pear").drop("weight"),
        SCHEMA,
        "ShardedData: no column 'weight'; the columns are ['color', 'count', 'kind']");
    Dataset<Row> table = row(1.0, "red", 1L, "pear");
    assertRefused(
        table.withColumn("other", table.col("kind")).withColumnRenamed("other", "color"),
        SCHEMA,
        "ShardedData: more than one column 'color'; the columns are ['weight', 'color', 'count',"
            + " 'kind', 'color']");
  }

  @Test
  void typesThatAreNoCellsAreNamed() {
    Dataset<Row> table =
        row(1.0, "red", 1L, "pear").selectExpr("array(weight) as weight", "color", "count", "kind");
    assertRefused(
        table,
        SCHEMA,
        "ShardedData: column 'weight' is of type array<double>; expected numbers, or texts that are"
            + " numbers");
    assertRefused(
        table,
        Schema.label("weight").numeric("count"),
        "ShardedData: column 'weight' is of type array<double>; expected texts, numbers, booleans"
            + " or dates");
  }

  @Test
  void aCellThatIsNoNumberIsShownInItsRow() {
    assertRefused(
        row(1.0, "red", 1L, "pear"),
        Schema.label("kind").numeric("color"),
        "ShardedData: row {color=red, kind=pear}: column 'color' is 'red'; expected a number");
    assertRefused(
        row(1.0, "red", 16777217L, "pear"),
        SCHEMA,
        "ShardedData: row {weight=1.0, color=red, count=16777217, kind=pear}: column 'count' is"
            + " '16777217', which float32 would round to 16777216; expected a category if it is an"
            + " id, a smaller number, or one with a decimal point, which may be rounded");
  }

  @Test
  void nullAndNaNAreMissingAndRefusedWhereNothingMayBe() {
    Dataset<Row> table = row(Double.NaN, "red", null, "pear");
    try (ShardedData<IntTensor> data =
        ShardedData.of(table, Schema.label("kind").numeric("weight", "count").missing(-1), 1)) {
      assertThat(data.rdd().first().all().inputs()).isNotNull();
      assertThat(numbers(data).getFirst()).contains(-1f).doesNotContain(Float.NaN);
    }
    assertRefused(
        table,
        SCHEMA,
        "ShardedData: row {weight=NaN, color=red, count=null, kind=pear}: column 'count' is null;"
            + " expected a number");
    assertRefused(
        table,
        Schema.label("kind").numeric("weight"),
        "ShardedData: row {weight=NaN, kind=pear}: column 'weight' is 'NaN'; expected a number");
    assertRefused(
        row(Double.POSITIVE_INFINITY, "red", 1L, "pear"),
        SCHEMA,
        "ShardedData: row {weight=Infinity, color=red, count=1, kind=pear}: column 'weight' is"
            + " 'Infinity'; expected a number that float32 holds");
  }

  @Test
  void missingLabelsAndUnknownOnesAreRefused() {
    assertRefused(
        row(1.0, "red", 1L, null),
        Schema.label("kind").numeric("weight"),
        "ShardedData: row {weight=1.0, kind=null}: column 'kind' is null; expected a category");
    assertRefused(
        row(1.0, "red", 1L, "plum"),
        Schema.label("kind", "apple", "pear").numeric("weight"),
        "ShardedData: row {weight=1.0, kind=plum}: column 'kind' is 'plum'; expected one of [apple,"
            + " pear]");
  }

  @Test
  void unknownCategoriesAreRefusedOrNone() {
    Schema<IntTensor> known = Schema.label("kind").category("color", "red", "green");
    assertRefused(
        row(1.0, "blue", 1L, "pear"),
        known,
        "ShardedData: row {color=blue, kind=pear}: column 'color' is 'blue'; expected one of [red,"
            + " green]");
    try (ShardedData<IntTensor> data =
        ShardedData.of(row(1.0, "blue", 1L, "pear"), known.ignoreUnknown(), 1)) {
      assertThat(numbers(data).getFirst().subList(0, 4)).containsExactlyInAnyOrder(1f, 0f, 0f, 0f);
    }
  }

  @Test
  void textsThatAreNoCategoriesAreRefused() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 1002; i++) {
      rows.add(RowFactory.create(1.0, "text " + i, 1L, "pear"));
    }
    assertThatThrownBy(() -> ShardedData.of(table(rows), SCHEMA, 1))
        .hasMessageContaining("column 'color'")
        .hasMessageContaining("expected at most 1000 categories");
  }

  @Test
  void fewerRowsThanShardsAreRefused() {
    Schema<IntTensor> schema = Schema.label("kind", "apple", "pear").numeric("count");
    assertThatThrownBy(() -> ShardedData.of(row(1.0, "red", 1L, "pear"), schema, 3))
        .hasMessage("ShardedData: 2 rows in 3 shards; expected at least a row in each");
    assertThatThrownBy(() -> ShardedData.of(table(List.of()), schema, 1))
        .hasMessage("ShardedData: 0 rows in 1 shards; expected at least a row in each");
    assertRefused(
        table(List.of()),
        SCHEMA,
        "ShardedData: column 'color' has no categories in any row; expected some");
    assertRefused(
        table(List.of()),
        Schema.label("kind"),
        "ShardedData: Schema(kind): no features; expected at least one");
  }
}
