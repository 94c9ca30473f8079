package dev.adjoint.autodiff;

import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.op.Activations;
import dev.adjoint.op.ConvOptions;
import dev.adjoint.op.Convolution;
import dev.adjoint.op.CrossEntropyOptions;
import dev.adjoint.op.Indexing;
import dev.adjoint.op.Linalg;
import dev.adjoint.op.Losses;
import dev.adjoint.op.Losses.Reduction;
import dev.adjoint.op.MatMul;
import dev.adjoint.op.Pooling;
import dev.adjoint.op.Where;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Checks mapped functions against loops over the examples; {@code OpMapTest} maps each operation.
 */
class VmapTest {

  private static final Tensor X = numbers(1, 4, 3);

  private static Tensor numbers(long seed, int... sizes) {
    return Generator.seeded(seed).normal(0, 1, Shape.of(sizes), FLOAT64);
  }

  @Test
  void aFunctionIsCalledOnceAndSeesTheShapeOfAnExample() {
    List<Shape> seen = new ArrayList<>();
    Tensor y =
        Vmap.map(
            x -> {
              seen.add(x.shape());
              return x.times(x).sum();
            },
            X);
    assertThat(seen).containsExactly(Shape.of(3));
    assertClose(y, X.times(X).sum(1));
  }

  @Test
  void examplesComeAlongAnyAxisAndWhatIsCapturedIsTheSameForAll() {
    Tensor w = numbers(2, 3);
    Tensor y = Vmap.map(3, example -> example.of(X, -1).plus(w.sum()).times(example.of(w)));
    assertClose(y, X.transpose().plus(w.sum()).times(w.unsqueeze(1)));
  }

  @Test
  void aResultThatDependsOnNoExampleIsRepeated() {
    assertClose(
        Vmap.map(x -> Tensor.of(1.0, 2.0), X),
        Tensors.ones(4, 1).to(FLOAT64).times(Tensor.of(1.0, 2.0)));
    assertThat(Vmap.map(x -> Tensors.ones(x.shape(), FLOAT64), X).shape()).isEqualTo(X.shape());
  }

  @Test
  void noExamplesGiveTheShapeOfNone() {
    Tensor none = Tensors.zeros(0, 3);
    Tensor w = numbers(3, 3, 2);
    assertThat(Vmap.map(x -> x.unsqueeze(0).matmul(w), none).shape()).isEqualTo(Shape.of(0, 1, 2));
    assertThat(Vmap.loop(0, example -> example.of(none).sum()).shape()).isEqualTo(Shape.of(0));
  }

  @Test
  void mapsNestAndInnerOnesCaptureExamplesOfOuterOnes() {
    Tensor products =
        Vmap.map(a -> Vmap.map(b -> a.minus(b).square().sum().plus(a.matmul(b)), X), X);
    Tensor expected =
        X.unsqueeze(1).minus(X.unsqueeze(0)).square().sum(-1).plus(X.matmul(X.transpose()));
    assertClose(products, expected);
    Tensor rows = Vmap.map(a -> Vmap.map(b -> b.times(a.sum()), a.unsqueeze(1).times(a)), X);
    assertClose(
        rows,
        Vmap.loop(
            4,
            e -> {
              Tensor a = e.of(X);
              return a.unsqueeze(1).times(a).times(a.sum());
            }));
  }

  // ---- gradients -----------------------------------------------------------------------------

  @Test
  void gradientsWithinAreThoseOfEachExample() {
    Tensor w = numbers(4, 5, 3).tracked();
    Function<Vmap.Example, List<Tensor>> f =
        example -> {
          Tensor x = example.of(X).tracked();
          Gradients g = w.matmul(x).tanh().square().sum().backward();
          return List.of(g.of(w), g.of(x));
        };
    assertAllClose(Vmap.mapAll(4, f), Vmap.loopAll(4, f));
    assertThat(Vmap.mapAll(4, f).getFirst().shape()).isEqualTo(Shape.of(4, 5, 3));
  }

  @Test
  void hessiansJacobiansAndJvpsAreMapped() {
    Tensor v = numbers(5, 3);
    UnaryOperator<Tensor> f = x -> x.exp().times(x.flip(0)).sum().tanh().times(x.prod());
    UnaryOperator<Tensor> g = x -> Linalg.outer(x, x.sin()).softmax(1);
    assertIsLoop(x -> Derivatives.hessian(f, x));
    assertIsLoop(x -> Derivatives.jacobian(g, x));
    assertIsLoop(x -> Derivatives.jvp(g, x, v));
    assertIsLoop(x -> Derivatives.hessianVectorProduct(f, v, x));
    assertIsLoop(x -> Derivatives.valueAndGradient(f, x).gradient().times(x));
  }

  @Test
  void gradientsFlowThroughMapsAndThroughGradientsInThem() {
    Tensor w = numbers(6, 3).tracked();
    UnaryOperator<Tensor> critic = x -> x.times(w).tanh().sum().exp();
    Function<Vmap.Example, Tensor> penalty =
        example ->
            Derivatives.valueAndGradient(critic, example.of(X))
                .gradient()
                .norm(2)
                .minus(1)
                .square();
    assertClose(
        Vmap.map(4, penalty).sum().backward().of(w), Vmap.loop(4, penalty).sum().backward().of(w));
    Tensor x = X.tracked();
    UnaryOperator<Tensor> twice = t -> Derivatives.valueAndGradient(critic, t).gradient();
    assertClose(
        Vmap.map(twice, x).square().sum().backward().of(x),
        Vmap.loop(4, e -> twice.apply(e.of(x))).square().sum().backward().of(x));
    assertClose(
        Derivatives.hessian(t -> Vmap.map(critic, t).prod(), X),
        Derivatives.hessian(t -> Vmap.loop(4, e -> critic.apply(e.of(t))).prod(), X));
  }

  @Test
  void noGradStopGradientAndTrackedCutWhatALoopCuts() {
    Tensor x = X.tracked();
    UnaryOperator<Tensor> f =
        t ->
            t.times(Autodiff.stopGradient(t))
                .plus(Autodiff.noGrad(() -> t.exp()))
                .plus(t.untracked().sin());
    assertClose(
        Vmap.map(f, x).sum().backward().of(x),
        Vmap.loop(4, e -> f.apply(e.of(x))).sum().backward().of(x));
    assertThat(Vmap.map(t -> t.tracked().exp(), x).isTracked()).isFalse();
    assertThat(Autodiff.noGrad(() -> Vmap.map(f, x)).isTracked()).isFalse();
  }

  @Test
  void hooksCheckpointsAndCustomFunctionsAreOfOneExample() {
    Tensor x = X.tracked();
    UnaryOperator<Tensor> clipped =
        t -> Autodiff.onGradient(t, g -> g.div(g.norm(2))).square().sum();
    UnaryOperator<Tensor> saved = t -> Autodiff.checkpoint(() -> t.exp().times(t)).sum();
    CustomFunction reversed =
        new CustomFunction() {
          @Override
          public Tensor forward(List<Tensor> inputs) {
            return inputs.getFirst().times(inputs.getFirst().max());
          }

          @Override
          public List<Tensor> pullback(Tensor cotangent, List<Tensor> inputs, Tensor output) {
            return List.of(cotangent.times(inputs.getFirst().norm(2)).neg());
          }
        };
    for (UnaryOperator<Tensor> f :
        List.of(clipped, saved, (Tensor t) -> Autodiff.apply(reversed, t).sum())) {
      assertIsLoop(t -> Derivatives.valueAndGradient(f, t).gradient());
      assertClose(
          Vmap.map(f, x).sum().backward().of(x),
          Vmap.loop(4, e -> f.apply(e.of(x))).sum().backward().of(x));
    }
  }

  @Test
  void parametersThatAreUpdatedRefuseToBeReadThroughExamples() {
    Parameter p = new Parameter("p", X);
    Tensor y = Vmap.map(x -> x.times(2), p.value());
    assertClose(y, X.times(2));
    assertThatIllegalStateException()
        .isThrownBy(() ->
            Vmap.map(
                x -> {
                  Tensor twice = x.times(2);
                  p.assign(X.neg());
                  return twice.times(x);
                },
                p.value()))
        .withMessageContaining("'p' was updated");
  }

  // ---- indices -------------------------------------------------------------------------------

  @Test
  void classesOfExamplesAreIndices() {
    Tensor logits = numbers(7, 4, 2, 3).tracked();
    IntTensor targets = IntTensor.of(new int[][] {{0, 1}, {2, 9}, {1, 1}, {9, 0}});
    for (CrossEntropyOptions options :
        List.of(
            CrossEntropyOptions.DEFAULT.ignoreIndex(9),
            CrossEntropyOptions.DEFAULT.ignoreIndex(9).labelSmoothing(0.1),
            CrossEntropyOptions.DEFAULT.ignoreIndex(9).classWeights(Tensor.of(1.0, 2.0, 0.5)))) {
      for (Reduction reduction : Reduction.values()) {
        Function<Vmap.Example, Tensor> f =
            e -> Losses.crossEntropy(e.of(logits), e.of(targets), options, reduction);
        assertClose(Vmap.map(4, f), Vmap.loop(4, f));
        assertClose(
            Vmap.map(4, f).exp().sum().backward().of(logits),
            Vmap.loop(4, f).exp().sum().backward().of(logits));
        Function<Vmap.Example, Tensor> gradient =
            e ->
                Derivatives.valueAndGradient(
                        x -> Losses.crossEntropy(x, e.of(targets), options, Reduction.SUM),
                        logits.select(0, 1))
                    .gradient();
        assertClose(Vmap.map(4, gradient), Vmap.loop(4, gradient));
      }
    }
  }

  @Test
  void rowsOfTablesArePickedByEachExample() {
    Tensor table = numbers(8, 5, 2).tracked();
    IntTensor ids = IntTensor.of(new int[][] {{0, 4, 4}, {1, 1, 1}, {3, 2, 0}, {0, 0, 2}});
    Function<Vmap.Example, List<Tensor>> f =
        e -> {
          Tensor rows = Indexing.embedding(table, e.of(ids));
          Gradients g = rows.square().sum().backward();
          return List.of(
              rows, g.of(table), e.of(ids).toTensor(FLOAT64), e.of(ids).equal(4, FLOAT64));
        };
    assertAllClose(Vmap.mapAll(4, f), Vmap.loopAll(4, f));
    Tensor tables = numbers(9, 4, 2, 5, 2).tracked();
    IntTensor each = IntTensor.of(new int[] {0, 1, 1, 0, 4, 3, 2, 2, 1, 0, 0, 0}, 4, 3);
    Function<Vmap.Example, Tensor> picked =
        e -> Indexing.indexSelect(e.of(tables), 1, e.of(each)).exp();
    assertClose(Vmap.map(4, picked), Vmap.loop(4, picked));
    assertClose(
        Vmap.map(4, picked).square().sum().backward().of(tables),
        Vmap.loop(4, picked).square().sum().backward().of(tables));
    Function<Vmap.Example, Tensor> best =
        e -> {
          Tensor x = e.of(tables);
          return Indexing.takeAlongAxis(x, 1, x.argmax(1).reshape(2, 1, 2));
        };
    assertClose(Vmap.map(4, best), Vmap.loop(4, best));
  }

  // ---- models --------------------------------------------------------------------------------

  @Test
  void perExampleGradientsOfAConvolutionalNetworkAreThoseOfALoop() {
    Tensor images = numbers(10, 5, 1, 8, 8);
    IntTensor targets = IntTensor.of(0, 1, 2, 1, 0);
    Tensor first = numbers(11, 4, 1, 3, 3).times(0.3).tracked();
    Tensor second = numbers(12, 6, 2, 3, 3).times(0.3).tracked();
    Tensor weight = numbers(13, 3, 24).times(0.3).tracked();
    Tensor bias = numbers(14, 3).tracked();
    Function<Vmap.Example, List<Tensor>> f =
        e -> {
          ConvOptions same = ConvOptions.DEFAULT.padding(1);
          Tensor h = Convolution.conv2d(e.of(images).unsqueeze(0), first, same).relu();
          h = Activations.gelu(Convolution.conv2d(Pooling.maxPool2d(h, 2), second, same.groups(2)));
          h = MatMul.linear(Pooling.avgPool2d(h, 2).flatten(0, 3), weight, bias);
          Gradients g = Losses.crossEntropy(h, e.of(targets)).backward();
          return Stream.of(first, second, weight, bias).map(g::of).toList();
        };
    assertAllClose(Vmap.mapAll(5, f), Vmap.loopAll(5, f));
  }

  // ---- what cannot be mapped -----------------------------------------------------------------

  @Test
  void readingOutAnExampleIsRefusedWithWhatToDoInstead() {
    List<UnaryOperator<Tensor>> readers =
        List.of(
            x -> x.sum().item() > 0 ? x : x.neg(),
            x -> Tensor.of(x.toDoubleArray()),
            x -> x.times(x.get(1)),
            x -> Tensor.of((double) x.argmax(0).get(0)));
    for (UnaryOperator<Tensor> f : readers) {
      assertThatIllegalStateException()
          .isThrownBy(() -> Vmap.map(f, X))
          .withMessageContaining("reads out a tensor")
          .withMessageContaining("4 examples")
          .withMessageContaining("Vmap.loop");
      assertThat(Vmap.loop(4, e -> f.apply(e.of(X))).size(0)).isEqualTo(4);
    }
    assertClose(
        Vmap.map(x -> Where.where(x.sum().greater(0), x, x.neg()), X),
        Vmap.loop(4, e -> readers.getFirst().apply(e.of(X))));
  }

  @Test
  void randomDrawsAreRefused() {
    Generator generator = Generator.seeded(1);
    assertThatIllegalStateException()
        .isThrownBy(() -> Vmap.map(x -> x.plus(generator.normal(0, 1, x.shape(), FLOAT64)), X))
        .withMessageContaining("draws random numbers")
        .withMessageContaining("outside");
  }

  @Test
  void anExampleDoesNotOutliveItsFunction() {
    List<Tensor> kept = new ArrayList<>();
    Vmap.map(
        x -> {
          kept.add(x);
          return x;
        },
        X);
    assertThatIllegalStateException()
        .isThrownBy(() -> kept.getFirst().plus(1))
        .withMessageContaining("after the end of the mapped function");
  }

  @Test
  void examplesMustBeAsManyAsSaid() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vmap.map(3, example -> example.of(X)))
        .withMessage("map: axis 0 of shape (4, 3) for 3 examples; expected as many elements");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vmap.map(x -> null, X))
        .withMessage("map: the function returned null; expected a tensor");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vmap.map(x -> x, Tensor.scalar(1)))
        .withMessageContaining("no axis 0");
  }

  @Test
  void anomaliesAreFoundInTheExamples() {
    assertThat(Vmap.map(x -> x.log(), X).isNaN().any().item()).isEqualTo(1);
    assertThatThrownBy(() -> Autodiff.detectAnomalies(() -> Vmap.map(x -> x.log(), X)))
        .isInstanceOf(AnomalyException.class)
        .hasMessageContaining("log of (4, 3) gave NaN");
    Tensor zeros = Tensors.zeros(2, 3);
    assertThatThrownBy(() ->
            Autodiff.detectAnomalies(() ->
                Vmap.map(
                    x -> {
                      Tensor t = x.tracked();
                      return t.sqrt().sum().backward().of(t);
                    },
                    zeros)))
        .isInstanceOf(AnomalyException.class)
        .hasMessageContaining("sqrt");
  }

  @Test
  void anExamplePrintsAllThatItStandsFor() {
    List<String> texts = new ArrayList<>();
    Vmap.map(
        x -> {
          texts.add(x.toString());
          return x;
        },
        Tensor.of(new float[][] {{1, 2}, {3, 4}}));
    assertThat(texts.getFirst())
        .isEqualTo(
            "Tensor(2) float32, one of 2 examples: Tensor(2, 2) float32\n[[1, 2],\n [3, 4]]");
  }

  private static void assertIsLoop(UnaryOperator<Tensor> f) {
    assertClose(Vmap.map(f, X), Vmap.loop(4, e -> f.apply(e.of(X))));
  }

  private static void assertAllClose(List<Tensor> actual, List<Tensor> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertClose(actual.get(i), expected.get(i));
    }
  }

  private static void assertClose(Tensor actual, Tensor expected) {
    assertThat(actual.shape()).isEqualTo(expected.shape());
    double largest = expected.abs().max().item();
    assertThat(actual.minus(expected).abs().max().item())
        .as("difference between %s and %s", actual, expected)
        .isLessThanOrEqualTo(1e-12 * Math.max(1, largest));
  }
}
