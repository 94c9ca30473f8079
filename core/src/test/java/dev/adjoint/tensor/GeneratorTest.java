package dev.adjoint.tensor;

import static dev.adjoint.tensor.DType.FLOAT32;
import static dev.adjoint.tensor.DType.FLOAT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.adjoint.kernel.Parallel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class GeneratorTest {

  private static final Shape MANY = Shape.of(100_000);

  @Test
  void equalSeedsGiveEqualStreamsAndOthersDoNot() {
    assertThat(Generator.seeded(1).uniform(100).toFloatArray())
        .isEqualTo(Generator.seeded(1).uniform(100).toFloatArray())
        .isNotEqualTo(Generator.seeded(2).uniform(100).toFloatArray());
  }

  @Test
  void theStreamIsThisOneForEver() {
    Generator random = Generator.seeded(42);
    assertThat(random.integers(1000, 5).toArray()).containsExactly(593, 596, 160, 166, 48);
  }

  @Test
  void drawsGoOnWhereTheLastOneEnded() {
    Generator one = Generator.seeded(3);
    Generator two = Generator.seeded(3);
    float[] all = one.uniform(10).toFloatArray();
    assertThat(two.uniform(4).toFloatArray()).isEqualTo(Arrays.copyOf(all, 4));
    assertThat(two.uniform(2, 3).toFloatArray()).isEqualTo(Arrays.copyOfRange(all, 4, 10));
  }

  @Test
  void anyNumberOfThreadsGivesTheSameStream() {
    Function<Generator, Tensor> draws =
        g ->
            g.normal(0, 1, MANY, FLOAT32)
                .plus(g.uniform(0, 1, MANY, FLOAT32))
                .plus(g.truncatedNormal(0, 1, -1, 2, MANY, FLOAT32))
                .plus(g.bernoulli(0.5, MANY, FLOAT32));
    assertThat(Parallel.withThreads(4, () -> draws.apply(Generator.seeded(5))).toFloatArray())
        .isEqualTo(Parallel.withThreads(1, () -> draws.apply(Generator.seeded(5))).toFloatArray());
  }

  @Test
  void uniformNumbersHaveTheirMoments() {
    Tensor x = Generator.seeded(1).uniform(2, 6, MANY, FLOAT64);
    assertThat(x.mean().item()).isCloseTo(4, within(0.02));
    assertThat(x.unbiasedVariance().item()).isCloseTo(16 / 12.0, within(0.02));
    assertThat(x.min().item()).isBetween(2.0, 2.001);
    assertThat(x.max().item()).isBetween(5.999, 6.0);
  }

  @Test
  void uniformNumbersStayBelowTheirLimit() {
    Generator random = Generator.seeded(1);
    assertThat(random.uniform(1 << 20).max().item()).isLessThan(1);
    // Four float32 numbers lie between 2^24 - 4 and 2^24: half of a step would round up.
    double limit = 1 << 24;
    Tensor x = random.uniform(limit - 4, limit, Shape.of(1000), FLOAT32);
    assertThat(x.max().item()).isEqualTo(limit - 1);
    assertThat(x.min().item()).isEqualTo(limit - 4);
    Tensor y = random.uniform(0x1p53 - 4, 0x1p53, Shape.of(1000), FLOAT64);
    assertThat(y.max().item()).isEqualTo(0x1p53 - 1);
  }

  @Test
  void normalNumbersHaveTheirMoments() {
    Tensor x = Generator.seeded(1).normal(3, 2, MANY, FLOAT64);
    Tensor z = x.minus(3).div(2);
    assertThat(z.mean().item()).isCloseTo(0, within(0.01));
    assertThat(z.square().mean().item()).isCloseTo(1, within(0.02));
    assertThat(z.pow(3).mean().item()).isCloseTo(0, within(0.05));
    assertThat(z.pow(4).mean().item()).isCloseTo(3, within(0.1));
    assertThat(z.abs().greater(1.959964).mean().item()).isCloseTo(0.05, within(0.003));
    assertThat(x.slice(0, 1, 100_000).minus(3).times(x.slice(0, 0, 99_999).minus(3)).mean().item())
        .as("covariance of neighbors")
        .isCloseTo(0, within(0.05));
    assertThat(Generator.seeded(1).normal(3, 0, Shape.of(3), FLOAT32).toFloatArray())
        .containsExactly(3, 3, 3);
  }

  @Test
  void truncatedNormalNumbersStayInsideAndKeepTheirShape() {
    Tensor x = Generator.seeded(1).truncatedNormal(1, 2, -3, 5, MANY, FLOAT64);
    assertThat(x.min().item()).isBetween(-3.0, -2.99);
    assertThat(x.max().item()).isBetween(4.99, 5.0);
    assertThat(x.mean().item()).isCloseTo(1, within(0.02));
    // Limited to two deviations, the variance is 0.7737 of the whole.
    assertThat(x.unbiasedVariance().item()).isCloseTo(4 * 0.7737413, within(0.04));
    Tensor tail = Generator.seeded(1).truncatedNormal(0, 1, 2, 1e9, MANY, FLOAT64);
    assertThat(tail.min().item()).isBetween(2.0, 2.001);
    assertThat(tail.mean().item()).isCloseTo(2.3732155, within(0.005));
  }

  @Test
  void truncatedNormalNumbersAreFoundHoweverRareTheyAre() {
    Generator random = Generator.seeded(1);
    Tensor far = random.truncatedNormal(0, 1, 4.9, 5.9, Shape.of(1000), FLOAT64);
    assertThat(far.min().item()).isGreaterThanOrEqualTo(4.9);
    assertThat(far.mean().item()).isBetween(4.9, 5.2);
    Tensor narrow = random.truncatedNormal(0, 1, 0.5, 0.5 + 1e-12, Shape.of(1000), FLOAT64);
    assertThat(narrow.min().item()).isGreaterThanOrEqualTo(0.5);
    assertThat(narrow.max().item()).isLessThanOrEqualTo(0.5 + 1e-12);
  }

  @Test
  void masksHaveTheirRate() {
    Generator random = Generator.seeded(1);
    Tensor mask = random.bernoulli(0.3, MANY, FLOAT32);
    assertThat(mask.mean().item()).isCloseTo(0.3, within(0.01));
    assertThat(mask.times(mask.minus(1)).abs().max().item()).isZero();
    assertThat(random.bernoulli(0, MANY, FLOAT32).sum().item()).isZero();
    assertThat(random.bernoulli(1, MANY, FLOAT32).mean().item()).isEqualTo(1);
  }

  @Test
  void permutationsHaveEveryNumberOnceAndEveryOrder() {
    Generator random = Generator.seeded(1);
    int[] order = random.permutation(1000).toArray();
    assertThat(order).isNotEqualTo(IntTensor.range(1000).toArray());
    Arrays.sort(order);
    assertThat(order).isEqualTo(IntTensor.range(1000).toArray());
    int[] counts = new int[27];
    for (int i = 0; i < 6000; i++) {
      int[] p = random.permutation(3).toArray();
      counts[9 * p[0] + 3 * p[1] + p[2]]++;
    }
    assertThat(Arrays.stream(counts).filter(c -> c > 0)).hasSize(6).allMatch(c -> c > 850);
    assertThat(random.permutation(0).size()).isZero();
  }

  @Test
  void integersCoverTheirRange() {
    int[] drawn = Generator.seeded(1).integers(7, 70_000).toArray();
    int[] counts = new int[7];
    for (int i : drawn) {
      counts[i]++;
    }
    assertThat(Arrays.stream(counts)).allMatch(count -> count > 9_600 && count < 10_400);
    assertThat(Generator.seeded(1).integers(Integer.MAX_VALUE, 2, 3).shape())
        .isEqualTo(Shape.of(2, 3));
  }

  @Test
  void splitStreamsAreIndependent() {
    Generator random = Generator.seeded(1);
    Tensor a = random.split().uniform(0, 1, MANY, FLOAT64).minus(0.5);
    Tensor b = random.split().uniform(0, 1, MANY, FLOAT64).minus(0.5);
    Tensor c = random.uniform(0, 1, MANY, FLOAT64).minus(0.5);
    assertThat(a.times(b).mean().item() * 12).isCloseTo(0, within(0.02));
    assertThat(a.times(c).mean().item() * 12).isCloseTo(0, within(0.02));
    assertThat(b.times(c).mean().item() * 12).isCloseTo(0, within(0.02));
    assertThat(Generator.seeded(1).split().uniform(9).toFloatArray())
        .isEqualTo(Generator.seeded(1).split().uniform(9).toFloatArray());
  }

  @Test
  void aCopyGoesOnWithTheSameNumbersByItself() {
    Generator random = Generator.seeded(1).split();
    random.uniform(5);
    Generator copy = random.copy();
    float[] next = random.uniform(4).toFloatArray();
    float[] later = random.uniform(4).toFloatArray();
    assertThat(copy.uniform(4).toFloatArray()).isEqualTo(next);
    assertThat(copy.uniform(4).toFloatArray()).isEqualTo(later).isNotEqualTo(next);
  }

  @Test
  void aSavedStreamGoesOnWithTheSameNumbers() {
    Generator random = Generator.seeded(1).split();
    random.uniform(5);
    Map<String, Tensor> state = random.state();
    float[] next = random.uniform(4).toFloatArray();
    Generator other = Generator.seeded(2);
    other.load(state);
    assertThat(other.uniform(4).toFloatArray()).isEqualTo(next);
    assertThat(other.split().uniform(4).toFloatArray())
        .isEqualTo(random.split().uniform(4).toFloatArray());
  }

  @Test
  void whatIsNoStateChangesNothing() {
    Generator random = Generator.seeded(1);
    Generator same = random.copy();
    Tensor good = Tensor.of(1.0, 2.0);
    assertThatThrownBy(() -> random.load(Map.of("seed", good)))
        .hasMessageContainingAll("[seed]", "'seed' and 'position'");
    for (Tensor bad :
        List.of(Tensor.of(1.0), Tensor.of(1.5, 0), Tensor.of(-1.0, 0), Tensor.of(0, 0x1p32))) {
      assertThatThrownBy(() -> random.load(Map.of("seed", good, "position", bad)))
          .hasMessageContainingAll("'position'", "two whole numbers from 0 to 2^32 - 1");
    }
    assertThat(random.uniform(4).toFloatArray()).isEqualTo(same.uniform(4).toFloatArray());
  }

  @Test
  void misuseIsNamed() {
    Generator random = Generator.seeded(1);
    assertThatThrownBy(() -> random.uniform(2, 1, MANY, FLOAT32))
        .hasMessageContainingAll("uniform:", "2.0", "1.0");
    assertThatThrownBy(() -> random.uniform(0, Double.POSITIVE_INFINITY, MANY, FLOAT32))
        .hasMessageContainingAll("uniform:", "Infinity", "finite");
    assertThatThrownBy(() -> random.normal(0, -1, MANY, FLOAT32))
        .hasMessageContainingAll("normal:", "-1.0", "at least 0");
    assertThatThrownBy(() -> random.truncatedNormal(0, 1, 6, 7, MANY, FLOAT32))
        .hasMessageContainingAll("truncatedNormal:", "6.0", "7.0", "5 deviations");
    assertThatThrownBy(() -> random.truncatedNormal(Double.NaN, 1, 0, 1, MANY, FLOAT32))
        .hasMessageContainingAll("truncatedNormal:", "NaN");
    assertThatThrownBy(() -> random.bernoulli(1.5, MANY, FLOAT32))
        .hasMessageContainingAll("bernoulli:", "1.5", "0 to 1");
    assertThatThrownBy(() -> random.integers(0, 3))
        .hasMessageContainingAll("integers:", "bound 0", "at least 1");
    assertThatThrownBy(() -> random.permutation(-1)).hasMessageContainingAll("permutation:", "-1");
  }

  @Test
  void itPrintsHowFarItIs() {
    Generator generator = Generator.seeded(1);
    Tensor _ = generator.uniform(2, 3);
    assertThat(generator).hasToString("Generator, 6 numbers drawn");
  }
}
