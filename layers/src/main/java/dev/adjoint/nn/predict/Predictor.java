package dev.adjoint.nn.predict;

import com.google.common.collect.ImmutableList;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Description;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Predicts with a trained model, and is one file with all that belongs to it: preprocessing,
 * layers, weights, and the names of features and classes.
 *
 * <pre>{@code
 * Predictor.of(standardization, model).features("age", "height").labels("cat", "dog").save(path);
 *
 * Predictor predictor = Predictor.load(path);
 * String label = predictor.classify(3, 25.5);
 * Tensor probabilities = predictor.probabilities(rows);
 * }</pre>
 *
 * <p>Predictors are immutable and safe to share between threads. They compute in eval mode and
 * record no gradients. Tensors are taken as they are; rows of features are computed with in float64
 * if the whole model is float64, else in float32.
 *
 * <p>A file is in the safetensors format, tensors under the paths that layers call them by, for
 * others to read as well. It contains no code and names no classes but layers; loading believes
 * nothing of it, and a digest tells damaged files. What it takes to predict with a model that
 * somebody else made, in time and memory, is up to that model.
 */
public final class Predictor {

  private final Transform model;
  private final Architecture architecture;
  private final DType rowType;
  private final ImmutableList<String> features;
  private final ImmutableList<String> labels;

  Predictor(
      Transform model, Architecture architecture, List<String> features, List<String> labels) {
    this.model = model;
    this.architecture = architecture;
    boolean exact =
        !architecture.tensors().isEmpty()
            && architecture.tensors().values().stream().allMatch(t -> t.dtype() == DType.FLOAT64);
    this.rowType = exact ? DType.FLOAT64 : DType.FLOAT32;
    this.features = ImmutableList.copyOf(features);
    this.labels = ImmutableList.copyOf(labels);
  }

  /**
   * Creates a predictor of a copy of a model, made {@linkplain Layer#forInference for inference}.
   *
   * @param steps preprocessing, if any, and the model
   * @throws IllegalArgumentException naming a layer or function that does not say how it is made
   */
  public static Predictor of(Transform... steps) {
    Layer model = steps.length == 1 && steps[0] instanceof Layer one ? one : new Sequential(steps);
    Layer copy = Layer.forInference(model);
    return new Predictor((Transform) copy, Architecture.of(copy), List.of(), List.of());
  }

  /** Names the features, which are the last axis of the input. */
  public Predictor features(String... names) {
    return new Predictor(model, architecture, PredictorFile.lines("features", names), labels);
  }

  /** Names the classes, which are axis 1 of the output. */
  public Predictor labels(String... names) {
    return new Predictor(model, architecture, features, PredictorFile.lines("labels", names));
  }

  // ---- files -----------------------------------------------------------------------------------

  /** Saves this so that the file at the path is either the old one or all of the new one. */
  public void save(Path path) throws IOException {
    PredictorFile.save(path, architecture, features, labels);
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
      if (LayerTypes.isBuiltIn(name)) {
        throw new IllegalArgumentException(
            "load: a constructor for '%s'; expected another name, there is a layer of this one"
                .formatted(name));
      }
    }
    return PredictorFile.load(path, layers);
  }

  // ---- predictions -----------------------------------------------------------------------------

  /**
   * Returns what the model computes.
   *
   * @param x of the shape that the model takes; its last axis are the features, if they have names
   */
  public Tensor predict(Tensor x) {
    if (!features.isEmpty() && (x.rank() == 0 || x.size(-1) != features.size())) {
      throw new IllegalArgumentException(
          "predict: input of shape %s; expected (..., %d), the features %s"
              .formatted(x.shape(), features.size(), features));
    }
    return model.forward(x.untracked());
  }

  /** Returns what the model computes for one example, a row of features. */
  public double[] predict(double... row) {
    return predict(rows(row)).toDoubleArray();
  }

  /**
   * Returns the softmax of what the model computes: the probabilities of classes, along axis 1.
   *
   * @param x of the shape that the model takes
   */
  public Tensor probabilities(Tensor x) {
    Tensor scores = predict(x);
    boolean fits = labels.isEmpty() || (scores.rank() > 1 && scores.size(1) == labels.size());
    if (scores.rank() < 2 || !fits) {
      throw new IllegalArgumentException(
          "probabilities: output of shape %s; expected (N, %s, ...)"
              .formatted(
                  scores.shape(), labels.isEmpty() ? "classes" : String.valueOf(labels.size())));
    }
    return scores.softmax(1);
  }

  /** Returns the probabilities of classes for one example, a row of features. */
  public double[] probabilities(double... row) {
    return probabilities(rows(row)).toDoubleArray();
  }

  /**
   * Returns the label of the largest output of each example.
   *
   * @param x of the shape that the model takes
   * @throws IllegalStateException if there are no labels
   */
  public List<String> classify(Tensor x) {
    if (labels.isEmpty()) {
      throw new IllegalStateException(
          "classify: this predictor has no labels; expected some when it was saved");
    }
    Tensor scores = predict(x);
    if (scores.rank() != 2 || scores.size(1) != labels.size()) {
      throw new IllegalArgumentException(
          "classify: output of shape %s; expected (N, %d), for the labels %s"
              .formatted(scores.shape(), labels.size(), labels));
    }
    IntTensor best = scores.argmax(1);
    return Arrays.stream(best.toArray()).mapToObj(labels::get).toList();
  }

  /** Returns the label of one example, a row of features. */
  public String classify(double... row) {
    return classify(rows(row)).getFirst();
  }

  /** Returns the names of the features, or none. */
  public List<String> features() {
    return features;
  }

  /** Returns the names of the classes, or none. */
  public List<String> labels() {
    return labels;
  }

  /** Returns the layers of the model, one a line. */
  @Override
  public String toString() {
    return architecture.text();
  }

  private Tensor rows(double... row) {
    return Tensor.of(row, 1, row.length).to(rowType);
  }
}
