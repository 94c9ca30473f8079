package dev.adjoint.op;

import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.autodiff.Derivatives;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares forward mode with two backward passes, for every operation. */
class OpTangentTest {

  /** Computes the product of a jacobian and a vector. */
  private interface Product {
    Tensor of(Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> tangents);
  }

  static Stream<OpCase> differentiable() {
    return OpTable.rows().stream().filter(row -> row.order() != 0);
  }

  static Stream<OpCase> oneRowEach() {
    return OpTable.oneRowEach().stream().filter(row -> row.order() != 0);
  }

  @ParameterizedTest
  @MethodSource("differentiable")
  void aForwardPassGivesWhatTwoBackwardPassesGive(OpCase row) {
    compare(row, row.small(), (product, f, x, v) -> product.of(f, x, v));
  }

  @ParameterizedTest
  @MethodSource("oneRowEach")
  void soItDoesInEverySize(OpCase row) {
    for (OpCase.Sizes sizes : row.allSizes()) {
      compare(row, sizes, (product, f, x, v) -> product.of(f, x, v));
    }
  }

  @ParameterizedTest
  @MethodSource("oneRowEach")
  void soItDoesAlongASecondTangent(OpCase row) {
    compare(
        row,
        row.small(),
        (product, f, x, v) ->
            product.of(t -> product.of(f, t, v), x, v.stream().map(t -> t.cos()).toList()));
  }

  @ParameterizedTest
  @MethodSource("oneRowEach")
  void aTangentCanBeDifferentiatedBackward(OpCase row) {
    compare(
        row,
        row.small(),
        (product, f, x, v) -> {
          List<Tensor> both = new ArrayList<>(x);
          both.addAll(v);
          Tensor like = f.apply(x);
          List<Tensor> gradients =
              Derivatives.vjp(
                  t -> product.of(f, t.subList(0, x.size()), t.subList(x.size(), t.size())),
                  both,
                  OpCase.weights(like));
          return Joining.concat(
              0, gradients.stream().map(g -> g.reshape(-1)).toArray(Tensor[]::new));
        });
  }

  @ParameterizedTest
  @MethodSource("oneRowEach")
  void aJacobianTimesAVectorIsTheTangent(OpCase row) {
    compare(
        row,
        row.small(),
        // Five times the outputs, so that most take forward passes, too.
        (product, f, x, v) ->
            product.of(
                t -> {
                  Tensor y = f.apply(t).reshape(-1);
                  return Joining.concat(0, y, y.times(3), y, y, y.neg());
                },
                x,
                v),
        OpTangentTest::byJacobian);
  }

  /** What is computed in two ways. */
  private interface Computed {
    Tensor by(Product product, Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> v);
  }

  private static void compare(OpCase row, OpCase.Sizes sizes, Computed computed) {
    compare(row, sizes, computed, OpTangentTest::twoPasses);
  }

  private static void compare(OpCase row, OpCase.Sizes sizes, Computed computed, Product other) {
    for (DType dtype : sizes.label().equals("small") ? DType.values() : new DType[] {FLOAT64}) {
      Tensor[] all = OpCase.tensors(row.numbers(sizes), dtype);
      int[] moving = IntStream.range(0, all.length).filter(row::moves).toArray();
      List<Tensor> x = Arrays.stream(moving).mapToObj(i -> all[i]).toList();
      Function<List<Tensor>, Tensor> f =
          t -> {
            Tensor[] inputs = all.clone();
            for (int i = 0; i < moving.length; i++) {
              inputs[moving[i]] = t.get(i);
            }
            return row.function().apply(inputs);
          };
      List<Tensor> v = x.stream().map(OpCase::weights).toList();
      Tensor forward = computed.by(Derivatives::jvp, f, x, v);
      Tensor backward = computed.by(other, f, x, v);
      assertThat(forward.shape()).as("%s, %s", row, sizes).isEqualTo(backward.shape());
      assertThat(forward.dtype()).as("%s, %s", row, sizes).isEqualTo(backward.dtype());
      double largest =
          Arrays.stream(backward.toDoubleArray())
              .map(Math::abs)
              .filter(Double::isFinite)
              .max()
              .orElse(0);
      assertThat(forward.toDoubleArray())
          .as("%s, %s, %s", row, sizes, dtype)
          .containsExactly(
              backward.toDoubleArray(), within(1000 * dtype.epsilon() * Math.max(1, largest)));
    }
  }

  /** Differentiates the gradient, which is linear in its seed, with respect to the seed. */
  private static Tensor twoPasses(
      Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> tangents) {
    Tensor y = f.apply(x);
    return Derivatives.vjp(
        seed -> {
          List<Tensor> gradients = Derivatives.vjp(f, x, seed);
          Tensor sum = Tensors.zeros(new int[0]).to(y.dtype());
          for (int i = 0; i < gradients.size(); i++) {
            sum = sum.plus(gradients.get(i).times(tangents.get(i)).sum());
          }
          return sum;
        },
        Tensors.zeros(y.shape(), y.dtype()),
        Tensor.scalar(1, y.dtype()));
  }

  private static Tensor byJacobian(
      Function<List<Tensor>, Tensor> f, List<Tensor> x, List<Tensor> tangents) {
    List<Tensor> jacobians = Derivatives.jacobian(f, x);
    Tensor y = f.apply(x);
    Tensor sum = Tensors.zeros(y.shape(), x.getFirst().dtype());
    for (int i = 0; i < x.size(); i++) {
      Tensor matrix = jacobians.get(i).reshape(sum.size(), x.get(i).size());
      sum = sum.plus(matrix.matmul(tangents.get(i).reshape(-1)).reshape(sum.shape()));
    }
    return sum.to(y.dtype());
  }
}
