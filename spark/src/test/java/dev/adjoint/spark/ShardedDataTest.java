package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

class ShardedDataTest {

  private final SparkSession session = LocalSpark.session();

  @Test
  void rowsLieInTheSameShardsHoweverTheyCome() {
    Dataset<Row> rows =
        session
            .range(0, 60, 1, 1)
            .selectExpr("id as a", "if(id % 7 = 0, null, id / 2) as b", "id % 2 as y");
    List<String> once = shards(rows);
    assertThat(once)
        .hasSize(3)
        .contains(shards(rows.repartition(3).orderBy(rows.col("a").desc())).toArray(String[]::new));
    assertThat(String.join("", once)).contains("NaN").contains("59.0, 29.5");
  }

  private static List<String> shards(Dataset<Row> rows) {
    List<String> texts = new ArrayList<>();
    for (Tuple2<float[], float[]> shard :
        ShardedData.of(rows, 3, List.of("a", "b"), "y").shards().collect()) {
      texts.add(Arrays.toString(shard._1) + Arrays.toString(shard._2));
    }
    return texts;
  }

  @Test
  void aColumnThatIsNoNumberIsRefused() {
    Dataset<Row> rows = session.range(2).selectExpr("id", "'x' as name");
    assertThatThrownBy(() -> ShardedData.of(rows, 2, List.of("name"), "id"))
        .hasMessage(
            "ShardedData: the column 'name' of struct<id:bigint,name:string>; expected one of"
                + " numbers");
    assertThatThrownBy(() -> ShardedData.of(rows, 2, List.of("age"), "id"))
        .hasMessageContaining("the column 'age'");
  }

  @Test
  void aShardThatDoesNotFitIsRefused() {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    assertThatThrownBy(() ->
            ShardedData.generated(spark, 1, _ -> new Tuple2<>(new float[5], new float[2]), 2)
                .sizes())
        .hasMessageContaining("a shard of 5 inputs and 2 targets; expected 2 inputs an example");
  }
}
