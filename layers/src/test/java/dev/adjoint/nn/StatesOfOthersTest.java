package dev.adjoint.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.nn.norm.BatchNorm;
import dev.adjoint.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StatesOfOthersTest {

  private final BatchNorm norm = new BatchNorm(3);

  @Test
  void aPrefixOfAllNamesIsSaid() {
    Map<String, Tensor> state = new HashMap<>();
    norm.state().forEach((name, value) -> state.put("module." + name, value));
    assertThatThrownBy(() -> norm.load(state))
        .hasMessageEndingWith("; every name begins with 'module.': load a state without it");
  }

  @Test
  void whatIsOptionalMayBeMissingAndKeepsItsValue() {
    Map<String, Tensor> state = new HashMap<>(norm.state());
    state.remove("num_batches_tracked");
    state.put("weight", Tensor.of(2f, 2f, 2f));
    assertThatThrownBy(() -> norm.load(state)).hasMessageContaining("'num_batches_tracked'");
    norm.load(state, name -> name.endsWith("num_batches_tracked"));
    assertThat(norm.state().get("weight").get(1)).isEqualTo(2);
    assertThat(norm.state().get("num_batches_tracked").item()).isZero();
  }

  @Test
  void aMessageDoesNotRepeatAMillionNames() {
    Map<String, Tensor> state = new HashMap<>(norm.state());
    for (int i = 0; i < 1000; i++) {
      state.put("\n" + i, Tensor.of(1f));
    }
    assertThatThrownBy(() -> norm.load(state))
        .hasMessageContaining("and 980 more")
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(2000).doesNotContain("\n"));
  }
}
