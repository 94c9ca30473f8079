package dev.adjoint.reported;

import static dev.adjoint.reported.Float64.float64;
import static dev.adjoint.reported.Float64.normal;
import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Layer;
import dev.adjoint.nn.Linear;
import dev.adjoint.nn.Sequential;
import dev.adjoint.optim.Adam;
import dev.adjoint.optim.Optimizer;
import dev.adjoint.optim.SGD;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Reports about optimizers and their states. */
class ReportedOptimizersTest {

  private final Generator generator = Generator.seeded(10);
  private final Tensor x = normal(generator, 16, 3);

  private Sequential network() {
    Generator same = Generator.seeded(4);
    return float64(new Sequential(new Linear(3, 5, same), Tensor::tanh, new Linear(5, 1, same)));
  }

  private void train(Sequential model, Optimizer optimizer, int steps) {
    for (int i = 0; i < steps; i++) {
      optimizer.step(model.forward(x).minus(1).square().mean().backward());
    }
  }

  private static Map<String, Tensor> bits(Layer model) {
    return model.state();
  }

  // pytorch/pytorch#2647: the state of an optimizer that has made no step
  @Test
  void theStateBeforeTheFirstStepLoads() {
    Sequential model = network();
    Map<String, Tensor> state = new Adam(model.namedParameters()).state();
    Adam adam = new Adam(model.namedParameters());
    adam.load(state);
    train(model, adam, 1);
    Sequential plain = network();
    train(plain, new Adam(plain.namedParameters()), 1);
    bits(plain).forEach((name, value) -> assertThat(bits(model).get(name)).hasSameBitsAs(value));
  }

  // OpenNMT/OpenNMT-py#617, #38, vllm-project/speculators#411: a resumed optimizer starts anew;
  // tenstorrent/tt-metal#53212: the settings of the new one enter into the old one's steps
  @Test
  void aResumedTrainingHasTheBitsOfOneThatWentOn() {
    Sequential whole = network();
    train(whole, new Adam(whole.namedParameters()).betas(0.8, 0.95), 20);
    Sequential first = network();
    Adam before = new Adam(first.namedParameters()).betas(0.8, 0.95);
    train(first, before, 10);
    Sequential second = network();
    second.load(first.state());
    Adam after = new Adam(second.namedParameters()).betas(0.8, 0.95);
    after.load(before.state());
    train(second, after, 10);
    bits(whole).forEach((name, value) -> assertThat(bits(second).get(name)).hasSameBitsAs(value));
  }

  // pytorch/pytorch#40769, tenstorrent/tt-metal#53212: the state of another model is found out in a
  // step, or never
  @Test
  void theStateOfAnotherModelIsRefusedBeforeAnythingChanges() {
    Sequential model = network();
    Adam adam = new Adam(model.namedParameters());
    train(model, adam, 3);
    Map<String, Tensor> before = adam.state();
    Sequential other =
        float64(
            new Sequential(new Linear(3, 6, generator), Tensor::tanh, new Linear(6, 1, generator)));
    Adam strange = new Adam(other.namedParameters());
    train(other, strange, 1);
    assertThatException()
        .isThrownBy(() -> adam.load(strange.state()))
        .withMessageContainingAll("(6, 3)", "(5, 3)");
    before.forEach((name, value) -> assertThat(adam.state().get(name)).hasSameBitsAs(value));
  }

  // torch/DEPRECEATED-torch7-distro#156, microsoft/CNTK#3136, nntrainer/nntrainer#1671: a shared
  // weight is updated by half its gradient, or twice
  @Test
  void aSharedWeightIsUpdatedOnceByItsWholeGradient() {
    Linear shared = float64(new Linear(3, 3, generator).withoutBias());
    Sequential twice = new Sequential(shared, shared);
    Parameter weight = shared.parameters().getFirst();
    Tensor before = weight.value().copy();
    var gradients = twice.forward(x).square().mean().backward();
    Tensor expected = before.minus(gradients.of(weight).times(0.1));
    new SGD(twice.parameters()).learningRate(0.1).step(gradients);
    assertThat(weight.value()).isCloseTo(expected);
    assertThat(new Adam(twice.namedParameters()).state().keySet())
        .noneMatch(name -> name.startsWith("1."));
  }

  // jparkerholder/ASEBO#1: one parameter in two lists
  @Test
  void aParameterThatIsGivenTwiceIsRefused() {
    Parameter w = new Parameter("w", Tensors.ones(2));
    assertThatException().isThrownBy(() -> new SGD(List.of(w, w))).withMessageContaining("w");
  }
}
