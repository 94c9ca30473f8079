package dev.adjoint.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class HeldTest {

  private final AtomicInteger clock = new AtomicInteger();

  private int tick() {
    return Held.value(clock::incrementAndGet);
  }

  @Test
  void valuesAreHeldInOrder() {
    Held held = Held.probing();
    Supplier<List<Integer>> computation = () -> List.of(tick(), tick());
    assertThat(held.run(computation)).containsExactly(1, 2);
    assertThat(held.run(computation)).containsExactly(1, 2);
    assertThat(List.of(tick(), tick())).containsExactly(3, 4);
  }

  @Test
  void aValueMayBeComputedFromHeldValues() {
    Held held = Held.probing();
    Supplier<List<Integer>> computation =
        () -> List.of(Held.value(() -> 10 * tick() + tick()), tick());
    assertThat(held.run(computation)).containsExactly(12, 3);
    assertThat(held.run(computation)).containsExactly(12, 3);
  }

  @Test
  void aRunWithinARunSeesWhatTheOuterOneHolds() {
    Held outer = Held.probing();
    Supplier<List<Integer>> computation =
        () -> {
          Held inner = Held.afterFirstRun();
          int first = inner.run(this::tick);
          return List.of(first, inner.run(this::tick), tick());
        };
    assertThat(outer.run(computation)).containsExactly(1, 1, 2);
    assertThat(outer.run(computation)).containsExactly(1, 1, 2);
  }

  @Test
  void effectsHappenOnceOrWhenProbingNever() {
    Runnable effect = () -> Held.effect(clock::incrementAndGet);
    effect.run();
    assertThat(clock).hasValue(1);
    Held twice = Held.afterFirstRun();
    twice.run(supplier(effect));
    twice.run(supplier(effect));
    assertThat(clock).hasValue(2);
    Held.probing().run(supplier(effect));
    Held.probing().run(supplier(() -> Held.afterFirstRun().run(supplier(effect))));
    assertThat(clock).hasValue(2);
    Held.afterFirstRun().run(supplier(() -> Held.value(supplier(effect))));
    assertThat(clock).hasValue(3);
  }

  @Test
  void aRunThatFailedIsNoFirstRun() {
    Held held = Held.probing();
    assertThatThrownBy(() ->
            held.run(() -> {
              tick();
              throw new IllegalStateException("stop");
            }))
        .hasMessage("stop");
    assertThat(held.<Integer>run(this::tick)).isEqualTo(2);
  }

  @Test
  void aRunThatAsksForMoreIsRefused() {
    Held held = Held.probing();
    held.run(this::tick);
    assertThatThrownBy(() -> held.run(() -> tick() + tick()))
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
