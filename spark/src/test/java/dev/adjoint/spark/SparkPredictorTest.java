package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.predict.Columns;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkPredictorTest {

  private static final StructType ROW =
      new StructType()
          .add("id", DataTypes.IntegerType)
          .add("size.cm", DataTypes.DoubleType)
          .add("color", DataTypes.StringType);

  private static final Predictor PREDICTOR =
      Predictor.of(
              new Sequential(
                  new Linear(3, 8, Generator.seeded(1)),
                  Activation.TANH,
                  new Linear(8, 2, Generator.seeded(2))))
          .columns(new Columns().numeric("size.cm").category("color", "red", "green").missing(-1))
          .labels("apple", "pear");

  @TempDir private Path directory;

  private static Dataset<Row> table(Row... rows) {
    return LocalSpark.session().createDataFrame(List.of(rows), ROW);
  }

  private static Dataset<Row> row(@Nullable Object... cells) {
    return table(RowFactory.create(0, 1.5, "red"), RowFactory.create(cells));
  }

  private static SparkPredictor label() throws IOException {
    return SparkPredictor.of(PREDICTOR).with(Answer.LABEL, "kind");
  }

  @Test
  void answersAreThoseOfThePredictorOverManyBatches() throws IOException {
    Path file = directory.resolve("kinds.safetensors");
    PREDICTOR.save(file);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 2500; i++) {
      rows.add(
          RowFactory.create(i, i % 50 / 10.0, i % 3 == 0 ? "red" : i % 3 == 1 ? null : "green"));
    }
    SparkPredictor predictor = SparkPredictor.of(file);
    List<Row> told =
        predictor
            .with(Answer.LABEL, "kind")
            .with(Answer.PROBABILITIES, "p")
            .with(Answer.OUTPUTS, "y")
            .transform(table(rows.toArray(Row[]::new)).coalesce(1))
            .withColumn("again", predictor.column(Answer.LABEL))
            .collectAsList();
    assertThat(told).hasSize(2500);
    for (int i = 0; i < 2500; i += 97) {
      Row row = told.get(i);
      Map<String, Object> example = new java.util.HashMap<>();
      example.put("size.cm", row.get(1));
      example.put("color", row.get(2));
      assertThat(row.getInt(0)).isEqualTo(i);
      assertThat(row.getString(3))
          .isEqualTo(PREDICTOR.classify(example))
          .isEqualTo(row.getString(6));
      assertThat(row.<Float>getList(4)).containsExactly(floats(PREDICTOR.probabilities(example)));
      assertThat(row.<Float>getList(5)).containsExactly(floats(PREDICTOR.predict(example)));
    }
  }

  private static Float[] floats(double[] numbers) {
    Float[] floats = new Float[numbers.length];
    java.util.Arrays.setAll(floats, i -> (float) numbers[i]);
    return floats;
  }

  @Test
  void vectorsAndArraysAreFeaturesAndOneOutputIsANumber() throws IOException {
    Predictor sum =
        Predictor.of(
            new Linear(
                Description.of(Linear::new)
                    .set("in", 2)
                    .set("out", 1)
                    .with("weight", Tensor.of(new float[][] {{1, 10}}))
                    .with("bias", Tensor.of(0.5f))));
    Dataset<Row> vectors =
        LocalSpark.session()
            .createDataFrame(
                List.of(RowFactory.create(Vectors.sparse(2, new int[] {1}, new double[] {3}))),
                new StructType().add("v", SQLDataTypes.VectorType()));
    SparkPredictor predictor = SparkPredictor.of(sum).input("v").with(Answer.NUMBER, "y");
    assertThat(predictor.transform(vectors).head().getDouble(1)).isEqualTo(30.5);
    Dataset<Row> arrays = row(1, 2.0, "red").selectExpr("array(1, `size.cm`) as v");
    assertThat(arrays.select(predictor.column(Answer.NUMBER)).collectAsList())
        .containsExactly(RowFactory.create(16.5), RowFactory.create(21.5));
  }

  @Test
  void anExecutorLoadsAPredictorOnce() throws IOException {
    PredictorFile file = PredictorFile.of(PREDICTOR);
    PredictorFile same = PredictorFile.of(PREDICTOR);
    assertThat(same.bytes()).isNotSameAs(file.bytes());
    assertThat(same.predictor()).isSameAs(file.predictor());
  }

  @Test
  void anExecutorOfAnotherVersionIsRefused() throws IOException {
    PredictorFile file = PredictorFile.of(PREDICTOR);
    PredictorFile other =
        new PredictorFile(file.bytes(), file.digest(), "Adjoint 0.0.1 on Java 25");
    assertThatThrownBy(other::predictor)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("the driver has Adjoint 0.0.1 on Java 25, an executor has Adjoint");
  }

  // ---- what is not as it should be -------------------------------------------------------------

  @Test
  void columnsThatTheTableLacksAreNamed() throws IOException {
    SparkPredictor predictor = label();
    Dataset<Row> without = row(1, 2.0, "red").drop("color");
    assertThatThrownBy(() -> predictor.transform(without))
        .hasMessage("transform: no column 'color'; the columns are ['id', 'size.cm']");
    assertThatThrownBy(() -> without.withColumn("kind", predictor.column(Answer.LABEL)))
        .hasMessageContaining("color");
    assertThatThrownBy(() -> label().with(Answer.OUTPUTS, "id").transform(row(1, 2.0, "red")))
        .hasMessage(
            "transform: the table has a column 'id' already; expected another name for the answer");
    assertThatThrownBy(() -> predictor.with(Answer.OUTPUTS, "kind"))
        .hasMessage("with: 'kind' is there already; expected another name");
    assertThatThrownBy(() -> predictor.input("color").transform(row(1, 2.0, "red")))
        .hasMessage(
            "transform: column 'color' is of type string; expected vectors, or arrays of numbers");
    assertThatThrownBy(() ->
            predictor.transform(row(1, 2.0, "red").selectExpr("id", "true as `size.cm`", "color")))
        .hasMessage(
            "transform: column 'size.cm' is of type boolean; expected numbers, or texts that are"
                + " numbers");
  }

  @Test
  void aRowThatIsRefusedIsShown() throws IOException {
    Dataset<Row> wrong = row(7, Double.POSITIVE_INFINITY, "blue");
    assertThatThrownBy(() -> label().transform(wrong).collectAsList())
        .hasMessageContaining(
            "row {id=7, size.cm=Infinity, color=blue}: 'size.cm' is 'Infinity'; expected a finite"
                + " number; 'color' is 'blue'; expected one of ['red', 'green']");
    assertThatThrownBy(() -> wrong.select(label().column(Answer.LABEL)).collectAsList())
        .hasMessageContaining("row {size.cm=Infinity, color=blue}: ");
  }

  @Test
  void aRowThatIsRefusedCanPassAsNull() throws IOException {
    List<Row> told =
        label()
            .nullsForRefused()
            .with(Answer.OUTPUTS, "y")
            .transform(row(7, 1.0, "blue").coalesce(1))
            .collectAsList();
    assertThat(told.getFirst().getString(3)).isNotNull();
    assertThat(told.get(1)).isEqualTo(RowFactory.create(7, 1.0, "blue", null, null));
  }

  @Test
  void whatThePredictorCannotSayIsRefused() throws IOException {
    assertThatThrownBy(() -> SparkPredictor.of(PREDICTOR).transform(row(1, 2.0, "red")))
        .hasMessage("transform: nothing is asked; expected with(...) before");
    SparkPredictor bare = SparkPredictor.of(Predictor.of(new Linear(3, 2, Generator.seeded(1))));
    assertThat(bare.input("v").with(Answer.OUTPUTS, "y"))
        .hasToString("SparkPredictor of 'v', gives {y=OUTPUTS}");
    assertThatThrownBy(() -> bare.with(Answer.OUTPUTS, "y").transform(row(1, 2.0, "red")))
        .hasMessage(
            "SparkPredictor: this predictor has no columns; expected columns(...) or features(...)"
                + " before it was saved, or input(...)");
    Dataset<Row> short_ = row(1, 2.0, "red").selectExpr("array(1, 2) as v");
    assertThatThrownBy(() -> bare.input("v").with(Answer.OUTPUTS, "y").transform(short_).head())
        .hasMessageContaining("(1, 2)");
  }
}
