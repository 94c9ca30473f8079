package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class LocalSparkTest {

  @Test
  void sparkRunsOnThisJava() {
    JavaSparkContext context = new JavaSparkContext(LocalSpark.session().sparkContext());
    assertThat(context.parallelize(List.of(1, 2, 3)).map(n -> n * n).collect())
        .containsExactly(1, 4, 9);
  }
}
