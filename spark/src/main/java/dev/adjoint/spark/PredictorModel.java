package dev.adjoint.spark;

import dev.adjoint.nn.predict.Column;
import dev.adjoint.nn.predict.Predictor;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/**
 * A {@link Predictor} as a stage of a Spark ML pipeline: of a {@link NetworkEstimator}, or of
 * anything else that was trained.
 *
 * <p>From the vectors or arrays of {@code featuresCol}, or from the predictor's own columns where
 * it has some, it makes {@code predictionCol}: the label, as a number if all labels are numbers;
 * without labels, the only output. With labels it makes {@code probabilityCol}, too, a vector. It
 * is saved as the predictor's own file beside Spark's metadata, wherever Hadoop writes.
 */
public final class PredictorModel extends Model<PredictorModel> implements MLWritable {

  private static final String FILE = "predictor.safetensors";

  private final String uid;
  private final PredictorFile file;
  private final Param<String> featuresCol;
  private final Param<String> predictionCol;
  private final Param<String> probabilityCol;

  /** Creates a stage. */
  public PredictorModel(Predictor predictor) throws IOException {
    this(Identifiable.randomUID("predictor"), PredictorFile.of(predictor));
  }

  @SuppressWarnings("this-escape") // parameters of Spark know whose they are
  PredictorModel(String uid, PredictorFile file) {
    this.uid = uid;
    this.file = file;
    featuresCol = new Param<>(uid, "featuresCol", "the column of vectors or arrays");
    predictionCol = new Param<>(uid, "predictionCol", "the column of labels or numbers to add");
    probabilityCol = new Param<>(uid, "probabilityCol", "the column of probabilities to add");
    setDefault(featuresCol, "features");
    setDefault(predictionCol, "prediction");
    setDefault(probabilityCol, "probability");
  }

  @Override
  public String uid() {
    return uid;
  }

  /** Returns the predictor. */
  public Predictor predictor() {
    return file.predictor();
  }

  /** Returns the parameter {@code featuresCol}; defaults to "features". */
  public Param<String> featuresCol() {
    return featuresCol;
  }

  /** Returns the parameter {@code predictionCol}; defaults to "prediction". */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /** Returns the parameter {@code probabilityCol}; defaults to "probability". */
  public Param<String> probabilityCol() {
    return probabilityCol;
  }

  /** Sets a parameter, such as {@code model.with(model.featuresCol(), "vectors")}. */
  public <T> PredictorModel with(Param<T> parameter, T value) {
    set(parameter, value);
    return this;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> table) {
    String prediction = getOrDefault(predictionCol);
    String probability = getOrDefault(probabilityCol);
    Dataset<Row> told = answers().transform(table.toDF());
    return hasLabels()
        ? told.withColumn(prediction, Cells.column(prediction).cast(predictionType()))
            .withColumn(
                probability,
                org.apache.spark.ml.functions.array_to_vector(Cells.column(probability)))
        : told;
  }

  @Override
  public StructType transformSchema(StructType table) {
    StructType wider = answers().widened(table);
    StructField[] fields = wider.fields().clone();
    int first = table.size();
    fields[first] =
        new StructField(fields[first].name(), predictionType(), true, fields[first].metadata());
    if (hasLabels()) {
      fields[first + 1] =
          new StructField(
              fields[first + 1].name(),
              SQLDataTypes.VectorType(),
              true,
              fields[first + 1].metadata());
    }
    return new StructType(fields);
  }

  private boolean hasLabels() {
    return !predictor().labels().isEmpty();
  }

  private org.apache.spark.sql.types.DataType predictionType() {
    return predictor().labels().stream().allMatch(Column.Numeric::isDecimal)
        ? DataTypes.DoubleType
        : DataTypes.StringType;
  }

  private SparkPredictor answers() {
    SparkPredictor predictor = SparkPredictor.of(file);
    if (predictor().columns().list().isEmpty()) {
      predictor = predictor.input(getOrDefault(featuresCol));
    }
    return hasLabels()
        ? predictor
            .with(Answer.LABEL, getOrDefault(predictionCol))
            .with(Answer.PROBABILITIES, getOrDefault(probabilityCol))
        : predictor.with(Answer.NUMBER, getOrDefault(predictionCol));
  }

  @Override
  public PredictorModel copy(ParamMap extra) {
    PredictorModel copy = copyValues(new PredictorModel(uid, file), extra);
    return hasParent() ? copy.setParent(parent()) : copy;
  }

  // ---- files -----------------------------------------------------------------------------------

  @Override
  public MLWriter write() {
    return new MLWriter() {
      @Override
      public void saveImpl(String directory) {
        DefaultParamsWriter.saveMetadata(
            PredictorModel.this, directory, sparkSession(), Option.empty(), Option.empty());
        Path path = new Path(directory, FILE);
        try (FSDataOutputStream out = files(path).create(path)) {
          out.write(file.bytes());
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      }

      private FileSystem files(Path path) throws IOException {
        return path.getFileSystem(sparkSession().sparkContext().hadoopConfiguration());
      }
    };
  }

  /** Reads what {@code write} has written. */
  public static MLReader<PredictorModel> read() {
    return new MLReader<>() {
      @Override
      public PredictorModel load(String directory) {
        DefaultParamsReader.Metadata metadata =
            DefaultParamsReader.loadMetadata(
                directory, sparkSession(), PredictorModel.class.getName());
        Path path = new Path(directory, FILE);
        try (FSDataInputStream in =
            path.getFileSystem(sparkSession().sparkContext().hadoopConfiguration()).open(path)) {
          PredictorModel model =
              new PredictorModel(metadata.uid(), PredictorFile.of(in.readAllBytes()));
          List<String> _ = model.predictor().labels(); // refuses a file that is none
          metadata.getAndSetParams(model, Option.empty());
          return model;
        } catch (IOException e) {
          throw new java.io.UncheckedIOException(e);
        }
      }
    };
  }

  /** Loads a stage that was saved. */
  public static PredictorModel load(String directory) {
    return read().load(directory);
  }
}
