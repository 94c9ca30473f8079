package dev.adjoint.nn.inspect;

import static dev.adjoint.nn.Float64.float64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.nn.Transform;
import dev.adjoint.nn.Weight;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.sequence.MultiHeadAttention;
import dev.adjoint.nn.sequence.QueryKeyNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Says what a measurement needs, and what it leaves alone. */
class InvariancesUseTest {

  private final Generator generator = Generator.seeded(7);

  @Test
  void aMeasurementLeavesTheLayerAsItWas() {
    BatchNorm norm = new BatchNorm(4);
    Sequential layer =
        new Sequential(new Linear(3, 4, generator), norm, new Linear(4, 2, generator));
    norm.eval();
    Map<String, Tensor> before = layer.state();
    Invariances.of(layer).measure();
    norm.train();
    Invariances.of(layer).measure();
    layer
        .state()
        .forEach((path, value) ->
            assertThat(value.toFloatArray()).as(path).isEqualTo(before.get(path).toFloatArray()));
    assertThat(layer.isTraining()).isTrue();
  }

  @Test
  void aMeasurementThatFailsLeavesTheParametersAsTheyWere() {
    Linear linear = new Linear(3, 4, generator);
    float[] before = linear.weight("weight").value().toFloatArray();
    int[] calls = {0};
    Sequential layer =
        new Sequential(
            linear,
            x -> {
              if (++calls[0] > 20) {
                throw new IllegalStateException("tired");
              }
              return x;
            });
    assertThatIllegalStateException().isThrownBy(() -> Invariances.of(layer).measure());
    assertThat(linear.weight("weight").value().toFloatArray()).isEqualTo(before);
  }

  @Test
  void anyWeightCanBeChosen() {
    Sequential layer =
        float64(
            new Sequential(
                new Linear(3, 4, generator).withoutBias(),
                Tensor::tanh,
                new Linear(4, 6, generator).withoutBias(),
                new LayerNorm(6).epsilon(0)));
    assertThat(Verdicts.of(Invariances.of(layer).on(normal(8, 3)).measure()))
        .isEqualTo("- - - - - - - - -");
    assertThat(Verdicts.of(Invariances.of(layer).weight("2.weight").on(normal(8, 3)).measure()))
        .isEqualTo("Y Y Y - - - - - -");
  }

  @Test
  void aBlockOfAStackedWeightIsACaseOfItsOwn() {
    NormedScores layer = float64(new NormedScores());
    String scores = "Y Y Y - - ~ - - ~";
    assertThat(Verdicts.of(block(layer, 0))).isEqualTo(scores);
    assertThat(Verdicts.of(block(layer, 1))).isEqualTo(scores);
    assertThat(Verdicts.of(block(layer, 2))).isEqualTo("~ ~ ~ ~ ~ ~ - - ~");
    assertThat(Verdicts.ofGradients(block(layer, 0))).isEqualTo("Y - Y Y - -");
    assertThat(Verdicts.ofGradients(block(layer, 2))).isEqualTo("- - - - - -");
    InvarianceTable.Row all = Invariances.of(layer).on(normal(3, 5, 4)).measure();
    assertThat(Verdicts.of(all)).isEqualTo("~ ~ ~ - - ~ - - ~");
    MultiHeadAttention plain = float64(new MultiHeadAttention(4, 1, generator));
    assertThat(Verdicts.of(block(plain, 0))).isEqualTo("- - - - - - - - -");
    assertThat(Verdicts.of(block(plain, 2))).isEqualTo("~ - - - ~ - - - -");
  }

  @Test
  void normsOfQueriesAndKeysDoNotSeeTheScaleOfTheirRows() {
    for (QueryKeyNorm.Kind kind : QueryKeyNorm.Kind.values()) {
      MultiHeadAttention attention =
          float64(new MultiHeadAttention(4, 2, generator).withoutBias().qkNorm(kind));
      assertThat(Verdicts.of(block(attention, 0))).as("q").startsWith("Y - - - -");
      assertThat(Verdicts.of(block(attention, 1))).as("k").startsWith("Y - - - -");
      assertThat(Verdicts.of(block(attention, 2))).as("v").startsWith("~ - - - ~");
    }
  }

  /** Measures the rows of q, k or v. */
  private <L extends Layer & Transform> InvarianceTable.Row block(L layer, int which) {
    return Invariances.of(layer)
        .weight("in_proj_weight")
        .rows(4 * which, 4 * which + 4)
        .on(normal(3, 5, 4))
        .measure();
  }

  @Test
  void aFrozenWeightStaysFrozen() {
    Sequential layer = float64(new Sequential(new Linear(3, 4, generator), new LayerNorm(4)));
    layer.freeze();
    assertThat(Verdicts.ofGradients(Invariances.of(layer).measure())).isEqualTo("- - - - - -");
    assertThat(layer.parameters()).allMatch(Parameter::isFrozen);
  }

  @Test
  void anOutputWithoutGradientHasNoGradientFacts() {
    Linear linear = new Linear(3, 4, generator).withoutBias();
    InvarianceTable.Row row =
        Invariances.of(float64(new Sequential(linear, Tensor::untracked))).measure();
    assertThat(Verdicts.of(row)).isEqualTo("~ ~ ~ ~ ~ ~ ~ ~ ~");
    assertThat(row.gradientFacts()).isEmpty();
    assertThat(InvarianceTable.of(row).gradientFacts().lines()).hasSize(4);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> row.verdict(GradientFact.ROWS_ORTHOGONAL))
        .withMessage("row 'Sequential(2)' has no cell for ROWS_ORTHOGONAL; expected one of []");
  }

  @Test
  void outputsMayLieAlongAnyAxisOfTheWeight() {
    Invariances invariances = Invariances.of(float64(new InputsFirst()));
    assertThat(Verdicts.of(invariances.outputAxis(1).measure())).isEqualTo("Y Y Y - - Y - - Y");
    assertThat(Verdicts.of(invariances.outputAxis(0).on(normal(8, 3)).measure()))
        .isEqualTo("Y - Y - - Y - - Y");
  }

  @Test
  void aChangeTakesFewRunsHoweverManyParametersALayerHas() {
    ManyBiases layer = new ManyBiases();
    assertThat(Invariances.of(layer).measure().cells().values())
        .extracting(InvarianceTable.Cell::verdict)
        .containsOnly(InvarianceTable.Verdict.NO, InvarianceTable.Verdict.EQUIVARIANT);
    assertThat(layer.runs).isLessThan(100);
  }

  @Test
  void whatTellsNothingIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Invariances.of(new Sequential(new LayerNorm(4))).measure())
        .withMessage(
            "Sequential(1): no parameter with two axes or more among [0.weight, 0.bias];"
                + " expected a weight and a norm, as in Sequential(Linear, BatchNorm)");
    Sequential layer = new Sequential(new Linear(3, 4, generator), Tensor::relu);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Invariances.of(layer).weight("0.bias").measure())
        .withMessage(
            "Sequential(2): no parameter '0.bias' with two axes or more; expected one of [0.weight,"
                + " 0.bias]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Invariances.of(layer).on(Tensors.ones(3)))
        .withMessage("Sequential(2): data of shape (3); expected (N, ...)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Invariances.of(layer).rows(2, 2))
        .withMessage("Sequential(2): rows from 2 to 2; expected 0 <= from < to");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Invariances.of(layer).rows(2, 6).measure())
        .withMessage(
            "Sequential(2): rows from 2 to 6 of '0.weight', which has 4; expected some of these");
    assertTellsNothing(x -> x.times(0), "0 everywhere");
    assertTellsNothing(x -> x.div(0), "not finite");
    assertTellsNothing(x -> x.times(generator.uniform(4)), "random");
  }

  private void assertTellsNothing(Transform function, String what) {
    Sequential layer = new Sequential(new Linear(3, 4, generator), function);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Invariances.of(layer).on(generator.normal(5, 3)).measure())
        .withMessage(
            "Sequential(2): its output for data of shape (5, 3) is %s; expected one that tells"
                + " whether it changes",
            what);
  }

  @Test
  void theTableFitsATerminal() {
    Sequential layer = float64(new Sequential(new Linear(3, 4, generator), new BatchNorm(4)));
    InvarianceTable.Row row = Invariances.of(layer).named("linear and batch norm").measure();
    String table = InvarianceTable.of(row, row).toString();
    assertThat(table.lines()).hasSize(5).allSatisfy(line -> assertThat(line).hasSizeLessThan(111));
    assertThat(InvarianceTable.of(row, row).gradientFacts().lines())
        .hasSize(6)
        .allSatisfy(line -> assertThat(line).hasSizeLessThan(111));
    assertThat(table.lines().toList().get(1))
        .matches("linear and batch norm  eps \\S+  no \\S+ .*");
    assertThat(row.name()).isEqualTo("linear and batch norm");
  }

  private Tensor normal(int... sizes) {
    return generator.normal(0.5, 1, Shape.of(sizes), DType.FLOAT64);
  }

  /** Normalizes {@code x W}, with a W of shape (in, out). */
  private final class InputsFirst extends Layer implements Transform {
    private final Weight weight = parameter("weight", generator.normal(3, 6));
    private final LayerNorm norm = child("norm", new LayerNorm(6).epsilon(0));

    @Override
    public Tensor forward(Tensor x) {
      return norm.forward(x.matmul(weight.value()));
    }
  }

  /** Attends with one stacked weight, whose queries and keys are normalized. */
  private final class NormedScores extends Layer implements Transform {
    private final Weight weight = parameter("in_proj_weight", generator.normal(12, 4));
    private final LayerNorm norm = child("norm", new LayerNorm(4).withoutAffine().epsilon(0));

    @Override
    public Tensor forward(Tensor x) {
      Tensor qkv = x.matmul(weight.value().transpose());
      Tensor q = norm.forward(qkv.slice(2, 0, 4));
      Tensor k = norm.forward(qkv.slice(2, 4, 8));
      return q.matmul(k.transpose(1, 2)).softmax(2).matmul(qkv.slice(2, 8, 12));
    }
  }

  /** Adds 20 biases to the output of a linear layer without a norm. */
  private final class ManyBiases extends Layer implements Transform {
    private final Weight weight = parameter("weight", generator.normal(4, 3));
    private final List<Weight> biases =
        IntStream.range(0, 20).mapToObj(i -> parameter("b" + i, generator.normal(4))).toList();
    private int runs;

    @Override
    public Tensor forward(Tensor x) {
      runs++;
      Tensor y = x.matmul(weight.value().transpose());
      for (Weight bias : biases) {
        y = y.plus(bias.value());
      }
      return y;
    }
  }
}
