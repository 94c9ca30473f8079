package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WindowMaximaTest {

  private static final double[] VALUES = {
    0, -0.0, 1, 1, 2, -1, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN
  };

  /** Few different values, so that there are many equal ones, and windows of infinities alone. */
  @ParameterizedTest
  @EnumSource(DType.class)
  void theFirstOfTheLargestElementsOfEachWindowIsFound(DType dtype) {
    Random random = new Random(1);
    for (int trial = 0; trial < 300; trial++) {
      int depth = 1 + random.nextInt(3);
      int height = 1 + random.nextInt(9);
      int width = 1 + random.nextInt(40);
      Bins[] bins = {bins(random, depth), bins(random, height), bins(random, width)};
      double[] elements = new double[2 * depth * height * width];
      int kinds = 2 + random.nextInt(VALUES.length - 1);
      for (int i = 0; i < elements.length; i++) {
        elements[i] = VALUES[VALUES.length - 1 - random.nextInt(kinds)];
      }
      Tensor x = Tensor.of(elements, 2, depth, height, width).to(dtype);
      IntTensor places = WindowMaxima.places(x, 2, bins);
      int at = 0;
      for (int plane = 0; plane < 2; plane++) {
        for (int i = 0; i < bins[0].count(); i++) {
          for (int j = 0; j < bins[1].count(); j++) {
            for (int k = 0; k < bins[2].count(); k++) {
              int expected =
                  first(elements, plane, new int[] {depth, height, width}, bins, i, j, k);
              assertThat(places.get(at++)).as("%s of trial %s", at - 1, trial).isEqualTo(expected);
            }
          }
        }
      }
      assertThat(places.size()).isEqualTo(at);
    }
  }

  /** Regular windows with and without padding, or adaptive ones. */
  private static Bins bins(Random random, int size) {
    int kernel = 1 + random.nextInt(Math.min(size, 4));
    int step = kernel == 1 ? 1 : 1 + random.nextInt((size - 1) / (kernel - 1));
    int window = (kernel - 1) * step + 1;
    return switch (random.nextInt(4)) {
      case 0 ->
          Bins.adaptive("test", Tensor.of(new double[size], size), 1 + random.nextInt(size))[0];
      case 1 -> Bins.adaptive("test", Tensor.of(new double[size], size), 1)[0];
      default ->
          Bins.of(
              "test",
              Tensor.of(new double[size], size),
              new PoolOptions(kernel)
                  .stride(1 + random.nextInt(3))
                  .padding(random.nextInt(window / 2 + 1))
                  .dilation(step)
                  .ceilMode(random.nextBoolean()),
              1)[0];
    };
  }

  private static int first(
      double[] elements, int plane, int[] sizes, Bins[] bins, int i, int j, int k) {
    int best = -1;
    double largest = Double.NaN;
    int from = plane * sizes[0] * sizes[1] * sizes[2];
    for (int z = bins[0].from()[i]; z < bins[0].to()[i]; z += bins[0].step()) {
      for (int y = bins[1].from()[j]; y < bins[1].to()[j]; y += bins[1].step()) {
        for (int x = bins[2].from()[k]; x < bins[2].to()[k]; x += bins[2].step()) {
          int place = (z * sizes[1] + y) * sizes[2] + x;
          double element = elements[from + place];
          if (best < 0 || element > largest || Double.isNaN(element) && !Double.isNaN(largest)) {
            best = place;
            largest = element;
          }
        }
      }
    }
    return best;
  }
}
