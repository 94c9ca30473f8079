package dev.adjoint.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdjointIdentityTest {

  private final Tensor a = Generator.seeded(1).normal(0, 1, Shape.of(3, 4), DType.FLOAT64);
  private final Tensor b = Generator.seeded(2).normal(0, 1, Shape.of(4, 2), DType.FLOAT64);

  @Test
  void theReportSaysWhichStepsWereCheckedExactlyAndWhichByDifferencesAlone() {
    GradientReport report = GradientCheck.of(x -> x[0].matmul(x[1]).tanh().sum(0)).at(a, b).run();
    assertThat(report.isOk()).isTrue();
    assertThat(report.identity())
        .matches(
            "checked exactly, by <u, Jv> = <J'u, v> to [0-9].[0-9]e-1[5-9]: matmul, sum; by"
                + " differences alone: tanh");
    assertThat(report.toString()).contains(report.identity());
    assertThat(GradientCheck.of(x -> x[0].transpose()).at(a).run().identity())
        .matches("checked exactly, by <u, Jv> = <J'u, v> to [0-9].[0-9]e-1[5-9]: permute");
  }

  @Test
  void itDoesNotClaimThatACustomFunctionPassed() {
    CustomFunction wrong =
        new CustomFunction() {
          @Override
          public String name() {
            return "wrong";
          }

          @Override
          public Tensor forward(List<Tensor> inputs) {
            return inputs.getFirst().sin();
          }

          @Override
          public List<Tensor> pullback(Tensor g, List<Tensor> inputs, Tensor y) {
            return List.of(g.times(inputs.getFirst().sin()));
          }
        };
    GradientReport report = GradientCheck.of(x -> Autodiff.apply(wrong, x[0])).at(a).run();
    assertThat(report.isOk()).isFalse(); // by differences
    assertThat(report.identity()).isEqualTo("checked by differences alone: wrong");
  }
}
