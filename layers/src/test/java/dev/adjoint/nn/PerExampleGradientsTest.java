package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.autodiff.Vmap;
import dev.adjoint.nn.inspect.PerExampleGradients;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.sequence.LSTM;
import dev.adjoint.nn.sequence.TransformerEncoderLayer;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Losses;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares gradients of all examples at once with those of one example after the other. */
class PerExampleGradientsTest {

  private static final int EXAMPLES = 3;
  private static final List<Shape> INPUTS =
      List.of(Shape.of(1, 4), Shape.of(1, 3, 4), Shape.of(1, 4, 6), Shape.of(1, 4, 6, 6));

  private final Generator generator = Generator.seeded(5);

  @ParameterizedTest
  @MethodSource("dev.adjoint.nn.LayerRows#all")
  void everyLayerInEvalModeIsMapped(LayerRows.Row row) {
    row.layer()
        .inEval(() -> {
          for (Shape one : INPUTS) {
            if (row.rule().output(one, false).isPresent()) {
              int[] sizes = one.toArray();
              sizes[0] = EXAMPLES;
              Tensor x = generator.uniform(0.5, 3, Shape.of(sizes), DType.FLOAT32);
              Tensor each = Vmap.map(EXAMPLES, example -> row.forward(example.batch(x)));
              assertClose(
                  each, Vmap.loop(EXAMPLES, example -> row.forward(example.batch(x))), 1e-5);
            }
          }
          return row;
        });
  }

  @Test
  void gradientsOfAConvolutionalModelHaveTheNamesOfItsParameters() {
    Sequential model =
        new Sequential(
            new Conv2d(1, 4, 3, ConvOptions.DEFAULT.padding(1), generator),
            new GroupNorm(2, 4),
            Activation.GELU,
            new MaxPool2d(2),
            new BatchNorm(4),
            new Flatten(),
            new Linear(64, 3, generator));
    model.namedLayers().values().stream().filter(BatchNorm.class::isInstance).forEach(Layer::eval);
    Tensor images = generator.normal(0, 1, Shape.of(EXAMPLES, 1, 8, 8), DType.FLOAT64);
    IntTensor classes = IntTensor.of(2, 0, 1);
    check(
        model,
        example ->
            Losses.crossEntropy(model.forward(example.batch(images)), example.batch(classes)));
  }

  @Test
  void gradientsOfSequenceModelsAreThoseOfALoop() {
    Tensor x = generator.normal(0, 1, Shape.of(EXAMPLES, 5, 4), DType.FLOAT64);
    LSTM lstm = new LSTM(4, 3, generator);
    check(lstm, example -> lstm.forward(example.batch(x)).output().square().sum());
    TransformerEncoderLayer encoder = new TransformerEncoderLayer(4, 2, 8, generator);
    encoder.eval();
    check(encoder, example -> encoder.forward(example.batch(x)).square().sum());
    Embedding embedding = new Embedding(6, 3, generator);
    IntTensor ids = IntTensor.of(new int[][] {{0, 1}, {5, 5}, {2, 0}});
    check(embedding, example -> embedding.forward(example.batch(ids)).square().sum());
  }

  @Test
  void frozenParametersAreLeftOutAndWhatTakesNoPartGetsZeros() {
    Linear linear = new Linear(4, 2, generator);
    Tensor x = generator.normal(EXAMPLES, 4);
    linear.weight("weight").parameter().freeze();
    assertThat(
            PerExampleGradients.of(
                linear, EXAMPLES, example -> linear.forward(example.batch(x)).sum()))
        .containsOnlyKeys("bias");
    linear.weight("weight").parameter().unfreeze();
    Map<String, Tensor> g =
        PerExampleGradients.of(
            linear,
            EXAMPLES,
            example -> linear.weight("weight").value().times(example.of(x)).sum());
    assertThat(g.get("bias").toDoubleArray()).containsOnly(0);
    assertThat(g.get("bias").shape()).isEqualTo(Shape.of(EXAMPLES, 2));
  }

  @Test
  void modelsThatMixExamplesOrDrawRandomNumbersAreRefused() {
    Tensor x = generator.normal(EXAMPLES, 4, 5);
    BatchNorm norm = new BatchNorm(4);
    assertThatIllegalStateException()
        .isThrownBy(
            () -> PerExampleGradients.of(norm, EXAMPLES, e -> norm.forward(e.batch(x)).sum()))
        .withMessageContaining("running statistics")
        .withMessageContaining("eval mode");
    Sequential dropping = new Sequential(new Linear(5, 5, generator), new Dropout(0.5, generator));
    assertThatIllegalStateException()
        .isThrownBy(() ->
            PerExampleGradients.of(dropping, EXAMPLES, e -> dropping.forward(e.batch(x)).sum()))
        .withMessageContaining("draws random numbers");
  }

  private static void check(Layer model, Function<Vmap.Example, Tensor> loss) {
    model.to(DType.FLOAT64);
    Map<String, Tensor> gradients = PerExampleGradients.of(model, EXAMPLES, loss);
    assertThat(gradients.keySet()).isEqualTo(model.namedParameters().keySet());
    model
        .namedParameters()
        .forEach((name, p) -> {
          Tensor expected = Vmap.loop(EXAMPLES, e -> loss.apply(e).backward().of(p));
          assertClose(gradients.get(name), expected, 1e-12);
        });
  }

  private static void assertClose(Tensor actual, Tensor expected, double tolerance) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    double largest = expected.size() == 0 ? 0 : expected.abs().max().item();
    if (actual.size() > 0) {
      assertThat(actual.minus(expected).abs().max().item())
          .isLessThanOrEqualTo(tolerance * Math.max(1, largest));
    }
  }
}
