package dev.adjoint.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ParameterGroupTest {

  /** The parameters of a model, by path, called as layers call them. */
  private final Map<String, Parameter> model = new LinkedHashMap<>();

  ParameterGroupTest() {
    add("embedding.weight", "Embedding.weight", 5, 4);
    add("encoder.weight", "Linear.weight", 4, 4);
    add("encoder.bias", "Linear.bias", 4);
    add("encoder.norm.weight", "LayerNorm.weight", 2, 4);
    add("encoder.norm.bias", "LayerNorm.bias", 2, 4);
    add("attention.in_proj_bias", "MultiHeadAttention.in_proj_bias", 3, 4);
    add("head.weight.g", "WeightNorm.g", 3, 1);
    add("head.weight.original", "Linear.weight", 3, 4);
    add("scale", "Model.scale");
  }

  private void add(String path, String name, int... sizes) {
    model.put(path, new Parameter(name, Tensors.ones(sizes)));
  }

  /** Takes one step without slopes: all that moves decays. */
  private Set<String> moved(Optimizer optimizer) {
    Tensor loss = Tensors.zeros();
    for (Parameter p : model.values()) {
      loss = loss.plus(p.value().times(0).sum());
    }
    optimizer.step(loss.backward());
    Set<String> moved = new TreeSet<>();
    model.forEach((path, p) -> {
      if (p.value().notEqual(1).any().item() == 1) {
        moved.add(path);
      }
    });
    return moved;
  }

  @Test
  void biasesAndNormsAreKeptFromDecayingByOneCall() {
    assertThat(moved(new AdamW(model).group(ParameterGroup.biasesAndNorms().weightDecay(0))))
        .containsExactly("embedding.weight", "encoder.weight", "head.weight.original");
  }

  @Test
  void everythingDecaysWithoutGroups() {
    assertThat(moved(new AdamW(model))).hasSize(model.size());
    assertThat(moved(new SGD(model).weightDecay(0.1))).hasSize(model.size());
  }

  @Test
  void aGroupHasARateAndADecayOfItsOwn() {
    List<Parameter> all = List.copyOf(model.values());
    Optimizer sgd =
        new SGD(model)
            .learningRate(1)
            .weightDecay(0.1)
            .group(ParameterGroup.of(List.of(all.get(0))).learningRate(0.5))
            .group(ParameterGroup.where((path, p) -> path.startsWith("head.")).weightDecay(0.3))
            .schedule(Schedule.linear(0.1, 1, 10));
    assertThat(moved(sgd)).hasSize(model.size());
    assertThat(all.get(0).value().get(0, 0)).isCloseTo(1 - 0.1 * 0.5 * 0.1, within(1e-7));
    assertThat(all.get(1).value().get(0, 0)).isCloseTo(1 - 0.1 * 1 * 0.1, within(1e-7));
    assertThat(all.get(7).value().get(0, 0)).isCloseTo(1 - 0.1 * 1 * 0.3, within(1e-7));
  }

  @Test
  void theLaterGroupCountsWhereTwoDisagree() {
    Parameter w = new Parameter("w", Tensor.of(1.0));
    Optimizer sgd =
        new SGD(List.of(w))
            .weightDecay(0.5)
            .group(ParameterGroup.of(List.of(w)).learningRate(1).weightDecay(0))
            .group(ParameterGroup.of(List.of(w)).learningRate(0.25));
    sgd.step(w.value().sum().backward());
    assertThat(w.value().item()).isEqualTo(0.75);
  }

  @Test
  void aGroupCanBeChangedBetweenSteps() {
    Parameter w = new Parameter("w", Tensor.of(0.0));
    ParameterGroup group = ParameterGroup.of(List.of(w)).learningRate(1);
    Optimizer sgd = new SGD(List.of(w)).group(group);
    sgd.step(w.value().sum().backward());
    group.learningRate(0.5);
    sgd.step(w.value().sum().backward());
    assertThat(w.value().item()).isEqualTo(-1.5);
  }

  @Test
  void groupsReachEveryOptimizer() {
    for (Recipes recipe : Recipes.values()) {
      Parameter moving = new Parameter("moving", Generator.seeded(1).normal(3, 3));
      Parameter still = new Parameter("still", Generator.seeded(1).normal(3, 3));
      Optimizer optimizer = recipe.of(moving, still);
      ((FluentOptimizer<?>) optimizer).group(ParameterGroup.of(List.of(still)).learningRate(0));
      double[] before = still.value().toDoubleArray();
      optimizer.step(moving.value().plus(still.value()).square().sum().backward());
      assertThat(still.value().toDoubleArray()).as(recipe.name()).isEqualTo(before);
      assertThat(moving.value().toDoubleArray()).as(recipe.name()).isNotEqualTo(before);
    }
  }

  @Test
  void groupsOfNothingAreRefused() {
    Parameter w = new Parameter("w", Tensors.ones(2, 2));
    Parameter stranger = new Parameter("stranger", Tensors.ones(2, 2));
    AdamW adamW = new AdamW(List.of(w));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adamW.group(ParameterGroup.where((path, p) -> path.equals("v"))))
        .withMessage("AdamW: a group of no parameters; expected some of [w]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adamW.group(ParameterGroup.of(List.of())))
        .withMessage("AdamW: a group of no parameters; expected some of [w]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> adamW.group(ParameterGroup.of(List.of(w, stranger))))
        .withMessage(
            "AdamW: parameter 'stranger' of a group is none of this optimizer's; expected some of [w]");
    adamW.group(ParameterGroup.biasesAndNorms().weightDecay(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ParameterGroup.biasesAndNorms().weightDecay(-1))
        .withMessage("ParameterGroup: weight decay -1.0; expected a number of at least 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ParameterGroup.biasesAndNorms().learningRate(Double.NaN));
  }
}
