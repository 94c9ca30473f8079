package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class BudgetTest {

  private static <T> T within(long nanos, long bytes, Supplier<T> computation) {
    return new Budget(Duration.ofNanos(nanos), bytes).limit("test", computation);
  }

  @Test
  void aComputationMayTakeAllOfItsBytesAndNotOneMore() {
    Supplier<Integer> arrays =
        () -> {
          Budget.chargeBytes(300);
          Budget.chargeBytes(100);
          return 2;
        };
    assertThat(within(0, 400, arrays)).isEqualTo(2);
    assertThatIllegalStateException()
        .isThrownBy(() -> within(0, 399, arrays))
        .withMessageStartingWith("test: the computation allocates more than 399 bytes");
  }

  @Test
  void aComputationMayTakeAllOfItsWorkAndNotOneNanosecondMore() {
    Supplier<Integer> work =
        () -> {
          Parallel.run(1, 30, chunk -> {});
          Parallel.run(1, 12, chunk -> {});
          return 2;
        };
    assertThat(within(42, 0, work)).isEqualTo(2);
    assertThatIllegalStateException()
        .isThrownBy(() -> within(41, 0, work))
        .withMessageContaining("works for more than PT0.000000041S");
  }
}
