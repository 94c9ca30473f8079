package dev.adjoint.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.kernel.Parallel;
import dev.adjoint.tensor.DType;
import dev.adjoint.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that results have the same bits on any number of threads. */
class OpThreadsTest {

  /** Enough for several chunks of parallel work. */
  private static final int LARGE = 36_000;

  @ParameterizedTest
  @MethodSource("dev.adjoint.op.OpTable#rowsForAllSizes")
  void fourThreadsGiveTheSameBitsAsOne(OpCase row) {
    Tensor[] x = OpCase.tensors(row.numbers(row.atLeast(LARGE)), DType.FLOAT32);
    List<Tensor> one = Parallel.withThreads(1, () -> OpResults.of(row, x));
    List<Tensor> four = Parallel.withThreads(4, () -> OpResults.of(row, x));
    assertThat(OpResults.hash(four)).as(row.name()).isEqualTo(OpResults.hash(one));
  }
}
