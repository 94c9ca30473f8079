package dev.adjoint.nn.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.io.Safetensors;
import dev.adjoint.io.SealedFile;
import dev.adjoint.io.TensorFormatException;
import dev.adjoint.nn.Activation;
import dev.adjoint.nn.ChannelsLast;
import dev.adjoint.nn.Conv2d;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Residual;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.Standardization;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PredictorTest {

  @TempDir private Path directory;

  private final Generator generator = Generator.seeded(3);

  private Sequential iris() {
    return new Sequential(
        new Linear(4, 8, generator), Activation.TANH, new Linear(8, 3, generator));
  }

  private Path file() {
    return directory.resolve("model.safetensors");
  }

  private Predictor reloaded(Predictor predictor) throws IOException {
    predictor.save(file());
    return Predictor.load(file(), Models.OWN);
  }

  static List<Models.Case> models() {
    return Models.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyLayerComesBackBitForBit(Models.Case one) throws IOException {
    Tensor expected = Layer.forInference((Sequential) one.model()).forward(one.x());
    Predictor predictor = Predictor.of((Transform) one.model());
    Predictor loaded = reloaded(predictor);
    assertThat(loaded.predict(one.x()).shape()).isEqualTo(expected.shape());
    assertThat(loaded.predict(one.x()).toFloatArray()).isEqualTo(expected.toFloatArray());
    assertThat(loaded.toString()).isEqualTo(predictor.toString());
    // What was loaded can be saved again, into the same bytes.
    byte[] bytes = Files.readAllBytes(file());
    loaded.save(file());
    assertThat(Files.readAllBytes(file())).isEqualTo(bytes);
  }

  /** Earlier versions did not write what matters in training only. */
  @ParameterizedTest
  @MethodSource("models")
  void aFileOfAnEarlierVersionComesBackBitForBit(Models.Case one) throws IOException {
    Predictor predictor = Predictor.of((Transform) one.model());
    predictor.save(file());
    SealedFile saved = SealedFile.load(file());
    Map<String, String> texts = new LinkedHashMap<>(saved.metadata());
    String later = " (update_rate|cumulative_average|frozen_statistics|iterations)=[^ \\n]*";
    texts.computeIfPresent("adjoint.architecture", (key, text) -> text.replaceAll(later, ""));
    texts.remove("sha256");
    new SealedFile(saved.tensors(), texts).save(file());
    Predictor loaded = Predictor.load(file(), Models.OWN);
    assertThat(loaded.predict(one.x()).toFloatArray())
        .isEqualTo(predictor.predict(one.x()).toFloatArray());
  }

  @Test
  void theFileIsReadable() throws IOException {
    Tensor rows = generator.normal(20, 4);
    Sequential model = iris();
    model.eval();
    Predictor.of(
            Standardization.fit(rows),
            new Sequential(new Linear(4, 4, generator).withoutBias(), new BatchNorm(4)),
            new Residual(new Linear(4, 4, generator)),
            model)
        .labels("setosa", "versicolor", "virginica")
        .save(file());
    assertThat(Safetensors.metadata(file()))
        .containsEntry(
            "adjoint.architecture",
            """
            Sequential
              0: Standardization
              1: Sequential
                0: Linear in=4 out=4
              2: Residual
                body: Linear in=4 out=4
                shortcut: Activation function=IDENTITY
              3: Sequential
                0: Linear in=4 out=8
                1: Activation function=TANH
                2: Linear in=8 out=3
            """)
        .containsEntry("adjoint.labels", "setosa\nversicolor\nvirginica")
        .containsEntry("adjoint.features", "");
    assertThat(Safetensors.load(file()))
        .containsOnlyKeys(
            "0.mean",
            "0.deviation",
            "1.0.weight",
            "1.0.scale",
            "1.0.shift",
            "2.body.weight",
            "2.body.bias",
            "3.0.weight",
            "3.0.bias",
            "3.2.weight",
            "3.2.bias");
  }

  @Test
  void aModelByItselfHasThePathsOfItsState() throws IOException {
    Sequential model = iris();
    Predictor.of(model).save(file());
    assertThat(Safetensors.load(file())).containsOnlyKeys(model.state().keySet());
  }

  @Test
  void classesAndFeaturesHaveNames() throws IOException {
    Sequential model = iris();
    Predictor predictor =
        reloaded(Predictor.of(model).features("a", "b", "c", "d").labels("x", "y", "z"));
    assertThat(predictor.features()).containsExactly("a", "b", "c", "d");
    assertThat(predictor.labels()).containsExactly("x", "y", "z");
    Tensor rows = generator.normal(5, 4);
    Tensor scores = model.forward(rows);
    assertThat(predictor.probabilities(rows).toFloatArray())
        .isEqualTo(scores.softmax(1).toFloatArray());
    List<String> labels = predictor.classify(rows);
    for (int i = 0; i < 5; i++) {
      double[] row = rows.select(0, i).toDoubleArray();
      assertThat(labels.get(i)).isEqualTo(List.of("x", "y", "z").get(scores.argmax(1).get(i)));
      assertThat(predictor.classify(row)).isEqualTo(labels.get(i));
      assertThat(predictor.predict(row)).isEqualTo(scores.select(0, i).toDoubleArray());
      assertThat(predictor.probabilities(row))
          .isEqualTo(scores.softmax(1).select(0, i).toDoubleArray());
    }
  }

  @Test
  void classesAreWhereTheLossTakesThem() throws IOException {
    Sequential model = new Sequential(new Conv2d(3, 2, 1, generator), new ChannelsLast());
    Tensor images = generator.normal(2, 3, 4, 4);
    IntTensor classes = IntTensor.of(new int[32], 2, 4, 4);
    Predictor predictor = reloaded(Predictor.of(model).labels("sky", "ground"));
    Tensor probabilities = predictor.probabilities(images);
    assertThat(probabilities.shape()).isEqualTo(Shape.of(2, 4, 4, 2));
    assertThat(Losses.crossEntropy(predictor.predict(images), classes).item())
        .isCloseTo(Losses.nll(probabilities.log(), classes).item(), within(1e-6));
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            Predictor.of(new Conv2d(3, 2, 1, generator)).labels("a", "b").probabilities(images))
        .withMessage(
            "probabilities: output of shape (2, 2, 4, 4); expected (N, ..., 2), the classes last");
  }

  @Test
  void aFloat64ModelPredictsInFloat64() throws IOException {
    Sequential model = iris();
    model.to(DType.FLOAT64);
    Tensor row = generator.normal(0, 1, Tensor.of(new double[4], 1, 4).shape(), DType.FLOAT64);
    assertThat(reloaded(Predictor.of(model)).predict(row.toDoubleArray()))
        .isEqualTo(model.forward(row).toDoubleArray());
  }

  @Test
  void inputsAndOutputsThatDoNotFitAreRefused() {
    Predictor plain = Predictor.of(iris());
    Predictor predictor = plain.features("a", "b", "c", "d").labels("x", "y");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.predict(1, 2, 3))
        .withMessage(
            "predict: input of shape (1, 3); expected (..., 4), the features [a, b, c, d]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plain.predict(1, 2, 3))
        .withMessage("Linear(4, 8): input of shape (1, 3); expected (..., 4)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.classify(1, 2, 3, 4))
        .withMessage("classify: output of shape (1, 3); expected (N, 2), for the labels [x, y]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> predictor.probabilities(1, 2, 3, 4))
        .withMessage(
            "probabilities: output of shape (1, 3); expected (N, ..., 2), the classes last");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plain.probabilities(generator.normal(4)))
        .withMessage(
            "probabilities: output of shape (3); expected (N, ..., classes), the classes last");
    assertThatIllegalStateException()
        .isThrownBy(() -> plain.classify(1, 2, 3, 4))
        .withMessage(
            "classify: this predictor has no labels; expected labels(...) before it was saved");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plain.labels("x", "y\nz"))
        .withMessage(
            "labels: 'y\\nz' of 3 characters; expected a text on one line, without white space at"
                + " its ends, of at most 1000");
  }

  @Test
  void whatCannotBeWrittenIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Predictor.of(iris(), new Sequential(new Linear(3, 3, generator), Tensor::tanh)))
        .withMessage(
            "Predictor: '1.1' is a function, which a file cannot hold; expected a layer, one of the"
                + " functions that have names, such as Activation.TANH, or a record of one's own"
                + " that is Describable");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.of(new Sequential(new Doubling())))
        .withMessage(
            "Predictor: '0' is a Doubling, which does not say how it is made; expected it to"
                + " implement Describable");
  }

  @Test
  void layersOfOnesOwnAreMadeByWhatLoadIsGiven() throws IOException {
    Models.Case sequences = Models.all().getLast();
    Predictor.of((Transform) sequences.model()).save(file());
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> Predictor.load(file()))
        .withMessageContaining(
            "'Reader' is none of the classes that are known; expected its constructor to be given"
                + " to load");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.load(file(), Map.of("Linear", Linear::new)))
        .withMessageContaining("a constructor for 'Linear'; expected another name");
  }

  @Test
  void noGradientIsRecorded() throws IOException {
    Predictor predictor = reloaded(Predictor.of(iris()));
    assertThat(predictor.predict(generator.normal(2, 4).tracked()).isTracked()).isFalse();
  }

  @Test
  void trainingOnDoesNotChangeAPredictor() {
    Sequential model = iris();
    Predictor predictor = Predictor.of(model);
    double[] before = predictor.predict(1, 2, 3, 4);
    model.parameters().forEach(p -> p.assign(p.value().times(2)));
    assertThat(predictor.predict(1, 2, 3, 4)).isEqualTo(before);
  }

  @Test
  void manyThreadsGetTheBitsOfOne() throws Exception {
    for (Models.Case one : Models.all()) {
      Predictor predictor = reloaded(Predictor.of((Transform) one.model()));
      float[] expected = predictor.predict(one.x()).toFloatArray();
      try (ExecutorService threads = Executors.newFixedThreadPool(64)) {
        Callable<float[]> task = () -> predictor.predict(one.x()).toFloatArray();
        List<Future<float[]>> results = threads.invokeAll(Collections.nCopies(128, task));
        for (Future<float[]> result : results) {
          assertThat(result.get()).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void weightsOfOthersAreNoPredictor() throws IOException {
    Safetensors.save(file(), iris().state());
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> Predictor.load(file()))
        .withMessageContaining(
            "has no seal, the text 'sha256'; expected a saved predictor or checkpoint");
    new SealedFile(iris().state(), Map.of("epoch", "7")).save(file());
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> Predictor.load(file()))
        .withMessage(file() + ": no predictor: no text 'adjoint.architecture' in the metadata");
  }

  @Test
  void anotherFileIsNoPredictorAndItsBeginningIsShown() throws IOException {
    Files.writeString(file(), "sepal,petal\n5.1,1.4\n");
    assertThatExceptionOfType(TensorFormatException.class)
        .isThrownBy(() -> Predictor.load(file()))
        .withMessageStartingWith(file() + ": a damaged file or no predictor: ")
        .withMessageEndingWith("it begins with 'sepal,petal\\n5.1,'");
  }

  @Test
  void oneExampleWithoutAnAxisOfExamplesIsToldTheShapeThatIsExpected() {
    Sequential model = new Sequential(new Linear(2, 3, generator).withoutBias(), new BatchNorm(3));
    model.forward(generator.normal(8, 2));
    Predictor named = Predictor.of(model).features("sepal", "petal");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> named.predict(Tensor.of(1f, 2)))
        .withMessageStartingWith(
            "predict: input of shape (2); expected (N, 2), examples along axis 0, as"
                + " x.unsqueeze(0) has one (");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.of(model).classify(Tensor.of(1f, 2)))
        .withMessageStartingWith("predict: input of shape (2); expected (N, ...), examples");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Predictor.of(model).predict(generator.normal(2, 5)))
        .withMessageStartingWith("Linear(2, 3, with a batch norm): input of shape (2, 5)");
    assertThat(Predictor.of(new Linear(2, 3, generator)).predict(Tensor.of(1f, 2)).size())
        .isEqualTo(3);
  }

  /** A function of a user who did not think of files. */
  private static final class Doubling implements Transform {
    @Override
    public Tensor forward(Tensor x) {
      return x.times(2);
    }
  }
}
