package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Gradients of random graphs with checkpoints are, to the bit, those of the graphs without; of
 * {@code -Dgraphs} graphs a test.
 */
class RandomCheckpointsTest {

  private static final int GRAPHS = Integer.getInteger("graphs", 60);

  @Test
  void firstOrderGradientsAreTheSameBits() {
    compare(1, graph -> all(graph, graph.loss.backward()));
  }

  @Test
  void gradientsOfIntermediateResultsAreTheSameBits() {
    compare(
        1_000_000,
        graph -> {
          Tensor[] wanted = graph.outside.stream().filter(Tensor::isTracked).toArray(Tensor[]::new);
          Gradients gradients = Backward.wrt(wanted).of(graph.loss);
          return present(gradients, List.of(wanted));
        });
  }

  @Test
  void secondOrderGradientsAreTheSameBits() {
    compare(
        2_000_000,
        graph -> {
          Gradients first =
              Backward.wrt(graph.leaves.toArray(new Tensor[0])).createGraph().of(graph.loss);
          List<Tensor> gradients = present(first, graph.leaves);
          Tensor penalty = graph.loss.square();
          for (Tensor gradient : gradients) {
            penalty = penalty.plus(gradient.square().sum());
          }
          List<Tensor> result = new ArrayList<>(gradients);
          result.addAll(all(graph, penalty.backward()));
          return result;
        });
  }

  private static void compare(long seed, Function<RandomGraph, List<Tensor>> gradients) {
    for (int i = 0; i < GRAPHS; i++) {
      RandomGraph plain = new RandomGraph(seed + i, false);
      if (plain.loss.isTracked()) {
        assertThat(bits(gradients.apply(new RandomGraph(seed + i, true))))
            .as("graph %d", seed + i)
            .isEqualTo(bits(gradients.apply(plain)));
      }
    }
  }

  private static List<Tensor> all(RandomGraph graph, Gradients gradients) {
    List<Tensor> all = present(gradients, graph.leaves);
    graph.parameters.stream().filter(gradients::contains).map(gradients::of).forEach(all::add);
    return all;
  }

  private static List<Tensor> present(Gradients gradients, List<Tensor> tensors) {
    List<Tensor> present = new ArrayList<>();
    tensors.stream().filter(gradients::contains).map(gradients::of).forEach(present::add);
    return present;
  }

  private static List<List<Long>> bits(List<Tensor> tensors) {
    List<List<Long>> bits = new ArrayList<>();
    for (Tensor tensor : tensors) {
      List<Long> numbers = new ArrayList<>();
      for (double value : tensor.toDoubleArray()) {
        numbers.add(Double.doubleToRawLongBits(value));
      }
      bits.add(numbers);
    }
    return bits;
  }
}
