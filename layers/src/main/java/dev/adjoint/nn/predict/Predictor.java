package dev.adjoint.nn.predict;

import static com.google.common.base.Preconditions.checkArgument;
import static com.google.common.base.Preconditions.checkState;

import com.google.common.collect.ImmutableMap;
import dev.adjoint.io.AtomicFile;
import dev.adjoint.io.Quoted;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.kernel.Budget;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.TokenTransform;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A trained model that predicts, saved as one file with all that belongs to it: preprocessing,
 * layers, weights, and the names of columns and classes.
 *
 * <pre>{@code
 * Predictor.of(imputation, standardization, model)
 *     .columns(table.schema().columns())
 *     .labels("stays", "leaves")
 *     .card(new ModelCard().data("customers of 2026").seed(1).date(LocalDate.of(2026, 11, 27)))
 *     .save(path);
 *
 * Predictor predictor = Predictor.load(path);
 * String label = predictor.classify(Map.of("contract", "one year", "tenure", 7));
 * Tensor probabilities = predictor.probabilities(rows);
 * }</pre>
 *
 * <p>Predictors are immutable and safe to share between threads. They compute in eval mode and
 * record no gradients. Tensors are taken as they are; rows of features are computed with in float64
 * if the whole model is float64, else in float32. Of an example by name, a {@link Map}, {@link
 * Columns} make the row, and refuse what they do not know. Numbers that are NaN come out as NaN;
 * what is to be a label is refused instead.
 *
 * <p>A file is in the safetensors format, tensors under the paths that layers call them by, for
 * others to read as well. It contains no code and names no classes but layers; loading believes
 * nothing of it, and a digest tells damaged files. What it takes to predict with a model that
 * somebody else made, in time and memory, is up to that model, unless {@link #within} limits it.
 */
public final class Predictor {

  /** The names of our texts begin with this; all others are the user's. */
  private static final String OWN = "adjoint.";

  private static final String ARCHITECTURE = OWN + "architecture";
  private static final String COLUMNS = OWN + "columns";
  private static final String FEATURES = OWN + "features";
  private static final String LABELS = OWN + "labels";
  private static final String TEMPERATURE = OWN + "temperature";

  private final Model model;
  private final Columns columns;
  private final Classes classes;
  private final ImmutableMap<String, String> metadata;
  private final @Nullable Budget budget;

  private Predictor(
      Model model,
      Columns columns,
      Classes classes,
      Map<String, String> metadata,
      @Nullable Budget budget) {
    this.model = model;
    this.columns = columns;
    this.classes = classes;
    this.metadata = ImmutableMap.copyOf(metadata);
    this.budget = budget;
  }

  /**
   * Creates a predictor of a copy of a model, made {@linkplain Layer#forInference for inference}.
   *
   * @param steps preprocessing, if any, and the model
   * @throws IllegalArgumentException naming a layer or function that does not say how it is made
   */
  public static Predictor of(Transform... steps) {
    return of(steps.length == 1 && steps[0] instanceof Layer one ? one : new Sequential(steps));
  }

  /**
   * Creates a predictor of a copy of a model, made {@linkplain Layer#forInference for inference}.
   *
   * @param model a {@link Transform}, a {@link TokenTransform} such as {@link
   *     dev.adjoint.nn.sequence.CausalLanguageModel}, or an {@link InputsTransform}
   * @throws IllegalArgumentException naming a layer or function that does not say how it is made
   */
  public static Predictor of(Layer model) {
    Layer copy = Layer.forInference(model);
    return new Predictor(
        Model.of(copy, Architecture.of(copy)), new Columns(), Classes.NONE, Map.of(), null);
  }

  /** Names the features, which are the last axis of the input: columns of numbers. */
  public Predictor features(String... names) {
    return columns(new Columns().numeric(names));
  }

  /**
   * Says how an example becomes the features, which are the last axis of the input.
   *
   * @throws IllegalArgumentException if the categories of a column are still to be collected
   */
  public Predictor columns(Columns newColumns) {
    for (Column column : newColumns.list()) {
      checkArgument(
          column.width() != 0,
          "columns: '%s' has no categories yet; expected the columns of the schema of a table that was read",
          column.name());
    }
    return new Predictor(model, newColumns, classes, metadata, budget);
  }

  /**
   * Names the classes, each once. They are the last axis of the output, as in {@linkplain
   * dev.adjoint.op.Losses all losses}.
   */
  public Predictor labels(String... names) {
    Classes named = new Classes(List.of(names), classes.temperature());
    return new Predictor(model, columns, named, metadata, budget);
  }

  /**
   * Divides scores by a number before they become probabilities, so that these say how often the
   * model is right; defaults to 1.
   *
   * @param temperature above 0, as {@link Calibration#temperature} finds it
   */
  public Predictor temperature(double temperature) {
    Classes calibrated = new Classes(labels(), temperature);
    return new Predictor(model, columns, calibrated, metadata, budget);
  }

  /** Adds the card, with the version of this library unless the card has one. */
  public Predictor card(ModelCard card) {
    return metadata(ModelCard.NAME, card.withLibrary().toString());
  }

  /**
   * Adds a text, such as a version, a date or a metric, which is saved for whoever asks; one of the
   * same name is replaced.
   *
   * @param name such as {@code "version"}; those that begin with "adjoint." and "sha256" are taken
   */
  public Predictor metadata(String name, String text) {
    if (name.isEmpty() || name.startsWith(OWN) || name.equals("sha256")) {
      throw new IllegalArgumentException(
          "metadata: the name '%s'; expected another, this is not free".formatted(name));
    }
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put(name, text);
    ModelCard _ = ModelCard.read(all); // which refuses another text of its name
    return new Predictor(model, columns, classes, all, budget);
  }

  /**
   * Limits what each prediction may take, for models that strangers made. The limits depend on
   * sizes only: what is refused once always is. Loading by itself takes a small multiple of the
   * size of the file.
   *
   * @param work that one thread does in about this time, as the engine estimates before it begins
   * @param bytes of all tensors that are computed, together
   */
  public Predictor within(Duration work, long bytes) {
    return new Predictor(model, columns, classes, metadata, new Budget(work, bytes));
  }

  // ---- files -----------------------------------------------------------------------------------

  /**
   * Saves this so that the file at the path is either the old one or all of the new one. Creates
   * its directory, unless it is there. The same predictor gives the same bytes.
   */
  public void save(Path path) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put(ARCHITECTURE, model.architecture().text());
    texts.put(COLUMNS, columns.text());
    texts.put(FEATURES, String.join("\n", features()));
    texts.put(LABELS, String.join("\n", labels()));
    if (temperature() != 1) {
      texts.put(TEMPERATURE, Double.toString(temperature()));
    }
    texts.putAll(metadata);
    AtomicFile.createDirectoryOf(path);
    new SealedFile(model.architecture().tensors(), texts).save(path);
  }

  /**
   * Loads a predictor.
   *
   * @throws TensorFormatException if the file is damaged or not one of a predictor
   */
  public static Predictor load(Path path) throws IOException {
    return load(path, Map.of());
  }

  /**
   * Loads a predictor with layers of one's own.
   *
   * @param layers constructors by the simple names of classes, as in {@code Map.of("Classifier",
   *     Classifier::new)}; see {@link Description}
   * @throws TensorFormatException if the file is damaged or not one of a predictor
   */
  public static Predictor load(Path path, Map<String, Function<Description, ?>> layers)
      throws IOException {
    for (String name : layers.keySet()) {
      checkArgument(
          !LayerTypes.isBuiltIn(name),
          "load: a constructor for '%s'; expected another name, there is a layer of this one",
          name);
    }
    try {
      return of(SealedFile.load(path), layers);
    } catch (TensorFormatException e) {
      throw new TensorFormatException(
          path.toString(), "a damaged file or no predictor: " + e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw new TensorFormatException(path.toString(), "no predictor: " + e.getMessage(), e);
    }
  }

  private static Predictor of(SealedFile file, Map<String, Function<Description, ?>> layers) {
    Map<String, String> texts = new LinkedHashMap<>(file.metadata());
    Architecture architecture = new Architecture(take(texts, ARCHITECTURE), file.tensors());
    Model model = Model.of(architecture.make(layers), architecture);
    String features = take(texts, FEATURES);
    Columns columns =
        texts.containsKey(COLUMNS) // else a file of the first version
            ? Columns.read(take(texts, COLUMNS))
            : new Columns().numeric(features.lines().toArray(String[]::new));
    checkArgument(columns.areFeatures(features), "the features are not those of the columns");
    List<String> labels = take(texts, LABELS).lines().toList();
    double temperature =
        texts.containsKey(TEMPERATURE) ? Double.parseDouble(take(texts, TEMPERATURE)) : 1;
    for (String name : texts.keySet()) {
      if (name.startsWith(OWN)) {
        throw new IllegalArgumentException(
            "the text %s, of a later version; expected none".formatted(Quoted.text(name)));
      }
    }
    ModelCard _ = ModelCard.read(texts); // which refuses what is none
    return new Predictor(model, columns, new Classes(labels, temperature), texts, null);
  }

  private static String take(Map<String, String> texts, String name) {
    String text = texts.remove(name);
    if (text == null) {
      throw new IllegalArgumentException("no text '%s' in the metadata".formatted(name));
    }
    return text;
  }

  // ---- predictions -----------------------------------------------------------------------------

  /**
   * Returns what the model computes.
   *
   * @param x of the shape that the model takes; its last axis are the features, if they have names
   * @throws IllegalStateException if that would take more than {@linkplain #within was allowed}
   */
  public Tensor predict(Tensor x) {
    return predict(Inputs.of(x));
  }

  /** Returns what a model of tokens computes, as {@link #predict(Tensor)}. */
  public Tensor predict(IntTensor tokens) {
    return predict(Inputs.of(tokens));
  }

  /** Returns what a model computes for its inputs, as {@link #predict(Tensor)}. */
  public Tensor predict(Inputs inputs) {
    columns.requireFeatures(inputs);
    Inputs constant = inputs.untracked();
    try {
      return budget == null
          ? model.forward().forward(constant)
          : budget.limit("predict", () -> model.forward().forward(constant));
    } catch (IllegalArgumentException e) {
      throw columns.explained(inputs, e);
    }
  }

  /** Returns what the model computes for one example, a row of features. */
  public double[] predict(double... row) {
    return predict(rows(row)).toDoubleArray();
  }

  /**
   * Returns what the model computes for one example.
   *
   * @param example fields by the names of their {@linkplain Columns#row columns}
   */
  public double[] predict(Map<String, ?> example) {
    return predict(row("predict", example));
  }

  /**
   * Returns the probabilities of classes: the softmax of the output, divided by the {@link
   * #temperature}, along its last axis.
   */
  public Tensor probabilities(Tensor x) {
    return probabilities(Inputs.of(x));
  }

  /** Returns the probabilities of classes, as {@link #probabilities(Tensor)}. */
  public Tensor probabilities(IntTensor tokens) {
    return probabilities(Inputs.of(tokens));
  }

  /** Returns the probabilities of classes, as {@link #probabilities(Tensor)}. */
  public Tensor probabilities(Inputs inputs) {
    return probabilitiesOf(predict(inputs));
  }

  Tensor probabilitiesOf(Tensor scores) {
    return classes.probabilities(scores);
  }

  /** Returns the probabilities of classes for one example, a row of features. */
  public double[] probabilities(double... row) {
    return probabilities(rows(row)).toDoubleArray();
  }

  /** Returns the probabilities of classes for one example, as in {@link #predict(Map)}. */
  public double[] probabilities(Map<String, ?> example) {
    return probabilities(row("probabilities", example));
  }

  /**
   * Returns the label of the largest output of each example.
   *
   * @param x of the shape that the model takes
   * @throws IllegalStateException if there are no labels
   * @throws IllegalArgumentException if an output is NaN, or infinite where it is the largest
   */
  public List<String> classify(Tensor x) {
    return classify(Inputs.of(x));
  }

  /** Returns the label of each example, as {@link #classify(Tensor)}. */
  public List<String> classify(IntTensor tokens) {
    return classify(Inputs.of(tokens));
  }

  /** Returns the label of each example, as {@link #classify(Tensor)}. */
  public List<String> classify(Inputs inputs) {
    return labelsOf(inputs, predict(inputs));
  }

  List<String> labelsOf(Inputs inputs, Tensor scores) {
    return classes.best(scores, example -> columns.notFinite(inputs, example));
  }

  /** Returns the label of one example, a row of features. */
  public String classify(double... row) {
    return classify(rows(row)).getFirst();
  }

  /** Returns the label of one example, as in {@link #predict(Map)}. */
  public String classify(Map<String, ?> example) {
    return classify(row("classify", example));
  }

  /**
   * Returns examples side by side, of the type that the model computes in.
   *
   * @param examples rows of features, at least one
   * @return of shape (N, features)
   */
  public Tensor rows(double[]... examples) {
    return Tensor.of(examples).to(model.rowType());
  }

  // ---- what belongs to it ----------------------------------------------------------------------

  /** Returns the model, made for inference: nothing in it changes. */
  public Layer model() {
    return (Layer) model.made();
  }

  /** Returns how an example becomes features; there are none if the features have no names. */
  public Columns columns() {
    return columns;
  }

  /** Returns the names of the features, or none. */
  public List<String> features() {
    return columns.features();
  }

  /** Returns the names of the classes, or none. */
  public List<String> labels() {
    return classes.labels();
  }

  /** Returns by what scores are divided before they become probabilities. */
  public double temperature() {
    return classes.temperature();
  }

  /** Returns the card; without facts, if there is none. */
  public ModelCard card() {
    return ModelCard.read(metadata);
  }

  /** Returns the texts that were added, by name. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** Returns the layers of the model, one a line. */
  @Override
  public String toString() {
    return model.architecture().text();
  }

  double[] row(String operation, Map<String, ?> example) {
    checkState(
        columns.width() != 0,
        "%s: this predictor has no columns; expected columns(...) or features(...) before it was saved",
        operation);
    return columns.row(operation, example);
  }
}
