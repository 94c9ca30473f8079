package dev.adjoint.op;

import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.autodiff.Backward;
import dev.adjoint.autodiff.Vmap;
import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Maps every operation over examples, and compares it with a loop over them. */
class OpMapTest {

  private static final int EXAMPLES = 3;

  /** Their results have a shape, or are numbers, that only the elements can tell. */
  private static final Set<String> READ_OUT =
      Set.of(
          "argmax",
          "argmin",
          "maskedScatter",
          "maskedSelect",
          "median of all",
          "nonzero",
          "unique");

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#rows")
  void aMapIsALoopOverExamples(OpCase row) {
    Tensor[] stacks = stacks(row);
    int all = (1 << stacks.length) - 1;
    boolean readsPositions = row.name().contains(" on a grid"); // which become indices
    if (readsPositions || READ_OUT.contains(row.name())) {
      assertThatThrownBy(() ->
              Vmap.map(EXAMPLES, example -> row.function().apply(parts(example, stacks, all))))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("expected operations on tensors only");
      return;
    }
    assertClose(
        row + " of examples",
        Vmap.map(EXAMPLES, example -> row.function().apply(parts(example, stacks, all))),
        Vmap.loop(EXAMPLES, example -> row.function().apply(parts(example, stacks, all))));
  }

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#oneRowEach")
  void someInputsMayBeTheSameForAllExamplesWithinAndOutsideOfGradients(OpCase row) {
    Tensor[] stacks = stacks(row);
    for (int input = 0; input < stacks.length; input++) {
      compare(row, stacks, 1 << input);
    }
    compare(row, stacks, (1 << stacks.length) - 1);
  }

  private static Tensor[] stacks(OpCase row) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);
    return row.inputs().stream().map(input -> stack(random, row, input)).toArray(Tensor[]::new);
  }

  private static Tensor stack(RandomGenerator random, OpCase row, OpCase.Input input) {
    return Joining.stack(
        0,
        IntStream.range(0, EXAMPLES)
            .mapToObj(
                i -> Dense.drawn(row.small().of(input), () -> (float) input.domain().draw(random)))
            .map(dense -> OpCase.tensor(dense, FLOAT64))
            .toArray(Tensor[]::new));
  }

  private static void compare(OpCase row, Tensor[] stacks, int mapped) {
    String what = "%s, mapped %s".formatted(row, Integer.toBinaryString(mapped));
    assertSame(
        what,
        Vmap.mapAll(EXAMPLES, example -> derivatives(row, parts(example, stacks, mapped))),
        Vmap.loopAll(EXAMPLES, example -> derivatives(row, parts(example, stacks, mapped))));
    Tensor[] x = Arrays.stream(stacks).map(Tensor::tracked).toArray(Tensor[]::new);
    Tensor mapping = Vmap.map(EXAMPLES, example -> row.function().apply(parts(example, x, mapped)));
    Tensor looping =
        Vmap.loop(EXAMPLES, example -> row.function().apply(parts(example, x, mapped)));
    assertThat(mapping.isTracked()).as(what).isEqualTo(looping.isTracked());
    if (mapping.isTracked()) {
      Backward backward = Backward.wrt(x).seed(OpCase.weights(looping));
      assertSame(what + ", from outside", backward.gradients(mapping), backward.gradients(looping));
    }
  }

  private static Tensor[] parts(Vmap.Example example, Tensor[] stacks, int mapped) {
    Tensor[] x = new Tensor[stacks.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = (mapped >> i & 1) != 0 ? example.of(stacks[i]) : stacks[i].select(0, 0);
    }
    return x;
  }

  /** Returns the value and the gradient of each input. */
  private static List<Tensor> gradients(OpCase row, Tensor[] parts) {
    Tensor[] x = Arrays.stream(parts).map(Tensor::tracked).toArray(Tensor[]::new);
    Tensor y = row.function().apply(x);
    List<Tensor> results = new ArrayList<>(List.of(y));
    if (y.isTracked()) {
      results.addAll(Backward.wrt(x).seed(OpCase.weights(y)).gradients(y));
    }
    return results;
  }

  /** Returns what {@link #gradients} does, and a second derivative of each input. */
  private static List<Tensor> derivatives(OpCase row, Tensor[] parts) {
    List<Tensor> results = gradients(row, parts);
    Tensor[] x = Arrays.stream(parts).map(Tensor::tracked).toArray(Tensor[]::new);
    Tensor y = row.function().apply(x);
    if (y.isTracked()) {
      Tensor sum = Tensor.scalar(0, FLOAT64);
      for (Tensor g : Backward.wrt(x).seed(OpCase.weights(y)).createGraph().gradients(y)) {
        sum = sum.plus(g.times(OpCase.weights(g)).sum());
      }
      results.addAll(Backward.wrt(x).gradients(sum));
    }
    return results;
  }

  private static void assertSame(String what, List<Tensor> actual, List<Tensor> expected) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertClose(what + ", result " + i, actual.get(i), expected.get(i));
    }
  }

  private static void assertClose(String what, Tensor actual, Tensor expected) {
    assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
    double[] a = actual.toDoubleArray();
    double[] b = expected.toDoubleArray();
    double largest = Arrays.stream(b).map(Math::abs).filter(Double::isFinite).max().orElse(0);
    for (int i = 0; i < a.length; i++) {
      boolean same =
          Double.compare(a[i] + 0.0, b[i] + 0.0) == 0
              || Math.abs(a[i] - b[i]) <= 1e-12 * Math.max(1, largest);
      assertThat(same).as("%s: element %d is %s; expected %s", what, i, a[i], b[i]).isTrue();
    }
  }
}
