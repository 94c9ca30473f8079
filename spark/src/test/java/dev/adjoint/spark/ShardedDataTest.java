package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import scala.Tuple2;

class ShardedDataTest {

  @Test
  void aShardThatDoesNotFitIsRefused() {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());
    assertThatThrownBy(() ->
            ShardedData.generated(spark, 1, _ -> new Tuple2<>(new float[5], new float[2]), 2)
                .sizes())
        .hasMessageContaining("a shard of 5 inputs and 2 targets; expected 2 inputs an example");
  }
}
