package dev.adjoint.examples.digits;

import static dev.adjoint.testing.AdjointAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.tensor.Tensor;
import dev.adjoint.training.data.Batch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HandwritingTest {

  private static final int SIZE = Handwriting.SIZE;

  private static Tensor draw(int digit, int n, long seed) {
    Generator generator = Generator.seeded(seed);
    return Joining.stack(
        0,
        IntStream.range(0, n)
            .mapToObj(i -> Handwriting.draw(digit, generator))
            .toArray(Tensor[]::new));
  }

  @Test
  void theSameSeedDrawsTheSameDigits() {
    Batch<Tensor, IntTensor> first = Handwriting.digits(50, Generator.seeded(1)).all();
    Batch<Tensor, IntTensor> again = Handwriting.digits(50, Generator.seeded(1)).all();
    assertThat(again.inputs()).hasSameBitsAs(first.inputs());
    assertThat(again.targets()).isEqualTo(first.targets());
    assertThat(Handwriting.digits(50, Generator.seeded(2)).all().targets())
        .isNotEqualTo(first.targets());
  }

  /** The sum was computed once: it has to be the same on every machine, with any kernels. */
  @Test
  void everyMachineDrawsTheSameDigits() {
    int sum = 0;
    for (float pixel : Handwriting.digits(100, Generator.seeded(1)).all().inputs().toFloatArray()) {
      sum = 31 * sum + Float.floatToIntBits(pixel);
    }
    assertThat(sum).isEqualTo(-920818433);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
  void noInkReachesTheEdge(int digit) {
    Tensor images = draw(digit, 300, 3);
    assertThat(images.max(1, 2).min().item()).as("ink in each image").isGreaterThan(0.9);
    assertThat(images.max().item()).isLessThanOrEqualTo(1);
    for (int axis : new int[] {1, 2}) {
      assertThat(images.slice(axis, 0, 1).max().item()).isZero();
      assertThat(images.slice(axis, SIZE - 1, SIZE).max().item()).isZero();
    }
  }

  @Test
  void noTwoDigitsAreTheSame() {
    Tensor images = draw(8, 100, 4).reshape(100, SIZE * SIZE);
    assertThat(IntStream.range(0, 100).mapToObj(i -> images.slice(0, i, i + 1).toFloatArray()))
        .doesNotHaveDuplicates();
  }

  /** Each digit looks more like the mean of its kind than like any other mean, mostly. */
  @Test
  void digitsDifferByMoreThanHands() {
    Tensor[] means =
        IntStream.range(0, 10)
            .mapToObj(digit -> draw(digit, 300, 5).mean(0))
            .toArray(Tensor[]::new);
    Tensor centers = Joining.stack(0, means).reshape(10, SIZE * SIZE);
    int right = 0;
    for (int digit = 0; digit < 10; digit++) {
      Tensor images = draw(digit, 50, 6).reshape(50, 1, SIZE * SIZE);
      IntTensor nearest = images.minus(centers).square().sum(2).argmin(1);
      right += (int) nearest.equal(digit, DType.FLOAT32).sum().item();
    }
    assertThat(right).isBetween(300, 490);
  }

  @Test
  void imagesHaveNoiseAndAllDigits() {
    Batch<Tensor, IntTensor> all = Handwriting.digits(1000, Generator.seeded(7)).all();
    assertThat(all.inputs()).hasShape(1000, 1, SIZE, SIZE);
    assertThat(all.inputs().min().item()).isZero();
    assertThat(all.inputs().max().item()).isOne();
    assertThat(all.inputs().slice(2, 0, 1).mean().item()).isBetween(0.04, 0.06); // half of 0 to 0.2
    for (int digit = 0; digit < 10; digit++) {
      assertThat(all.targets().equal(digit, DType.FLOAT32).sum().item()).isBetween(60.0, 140.0);
    }
    assertThat(Handwriting.image(all, 3))
        .hasSameBitsAs(all.inputs().slice(0, 3, 4).reshape(SIZE, SIZE));
  }
}
