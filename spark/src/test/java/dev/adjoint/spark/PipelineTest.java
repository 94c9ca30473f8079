package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.predict.Columns;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.tensor.Generator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineTest {

  /** Files are written by it, so that it is there before the first. */
  private static final SparkSession SPARK = LocalSpark.session();

  @TempDir private Path directory;

  /** Returns points, in the ring or outside of it. */
  private static Dataset<Row> points() {
    Random random = new Random(3);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 240; i++) {
      double x = 10 + random.nextGaussian();
      double y = random.nextGaussian();
      boolean inside = (x - 10) * (x - 10) + y * y < 1.4;
      rows.add(RowFactory.create(x, y, inside ? "in" : "out"));
    }
    return SPARK
        .createDataFrame(
            rows,
            new StructType()
                .add("x", DataTypes.DoubleType)
                .add("y", DataTypes.DoubleType)
                .add("where", DataTypes.StringType))
        .coalesce(1);
  }

  private static NetworkEstimator network() {
    NetworkEstimator network = new NetworkEstimator();
    return network
        .with(network.hidden(), new int[] {16})
        .with(network.epochs(), 12)
        .with(network.batchSize(), 120)
        .with(network.shards(), 2)
        .with(network.learningRate(), 0.05);
  }

  private static VectorAssembler assembler() {
    return new VectorAssembler().setInputCols(new String[] {"x", "y"}).setOutputCol("features");
  }

  @Test
  void aPipelineOfSparksStagesAndOursIsFittedSavedAndLoaded() throws IOException {
    Dataset<Row> points = points();
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  new StringIndexer().setInputCol("where").setOutputCol("label"),
                  assembler(),
                  network()
                });
    String written = directory.resolve("pipeline").toString();
    pipeline.save(written);
    PipelineModel model = Pipeline.load(written).fit(points);
    Dataset<Row> told = model.transform(points);
    assertThat(new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(told))
        .isGreaterThan(0.9);

    String saved = directory.resolve("model").toString();
    model.save(saved);
    PipelineModel loaded = PipelineModel.load(saved);
    List<Row> again = loaded.transform(points).collectAsList();
    assertThat(again).isEqualTo(told.collectAsList());
    Row row = again.getFirst();
    Vector probabilities = row.getAs("probability");
    assertThat(probabilities.argmax())
        .isEqualTo((int) row.<Double>getAs("prediction").doubleValue());
    assertThat(told.schema().simpleString())
        .isEqualTo(model.transformSchema(points.schema()).simpleString());
  }

  @Test
  void aRegressionIsLearned() {
    Dataset<Row> table =
        assembler().transform(points()).selectExpr("features", "2 * (x - 10) - y as label");
    NetworkEstimator network = network();
    PredictorModel model = network.with(network.task(), "regression").fit(table);
    Dataset<Row> told = model.transform(table);
    assertThat(told.columns()).containsExactly("features", "label", "prediction");
    assertThat(told.schema().simpleString())
        .isEqualTo(model.transformSchema(table.schema()).simpleString());
    assertThat(new RegressionEvaluator().setMetricName("r2").evaluate(told)).isGreaterThan(0.8);
  }

  @Test
  void aRegressionOfLargeNumbersIsLearnedSavedAndLoaded() throws IOException {
    Dataset<Row> table =
        assembler()
            .transform(points())
            .selectExpr("features", "100000 + 5000 * (2 * (x - 10) - y) as label");
    NetworkEstimator network = network();
    PredictorModel model = network.with(network.task(), "regression").fit(table);
    Dataset<Row> told = model.transform(table);
    assertThat(new RegressionEvaluator().setMetricName("r2").evaluate(told)).isGreaterThan(0.8);
    model.save(directory.resolve("large").toString());
    PredictorModel loaded = PredictorModel.load(directory.resolve("large").toString());
    assertThat(loaded.transform(table).collectAsList()).isEqualTo(told.collectAsList());
  }

  @Test
  void parametersTravelWithCopiesAndFiles() throws IOException {
    NetworkEstimator network = network();
    network.save(directory.resolve("network").toString());
    NetworkEstimator loaded = NetworkEstimator.load(directory.resolve("network").toString());
    assertThat(loaded.uid()).isEqualTo(network.uid());
    assertThat(loaded.getOrDefault(loaded.hidden())).containsExactly(16);
    String arrays = "\\[I@\\w+";
    assertThat(loaded.explainParams().replaceAll(arrays, ""))
        .isEqualTo(network.explainParams().replaceAll(arrays, ""));
    NetworkEstimator copy =
        network.copy(new org.apache.spark.ml.param.ParamMap().put(network.epochs().w(3)));
    assertThat((int) copy.getOrDefault(copy.epochs())).isEqualTo(3);
    assertThat((int) network.getOrDefault(network.epochs())).isEqualTo(12);

    PredictorModel model = new PredictorModel(Predictor.of(new Linear(2, 1, Generator.seeded(1))));
    model.with(model.predictionCol(), "y");
    model.save(directory.resolve("model").toString());
    PredictorModel same = PredictorModel.load(directory.resolve("model").toString());
    assertThat(same.getOrDefault(same.predictionCol())).isEqualTo("y");
    assertThat(model.copy(new org.apache.spark.ml.param.ParamMap()).uid()).isEqualTo(model.uid());
  }

  @Test
  void aPredictorOfItsOwnColumnsNeedsNoVectors() throws IOException {
    PredictorModel model =
        new PredictorModel(
            Predictor.of(new Linear(2, 2, Generator.seeded(1)))
                .columns(new Columns().numeric("x", "y"))
                .labels("far", "near"));
    Dataset<Row> told = model.transform(points().limit(3));
    assertThat(told.schema()).isEqualTo(model.transformSchema(points().schema()));
    assertThat(told.first().<String>getAs("prediction")).isIn("far", "near");
  }

  @Test
  void whatANetworkCannotLearnFromIsRefused() {
    Dataset<Row> table = assembler().transform(points());
    assertThatThrownBy(() -> network().fit(table))
        .hasMessage("fit: no column 'label'; the columns are ['x', 'y', 'where', 'features']");
    NetworkEstimator where = network();
    assertThatThrownBy(() -> where.with(where.labelCol(), "where").fit(table))
        .hasMessage(
            "fit: column 'where' is of type string; expected numbers, as StringIndexer makes of"
                + " texts");
    assertThatThrownBy(() -> network().with(where.epochs(), 0)).hasMessageContaining("epochs");
    NetworkEstimator network = network().with(where.labelCol(), "x");
    assertThatThrownBy(() -> network.with(where.featuresCol(), "where").fit(table))
        .hasMessage(
            "fit: column 'where' is of type string; expected vectors, or arrays of numbers");
    Dataset<Row> uneven =
        table.limit(2).selectExpr("if(x > 10.5, array(x), array(x, y)) as features", "0 as label");
    assertThatThrownBy(() ->
            network()
                .with(where.shards(), 1)
                .fit(uneven.union(uneven.selectExpr("array() as features", "1 as label"))))
        .hasMessageContaining("column 'features[0]' is null; expected a number");
  }
}
