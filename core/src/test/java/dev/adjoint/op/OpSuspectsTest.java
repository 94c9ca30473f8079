package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.autodiff.Autodiff;
import dev.adjoint.autodiff.CustomFunction;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Where a gradient is wrong, no operation of the engine is accused in the place of the culprit. */
class OpSuspectsTest {

  /** Squares; its pullback is wrong, or right with a derivative that is wrong. */
  private record Square(boolean wrong) implements CustomFunction {
    @Override
    public Tensor forward(List<Tensor> inputs) {
      return inputs.getFirst().square();
    }

    @Override
    public List<Tensor> pullback(Tensor g, List<Tensor> inputs, Tensor y) {
      Tensor x = inputs.getFirst();
      return List.of(wrong ? g.times(x).times(3) : g.times(Autodiff.noGrad(() -> x.times(2))));
    }
  }

  static Stream<OpCase> smooth() {
    return OpTable.oneRowEach().stream().filter(row -> row.order() > 0);
  }

  @ParameterizedTest
  @MethodSource("smooth")
  void onlyTheWrongPullbackIsSuspected(OpCase row) {
    assertThat(suspects(row, true, 1))
        .containsExactly("the pullback of 'Square' with respect to its input 0");
  }

  @ParameterizedTest
  @MethodSource("smooth")
  void onlyTheWrongDerivativeIsSuspected(OpCase row) {
    assertThat(suspects(row, false, 2))
        .containsExactly("the derivative of the pullback of 'Square' with respect to its input 0");
  }

  private static List<String> suspects(OpCase row, boolean wrong, int order) {
    Tensor[] all = OpCase.tensors(row.numbers(row.small()), DType.FLOAT64);
    int[] moving = IntStream.range(0, all.length).filter(row::moves).toArray();
    Tensor[] x = IntStream.of(moving).mapToObj(i -> all[i]).toArray(Tensor[]::new);
    return GradientCheck.of(
            in -> {
              Tensor[] inputs = all.clone();
              Tensor squares = Tensor.scalar(0, DType.FLOAT64);
              for (int i = 0; i < in.length; i++) {
                inputs[moving[i]] = in[i];
                squares = squares.plus(Autodiff.apply(new Square(wrong), in[i]).sum());
              }
              return row.function().apply(inputs).plus(squares);
            })
        .at(x)
        .sampled(1)
        .order(order)
        .run()
        .suspects();
  }
}
