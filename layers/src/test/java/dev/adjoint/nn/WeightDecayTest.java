package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.nn.norm.GroupNorm;
import dev.adjoint.nn.norm.LayerNorm;
import dev.adjoint.nn.norm.RMSNorm;
import dev.adjoint.optim.AdamW;
import dev.adjoint.optim.ParameterGroup;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Looks at real layers, since the rule goes by the names that they give their parameters. */
class WeightDecayTest {

  @Test
  void biasesAndNormsOfLayersAreKeptFromDecaying() {
    Generator generator = Generator.seeded(1);
    Sequential model =
        new Sequential(
            new Conv2d(3, 4, 3, generator),
            new BatchNorm(4),
            new GroupNorm(2, 4),
            new LayerNorm(4, 5, 5), // gain and shift of three axes
            new RMSNorm(4, 5, 5),
            new Linear(5, 2, generator));
    Map<String, Parameter> parameters = model.namedParameters();
    Map<String, Tensor> before = model.state();
    AdamW adamW = new AdamW(parameters).group(ParameterGroup.biasesAndNorms().weightDecay(0));

    Tensor loss = Tensors.zeros();
    for (Parameter parameter : parameters.values()) {
      loss = loss.plus(parameter.value().times(0).sum());
    }
    adamW.step(loss.backward());

    assertThat(parameters)
        .hasSize(11)
        .allSatisfy((path, parameter) -> {
          boolean decays = path.equals("0.weight") || path.equals("5.weight");
          Tensor factor = Tensors.full(parameter.shape(), decays ? 1 - 1e-5 : 1, parameter.dtype());
          assertThat(parameter.value().toFloatArray())
              .as(path)
              .isEqualTo(before.get(path).times(factor).toFloatArray());
        });
  }
}
