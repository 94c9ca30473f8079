package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.adjoint.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What is recorded, and what is a constant. */
class RecordingTest {

  private final Tensor x = Tensor.of(1.0, 2.0).tracked();

  @Test
  void stopGradientMakesAConstant() {
    Tensor stopped = Autodiff.stopGradient(x.square());
    assertThat(stopped.isTracked()).isFalse();
    assertThat(stopped.times(x).sum().backward().of(x).toDoubleArray()).containsExactly(1, 4);
  }

  @Test
  void noGradRecordsNothing() {
    Tensor y = Autodiff.noGrad(() -> x.square());
    assertThat(y.isTracked()).isFalse();
    Autodiff.noGrad(() -> assertThat(x.square().isTracked()).isFalse());
    assertThat(x.square().isTracked()).isTrue();
  }

  @Test
  void noGradEndsWithItsActionWhateverHappens() {
    assertThatThrownBy(() ->
            Autodiff.noGrad(() -> {
              throw new IllegalArgumentException("stop");
            }))
        .hasMessage("stop");
    assertThat(x.square().isTracked()).isTrue();
    Autodiff.noGrad(() -> {
      Autodiff.noGrad(() -> {});
      assertThat(x.square().isTracked()).isFalse();
    });
    assertThat(x.square().isTracked()).isTrue();
  }

  @Test
  void noGradIsNoneOfAnotherThreadsBusiness() {
    Tensor y =
        Autodiff.noGrad(
            () -> CompletableFuture.supplyAsync(() -> Objects.requireNonNull(x.square())).join());
    assertThat(y.isTracked()).isTrue();
  }

  @Test
  void backwardWorksInsideOfNoGrad() {
    Tensor y = x.square().sum();
    Gradients g = Autodiff.noGrad(() -> y.backward());
    assertThat(g.of(x).toDoubleArray()).containsExactly(2, 4);
    Gradients h = Autodiff.noGrad(() -> Backward.wrt(x).createGraph().of(y));
    assertThat(h.of(x).isTracked()).isTrue();
  }

  @Test
  void aFrozenParameterLeavesNoNode() {
    Parameter w = new Parameter("w", Tensor.of(3.0, 4.0));
    w.freeze();
    assertThat(w.isFrozen()).isTrue();
    assertThat(w.value().isTracked()).isFalse();
    assertThat(w.value().exp().isTracked()).isFalse();
    List<Tensor> nodes = new ArrayList<>();
    Tensor y = w.value().exp().times(x).sum();
    for (Tensor t = y;
        t.node() != null && !t.node().isLeaf();
        t = t.node().inputs().get(t.node().inputs().size() - 1)) {
      nodes.add(t);
    }
    assertThat(nodes).hasSize(2);
    Gradients g = y.backward();
    assertThatThrownBy(() -> g.of(w)).hasMessageContaining("parameter 'w' (frozen)");
    w.unfreeze();
    assertThat(w.value().isTracked()).isTrue();
    assertThat(w.value().sum().backward().of(w).toDoubleArray()).containsExactly(1, 1);
    assertThat(w.toString()).startsWith("Parameter w: Tensor(2) float64 [");
  }

  @Test
  void comparisonsAreConstants() {
    assertThat(x.greater(1).isTracked()).isFalse();
  }
}
