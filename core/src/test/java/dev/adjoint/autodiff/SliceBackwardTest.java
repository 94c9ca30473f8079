package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.AllocatedBytes;
import dev.adjoint.check.GradientCheck;
import dev.adjoint.kernel.Parallel;
import dev.adjoint.op.Joining;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Generator;
import dev.adjoint.tensor.Shape;
import dev.adjoint.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks the gradient of a tensor of which many slices are taken. */
class SliceBackwardTest {

  /** Slices of several axes and steps that overlap, come out of order, and have uses between. */
  private static Tensor overlapping(Tensor x) {
    Tensor sum = x.square().sum();
    for (int i : new int[] {3, 0, 5, 2, 2}) {
      sum = sum.plus(x.select(0, i).exp().sum());
      sum = sum.plus(x.slice(0, i / 2, 6, 2).select(1, i % 4).square().sum());
      sum = sum.plus(x.transpose().slice(0, 1, 4).sin().sum());
    }
    return sum.plus(x.tanh().sum()).plus(x.slice(1, 2, 2).sum()).plus(x.slice(1, 1, 3).cos().sum());
  }

  @Test
  void gradientsAgreeWithDifferences() {
    GradientCheck.of(x -> overlapping(x[0]))
        .at(Generator.seeded(1).normal(0, 1, Shape.of(6, 4), DType.FLOAT64))
        .order(2)
        .run()
        .assertOk();
  }

  @ParameterizedTest
  @EnumSource
  void theBitsAreThoseOfTheRecordedPassOnAnyNumberOfThreads(DType dtype) {
    Tensor x = Generator.seeded(1).normal(0, 1, Shape.of(64, 300, 5), dtype).tracked();
    Tensor y = x.mean();
    for (int i = 0; i < 64; i++) {
      y = y.plus(x.select(0, i).slice(0, i, 300).tanh().sum());
      y = y.plus(x.slice(1, 290 - i, 300, 3).square().sum());
    }
    Tensor loss = y;
    double[] recorded = Backward.wrt(x).createGraph().of(loss).of(x).toDoubleArray();
    for (int threads : new int[] {1, 4}) {
      double[] gradient =
          Parallel.withThreads(threads, () -> loss.backward().of(x)).toDoubleArray();
      assertThat(gradient).isEqualTo(recorded);
    }
  }

  @Test
  void whatOthersHaveIsNotAddedTo() {
    Tensor a = Tensor.of(1.0, 2.0, 3.0).tracked();
    Tensor b = Tensor.of(4.0, 5.0, 6.0).tracked();
    Tensor seed = Tensor.of(1.0, 10.0, 100.0);
    Tensor slices =
        Joining.concat(0, a.slice(0, 0, 1), a.slice(0, 1, 2), a.slice(0, 0, 1)).square();
    Tensor sum = a.plus(b); // the youngest: both get the seed itself, before any slice adds
    Tensor y = Joining.concat(0, slices, sum);
    Gradients gradients = y.backward(Joining.concat(0, Tensor.of(1.0, 1.0, 1.0), seed));
    assertThat(gradients.of(a).toDoubleArray()).containsExactly(1 + 2 + 2, 10 + 4, 100);
    assertThat(gradients.of(b).toDoubleArray()).containsExactly(1, 10, 100);
    assertThat(sum.backward(seed).of(b).toDoubleArray()).containsExactly(1, 10, 100);
    assertThat(seed.toDoubleArray()).containsExactly(1, 10, 100);
  }

  @Test
  void theWorkIsThatOfTheTensorNotOfAllSlicesTimesTheTensor() {
    int steps = 256;
    Tensor x = Generator.seeded(1).normal(steps, 8, 64).tracked();
    Tensor[] rows = new Tensor[steps];
    Arrays.setAll(rows, i -> x.select(0, i).tanh());
    Tensor y = Joining.stack(0, rows).sum();
    y.backward();
    long before = AllocatedBytes.ofThisThread();
    y.backward();
    long allocated = AllocatedBytes.ofThisThread() - before;
    // Embedding each slice's cotangent among zeros would take all of this; what is not compiled yet
    // allocates vectors, but far less.
    long embedded = (long) steps * x.size() * Float.BYTES;
    assertThat(allocated).isLessThan(embedded / 3);
  }
}
