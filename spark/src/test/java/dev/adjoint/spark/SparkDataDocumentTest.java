package dev.adjoint.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Columns;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.Search;
import dev.adjoint.training.SearchResult;
import dev.adjoint.training.Trial;
import dev.adjoint.training.data.Schema;
import dev.adjoint.training.metric.Goal;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of docs/spark-data.md, which shows their lines. */
class SparkDataDocumentTest {

  private final SparkSession spark = LocalSpark.session();
  private final Dataset<Row> customers =
      spark
          .range(0, 40, 1, 1)
          .selectExpr(
              "if(id % 5 = 0, null, id) as months",
              "id / 8 as charge",
              "if(id % 2 = 0, 'year', 'month') as contract",
              "if(id > 19, 'stays', 'leaves') as class");

  @TempDir private Path directory;

  @Test
  void aTableBecomesExamples() {
    String path = directory.resolve("customers.parquet").toString();
    customers.write().parquet(path);
    assertThat(trained(path).state().get("2.weight").shape()).isEqualTo(Shape.of(2, 5));
  }

  private Sequential trained(String path) {
    Schema<IntTensor> schema =
        Schema.label("class").numeric("months", "charge").category("contract").missing(Double.NaN);
    try (SparkTable<IntTensor> table = SparkTable.of(spark.read().parquet(path), schema, 4)) {
      Imputation imputation = table.imputation().withIndicators();
      Standardization standardization = table.standardization(imputation);
      Sequential model = model(imputation, standardization);
      int features = table.features().size();
      int inputs = standardization.mean().size();
      new SparkTrainer<Sequential, IntTensor>(
              model,
              () ->
                  model(
                      Imputation.of(Tensors.zeros(features), Tensors.ones(features))
                          .withIndicators(),
                      Standardization.of(Tensors.zeros(inputs), Tensors.ones(inputs))),
              new AdamW(model.namedParameters()),
              (m, batch) -> Losses.crossEntropy(m.forward(batch.inputs()), batch.targets()))
          .fit(table.data(), 3);
      return model;
    }
  }

  private static Sequential model(Imputation imputation, Standardization standardization) {
    return new Sequential(
        imputation,
        standardization,
        new Linear(standardization.mean().size(), 2, Generator.seeded(1)));
  }

  @Test
  void aPredictorBecomesColumns() throws IOException {
    Path path = directory.resolve("churn.safetensors");
    Predictor.of(new Linear(1, 2, Generator.seeded(1)))
        .columns(new Columns().numeric("charge"))
        .labels("leaves", "stays")
        .save(path);
    SparkPredictor predictor = SparkPredictor.of(path);
    Dataset<Row> told =
        predictor.with(Answer.LABEL, "label").with(Answer.PROBABILITIES, "p").transform(customers);
    Dataset<Row> same = customers.withColumn("label", predictor.column(Answer.LABEL));
    assertThat(same.select("label").collectAsList())
        .isEqualTo(told.select("label").collectAsList());
  }

  @Test
  void aNetworkIsAStage() {
    StringIndexer indexer = new StringIndexer().setInputCol("class").setOutputCol("label");
    VectorAssembler assembler =
        new VectorAssembler().setInputCols(new String[] {"charge"}).setOutputCol("features");
    NetworkEstimator network = new NetworkEstimator();
    network.with(network.hidden(), new int[] {16}).with(network.epochs(), 2);
    PipelineModel model =
        new Pipeline().setStages(new PipelineStage[] {indexer, assembler, network}).fit(customers);
    assertThat(model.transform(customers).columns()).contains("prediction", "probability");
  }

  @Test
  void aSearchRunsOnManyMachines() throws IOException {
    Path page = directory.resolve("search.html");
    SearchResult result =
        new Search("accuracy", Goal.MAXIMIZE)
            .logRange("rate", 1e-4, 1e-1)
            .on(new SparkTrials(spark))
            .halving(9, 1, 9, 3, 7, (SparkTrials.Objective) trial -> accuracy(trial));
    result.page("Search").write(page);
    assertThat(page).isNotEmptyFile();
    assertThat(result.table()).contains("rate");
  }

  private static double accuracy(Trial trial) {
    return 1 - trial.number("rate");
  }
}
