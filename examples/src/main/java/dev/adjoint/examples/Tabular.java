package dev.adjoint.examples;

import dev.adjoint.examples.tabular.Fruit;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.Imputation;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.nn.predict.ModelCard;
import dev.adjoint.nn.predict.Predictor;
import dev.adjoint.op.Losses;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.Schedule;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.BestModel;
import dev.adjoint.training.Progress;
import dev.adjoint.training.Trainer;
import dev.adjoint.training.TrainingListener;
import dev.adjoint.training.TrainingReport;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Csv;
import dev.adjoint.training.data.DataLoader;
import dev.adjoint.training.data.Dataset;
import dev.adjoint.training.data.Schema;
import dev.adjoint.training.data.Table;
import dev.adjoint.training.metric.Classification;
import dev.adjoint.training.metric.ConfusionMatrix;
import dev.adjoint.training.metric.Evaluation;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Classifies the rows of a CSV file, saves the model and serves it to many threads. */
@Command(
    name = "tabular",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Classifies the rows of a CSV file by a network with batch norm, saves it as one file, and"
          + " serves that to 64 threads.",
      "Without --data, a table of fruit is drawn.",
      "Example: tabular --data iris.csv --label species --numeric \"petal length,petal width\""
    })
final class Tabular extends Example {

  private static final int FRUIT = 3000;
  private static final int FEWEST = 10;
  private static final int HIDDEN = 32;
  private static final int BATCH = 32;
  private static final int THREADS = 64;

  @Option(names = "--data", paramLabel = "FILE", description = "A CSV file with a header.")
  private @Nullable Path data;

  @Option(names = "--label", paramLabel = "COLUMN", description = "The column of the classes.")
  private @Nullable String label;

  @Option(
      names = "--numeric",
      paramLabel = "COLUMN",
      split = ",",
      description = "The columns of numbers; an empty field is missing: the median stands for it.")
  private List<String> numeric = List.of();

  @Option(
      names = "--category",
      paramLabel = "COLUMN",
      split = ",",
      description = "The columns of categories; an empty field is none of them.")
  private List<String> category = List.of();

  @Option(
      names = "--epochs",
      paramLabel = "NUMBER",
      description = "How often to see all rows (default: ${DEFAULT-VALUE}).")
  private int epochs = 20;

  @Option(
      names = "--seed",
      paramLabel = "NUMBER",
      description = "The same seed gives the same model (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = "Where to save the model (default: ${DEFAULT-VALUE}).")
  private Path saved = Path.of("target", "tabular.predictor");

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Where to write the report (default: ${DEFAULT-VALUE}).")
  private Path report = Path.of("target", "tabular.html");

  Tabular(PrintStream out, boolean terminal) {
    super(out, terminal);
  }

  @Override
  public Integer call() throws Exception {
    UsageException.check("--epochs", epochs, 1, 10_000);
    Generator generator = Generator.seeded(seed);
    Table<IntTensor> table = data == null ? drawn(generator) : read(data);
    print(
        "%,d rows, %d features: %s%n",
        table.dataset().size(), table.features().size(), String.join(", ", table.features()));

    if (table.dataset().size() < FEWEST) {
      throw new UsageException(
          "%s: %d rows; expected at least %d".formatted(data, table.dataset().size(), FEWEST));
    }

    Dataset.Split<Tensor, IntTensor> split = table.dataset().split(0.8, generator);
    // Medians, means and deviations are those of the rows to learn from, and of no others.
    Tensor rows = split.first().all().inputs();
    Imputation imputation = Imputation.fit(rows).withIndicators();
    Standardization standardization = Standardization.fit(imputation.forward(rows));
    Sequential preparation = new Sequential(imputation, standardization);
    int inputs = standardization.mean().size();
    Sequential model = model(inputs, table.labels().size(), generator);
    TrainingReport told =
        TrainingReport.of(model, data == null ? "Fruit" : "A table")
            .fact(
                "data",
                String.format(
                    Locale.ROOT,
                    "%s, %,d rows",
                    data == null ? "drawn by the program" : data,
                    table.dataset().size()))
            .fact("classes", String.join(", ", table.labels()))
            .fact("features", String.join(", ", table.features()))
            .fact("seed", Long.toString(seed))
            .writeTo(report);
    train(model, split, preparation, told);

    Batch<Tensor, IntTensor> held = split.second().all();
    ConfusionMatrix confusion = new ConfusionMatrix(table.labels());
    Predictor trained =
        Predictor.of(preparation, model)
            .columns(table.schema().columns())
            .labels(table.labels().toArray(String[]::new));
    confusion.add(trained.predict(held.inputs()), held.targets());
    print("Rows that it has not learned from: %.1f %% right%n", 100 * confusion.accuracy());
    print("%s", confusion);
    told.answer(
            String.format(Locale.ROOT, "right, of %,d rows held back", held.size()),
            String.format(Locale.ROOT, "%.1f %%", 100 * confusion.accuracy()))
        .confusion(confusion, table.labels())
        .write();

    trained
        .card(
            new ModelCard()
                .data(
                    "%d rows of %s, of which %d were held back"
                        .formatted(
                            table.dataset().size(), data == null ? "fruit" : data, held.size()))
                .metric("accuracy", confusion.accuracy())
                .seed(seed))
        .save(saved);
    print("Saved the model to %s, %,d bytes%n", saved, Files.size(saved));
    serve(held);
    print("The report is %s%n", report);
    return CommandLine.ExitCode.OK;
  }

  // ---- data ------------------------------------------------------------------------------------

  private Table<IntTensor> drawn(Generator generator) throws IOException {
    Path csv = saved.resolveSibling("fruit.csv");
    AtomicFile.createDirectoryOf(csv);
    Fruit.write(csv, FRUIT, generator);
    print("Drew the table %s%n", csv);
    return Csv.read(
        csv,
        Schema.label(Fruit.LABEL)
            .numeric("weight in g", "diameter in mm", "sweetness in Brix")
            .category("color")
            .missing(Double.NaN));
  }

  private Table<IntTensor> read(Path csv) throws IOException {
    if (label == null || (numeric.isEmpty() && category.isEmpty())) {
      throw new UsageException(
          "--data %s: expected --label, and --numeric or --category or both".formatted(csv));
    }
    Schema<IntTensor> schema = Schema.label(label).numeric(numeric.toArray(String[]::new));
    for (String column : category) {
      schema = schema.category(column);
    }
    return Csv.read(csv, schema.missing(Double.NaN));
  }

  // ---- training --------------------------------------------------------------------------------

  private static Sequential model(int features, int classes, Generator generator) {
    return new Sequential(
        new Linear(features, HIDDEN, generator).withoutBias(),
        new BatchNorm(HIDDEN),
        Activation.RELU,
        new Linear(HIDDEN, HIDDEN, generator).withoutBias(),
        new BatchNorm(HIDDEN),
        Activation.RELU,
        new Linear(HIDDEN, classes, generator));
  }

  private void train(
      Sequential model,
      Dataset.Split<Tensor, IntTensor> split,
      Sequential preparation,
      TrainingListener told) {
    DataLoader<Tensor, IntTensor> training =
        new DataLoader<>(
                split.first().mapInputs(preparation::forward),
                Math.min(BATCH, split.first().size()))
            .shuffle(seed)
            .dropLast();
    DataLoader<Tensor, IntTensor> held =
        new DataLoader<>(split.second().mapInputs(preparation::forward), 1000);
    AdamW adam = new AdamW(model.namedParameters());
    adam.learningRate(3e-3).schedule(Schedule.cosine(epochs * training.batches()));
    new Trainer<Tensor, IntTensor>(
            model,
            adam,
            batch -> Losses.crossEntropy(model.forward(batch.inputs()), batch.targets()))
        .validation(
            held,
            new Evaluation<>(
                model,
                model::forward,
                Classification.crossEntropy(),
                Classification.accuracy(),
                Classification.f1()))
        .listener(Progress.to(out, terminal))
        .listener(BestModel.of(model, "validation cross-entropy"))
        .listener(told)
        .fit(training, epochs);
  }

  // ---- serving ---------------------------------------------------------------------------------

  /** Loads the model as a service does, and asks it from many threads at once. */
  private void serve(Batch<Tensor, IntTensor> held) throws Exception {
    double[][] rows = new double[held.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = held.inputs().select(0, i).toDoubleArray();
    }
    long start = System.nanoTime();
    Predictor predictor = Predictor.load(saved);
    double[] first = predictor.probabilities(rows[0]);
    print(
        "Loaded it and made the first prediction in %.1f ms: %s, probability %.3f%n",
        (System.nanoTime() - start) / 1e6,
        predictor.classify(rows[0]),
        Arrays.stream(first).max().orElseThrow());
    if (data == null) {
      Map<String, ?> fruit = Map.of("weight in g", 70, "color", "green");
      print(
          "Of a green fruit of 70 g, with nothing else known, it says: %s, probability %.3f%n",
          predictor.classify(fruit),
          Arrays.stream(predictor.probabilities(fruit)).max().orElseThrow());
    }

    double[][] alone = predictAll(predictor, rows);
    start = System.nanoTime();
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<double[][]>> answers =
          threads.invokeAll(Collections.nCopies(THREADS, () -> predictAll(predictor, rows)));
      int same = 0;
      for (Future<double[][]> answer : answers) {
        same += Arrays.deepEquals(answer.get(), alone) ? 1 : 0;
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      print(
          "Asked it from %d threads, %,.0f rows a second one by one: %d of them got the bits of one"
              + " thread alone%n",
          THREADS, THREADS * rows.length / seconds, same);
    }
  }

  private static double[][] predictAll(Predictor predictor, double[][] rows) {
    return Arrays.stream(rows).map(predictor::probabilities).toArray(double[][]::new);
  }
}
