package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ReplayTest {

  private final AtomicInteger clock = new AtomicInteger();

  private int tick() {
    return Replay.value(clock::incrementAndGet);
  }

  @Test
  void valuesAreHeldInOrder() {
    Replay replay = Replay.probing();
    Supplier<List<Integer>> computation = () -> List.of(tick(), tick());
    assertThat(replay.run(computation)).containsExactly(1, 2);
    assertThat(replay.run(computation)).containsExactly(1, 2);
    assertThat(List.of(tick(), tick())).containsExactly(3, 4);
  }

  @Test
  void aValueMayBeComputedFromHeldValues() {
    Replay replay = Replay.probing();
    Supplier<List<Integer>> computation =
        () -> List.of(Replay.value(() -> 10 * tick() + tick()), tick());
    assertThat(replay.run(computation)).containsExactly(12, 3);
    assertThat(replay.run(computation)).containsExactly(12, 3);
  }

  @Test
  void aRunWithinARunSeesWhatTheOuterOneHolds() {
    Replay outer = Replay.probing();
    Supplier<List<Integer>> computation =
        () -> {
          Replay inner = Replay.afterFirstRun();
          int first = inner.run(this::tick);
          return List.of(first, inner.run(this::tick), tick());
        };
    assertThat(outer.run(computation)).containsExactly(1, 1, 2);
    assertThat(outer.run(computation)).containsExactly(1, 1, 2);
  }

  @Test
  void effectsHappenOnceOrWhenProbingNever() {
    Runnable effect = () -> Replay.effect(clock::incrementAndGet);
    effect.run();
    assertThat(clock).hasValue(1);
    Replay twice = Replay.afterFirstRun();
    twice.run(supplier(effect));
    twice.run(supplier(effect));
    assertThat(clock).hasValue(2);
    Replay.probing().run(supplier(effect));
    Replay.probing().run(supplier(() -> Replay.afterFirstRun().run(supplier(effect))));
    assertThat(clock).hasValue(2);
    Replay.afterFirstRun().run(supplier(() -> Replay.value(supplier(effect))));
    assertThat(clock).hasValue(3);
  }

  @Test
  void aRunThatFailedIsNoFirstRun() {
    Replay replay = Replay.probing();
    assertThatThrownBy(() ->
            replay.run(() -> {
              tick();
              throw new IllegalStateException("stop");
            }))
        .hasMessage("stop");
    assertThat(replay.<Integer>run(this::tick)).isEqualTo(2);
  }

  @Test
  void aRunThatAsksForMoreIsRefused() {
    Replay replay = Replay.probing();
    replay.run(this::tick);
    assertThatThrownBy(() -> replay.run(() -> tick() + tick()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("held 1 values the first time and asks for more now");
  }

  private static Supplier<Boolean> supplier(Runnable action) {
    return () -> {
      action.run();
      return true;
    };
  }
}
