package dev.adjoint.spark;

import dev.adjoint.io.Quoted;
import dev.adjoint.nn.predict.Column;
import dev.adjoint.nn.predict.Predictor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/**
 * Predicts for the rows of a Spark table by a {@link Predictor}.
 *
 * <pre>{@code
 * SparkPredictor predictor = SparkPredictor.of(Path.of("churn.safetensors"));
 * Dataset<Row> told =
 *     predictor.with(Answer.LABEL, "label").with(Answer.PROBABILITIES, "p").transform(customers);
 * Dataset<Row> same = customers.withColumn("label", predictor.column(Answer.LABEL));
 * }</pre>
 *
 * <p>{@link #transform} computes some hundreds of rows at a time, and never holds more of a
 * partition; {@link #column} fits where Spark takes expressions, and computes row by row. The bits
 * of both are those of the predictor. Its file travels once to each executor, which makes one
 * predictor of it for all its tasks.
 *
 * <p>The predictor's {@linkplain Predictor#columns columns} say which columns of the table are read
 * and what they may have; a column of vectors or arrays is read by {@link #input}. Columns that are
 * not there, or of another type, are refused at once, and by {@link #column} when Spark analyses
 * the query. A row that is not what the columns say fails its job and is shown by the message,
 * unless {@link #nullsForRefused} lets it pass. Predictors with layers of one's own cannot be sent.
 */
public final class SparkPredictor {

  private final Predictor predictor;
  private final PredictorFile file;
  private final @Nullable String input;
  private final Map<String, Answer> answers;
  private final boolean nulls;

  private SparkPredictor(
      Predictor predictor,
      PredictorFile file,
      @Nullable String input,
      Map<String, Answer> answers,
      boolean nulls) {
    this.predictor = predictor;
    this.file = file;
    this.input = input;
    this.answers = answers;
    this.nulls = nulls;
  }

  /**
   * Loads a predictor.
   *
   * @param path of a file of {@link Predictor#save}, on the driver
   */
  public static SparkPredictor of(Path path) throws IOException {
    return of(
        Predictor.load(path)); // not of its bytes: what cannot be loaded is told with its path
  }

  /** Takes a predictor of this JVM; what it is limited to stays here. */
  public static SparkPredictor of(Predictor predictor) throws IOException {
    return of(PredictorFile.of(predictor));
  }

  static SparkPredictor of(PredictorFile file) {
    return new SparkPredictor(file.predictor(), file, null, Map.of(), false);
  }

  /**
   * Reads all features from one column, of vectors of Spark ML or of arrays of numbers, whatever
   * columns the predictor has.
   */
  public SparkPredictor input(String column) {
    return new SparkPredictor(predictor, file, column, answers, nulls);
  }

  /** Adds an answer under a name that the table does not have, for {@link #transform}. */
  public SparkPredictor with(Answer answer, String column) {
    Map<String, Answer> all = new LinkedHashMap<>(answers);
    if (all.put(column, answer) != null) {
      throw new IllegalArgumentException(
          "with: %s is there already; expected another name".formatted(Quoted.text(column)));
    }
    return new SparkPredictor(predictor, file, input, all, nulls);
  }

  /** Answers null for a row that the predictor refuses, which ends the job otherwise. */
  public SparkPredictor nullsForRefused() {
    return new SparkPredictor(predictor, file, input, answers, true);
  }

  /**
   * Returns a table with a column for each answer behind its own.
   *
   * @throws IllegalArgumentException if it has not the columns that the predictor needs, or has one
   *     with the name of an answer
   */
  public Dataset<Row> transform(Dataset<Row> table) {
    if (answers.isEmpty()) {
      throw new IllegalStateException("transform: nothing is asked; expected with(...) before");
    }
    StructType wider = widened(table.schema());
    List<String> names = List.of(table.columns());
    Answering answering =
        new Answering(
            JavaSparkContext.fromSparkContext(table.sparkSession().sparkContext()).broadcast(file),
            input,
            names,
            needed().stream().map(names::indexOf).toList(),
            List.copyOf(answers.values()),
            nulls);
    MapPartitionsFunction<Row, Row> append = answering::append;
    return table.mapPartitions(append, Encoders.row(wider));
  }

  /** Returns the schema that a table has with the answers, and checks that it can have them. */
  StructType widened(StructType table) {
    require(table);
    StructType wider = table;
    for (Map.Entry<String, Answer> answer : answers.entrySet()) {
      if (List.of(wider.fieldNames()).contains(answer.getKey())) {
        throw new IllegalArgumentException(
            "transform: the table has a column %s already; expected another name for the answer"
                .formatted(Quoted.text(answer.getKey())));
      }
      wider = wider.add(answer.getKey(), answer.getValue().type(), true);
    }
    return wider;
  }

  /** Returns an answer as an expression, of the table that it is used with. */
  public org.apache.spark.sql.Column column(Answer answer) {
    Answering answering =
        new Answering(
            JavaSparkContext.fromSparkContext(SparkSession.active().sparkContext()).broadcast(file),
            input,
            needed(),
            IntStream.range(0, needed().size()).boxed().toList(),
            List.of(answer),
            nulls);
    UDF1<Row, Object> one = answering::one;
    return functions
        .udf(one, answer.type())
        .apply(
            functions.struct(
                needed().stream().map(Cells::column).toArray(org.apache.spark.sql.Column[]::new)));
  }

  /** Returns the columns that it reads, and the answers that it adds. */
  @Override
  public String toString() {
    return "SparkPredictor of %s, gives %s"
        .formatted(input == null ? predictor.columns() : Quoted.text(input), answers);
  }

  private List<String> needed() {
    List<String> columns = predictor.columns().list().stream().map(Column::name).toList();
    if (input == null && columns.isEmpty()) {
      throw new IllegalStateException(
          "SparkPredictor: this predictor has no columns; expected columns(...) or features(...)"
              + " before it was saved, or input(...)");
    }
    return input == null ? columns : List.of(input);
  }

  private void require(StructType table) {
    List<String> _ = needed();
    if (input == null) {
      predictor.columns().list().forEach(column -> Cells.require("transform", table, column));
      return;
    }
    Cells.requireVectors("transform", table, input);
  }
}
