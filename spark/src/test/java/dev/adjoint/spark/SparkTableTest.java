package dev.adjoint.spark;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.Standardization;
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
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

class SparkTableTest {

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

  /** Returns what each shard has: features, and then targets. */
  private static List<String> shards(SparkTable<?> table) {
    return table.shards().collect().stream()
        .map(shard -> Arrays.toString(shard._1) + Arrays.toString(shard._2))
        .toList();
  }

  @Test
  void neitherPartitionsNorTheOrderOfRowsDecideWhatIsInAShard() {
    List<Row> rows = fruit(200);
    List<Row> others = new ArrayList<>(rows);
    Collections.reverse(others);
    Dataset<Row> table = LocalSpark.generating().createDataFrame(others, FRUIT);
    try (SparkTable<IntTensor> one = SparkTable.of(table(rows).coalesce(1), SCHEMA, 3);
        SparkTable<IntTensor> five = SparkTable.of(table.repartition(5), SCHEMA, 3)) {
      assertThat(shards(five)).isEqualTo(shards(one));
      assertThat(one.size()).isEqualTo(200);
      assertThat(one)
          .hasToString("SparkTable of 200 rows in 3 shards, Schema(weight, color, count, kind)");
      assertThat(one.data())
          .hasToString("ShardedData of 3 shards, examples of shape (5) with classes");
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
    try (SparkTable<IntTensor> data = SparkTable.of(table(rows), SCHEMA, 4)) {
      assertThat(data.features()).isEqualTo(table.features());
      assertThat(data.labels()).isEqualTo(table.labels());
      List<String> found = new ArrayList<>();
      int width = data.features().size();
      for (Tuple2<float[], float[]> shard : data.shards().collect()) {
        for (int i = 0; i < shard._2.length; i++) {
          float[] row = Arrays.copyOfRange(shard._1, i * width, (i + 1) * width);
          found.add(Arrays.toString(row) + (int) shard._2[i]);
        }
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
  void targetsOfARegressionAreNumbersSideBySide() {
    Schema<Tensor> schema = Schema.target("weight", "count").category("kind");
    try (SparkTable<Tensor> data = SparkTable.of(row(0.25, "red", 3L, "pear"), schema, 2)) {
      assertThat(data.labels()).containsExactly("weight", "count");
      assertThat(shards(data))
          .containsExactlyInAnyOrder("[0.0, 1.0][0.25, 3.0]", "[1.0, 0.0][1.5, 1.0]");
    }
  }

  @Test
  void statisticsAreThoseOfATableInMemory() {
    Random random = new Random(2);
    List<Row> rows = new ArrayList<>();
    float[][] all = new float[257][2];
    for (float[] each : all) {
      each[0] = random.nextInt(6) == 0 ? Float.NaN : (float) random.nextGaussian() * 1000;
      each[1] = 3;
      rows.add(
          RowFactory.create(Float.isNaN(each[0]) ? null : (double) each[0], "red", 3L, "pear"));
    }
    Schema<IntTensor> schema =
        Schema.label("kind").numeric("weight").missing(Double.NaN).numeric("count");
    Imputation imputation = Imputation.fit(Tensor.of(all)).withIndicators();
    Standardization expected = Standardization.fit(imputation.forward(Tensor.of(all)));
    try (SparkTable<IntTensor> data = SparkTable.of(table(rows), schema, 3)) {
      assertThat(data.imputation().median()).isCloseTo(imputation.median(), 0, 0);
      Standardization found = data.standardization(data.imputation().withIndicators());
      assertThat(found.mean()).isCloseTo(expected.mean(), 1e-6, 1e-6);
      assertThat(found.deviation()).isCloseTo(expected.deviation(), 1e-6, 1e-6);
      assertThatThrownBy(data::standardization)
          .hasMessageStartingWith("standardization: feature 0 has mean NaN");
    }
    assertThatThrownBy(
            () -> SparkTable.of(row(null, "red", 1L, "pear").limit(1), schema, 1).imputation())
        .hasMessage(
            "imputation: feature 'weight' is missing in all 1 rows; expected it in one at least");
  }

  // ---- what is not as it should be -------------------------------------------------------------

  @Test
  void emptyPartitionsAndPartitionsWithAllRowsGiveEvenShards() {
    Dataset<Row> skewed = table(fruit(50)).coalesce(1).union(table(List.of()).repartition(3));
    Dataset<Row> equal = table(Collections.nCopies(41, RowFactory.create(1.0, "red", 1L, "pear")));
    try (SparkTable<IntTensor> some = SparkTable.of(skewed, SCHEMA, 4);
        SparkTable<IntTensor> same = SparkTable.of(equal, SCHEMA, 4)) {
      assertThat(some.shards().map(shard -> shard._2.length).collect())
          .containsExactly(13, 13, 12, 12);
      assertThat(same.shards().map(shard -> shard._2.length).collect())
          .containsExactly(11, 10, 10, 10);
    }
  }

  private static void assertRefused(Dataset<Row> table, Schema<?> schema, String message) {
    assertThatThrownBy(() -> SparkTable.of(table, schema, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void missingAndDoubleColumnsAreNamed() {
    assertRefused(
        row(1.0, "red", 1L, "pear").drop("weight"),
        SCHEMA,
        "SparkTable: no column 'weight'; the columns are ['color', 'count', 'kind']");
    Dataset<Row> table = row(1.0, "red", 1L, "pear");
    assertRefused(
        table.withColumn("other", table.col("kind")).withColumnRenamed("other", "color"),
        SCHEMA,
        "SparkTable: more than one column 'color'; the columns are ['weight', 'color', 'count',"
            + " 'kind', 'color']");
  }

  @Test
  void typesThatAreNoCellsAreNamed() {
    Dataset<Row> table =
        row(1.0, "red", 1L, "pear").selectExpr("array(weight) as weight", "color", "count", "kind");
    assertRefused(
        table,
        SCHEMA,
        "SparkTable: column 'weight' is of type array<double>; expected numbers, or texts that are"
            + " numbers");
    assertRefused(
        table,
        Schema.label("weight").numeric("count"),
        "SparkTable: column 'weight' is of type array<double>; expected texts, numbers, booleans"
            + " or dates");
  }

  @Test
  void aCellThatIsNoNumberIsShownInItsRow() {
    assertRefused(
        row(1.0, "red", 1L, "pear").limit(1),
        Schema.label("kind").numeric("color"),
        "SparkTable: row {color=red, kind=pear}: column 'color' is 'red'; expected a number");
    assertRefused(
        row(1.0, "red", 16777217L, "pear"),
        SCHEMA,
        "SparkTable: row {weight=1.0, color=red, count=16777217, kind=pear}: column 'count' is"
            + " '16777217', which float32 would round to 16777216; expected a category if it is an"
            + " id, a smaller number, or one with a decimal point, which may be rounded");
  }

  @Test
  void nullAndNaNAreMissingAndRefusedWhereNothingMayBe() {
    Dataset<Row> table = row(Double.NaN, "red", null, "pear");
    try (SparkTable<IntTensor> data =
        SparkTable.of(table, Schema.label("kind").numeric("weight", "count").missing(-1), 1)) {
      assertThat(shards(data).getFirst()).contains("-1.0, -1.0").doesNotContain("NaN");
    }
    assertRefused(
        table,
        SCHEMA,
        "SparkTable: row {weight=NaN, color=red, count=null, kind=pear}: column 'count' is null;"
            + " expected a number, or Schema.missing for a feature");
    assertRefused(
        table,
        Schema.label("kind").numeric("weight"),
        "SparkTable: row {weight=NaN, kind=pear}: column 'weight' is 'NaN'; expected a number, or"
            + " Schema.missing for a feature");
    assertRefused(
        row(Double.POSITIVE_INFINITY, "red", 1L, "pear"),
        SCHEMA,
        "SparkTable: row {weight=Infinity, color=red, count=1, kind=pear}: column 'weight' is"
            + " 'Infinity'; expected a number that float32 holds");
  }

  @Test
  void missingLabelsAndUnknownOnesAreRefused() {
    assertRefused(
        row(1.0, "red", 1L, null),
        Schema.label("kind").numeric("weight"),
        "SparkTable: row {weight=1.0, kind=null}: column 'kind' is null; expected a category");
    assertRefused(
        row(1.0, "red", 1L, "plum"),
        Schema.label("kind", "apple", "pear").numeric("weight"),
        "SparkTable: row {weight=1.0, kind=plum}: column 'kind' is 'plum'; expected one of [apple,"
            + " pear]");
  }

  @Test
  void unknownCategoriesAreRefusedOrNone() {
    Schema<IntTensor> known = Schema.label("kind").category("color", "red", "green");
    assertRefused(
        row(1.0, "blue", 1L, "pear"),
        known,
        "SparkTable: row {color=blue, kind=pear}: column 'color' is 'blue'; expected one of [red,"
            + " green]");
    try (SparkTable<IntTensor> data =
        SparkTable.of(row(1.0, "blue", 1L, "pear"), known.ignoreUnknown(), 1)) {
      assertThat(shards(data).getFirst()).containsOnlyOnce("1.0, 0.0").contains("0.0, 0.0");
    }
  }

  @Test
  void textsThatAreNoCategoriesAreRefused() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 1002; i++) {
      rows.add(RowFactory.create(1.0, "text " + i, 1L, "pear"));
    }
    assertThatThrownBy(() -> SparkTable.of(table(rows), SCHEMA, 1))
        .hasMessageContaining("column 'color'")
        .hasMessageContaining("expected at most 1000 categories");
  }

  @Test
  void fewerRowsThanShardsAreRefused() {
    Schema<IntTensor> schema = Schema.label("kind", "apple", "pear").numeric("count");
    assertThatThrownBy(() -> SparkTable.of(row(1.0, "red", 1L, "pear"), schema, 3))
        .hasMessage("SparkTable: 2 rows in 3 shards; expected at least a row in each");
    assertThatThrownBy(() -> SparkTable.of(table(List.of()), schema, 1))
        .hasMessage("SparkTable: 0 rows in 1 shards; expected at least a row in each");
    assertRefused(
        table(List.of()),
        SCHEMA,
        "SparkTable: column 'color' has no categories in any row; expected some");
    assertRefused(
        table(List.of()),
        Schema.label("kind"),
        "SparkTable: Schema(kind): no features; expected at least one");
  }
}
