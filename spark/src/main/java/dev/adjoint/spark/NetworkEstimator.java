package dev.adjoint.spark;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.when;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.io.Quoted;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.AdamW;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Schema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntArrayParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructType;

/**
 * Learns a network of fully connected layers with layer norms from vectors, as a stage of a Spark
 * ML pipeline.
 *
 * <pre>{@code
 * NetworkEstimator network = new NetworkEstimator();
 * network.with(network.hidden(), new int[] {64, 64}).with(network.epochs(), 10);
 * PipelineModel model = new Pipeline()
 *     .setStages(new PipelineStage[] {indexer, assembler, network})
 *     .fit(customers);
 * }</pre>
 *
 * <p>It trains by {@link SparkTrainer} and AdamW, on standardized features and, in a regression,
 * standardized targets, which the predictions are not: the same rows, parameters and shards give
 * the same bits on any cluster. Features and labels must be finite numbers; classes are the numbers
 * that the labels have. Other networks are trained by a {@link SparkTrainer}, and become stages as
 * a {@link PredictorModel}.
 */
public final class NetworkEstimator extends Estimator<PredictorModel>
    implements DefaultParamsWritable {

  private static final String CLASSIFICATION = "classification";
  private static final String REGRESSION = "regression";

  private final String uid;
  private final Param<String> featuresCol;
  private final Param<String> labelCol;
  private final Param<String> predictionCol;
  private final Param<String> probabilityCol;
  private final Param<String> task;
  private final IntArrayParam hidden;
  private final IntParam epochs;
  private final IntParam batchSize;
  private final IntParam shards;
  private final DoubleParam learningRate;
  private final LongParam seed;

  /** Creates a stage. */
  public NetworkEstimator() {
    this(Identifiable.randomUID("network"));
  }

  /** Creates a stage of a name, as Spark does to copy and to load it. */
  @SuppressWarnings("this-escape") // parameters of Spark know whose they are
  public NetworkEstimator(String uid) {
    this.uid = uid; // before the parameters, which ask for it
    featuresCol = new Param<>(uid, "featuresCol", "the column of vectors");
    labelCol = new Param<>(uid, "labelCol", "the column of classes or of numbers to predict");
    predictionCol = new Param<>(uid, "predictionCol", "the column of predictions to add");
    probabilityCol = new Param<>(uid, "probabilityCol", "the column of probabilities to add");
    task =
        new Param<>(
            uid,
            "task",
            "classification or regression",
            ParamValidators.inArray(List.of(CLASSIFICATION, REGRESSION)));
    hidden = new IntArrayParam(this, "hidden", "the widths of the hidden layers");
    epochs = new IntParam(uid, "epochs", "how often all rows are seen", ParamValidators.gtEq(1));
    batchSize =
        new IntParam(uid, "batchSize", "how many rows a step learns from", ParamValidators.gtEq(1));
    shards =
        new IntParam(
            uid, "shards", "how many shards the rows are parted into", ParamValidators.gtEq(1));
    learningRate =
        new DoubleParam(uid, "learningRate", "the learning rate of AdamW", ParamValidators.gt(0));
    seed = new LongParam(uid, "seed", "what weights and the order of rows depend on");
    setDefault(featuresCol, "features");
    setDefault(labelCol, "label");
    setDefault(predictionCol, "prediction");
    setDefault(probabilityCol, "probability");
    setDefault(task, CLASSIFICATION);
    setDefault(hidden, new int[] {32, 32});
    setDefault(epochs, 20);
    setDefault(batchSize, 256);
    setDefault(shards, 4);
    setDefault(learningRate, 3e-3);
    setDefault(seed, 0L);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** Returns the parameter {@code featuresCol}; defaults to "features". */
  public Param<String> featuresCol() {
    return featuresCol;
  }

  /** Returns the parameter {@code labelCol}, of a column of numbers; defaults to "label". */
  public Param<String> labelCol() {
    return labelCol;
  }

  /** Returns the parameter {@code predictionCol}; defaults to "prediction". */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /** Returns the parameter {@code probabilityCol}; defaults to "probability". */
  public Param<String> probabilityCol() {
    return probabilityCol;
  }

  /** Returns the parameter {@code task}: "classification", the default, or "regression". */
  public Param<String> task() {
    return task;
  }

  /** Returns the parameter {@code hidden}, the widths of hidden layers; defaults to 32, 32. */
  public IntArrayParam hidden() {
    return hidden;
  }

  /** Returns the parameter {@code epochs}; defaults to 20. */
  public IntParam epochs() {
    return epochs;
  }

  /** Returns the parameter {@code batchSize}, the rows of all shards in a step; defaults to 256. */
  public IntParam batchSize() {
    return batchSize;
  }

  /** Returns the parameter {@code shards}; defaults to 4. The result depends on it. */
  public IntParam shards() {
    return shards;
  }

  /** Returns the parameter {@code learningRate}; defaults to 0.003. */
  public DoubleParam learningRate() {
    return learningRate;
  }

  /** Returns the parameter {@code seed}; defaults to 0. */
  public LongParam seed() {
    return seed;
  }

  /** Sets a parameter, such as {@code network.with(network.epochs(), 5)}. */
  public <T> NetworkEstimator with(Param<? super T> parameter, T value) {
    set(parameter.name(), value);
    return this;
  }

  // ---- learning --------------------------------------------------------------------------------

  /**
   * Learns from a table.
   *
   * @throws IllegalArgumentException if it has not the columns that are needed, or a number is
   *     missing or not finite
   */
  @Override
  public PredictorModel fit(Dataset<?> table) {
    StructType _ = transformSchema(table.schema());
    String features = getOrDefault(featuresCol);
    String label = getOrDefault(labelCol);
    Column array = Cells.column(features);
    if (table.schema().apply(features).dataType().equals(SQLDataTypes.VectorType())) {
      array = org.apache.spark.ml.functions.vector_to_array(array, "float64");
    }
    List<Row> first =
        table.select(size(array)).where(Cells.column(features).isNotNull()).takeAsList(1);
    int width = first.isEmpty() ? 0 : first.getFirst().getInt(0);
    if (width == 0) {
      throw new IllegalArgumentException(
          "fit: no row has features in %s; expected some".formatted(Quoted.text(features)));
    }
    List<Column> cells = new ArrayList<>();
    String[] names = new String[width];
    for (int i = 0; i < width; i++) {
      names[i] = "%s[%s]".formatted(features, i);
      // A vector of another size has no cells, and is refused like them.
      cells.add(when(size(array).equalTo(width), functions.get(array, lit(i))).as(names[i]));
    }
    cells.add(Cells.column(label).cast(DataTypes.DoubleType).as(label));
    Dataset<Row> numbers = table.select(cells.toArray(Column[]::new));
    Predictor predictor =
        isClassification()
            ? classifier(numbers, Schema.label(label).numeric(names))
            : regression(numbers, Schema.target(label).numeric(names));
    try {
      return copyValues(
          new PredictorModel(uid, PredictorFile.of(predictor)).setParent(this), extractParamMap());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Predictor classifier(Dataset<Row> numbers, Schema<IntTensor> schema) {
    try (SparkTable<IntTensor> rows = SparkTable.of(numbers, schema, (int) getOrDefault(shards))) {
      Sequential model =
          train(
              rows, (m, batch) -> Losses.crossEntropy(m.forward(batch.inputs()), batch.targets()));
      return Predictor.of(model).labels(rows.labels().toArray(String[]::new));
    }
  }

  private Predictor regression(Dataset<Row> numbers, Schema<Tensor> schema) {
    try (SparkTable<Tensor> rows = SparkTable.of(numbers, schema, (int) getOrDefault(shards))) {
      Standardization targets = rows.targetStandardization();
      double mean = targets.mean().item();
      double deviation = targets.deviation().item();
      Sequential model =
          train(
              rows,
              (m, batch) ->
                  Losses.mse(
                      m.forward(batch.inputs()), batch.targets().minus(mean).div(deviation)));
      // The last layer is linear, and so is what undoes the standardization.
      List<Parameter> parameters = model.parameters();
      Parameter weight = parameters.get(parameters.size() - 2);
      Parameter bias = parameters.getLast();
      weight.assign(weight.value().times(deviation));
      bias.assign(targets.inverse(bias.value()));
      return Predictor.of(model);
    }
  }

  private <Y> Sequential train(
      SparkTable<Y> rows, Function2<Sequential, Batch<Tensor, Y>, Tensor> loss) {
    int[] widths = getOrDefault(hidden);
    long drawing = (long) getOrDefault(seed);
    int inputs = rows.features().size();
    int outputs = rows.labels().size();
    Sequential model = network(rows.standardization(), widths, outputs, drawing);
    new SparkTrainer<Sequential, Y>(
            model,
            () -> network(anyStandardization(inputs), widths, outputs, drawing),
            new AdamW(model.namedParameters()).learningRate((double) getOrDefault(learningRate)),
            loss)
        .batch((int) getOrDefault(batchSize))
        .seed(drawing)
        .fit(rows.data(), (int) getOrDefault(epochs));
    return model;
  }

  private static Standardization anyStandardization(int inputs) {
    return Standardization.of(Tensors.zeros(inputs), Tensors.ones(inputs));
  }

  private static Sequential network(
      Standardization standardization, int[] widths, int outputs, long seed) {
    Generator generator = Generator.seeded(seed);
    List<Transform> layers = new ArrayList<>(List.of(standardization));
    int inputs = standardization.mean().size();
    for (int width : widths) {
      layers.add(new Linear(inputs, width, generator));
      layers.add(new LayerNorm(width));
      layers.add(Activation.RELU);
      inputs = width;
    }
    layers.add(new Linear(inputs, outputs, generator));
    return new Sequential(layers.toArray(Transform[]::new));
  }

  @Override
  public StructType transformSchema(StructType table) {
    DataType _ = Cells.requireVectors("fit", table, getOrDefault(featuresCol));
    String label = getOrDefault(labelCol);
    DataType type = table.fields()[Cells.place("fit", table, label)].dataType();
    if (!(type instanceof NumericType)) {
      throw new IllegalArgumentException(
          "fit: column %s is of type %s; expected numbers, as StringIndexer makes of texts"
              .formatted(Quoted.text(label), type.simpleString()));
    }
    StructType wider = table.add(getOrDefault(predictionCol), DataTypes.DoubleType);
    return isClassification()
        ? wider.add(getOrDefault(probabilityCol), SQLDataTypes.VectorType())
        : wider;
  }

  private boolean isClassification() {
    return getOrDefault(task).equals(CLASSIFICATION);
  }

  @Override
  public NetworkEstimator copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  /** Reads what {@code write} has written. */
  public static MLReader<NetworkEstimator> read() {
    return new DefaultParamsReader<>();
  }

  /** Loads a stage that was saved. */
  public static NetworkEstimator load(String directory) {
    return read().load(directory);
  }
}
