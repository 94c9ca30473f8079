package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.entry;

import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StateMappingTest {

  private static final Tensor X = Tensor.of(new float[] {1, 2}, 1, 2);
  private static final Tensor Y = Tensor.of(new float[] {3, 4, 5, 6}, 2, 2);

  @Test
  void aStarStandsForOneTextBetweenDots() {
    StateMapping mapping =
        new StateMapping()
            .rename("h.*.dense.*", "layers.*.linear.*")
            .rename("ln_*", "norm*.weight")
            .drop("*.pooler");
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("h.0.dense.weight", X);
    state.put("h.10.dense.bias", X);
    state.put("h.0.more.dense.bias", X);
    state.put("hx0.dense.bias", X);
    state.put("ln_1", X);
    state.put("a.pooler", X);
    state.put("a.b.pooler", X);
    assertThat(mapping.of(state).keySet())
        .containsExactly(
            "layers.0.linear.weight",
            "layers.10.linear.bias",
            "h.0.more.dense.bias",
            "hx0.dense.bias",
            "norm1.weight",
            "a.b.pooler");
  }

  @Test
  void theFirstRuleThatFitsCounts() {
    StateMapping mapping = new StateMapping().rename("a.x", "first").rename("a.*", "b.*");
    assertThat(mapping.of(Map.of("a.x", X, "a.y", X))).containsOnlyKeys("first", "b.y");
    assertThat(mapping.rename("b.y", "c").of(Map.of("a.y", X))).containsOnlyKeys("b.y");
  }

  @Test
  void tensorsAreJoinedInTheOrderOfTheRule() {
    StateMapping mapping = new StateMapping().join("in.*", "q.*", "k.*");
    Map<String, Tensor> state = new LinkedHashMap<>();
    state.put("k.0", Y);
    state.put("q.0", X);
    Map<String, Tensor> mapped = mapping.of(state);
    assertThat(mapped).containsOnlyKeys("in.0");
    assertThat(mapped.get("in.0").shape()).isEqualTo(Shape.of(3, 2));
    assertThat(mapped.get("in.0").toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6);
  }

  @Test
  void whatCannotBeJoinedStaysWhatItIs() {
    StateMapping mapping = new StateMapping().join("in.*", "q.*", "k.*");
    assertThat(mapping.of(Map.of("q.0", X, "k.1", Y))).isEqualTo(Map.of("q.0", X, "k.1", Y));
    Tensor other = Tensors.zeros(2, 3);
    assertThat(mapping.of(Map.of("q.0", X, "k.0", other)))
        .isEqualTo(Map.of("q.0", X, "k.0", other));
    Tensor scalar = Tensor.scalar(1);
    assertThat(mapping.of(Map.of("q.0", scalar, "k.0", scalar))).containsOnlyKeys("q.0", "k.0");
  }

  @Test
  void twoTensorsOfOneNameAreRefused() {
    StateMapping mapping = new StateMapping().rename("a", "b");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mapping.of(Map.of("a", X, "b", X)))
        .withMessage("StateMapping: two tensors become 'b'; expected one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> mapping.join("c.*", "a.*", "b"))
        .withMessage("StateMapping: 'b' becomes 'c.*'; expected as many * in both");
  }

  @Test
  void whatFitsIsLoadedAndTheRestReported() {
    Generator generator = Generator.seeded(1);
    Sequential model = new Sequential(new Linear(2, 3, generator), new LayerNorm(3));
    Tensor before = model.state().get("1.bias");
    Map<String, Tensor> state =
        Map.of(
            "0.weight", Tensors.ones(3, 2),
            "0.bias", Tensors.ones(4),
            "1.weight", Tensors.full(Shape.of(3), 5, DType.FLOAT32),
            "head.weight", Tensors.ones(7));
    LoadReport report = model.loadFitting(state);
    assertThat(model.state().get("0.weight").toFloatArray()).containsOnly(1);
    assertThat(model.state().get("1.weight").toFloatArray()).containsOnly(5);
    assertThat(model.state().get("0.bias").toFloatArray()).doesNotContain(1);
    assertThat(model.state().get("1.bias").toFloatArray()).isEqualTo(before.toFloatArray());
    assertThat(report.missing()).containsExactly(entry("1.bias", Shape.of(3)));
    assertThat(report.leftOver()).containsExactly(entry("head.weight", Shape.of(7)));
    assertThat(report.otherShape())
        .containsExactly(entry("0.bias", new LoadReport.Difference(Shape.of(4), Shape.of(3))));
    assertThat(report.isComplete()).isFalse();
    assertThat(report)
        .hasToString(
            "'1.bias' of shape (3) is missing; '0.bias' has shape (4), expected (3);"
                + " 'head.weight' is unknown");
  }

  @Test
  void aStateOfTheSameModelIsComplete() {
    BatchNorm norm = new BatchNorm(3);
    BatchNorm other = new BatchNorm(3);
    other.forward(Generator.seeded(2).normal(4, 3));
    LoadReport report = norm.loadFitting(other.state());
    assertThat(report.isComplete()).isTrue();
    assertThat(report).hasToString("all 5 tensors fit");
    assertThat(norm.state().get("running_mean").toFloatArray())
        .isEqualTo(other.state().get("running_mean").toFloatArray());
  }
}
