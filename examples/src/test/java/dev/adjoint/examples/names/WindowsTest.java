package dev.adjoint.examples.names;

import static org.assertj.core.api.Assertions.assertThat;

import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.data.Batch;
import java.util.List;
import org.junit.jupiter.api.Test;

class WindowsTest {

  @Test
  void everyCharacterAndEndIsPredictedFromThoseBeforeItInItsName() {
    Names names = new Names("test", List.of("ab", "b"), List.of());
    Windows windows = new Windows(names.training(), Alphabet.of(names), 2);
    assertThat(windows.size()).isEqualTo(5);
    Batch<IntTensor, IntTensor> all = windows.all();
    assertThat(all.size()).isEqualTo(5);
    assertThat(all.inputs())
        .isEqualTo(IntTensor.of(new int[][] {{0, 0}, {0, 1}, {1, 2}, {0, 0}, {0, 2}}));
    assertThat(all.targets()).isEqualTo(IntTensor.of(1, 2, 0, 2, 0));
  }
}
